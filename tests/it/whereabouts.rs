//! `refgate where`: branches and versions that have a change, as the commit itself or as another.

use serde_json::Value;
use std::path::Path;

use crate::support::history::{Ids, build};
use crate::support::{conforms, git, git_with, json, refgate, stderr};

/// A fix on master, picked to 1.15 and 1.14, and not to 1.13; 1.12 has versions and no branch any more.
const HISTORY: &str = r#"
A = commit "first" file monitor.py "timeout = 3\n"
B = commit "feat: a second page" parents A at "1700000100" file page "a page that only master has\n"
F = commit "fix: the monitor gave up too soon" parents B at "1700000200" file monitor.py "timeout = 5 seconds for every single probe\n"
M = commit "feat: a third page" parents F at "1700000300" file page3 "a page that came after the fix\n"
R = commit "chore: 1.15 begins" parents A at "1700000400" file series "the series of 1.15 begins here\n"
P = commit "fix: the monitor gave up too soon" parents R at "1700000200" file monitor.py "timeout = 5 seconds for every single probe\n"
S = commit "fix: another in 1.15" parents P at "1700000500" file other "something else was wrong too\n"
Q = commit "[1.14] fix: the monitor gave up too soon" parents A at "1700000600" file monitor.py "timeout = 5 seconds for every single probe\n"
N = commit "fix: only in 1.13" parents A at "1700000700" file thirteen "what 1.13 alone had wrong in it\n"
O = commit "fix: the monitor gave up too soon" parents N at "1700000200" file monitor.py "timeout = 5 seconds for every single probe\n"
T0 = tag 1.15.0 of R
T1 = tag 1.15.1 of P
T2 = tag 1.15.2 of S
T3 = tag 2.0.0 of M
T4 = tag 1.13.0 of N
T5 = tag 1.12.0 of N
T6 = tag 1.12.1 of O
refs/heads/master = M
refs/heads/1.15 = S
refs/heads/1.14 = Q
refs/heads/1.13 = N
refs/heads/sandbox/ann/x = B
refs/heads/sandbox/ann/y = F
refs/tags/1.15.0 = T0
refs/tags/1.15.1 = T1
refs/tags/1.15.2 = T2
refs/tags/2.0.0 = T3
refs/tags/1.13.0 = T4
refs/tags/1.12.0 = T5
refs/tags/1.12.1 = T6
refs/tags/nightly = M
refs/tags/before = A
"#;

fn made() -> (tempfile::TempDir, Ids) {
    let folder = tempfile::tempdir().unwrap();
    let ids = build(folder.path(), HISTORY, &[]);
    (folder, ids)
}

fn asked(repository: &Path, arguments: &[&str]) -> Value {
    let found = json(&refgate(repository, &[&["where", "--format", "json"], arguments].concat(), b""));
    conforms(&found, include_str!("../schemas/where-v1.json"));
    found
}

/// Returns `branch status label` of every branch.
fn branches(found: &Value, ids: &Ids) -> Vec<String> {
    let label = |id: &Value| ids.iter().find(|(_, own)| Some(own.as_str()) == id.as_str()).map_or("-", |it| it.0);
    let text = |branch: &Value| {
        let word = |key: &str| branch[key].as_str().unwrap().to_owned();
        format!("{} {} {}", word("branch"), word("status"), label(&branch["match"]))
    };
    found["branches"].as_array().unwrap().iter().map(text).collect()
}

/// Returns `series tag +others/total label` of every series.
fn versions(found: &Value, ids: &Ids) -> Vec<String> {
    let text = |series: &Value| {
        let label = ids.iter().find(|(_, own)| *own == series["match"].as_str().unwrap()).unwrap().0;
        let word = |key: &str| series[key].as_str().unwrap().to_owned();
        format!("{} {} +{}/{} {label}", word("series"), word("tag"), series["others"], series["total"])
    };
    found["versions"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_policy_groups_by_line_and_series() {
    let (folder, ids) = made();
    for commit in ["F", "P", "Q"] {
        let found = asked(folder.path(), &[&ids[commit], "--policy", "preset:pybal"]);
        let mut expected =
            vec!["1.13 missing -", "1.14 landed Q", "1.15 landed P", "master landed F", "sandbox/ann/y landed F"];
        assert_eq!(branches(&found, &ids), expected, "{commit}");
        expected = vec!["1.12 1.12.1 +0/2 O", "1.15 1.15.1 +1/3 P", "2.0 2.0.0 +0/1 F"];
        assert_eq!(versions(&found, &ids), expected, "{commit}");
    }
    let found = asked(folder.path(), &[&ids["F"], "--policy", "preset:pybal"]);
    assert_eq!(found["tags"], serde_json::json!(["nightly"]));
    let by_name = |name: &str| found["branches"].as_array().unwrap().iter().find(|it| it["branch"] == name).unwrap();
    assert_eq!((&by_name("master")["evidence"], &by_name("master")["line"]), (&"ancestor".into(), &"master".into()));
    assert_eq!((&by_name("1.15")["evidence"], &by_name("1.15")["line"]), (&"patch-id".into(), &"release".into()));

    let shown = refgate(folder.path(), &["where", &ids["F"], "--policy", "preset:pybal"], b"");
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    let text = String::from_utf8(shown.stdout).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("line ")).collect();
    assert_eq!(lines, ["line master", "line release", "line topic"]);
    assert!(text.contains("  1.13           missing   nothing like it is there\n"), "{text}");
    assert!(text.contains(&format!("  1.15: 1.15.1 and 1 more of 3, as {}\n", &ids["P"][..10])), "{text}");
}

#[test]
fn without_a_policy_branches_and_tags_are_listed() {
    let (folder, ids) = made();
    let found = asked(folder.path(), &[&ids["F"]]);
    let expected = [
        "1.13 missing -",
        "1.14 landed Q",
        "1.15 landed P",
        "master landed F",
        "sandbox/ann/x missing -",
        "sandbox/ann/y landed F",
    ];
    assert_eq!(branches(&found, &ids), expected);
    assert_eq!(versions(&found, &ids), ["1.12 1.12.1 +0/2 O", "1.15 1.15.1 +1/3 P", "2.0 2.0.0 +0/1 F"]);
    let shown = refgate(folder.path(), &["where", &ids["F"][..9]], b"");
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("  2 without it\n") && !text.contains("1.13 "), "{text}");
    let all = refgate(folder.path(), &["where", &ids["F"], "--all"], b"");
    assert!(String::from_utf8(all.stdout).unwrap().contains("1.13 "));
}

#[test]
fn what_was_reverted_is_not_there_until_it_is_made_again() {
    let (folder, ids) = made();
    let commit = |parent: &str, tree: &str, message: &str| {
        let tree = format!("{tree}^{{tree}}");
        git_with(folder.path(), &["commit-tree", "-p", parent, "-F", "-", &tree], message.as_bytes())
    };
    let update = |name: &str, id: &str| git(folder.path(), &["update-ref", name, id]);
    let state = |name: &str| {
        let found = asked(folder.path(), &[&ids["F"], "--policy", "preset:pybal"]);
        let branch = found["branches"].as_array().unwrap().iter().find(|it| it["branch"] == name).unwrap().clone();
        (branch["status"].as_str().unwrap().to_owned(), branch["reverted_by"].clone(), versions(&found, &ids))
    };
    let undone = commit(&ids["M"], &ids["B"], &format!("Revert \"fix\"\n\nThis reverts commit {}.\n", ids["F"]));
    update("refs/heads/master", &undone);
    update("refs/tags/2.0.1", &undone);
    assert_eq!(
        state("master"),
        (
            "reverted".to_owned(),
            undone.as_str().into(),
            vec!["1.12 1.12.1 +0/2 O".to_owned(), "1.15 1.15.1 +1/3 P".to_owned(), "2.0 2.0.0 +0/2 F".to_owned(),]
        )
    );
    // A pick that is reverted on its own branch alone.
    let undone_there =
        commit(&ids["S"], &ids["R"], &format!("Revert it\n\nThis reverts commit {}.\n", &ids["P"][..12]));
    update("refs/heads/1.15", &undone_there);
    assert_eq!(state("1.15").0, "reverted");
    // The revert is reverted.
    let again = commit(&undone, &ids["M"], &format!("Reapply \"fix\"\n\nThis reverts commit {undone}.\n"));
    update("refs/heads/master", &again);
    assert_eq!(state("master").0, "landed");
}

#[test]
fn one_revert_has_one_answer_however_it_is_written() {
    let (folder, ids) = made();
    let commit = |parents: &[&str], tree: &str, message: &str| {
        let tree = format!("{tree}^{{tree}}");
        let mut arguments = vec!["commit-tree", "-F", "-", &tree];
        parents.iter().for_each(|parent| arguments.extend(["-p", parent]));
        git_with(folder.path(), &arguments, message.as_bytes())
    };
    let answers = |tip: &str| {
        git(folder.path(), &["update-ref", "refs/heads/master", tip]);
        let found = asked(folder.path(), &[&ids["F"], "--policy", "preset:pybal"]);
        let branch = found["branches"].as_array().unwrap().iter().find(|it| it["branch"] == "master").unwrap().clone();
        let landed =
            json(&refgate(folder.path(), &["landed", "--from", "1.15", "--to", "master", "--format", "json"], b""));
        let pick =
            landed["commits"].as_array().unwrap().iter().find(|it| it["commit"] == ids["P"].as_str()).unwrap().clone();
        assert_eq!(pick["status"], branch["status"], "`landed` and `where`");
        if let Some(by) = branch["reverted_by"].as_str() {
            assert!(pick["reason"].as_str().unwrap().ends_with(&format!("reverted by {}", &by[..10])), "{pick}");
        }
        branch["status"].as_str().unwrap().to_owned()
    };
    // The button of a forge names the title alone.
    let title = "fix: the monitor gave up too soon";
    let undone = commit(&[&ids["M"]], &ids["B"], &format!("Revert \"{title} (#12)\" (#13)\n"));
    assert_eq!(answers(&undone), "reverted");
    let again = commit(&[&undone], &ids["M"], &format!("Reapply \"{title}\" (#14)\n"));
    assert_eq!(answers(&again), "landed");
    let twice = commit(&[&undone], &ids["M"], &format!("Revert \"Revert \"{title}\"\"\n"));
    assert_eq!(answers(&twice), "landed");
    // The reverted change is another one of that title, made since.
    let other = commit(&[&ids["M"]], &ids["S"], &format!("{title}\n"));
    assert_eq!(answers(&commit(&[&other], &ids["M"], &format!("Revert \"{title}\"\n"))), "landed");
    // Reverting a merge reverts what it brought in.
    let merge = commit(&[&ids["B"], &ids["F"]], &ids["F"], "Merge the monitor\n");
    let message =
        format!("Revert \"Merge the monitor\"\n\nThis reverts commit {merge}, reversing\nchanges made to it.\n");
    assert_eq!(answers(&commit(&[&merge], &ids["B"], &message)), "reverted");
}

#[test]
fn a_clone_is_asked_about_what_it_tracks() {
    let (folder, ids) = made();
    let clone = folder.path().join("clone");
    git(folder.path(), &["clone", "--quiet", "--template=", folder.path().to_str().unwrap(), clone.to_str().unwrap()]);
    let found = asked(&clone, &["origin/master~1", "--policy", "preset:pybal"]);
    assert_eq!(found["commit"], ids["F"].as_str());
    assert_eq!(branches(&found, &ids)[..4], ["1.13 missing -", "1.14 landed Q", "1.15 landed P", "master landed F"]);
}

#[test]
fn what_cannot_be_answered_is_no_answer() {
    let (folder, ids) = made();
    let output = refgate(folder.path(), &["where", "no-such-commit"], b"");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let tree = git(folder.path(), &["rev-parse", &format!("{}^{{tree}}", ids["A"])]);
    assert_eq!(refgate(folder.path(), &["where", &tree], b"").status.code(), Some(2));
    let shallow = folder.path().join("shallow");
    let from = format!("file://{}", folder.path().display());
    git(
        folder.path(),
        &["clone", "--quiet", "--template=", "--depth=1", "--no-single-branch", &from, shallow.to_str().unwrap()],
    );
    let output = refgate(&shallow, &["where", "origin/1.15"], b"");
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("git fetch --unshallow"), "{}", stderr(&output));
}

#[test]
fn a_project_with_two_numbers_has_series_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let script = "A = commit \"first\"\nB = commit \"second\" parents A\nC = commit \"third\" parents B\n\
                  refs/heads/main = C\nrefs/tags/v252 = A\nrefs/tags/v252.1 = B\nrefs/tags/v252.2 = C\n\
                  refs/tags/v253-rc1 = B\nrefs/tags/lib-1.2.3 = B\nrefs/tags/lib-1.2 = A\n";
    let ids = build(folder.path(), script, &[]);
    let found = asked(folder.path(), &[&ids["B"]]);
    assert_eq!(versions(&found, &ids), ["252 v252.1 +1/3 B", "253 v253-rc1 +0/1 B", "1.2 lib-1.2.3 +0/2 B"]);
}

const PULLS: &str = r#"
A = commit "first" at "1700000000" file code "one\n"
F = commit "fix: the limit of the probes (#12)" parents A at "1700000100" file limits.py "the limit of a probe\n"
X = commit "feat: a page" parents A at "1700000200" file page "a page of its own\n"
Y = commit "feat: a page more" parents X at "1700000300" file more "another page of its own\n"
M = commit "Merge pull request #13 from ann/page" parents F X Y at "1700000400" file page "a page of its own\n" file more "another page of its own\n"
P = commit "fix: the limit of the probes (#12) (#14)" parents A at "1700000500" file limits.py "the limit of a probe\n"
S = commit "docs: more" parents P at "1700000600" file docs "more of it\n"
T1 = tag 1.15.1 of P
T2 = tag 1.15.2 of S
refs/heads/master = M
refs/heads/1.15 = S
refs/tags/1.15.1 = T1
refs/tags/1.15.2 = T2
"#;

#[test]
fn a_pull_request_and_a_range_are_their_changes() {
    let folder = tempfile::tempdir().unwrap();
    let ids = build(folder.path(), PULLS, &[]);
    let labels = |found: &Value| {
        let label = |id: &Value| ids.iter().find(|(_, own)| **own == *id.as_str().unwrap()).unwrap().0.clone();
        found.as_array().unwrap().iter().map(|one| label(&one["commit"])).collect::<Vec<String>>()
    };
    let squashed = asked(folder.path(), &["#12"]);
    assert_eq!(labels(&squashed), ["F"]);
    assert_eq!(versions(&squashed[0], &ids), ["1.15 1.15.1 +1/2 P"]);
    assert_eq!(squashed[0]["versions"][0]["with"], serde_json::json!(["1.15.1", "1.15.2"]));
    assert_eq!(labels(&asked(folder.path(), &["#13"])), ["X", "Y"]);
    assert_eq!(labels(&asked(folder.path(), &[&format!("{}..master", ids["F"])])), ["X", "Y"]);
    for (word, why) in [("#99", "#99"), ("master..master", "no change in this range")] {
        let output = refgate(folder.path(), &["where", word], b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}
