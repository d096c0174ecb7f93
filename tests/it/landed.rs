//! Where changes are on another line, on small histories: one for each kind of evidence.

use std::path::Path;

use crate::support::history::{Ids, build};
use crate::support::{git, git_with, json, refgate};

/// What `refgate landed` says of one commit: status, evidence, and the label of the match.
fn answer(history: &str, label: &str, flags: &[&str]) -> (String, String, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let ids = build(directory.path(), history, &[]);
    answer_in(directory.path(), &ids, label, flags)
}

fn answer_in(directory: &Path, ids: &Ids, label: &str, flags: &[&str]) -> (String, String, String, String) {
    let arguments = [["landed", "--from", "release", "--to", "main", "--format", "json"].as_slice(), flags].concat();
    let output = refgate(directory, &arguments, b"");
    let report = json(&output);
    assert_eq!(report["schema"], "refgate.landed/v1");
    let commits = report["commits"].as_array().unwrap();
    let found = commits.iter().find(|commit| commit["commit"] == ids[label].as_str()).unwrap();
    let text = |key: &str| found[key].as_str().unwrap_or("-").to_owned();
    let matched = ids.iter().find(|(_, id)| **id == text("match")).map_or("-", |(label, _)| label.as_str());
    (text("status"), text("evidence"), matched.to_owned(), text("reason"))
}

fn short(history: &str, label: &str, flags: &[&str]) -> String {
    let (status, evidence, matched, _) = answer(history, label, flags);
    format!("{status} {evidence} {matched}")
}

const LINES: &str = "one\\ntwo\\nthree\\nfour\\nfive\\n";

fn with_base(rest: &str) -> String {
    format!("Base = commit \"base\" file a.txt \"{LINES}\" file b.txt \"{LINES}\"\n{rest}")
}

#[test]
fn a_clean_pick_has_the_same_patch() {
    let history = with_base(
        "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
         Other = commit \"something else entirely\" parents Base file b.txt \"1\\n\"
         Pick = commit \"fix the third of the numbers\" parents Other file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
         refs/heads/main = Fix
         refs/heads/release = Pick",
    );
    assert_eq!(short(&history, "Pick", &[]), "landed patch-id Fix");
    assert_eq!(short(&history, "Other", &[]), "missing - -");
}

#[test]
fn a_retitled_pick_is_found_by_its_patch_and_author() {
    let history = with_base(
        "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
         Pick = commit \"shout\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
         refs/heads/main = Fix
         refs/heads/release = Pick",
    );
    // The history builder gives both the same second; the same patch of that author is no chance.
    assert_eq!(short(&history, "Pick", &[]), "landed patch-id Fix");
}

#[test]
fn whitespace_does_not_count() {
    let history = with_base(
        "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\n  THREE\\nfour\\nfive\\n\"
         Pick = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE \\nfour\\nfive\\n\"
         refs/heads/main = Fix
         refs/heads/release = Pick",
    );
    assert_eq!(short(&history, "Pick", &[]), "landed patch-id Fix");
}

#[test]
fn a_trailer_is_believed_where_the_content_agrees() {
    let directory = tempfile::tempdir().unwrap();
    let ids = build(
        directory.path(),
        &with_base(
            "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             Other = commit \"an unrelated change of the others\" parents Fix file b.txt \"1\\n2\\n\"
             refs/heads/main = Other",
        ),
        &[],
    );
    let script = |named: &str| {
        with_base(&format!(
            "Pick = commit \"fix it here too\" parents Base trailer \"(cherry picked from commit {named})\" file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             refs/heads/release = Pick"
        ))
    };
    let mut honest = ids.clone();
    honest.extend(crate::support::history::import(directory.path(), &script(&ids["Fix"])));
    let (status, evidence, matched, _) = answer_in(directory.path(), &honest, "Pick", &[]);
    assert_eq!((status.as_str(), evidence.as_str(), matched.as_str()), ("landed", "trailer", "Fix"));
    // It names another commit than its content: the content decides, and the reason says so.
    let mut lying = ids.clone();
    lying.extend(crate::support::history::import(directory.path(), &script(&ids["Other"])));
    let (status, _, matched, reason) = answer_in(directory.path(), &lying, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("landed", "Fix"), "{reason}");
}

#[test]
fn an_original_in_another_repository_is_elsewhere() {
    let history = with_base(
        "Far = commit \"taken from afar\" parents Base trailer \"(cherry picked from commit 0123456789abcdef0123456789abcdef01234567)\" file b.txt \"x\\n\"
         refs/heads/main = Base
         refs/heads/release = Far",
    );
    assert_eq!(short(&history, "Far", &[]), "elsewhere - -");
    assert_eq!(short(&history, "Far", &["--ignore-trailers"]), "missing - -");
}

#[test]
fn a_pick_whose_original_was_reverted_is_reported() {
    let fixed = "one\\ntwo\\nTHREE\\nfour\\nfive\\n";
    let fix = format!("Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"{fixed}\"");
    let pick = format!(
        "Other = commit \"other\" parents Base file c.txt \"c\"\nPick = commit \"fix the third of the numbers\" parents Other file a.txt \"{fixed}\""
    );
    let directory = tempfile::tempdir().unwrap();
    let mut ids = build(
        directory.path(),
        &with_base(&format!("{fix}\n{pick}\nrefs/heads/main = Fix\nrefs/heads/release = Pick")),
        &[],
    );
    let commit = |parent: &str, tree: &str, message: &str| {
        git_with(
            directory.path(),
            &["commit-tree", "-p", parent, "-F", "-", &format!("{tree}^{{tree}}")],
            message.as_bytes(),
        )
    };
    let undo = commit(&ids["Fix"], &ids["Base"], &format!("Revert \"fix\"\n\nThis reverts commit {}.\n", ids["Fix"]));
    git(directory.path(), &["update-ref", "refs/heads/main", &undo]);
    ids.insert("Undo".to_owned(), undo.clone());
    let (status, _, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("reverted", "Fix"), "{reason}");
    // Reverted and made again: it is there.
    let again = commit(&undo, &ids["Fix"], "fix the third of the numbers\n");
    git(directory.path(), &["update-ref", "refs/heads/main", &again]);
    ids.insert("Again".to_owned(), again);
    let (status, _, _, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!(status, "landed", "{reason}");
}

#[test]
fn a_merge_can_be_picked_whole() {
    let history = with_base(
        "Topic1 = commit \"the first half of a topic\" parents Base file a.txt \"ONE of many\\ntwo\\nthree\\nfour\\nfive\\n\"
         Topic2 = commit \"the second half of a topic\" parents Topic1 file b.txt \"one\\ntwo\\nthree\\nfour\\nFIVE of many\\n\"
         Merge = commit \"Merge the topic of numbers\" parents Base Topic2 file a.txt \"ONE of many\\ntwo\\nthree\\nfour\\nfive\\n\" file b.txt \"one\\ntwo\\nthree\\nfour\\nFIVE of many\\n\"
         Pick = commit \"Merge the topic of numbers\" parents Base file a.txt \"ONE of many\\ntwo\\nthree\\nfour\\nfive\\n\" file b.txt \"one\\ntwo\\nthree\\nfour\\nFIVE of many\\n\"
         refs/heads/main = Merge
         refs/heads/release = Pick",
    );
    assert_eq!(short(&history, "Pick", &[]), "landed patch-id Merge");
}

#[test]
fn what_is_taken_away_is_not_found() {
    let directory = tempfile::tempdir().unwrap();
    let ids = build(
        directory.path(),
        &with_base(
            "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             Other = commit \"other\" parents Base file c.txt \"c\"
             Pick = commit \"fix the third of the numbers\" parents Other file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             refs/heads/main = Fix
             refs/heads/release = Pick",
        ),
        &[],
    );
    let pairs = directory.path().join("pairs");
    std::fs::write(&pairs, format!("{} {}\n", ids["Pick"], ids["Fix"])).unwrap();
    let flags = ["--without", pairs.to_str().unwrap()];
    assert_eq!(answer_in(directory.path(), &ids, "Pick", &flags).0, "missing");
}

#[test]
fn patch_ids_are_those_of_git() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment = refgate::git::Environment { cwd: root.to_owned(), ..Default::default() };
    let directory = tempfile::tempdir().unwrap();
    let ids = build(
        directory.path(),
        "A = commit \"a\" file a.txt \"one\\ntwo\\n\\n\\tthree\\n\" file \"b c/ü.txt\" \"x\" file empty \"\"
         B = commit \"b\" parents A file a.txt \"one\\n\\n\\ntwo\\nthree\" file \"b c/ü.txt\" \"x\\ny\\n\" file d \"\"
         refs/heads/main = B",
        &[],
    );
    let repository =
        refgate::git::Repository::open(Some(directory.path()), &environment, refgate::git::Trust::Hook).unwrap();
    for label in ["A", "B"] {
        let id = &ids[label];
        let diff = git(directory.path(), &["diff-tree", "-p", "--full-index", "--root", "--no-renames", id]);
        let expected = git_with(directory.path(), &["patch-id", "--stable"], format!("{diff}\n").as_bytes());
        let ours = refgate::landed::patch_id::stable(
            &repository,
            refgate::model::ObjectId::from_hex(id.as_bytes()).unwrap(),
            1 << 20,
        );
        assert_eq!(ours.unwrap().unwrap().to_string(), expected.split(' ').next().unwrap(), "{label}");
    }
}
