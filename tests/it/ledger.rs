//! `refgate landed --ledger`, and what was repaired since of what was picked.

use serde_json::Value;

use crate::support::history::{Ids, build};
use crate::support::{conforms, git, json, refgate, stderr};

const POLICY: &str = r#"
schema = 1
name = "example"
[[line]]
name = "master"
branch = "master"
role = "mainline"
[[line]]
name = "release"
branch = "{major}.{minor}"
role = "release"
cut-from = "master"
retired-by = { branches = ["1.12"] }
[[flow]]
from = "master"
to = "release"
by = ["pick"]
due = "next-tag"
wanted-by = [{ trailer = "Backport-To" }, { fixes = true }]
"#;

/// F is wanted everywhere, and 1.15 has it; G is wanted nowhere, and 1.14 has it with other lines; V is new in 1.15, and X
/// repairs it.
const HISTORY: &str = r#"
A = commit "first" at "1700000000" file code "one\ntwo\nthree\n" file monitor.py "timeout = 3\nretries = 2\n"
F = commit "fix: the timeout | of the monitor" parents A at "1700000100" file monitor.py "timeout = 5\nretries = 2\n" trailer "Backport-To: all"
G = commit "fix: a limit for each of the probes" parents F at "1700000200" file limits.py "the first limit of a probe\nthe second limit of a probe\nthe third limit of a probe\nthe fourth limit of a probe\n"
V = commit "feat: watch all of the probes" parents G at "1700000300" file watch.py "watches each of the probes\n"
X = commit "fix: watch them twice" parents V at "1700000400" file watch.py "watches each of the probes twice\n" trailer "Fixes: V_ID"
P = commit "fix: the timeout | of the monitor" parents A at "1700000500" file monitor.py "timeout = 5\nretries = 2\n" trailer "Picked: yes"
W = commit "feat: watch all of the probes" parents P at "1700000600" file watch.py "watches each of the probes\n" trailer "Picked: yes"
Q = commit "fix: a limit for each of the probes" parents A at "1700000700" file limits.py "the first limit of a probe\nthe second limit of a probe\nthe third limit of a probe\nanother fourth one here\n"
C = commit "docs: of 1.13" parents A at "1700000800" file monitor.py "timeout = 30\nretries = 2\n"
refs/heads/master = X
refs/heads/1.12 = A
refs/heads/1.13 = C
refs/heads/1.14 = Q
refs/heads/1.15 = W
"#;

struct Made {
    folder: tempfile::TempDir,
    ids: Ids,
}

impl Made {
    fn new(more: &str) -> Self {
        // The id that the message names is known once the history was made without it.
        let first = tempfile::tempdir().unwrap();
        let id = build(first.path(), HISTORY, &[])["V"].clone();
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("r.git");
        std::fs::create_dir(&repository).unwrap();
        let ids = build(&repository, &HISTORY.replace("V_ID", &id), &[]);
        let more = more.replace("F_ID", &ids["F"]);
        std::fs::write(folder.path().join("policy.toml"), format!("{POLICY}{more}")).unwrap();
        Self { folder, ids }
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let (repository, policy) = (self.folder.path().join("r.git"), self.folder.path().join("policy.toml"));
        refgate(&repository, &[&["landed", "--policy", policy.to_str().unwrap()], arguments].concat(), b"")
    }

    fn ledger(&self) -> Value {
        let found = json(&self.run(&["--ledger", "--format", "json"]));
        conforms(&found, include_str!("../schemas/ledger-v1.json"));
        found["ledgers"][0].clone()
    }

    /// Returns `label: status, …` of every change.
    fn rows(&self, ledger: &Value) -> Vec<String> {
        let label = |id: &Value| self.ids.iter().find(|(_, own)| **own == *id.as_str().unwrap()).unwrap().0.clone();
        let row = |change: &Value| {
            let cells = change["cells"].as_array().unwrap().iter();
            let cells: Vec<&str> = cells.map(|cell| cell["status"].as_str().unwrap()).collect();
            format!("{}: {}", label(&change["commit"]), cells.join(", "))
        };
        ledger["changes"].as_array().unwrap().iter().map(row).collect()
    }
}

#[test]
fn each_change_has_a_cell_for_each_maintained_branch() {
    let made = Made::new("");
    let ledger = made.ledger();
    let branches = ledger["branches"].as_array().unwrap();
    let names: Vec<&str> = branches.iter().map(|branch| branch["branch"].as_str().unwrap()).collect();
    assert_eq!(names, ["1.13", "1.14", "1.15"]);
    assert_eq!(
        made.rows(&ledger),
        [
            "X: not affected, not affected, wanted",
            "V: missing, missing, landed",
            "G: missing, adapted, missing",
            "F: wanted, wanted, landed",
        ]
    );
    let picks = |at: usize| {
        let picks = branches[at]["picks"].as_array().unwrap().iter();
        picks.map(|pick| format!("{} {}", pick["command"].as_str().unwrap(), pick["trial"].as_str().unwrap()))
    };
    let pick = |label: &str| format!("git cherry-pick -x {}", made.ids[label]);
    // In 1.13 the line is another one.
    assert_eq!(picks(0).collect::<Vec<_>>(), [format!("{} conflicts", pick("F"))]);
    assert_eq!(picks(1).collect::<Vec<_>>(), [format!("{} clean", pick("F"))]);
    assert_eq!(picks(2).collect::<Vec<_>>(), [format!("{} clean", pick("X"))]);
    assert_eq!(branches[0]["start"], "git switch 1.13 && git pull --ff-only origin 1.13");
}

#[test]
fn what_is_waived_on_a_branch_is_not_picked_there() {
    let waiver =
        "[[waiver]]\nrule = \"unlanded-fix\"\ncommit = \"F_ID\"\nref = \"refs/heads/1.13\"\nreason = \"too old\"\n";
    let made = Made::new(waiver);
    let ledger = made.ledger();
    assert_eq!(made.rows(&ledger)[3], "F: waived, wanted, landed");
    assert_eq!(ledger["branches"][0]["picks"], Value::Array(Vec::new()));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn people_get_a_table_and_commands_that_do_what_they_say() {
    let made = Made::new("");
    let text = |arguments: &[&str]| String::from_utf8(made.run(arguments).stdout).unwrap();
    insta::assert_snapshot!("ledger_human", text(&["--ledger"]));
    insta::assert_snapshot!("ledger_markdown", text(&["--ledger", "--all", "--format", "markdown"]));
    // What was tried as clean applies, and what conflicts does not.
    let clone = made.folder.path().join("work");
    git(made.folder.path(), &["clone", "--quiet", "r.git", "work"]);
    for branch in made.ledger()["branches"].as_array().unwrap() {
        git(&clone, &["switch", "--quiet", branch["branch"].as_str().unwrap()]);
        for pick in branch["picks"].as_array().unwrap() {
            let id = pick["commit"].as_str().unwrap();
            let picked =
                crate::support::run(crate::support::command("git", &clone).args(["cherry-pick", "-x", id]), b"");
            assert_eq!(picked.status.success(), pick["trial"] == "clean", "{id}: {}", stderr(&picked));
            if !picked.status.success() {
                git(&clone, &["cherry-pick", "--abort"]);
            }
        }
    }
}

#[test]
fn the_ledger_is_asked_for_as_a_whole() {
    let made = Made::new("");
    let output = made.run(&["--ledger", "--from", "master"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let none = refgate(&made.folder.path().join("r.git"), &["landed", "--ledger"], b"");
    assert!(String::from_utf8(none.stdout).unwrap().contains("no line of release branches"));
}

/// Returns `kind label of label` of what was repaired since.
fn repairs(document: &Value, ids: &Ids) -> Vec<String> {
    conforms(document, include_str!("../schemas/landed-v1.json"));
    let label = |id: &Value| ids.iter().find(|(_, own)| **own == *id.as_str().unwrap()).unwrap().0.clone();
    let found = document["repairs"].as_array().unwrap().iter();
    found
        .map(|it| format!("{} {} of {}", it["kind"].as_str().unwrap(), label(&it["commit"]), label(&it["original"])))
        .collect()
}

const REPAIRED: &str = r#"
A = commit "first" at "1700000000" file code "one\ntwo\nthree\n"
F = commit "fix: a limit for each of the probes" parents A at "1700000100" file limits.py "the first limit of a probe\nthe second limit of a probe\nthe third limit of a probe\nthe fourth limit of a probe\n"
G = commit "fix: other limits" parents F at "1700000200" file limits.py "one limit for all of them\nthe fourth limit of a probe\n"
H = commit "docs: a word" parents G at "1700000300" file limits.py "one limit for all of them\nthe fourth and last limit of a probe\n"
P = commit "fix: a limit for each of the probes" parents A at "1700000400" file limits.py "the first limit of a probe\nthe second limit of a probe\nthe third limit of a probe\nthe fourth limit of a probe\n" trailer "Picked: yes"
Q = commit "fix: other limits" parents P at "1700000500" file limits.py "one limit for all of them\nthe fourth limit of a probe\n" trailer "Picked: yes"
refs/heads/master = H
refs/heads/1.15 = P
refs/heads/1.14 = Q
"#;

#[test]
fn what_rewrites_most_of_a_pick_is_a_guess() {
    let folder = tempfile::tempdir().unwrap();
    let ids = build(folder.path(), REPAIRED, &[]);
    let asked = |from: &str, more: &[&str]| {
        let fixed = ["landed", "--format", "json", "--from", from, "--to", "master"];
        json(&refgate(folder.path(), &[&fixed, more].concat(), b""))
    };
    assert_eq!(repairs(&asked("1.15", &["--repairs"]), &ids), ["probable G of F"]);
    assert_eq!(repairs(&asked("1.14", &["--repairs"]), &ids), [""; 0]);
    assert!(asked("1.15", &[]).get("repairs").is_none(), "without a flow, and not asked for");
}

#[test]
fn a_flow_says_what_was_repaired_since() {
    let made = Made::new("");
    let found = json(&made.run(&["--format", "json", "--from", "master", "--to", "1.15"]));
    assert_eq!(repairs(&found, &made.ids), ["fixes X of V"]);
    let text = String::from_utf8(made.run(&["--from", "master", "--to", "1.15"]).stdout).unwrap();
    assert!(text.contains("repaired since (1)") && text.contains("repairs"), "{text}");
}
