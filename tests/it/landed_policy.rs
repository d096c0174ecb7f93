//! `refgate landed` where there is a policy: its lines, its flows, what they exempt and what is waived.

use serde_json::Value;
use std::path::{Path, PathBuf};

use crate::support::history::{Ids, build};
use crate::support::{conforms, git, git_with, json, refgate, stderr};

const HISTORY: &str = r#"
A = commit "first" file monitor.py "timeout = 3\n" file debian/changelog "pybal (1.15.0) stretch; urgency=low\n\n  * First.\n\n -- Ann <ann@example.com>  Tue, 14 Nov 2023 22:13:20 +0000\n"
B = commit "feat: a second page" parents A file page "a page that only master has\n"
P = commit "fix: the monitor gave up too soon" parents B file monitor.py "timeout = 5 seconds for every single probe\n"
F = commit "fix: the monitor gave up too soon" parents A file monitor.py "timeout = 5 seconds for every single probe\n"
R = commit "fix: the old parser" parents F file parser.py "a workaround for the parser of old\n" trailer "Release-Only: master has a new parser"
C = commit "Release 1.15.1" parents R file debian/changelog "pybal (1.15.1) stretch; urgency=low\n\n  * Second.\n\n -- Ann <ann@example.com>  Tue, 14 Nov 2023 22:13:20 +0000\n\npybal (1.15.0) stretch; urgency=low\n\n  * First.\n\n -- Ann <ann@example.com>  Tue, 14 Nov 2023 22:13:20 +0000\n"
W = commit "fix: the limit of retries" parents C file retries.py "retries = 7 and never more than that\n"
M = commit "fix: the name of the host" parents W file host.py "host = what the machine itself says it is\n"
G = commit "fix: something in 1.14" parents A file old.py "a fix that was made in 1.14 alone\n"
refs/heads/master = P
refs/heads/1.14 = G
refs/heads/1.15 = M
refs/heads/sandbox/ann/x = B
"#;

struct Case {
    folder: tempfile::TempDir,
    ids: Ids,
}

impl Case {
    fn new(waiver: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("r.git");
        std::fs::create_dir(&repository).unwrap();
        let ids = build(&repository, HISTORY, &[]);
        let waiver = waiver.replace("W_ID", &ids["W"]);
        let policy = format!("schema = 1\nname = \"ours\"\nextends = [\"preset:pybal\"]\n{waiver}");
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        Self { folder, ids }
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("r.git")
    }

    fn with_policy(&self, arguments: &[&str]) -> Value {
        let policy = self.folder.path().join("policy.toml");
        let fixed = ["landed", "--format", "json", "--policy", policy.to_str().unwrap()];
        let answered = json(&refgate(&self.repository(), &[&fixed, arguments].concat(), b""));
        conforms(&answered, include_str!("../schemas/landed-v1.json"));
        answered
    }

    /// Returns `label status` of every commit of a document.
    fn statuses(&self, document: &Value) -> Vec<String> {
        assert_eq!(document["schema"], "refgate.landed/v1");
        let commits = document["commits"].as_array().unwrap();
        let label =
            |commit: &Value| self.ids.iter().find(|(_, id)| **id == *commit["commit"].as_str().unwrap()).unwrap().0;
        commits.iter().map(|commit| format!("{} {}", label(commit), commit["status"].as_str().unwrap())).collect()
    }
}

const WAIVER: &str = "[[waiver]]\nrule = \"unlanded-fix\"\ncommit = \"W_ID\"\nreason = \"gone with the rewrite\"\n\
                      by = \"Ann\"\nuntil = \"9999-01-01\"\n";

#[test]
fn the_flows_of_the_policy_are_answered_branch_by_branch() {
    let case = Case::new(WAIVER);
    let answered = case.with_policy(&[]);
    let [old, new] = answered.as_array().unwrap().as_slice() else { panic!("{answered:#}") };
    assert_eq!((&old["from"], &old["to"]), (&"1.14".into(), &"master".into()));
    assert_eq!(case.statuses(old), ["G missing"]);
    assert_eq!((&new["from"], &new["flow"]["from"]), (&"1.15".into(), &"release".into()));
    assert_eq!(case.statuses(new), ["M missing", "W waived", "C exempt", "R exempt", "F landed"]);
    let reasons: Vec<&str> =
        new["commits"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons[1], "waived by Ann until 9999-01-01: gone with the rewrite");
    assert_eq!(reasons[2], "all it touches stays on the line `release`");
    assert_eq!(reasons[3], "`Release-Only: master has a new parser`");
    assert_eq!(new["counts"]["waived"], 1);
    assert_eq!(new["changelogs"][0]["missing"][0]["version"], "1.15.1");
    // A waiver that has ended does not count.
    let over = Case::new(&WAIVER.replace("9999", "2020"));
    assert_eq!(over.statuses(&over.with_policy(&[])[1])[1], "W missing");
}

#[test]
fn lines_and_revisions_are_named_alike() {
    let case = Case::new(WAIVER);
    let of_line = case.with_policy(&["--from", "release", "--to", "master"]);
    assert_eq!(of_line, case.with_policy(&[]));
    // One branch of the line is one document, with what the flow of its line exempts and waives.
    let branch = case.with_policy(&["--from", "1.15", "--to", "master"]);
    assert_eq!(branch, of_line[1]);
    assert_eq!(case.with_policy(&["--from", "refs/heads/1.15"])["commits"], branch["commits"]);
    // A commit that is not a branch has no flow, and no policy that applies to it.
    let commit = case.with_policy(&["--from", &case.ids["M"], "--to", "master"]);
    assert_eq!(case.statuses(&commit), ["M missing", "W missing", "C exempt", "R exempt", "F landed"]);
    assert!(commit["flow"].is_null());
    let sandbox = case.with_policy(&["--from", "sandbox/ann/x", "--to", "1.15"]);
    assert_eq!(case.statuses(&sandbox), ["B missing"]);
}

#[test]
fn without_a_policy_revisions_are_compared() {
    let case = Case::new("");
    let plain = json(&refgate(&case.repository(), &["landed", "--from", "1.15", "--format", "json"], b""));
    assert_eq!(case.statuses(&plain), ["M missing", "W missing", "C exempt", "R exempt", "F landed"]);
    let output = refgate(&case.repository(), &["landed", "--from", "release"], b"");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_line_that_is_not_there_is_a_mistake() {
    let case = Case::new("");
    let ask = |arguments: &[&str]| {
        let fixed = ["landed", "--policy", "preset:pybal"];
        let output = refgate(&case.repository(), &[&fixed, arguments].concat(), b"");
        (output.status.code().unwrap(), stderr(&output))
    };
    let (code, said) = ask(&["--from", "relese"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("`relese` names no object, nor is it a line of the policy; did you mean `release`?"),
        "{said}"
    );
    let (code, said) = ask(&["--from", "1.15", "--to", "next-major"]);
    assert_eq!(code, 4);
    assert!(said.contains("there is no branch of the line `next-major`"), "{said}");
}

#[test]
fn a_clone_is_asked_about_what_it_tracks() {
    let case = Case::new("");
    let clone = case.folder.path().join("clone");
    let (from, to) = (case.repository(), clone.to_str().unwrap().to_owned());
    git(Path::new("/"), &["clone", "--quiet", "--template=", from.to_str().unwrap(), &to]);
    std::fs::copy(case.folder.path().join("policy.toml"), clone.join(".refgate.toml")).unwrap();
    // The policy at the top of the work tree is found, and `1.15` is what the remote has.
    let answered = json(&refgate(&clone, &["landed", "--format", "json"], b""));
    assert_eq!(case.statuses(&answered[1]), ["M missing", "W missing", "C exempt", "R exempt", "F landed"]);
    let tracked = json(&refgate(&clone, &["landed", "--from", "origin/1.15", "--format", "json"], b""));
    assert_eq!(tracked["commits"], answered[1]["commits"]);
}

/// Trees for a branch whose last commit is the only one that is owed.
const TREES: &str = r#"
A = commit "first" file monitor.py "timeout = 3\n"
B = commit "feat: a second page" parents A file page "a page that only master has\n"
X = commit "fix: the monitor gave up too soon" parents A file monitor.py "timeout = 5 seconds for every single probe\n"
C1 = commit "1" parents A file CHANGELOG.md "1.15.1\n" file VERSION "1.15.1\n"
C2 = commit "2" parents C1 file CHANGELOG.md "1.15.2\n" file VERSION "1.15.2\n"
C3 = commit "3" parents C2 file parser.py "a workaround for the parser of old\n"
C4 = commit "4" parents C3 file buffer.py "a buffer that is long enough for all\n"
refs/heads/master = B
refs/keep/trees = C4
refs/keep/fix = X
"#;

/// The branch, oldest first: label, tree and message.
const BRANCH: [(&str, &str, &str); 7] = [
    ("V", "A", "Revert \"fix: the monitor gave up too soon\""),
    ("E", "A", "ci: run again"),
    ("C", "C1", "Preparing for 1.15.1 release"),
    ("N", "C2", "Preparing for 1.15.2 release"),
    ("R", "C3", "fix: the old parser\n\nRelease-Only: master has a new parser"),
    ("P", "C3", "fix: nothing yet\n\nRelease-Only: in the middle of a message\n\nand prose after it."),
    (
        "F",
        "C4",
        "Prepare the buffer before it is read\n\nRelease-Only: in the middle of a message\n\nand prose after it.",
    ),
];

/// Makes a repository with that branch.
fn exempt() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("r.git");
    std::fs::create_dir(&repository).unwrap();
    let mut ids = build(&repository, TREES, &[]);
    let mut parent = ids["X"].clone();
    for (label, tree, message) in BRANCH {
        let tree = format!("{}^{{tree}}", ids[tree]);
        parent = git_with(&repository, &["commit-tree", "-p", &parent, "-F", "-", &tree], message.as_bytes());
        ids.insert(label.to_owned(), parent.clone());
    }
    git(&repository, &["update-ref", "refs/heads/1.15", &parent]);
    Case { folder, ids }
}

const FLOW: &str = "schema = 1\nname = \"ours\"\n[[line]]\nname = \"master\"\nbranch = \"master\"\nrole = \"mainline\"\n\
                    [[line]]\nname = \"release\"\nbranch = \"{major}.{minor}\"\nrole = \"release\"\n\
                    [[flow]]\nfrom = \"release\"\nto = \"master\"\ndue = \"before\"\n";

#[test]
fn what_is_exempt_is_owed_by_no_flow_and_the_reverse() {
    let case = exempt();
    let repository = case.repository();
    let expected = ["F missing", "P exempt", "R exempt", "N exempt", "C exempt", "E exempt", "V exempt", "X exempt"];
    let plain = json(&refgate(&repository, &["landed", "--from", "1.15", "--to", "master", "--format", "json"], b""));
    assert_eq!(case.statuses(&plain), expected);
    for way in ["pick", "merge"] {
        let policy = format!("{FLOW}by = [\"{way}\"]\n");
        std::fs::write(case.folder.path().join("policy.toml"), &policy).unwrap();
        let asked = case.with_policy(&["--from", "1.15", "--to", "master"]);
        assert_eq!(case.statuses(&asked), expected, "{way}");
        // The gate, about all of it and about each commit in a push of its own.
        let owed = |old: &str, new: &str| {
            let update = format!("refs/heads/1.15={}..{}", case.ids[old], case.ids[new]);
            let policy = case.folder.path().join("policy.toml");
            let arguments = ["check", "--policy", policy.to_str().unwrap(), "--format", "json", "--ref", &update];
            let report = json(&refgate(&repository, &arguments, b""));
            let label = |id: &str| case.ids.iter().find(|(_, own)| *own == id).unwrap().0.clone();
            let findings = report["findings"].as_array().unwrap().iter();
            let owed = findings.filter(|found| found["rule"] == "unlanded-fix");
            owed.map(|found| label(found["commit"].as_str().unwrap())).collect::<Vec<String>>()
        };
        assert_eq!(owed("A", "F"), ["F"], "{way}");
        for pair in ["A", "X", "V", "E", "C", "N", "R", "P", "F"].windows(2) {
            let expected = if ["X", "F"].contains(&pair[1]) { vec![pair[1]] } else { vec![] };
            assert_eq!(owed(pair[0], pair[1]), expected, "{way}");
        }
    }
}

#[test]
fn a_flow_with_a_trailer_of_its_own_knows_no_other() {
    let case = exempt();
    let policy = format!("{FLOW}by = [\"pick\"]\nexempt-trailer = \"Branch-Only\"\n");
    std::fs::write(case.folder.path().join("policy.toml"), policy).unwrap();
    let statuses = case.statuses(&case.with_policy(&["--from", "1.15", "--to", "master"]));
    assert_eq!(statuses[..3], ["F missing", "P exempt", "R missing"]);
}
