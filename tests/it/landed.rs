//! Where changes are on another line, on small histories: one for each kind of evidence.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::support::history::{Ids, build};
use crate::support::{git, git_with, json, refgate};

/// Returns what `refgate landed` says of one commit: status, evidence, and the label of the match.
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
    // The history builder gives both the same timestamp; the same patch by that author is not a coincidence.
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

/// A mainline with a fix and its revert, and a branch with a pick of the fix. `commit` adds to either.
struct Reverted {
    directory: tempfile::TempDir,
    ids: Ids,
}

impl Reverted {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let fixed = "one\\ntwo\\nTHREE\\nfour\\nfive\\n";
        let ids = build(
            directory.path(),
            &with_base(&format!(
                "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"{fixed}\"
                 Other = commit \"other\" parents Base file c.txt \"c\"
                 Pick = commit \"fix the third of the numbers\" parents Other file a.txt \"{fixed}\"
                 refs/heads/main = Fix
                 refs/heads/release = Pick"
            )),
            &[],
        );
        let mut history = Self { directory, ids };
        let message =
            format!("Revert \"fix the third of the numbers\"\n\nThis reverts commit {}.\n", history.ids["Fix"]);
        history.commit("main", "Undo", &["Fix"], "Base", &message);
        assert_eq!(history.status(), "reverted");
        history
    }

    fn commit(&mut self, branch: &str, label: &str, parents: &[&str], tree: &str, message: &str) {
        let tree = format!("{}^{{tree}}", self.ids[tree]);
        let mut arguments = vec!["commit-tree", "-F", "-", &tree];
        for parent in parents {
            arguments.extend(["-p", &self.ids[*parent]]);
        }
        let id = git_with(self.directory.path(), &arguments, message.as_bytes());
        git(self.directory.path(), &["update-ref", &format!("refs/heads/{branch}"), &id]);
        self.ids.insert(label.to_owned(), id);
    }

    fn status(&self) -> String {
        answer_in(self.directory.path(), &self.ids, "Pick", &[]).0
    }
}

#[test]
fn a_branch_may_take_back_the_merge_of_a_pick() {
    let mut history = Reverted::new();
    let merge = "Merge pull request #12 from a/b\n\nfix the third of the numbers (backport #11)\n";
    history.commit("release", "Merge", &["Other", "Pick"], "Pick", merge);
    assert_eq!(history.status(), "reverted");
    // What the button of a forge writes names the pull request by its title.
    let title = "Revert \"fix the third of the numbers (backport #11)\"\n";
    history.commit("release", "Revert", &["Merge"], "Other", title);
    assert_eq!(history.status(), "landed");
    let id = history.ids["Merge"].clone();
    let message = format!("Not yet\n\nThis reverts commit {id}, reversing\nchanges made to something.\n");
    history.commit("release", "ById", &["Merge"], "Other", &message);
    assert_eq!(history.status(), "landed");
    // The other way round, the merge has the same title as what is reverted.
    let message = format!("Not yet\n\nThis reverts commit {}.\n", history.ids["Pick"]);
    history.commit("release", "OfPick", &["Merge"], "Other", &message);
    assert_eq!(history.status(), "landed");
    // Reverted, and the revert reverted: the branch has it.
    let message = format!("Now\n\nThis reverts commit {}.\n", history.ids["OfPick"]);
    history.commit("release", "Again", &["OfPick"], "Pick", &message);
    assert_eq!(history.status(), "reverted");
}

#[test]
fn a_branch_may_pick_what_took_the_original_back() {
    let mut history = Reverted::new();
    // Its id is of the mainline, its title its own.
    let message = format!("Numbers again\n\nThis reverts commit {}.\n", history.ids["Fix"]);
    history.commit("release", "Undone", &["Pick"], "Other", &message);
    assert_eq!(history.status(), "landed");
    // A revert from before the pick does not revert it.
    let mut history = Reverted::new();
    history.commit("release", "Before", &["Other"], "Other", "other things\n");
    history.commit("release", "Pick", &["Before"], "Pick", "fix the third of the numbers\n");
    assert_eq!(history.status(), "reverted");
}

#[test]
fn a_merge_with_the_title_of_a_revert_takes_back_no_other_part_of_it() {
    let mut history = Reverted::new();
    history.commit("main", "Topic", &["Base", "Fix"], "Fix", "Merge pull request #1 from a/b\n\nfix the numbers\n");
    history.commit("main", "Side", &["Topic"], "Pick", "speak of the numbers\n");
    let title = "Merge pull request #2 from a/b\n\nRevert \"fix the numbers\"\n";
    history.commit("main", "Merge", &["Topic", "Side"], "Pick", title);
    assert_eq!(history.status(), "landed");
}

#[test]
fn a_revert_that_was_rebased_names_no_commit_and_has_its_title() {
    let mut history = Reverted::new();
    git(history.directory.path(), &["update-ref", "refs/heads/main", &history.ids["Fix"].clone()]);
    assert_eq!(history.status(), "landed");
    let message = "[main] Revert \"fix the third of the numbers\"\n\nThis reverts commit 0123456789abcdef.\n";
    history.commit("main", "Rebased", &["Fix"], "Base", message);
    assert_eq!(history.status(), "landed", "a mark that no backport adds is part of the title");
    history.commit("main", "Rebased", &["Fix"], "Base", message.strip_prefix("[main] ").unwrap());
    assert_eq!(history.status(), "reverted");
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
    let environment = refgate::testing::git::Environment { cwd: root.to_owned(), ..Default::default() };
    let directory = tempfile::tempdir().unwrap();
    let ids = build(
        directory.path(),
        "A = commit \"a\" file a.txt \"one\\ntwo\\n\\n\\tthree\\n\" file \"b c/ü.txt\" \"x\" file empty \"\"
         B = commit \"b\" parents A file a.txt \"one\\n\\n\\ntwo\\nthree\" file \"b c/ü.txt\" \"x\\ny\\n\" file d \"\"
         refs/heads/main = B",
        &[],
    );
    let repository = refgate::testing::git::Repository::open(
        Some(directory.path()),
        &environment,
        refgate::testing::git::Trust::Hook,
    )
    .unwrap();
    for label in ["A", "B"] {
        let id = &ids[label];
        let diff = git(directory.path(), &["diff-tree", "-p", "--full-index", "--root", "--no-renames", id]);
        let expected = git_with(directory.path(), &["patch-id", "--stable"], format!("{diff}\n").as_bytes());
        let ours = refgate::testing::landed::patch_id::stable(
            &repository,
            refgate::testing::model::ObjectId::from_hex(id.as_bytes()).unwrap(),
            1 << 20,
        );
        assert_eq!(ours.unwrap().unwrap().to_string(), expected.split(' ').next().unwrap(), "{label}");
    }
}

#[test]
fn several_commits_squashed_into_one_are_found_by_the_titles_it_lists() {
    let directory = tempfile::tempdir().unwrap();
    let mut ids = build(
        directory.path(),
        &with_base(
            "One = commit \"greet whoever comes in first\" parents Base file c.txt \"good morning to whoever comes\\nand sit down please\\n\"
             Two = commit \"say goodbye to those who leave\" parents One file d.txt \"goodbye and thank you\\nuntil the next time then\\n\"
             refs/heads/main = Two",
        ),
        &[],
    );
    let body = "backports for the release\n\n* greet whoever comes in first\n* say goodbye to those who leave (#123)\n";
    let pick = git_with(
        directory.path(),
        &["commit-tree", "-p", &ids["Base"], "-F", "-", &format!("{}^{{tree}}", ids["Two"])],
        body.as_bytes(),
    );
    git(directory.path(), &["update-ref", "refs/heads/release", &pick]);
    ids.insert("Pick".to_owned(), pick);
    let (status, evidence, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((status.as_str(), evidence.as_str()), ("landed", "squash"), "{reason}");
    assert!(["One", "Two"].contains(&matched.as_str()) && reason.starts_with("squash of 2 commits"), "{reason}");
}

#[test]
fn one_title_among_others_in_the_message_is_no_reason_for_all_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let letters: String = ('p'..='z').map(|letter| format!("{letter} is for something with {letter}\\n")).collect();
    let mut ids = build(
        directory.path(),
        &with_base(&format!(
            "One = commit \"say goodbye to those who leave\" at 1600000000 parents Base file d.txt \"goodbye and thank you\\nuntil the next time then\\n\"
             All = commit \"all\" parents One file c.txt \"{letters}\"
             refs/heads/main = One"
        )),
        &[],
    );
    let body = "what was asked for\n\n* the alphabet\n* say goodbye to those who leave\n";
    let arguments = ["commit-tree", "-p", &ids["Base"], "-F", "-", &format!("{}^{{tree}}", ids["All"])];
    let pick = git_with(directory.path(), &arguments, body.as_bytes());
    git(directory.path(), &["update-ref", "refs/heads/release", &pick]);
    ids.insert("Pick".to_owned(), pick);
    let (status, _, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("probable", "One"), "{reason}");
    assert!(reason.starts_with("probably contains"), "{reason}");
}

#[test]
fn of_what_landed_twice_the_one_that_was_there_to_pick_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut ids = build(
        directory.path(),
        &with_base(
            "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             Other = commit \"other\" parents Base file b.txt \"1\\n\"
             Back = commit \"lower case again\" parents Fix file a.txt \"one\\ntwo\\nthree\\nfour\\nfive\\n\"",
        ),
        &[],
    );
    let commit = |parent: &str, tree: &str, committed: &str| {
        let tree = git(directory.path(), &["rev-parse", &format!("{tree}^{{tree}}")]);
        let text = format!(
            "tree {tree}\nparent {parent}\nauthor Ann Author <ann@example.com> 1700000000 +0000\n\
             committer Carl Committer <carl@example.com> {committed} +0000\n\nfix the third of the numbers\n"
        );
        git_with(directory.path(), &["hash-object", "-t", "commit", "-w", "--stdin"], text.as_bytes())
    };
    let first = commit(&ids["Base"], &ids["Fix"], "1700000100");
    let back = git_with(
        directory.path(),
        &["commit-tree", "-p", &first, "-F", "-", &format!("{}^{{tree}}", ids["Back"])],
        b"lower case again\n",
    );
    let twin = commit(&back, &ids["Fix"], "1700000900");
    let pick = commit(&ids["Base"], &ids["Fix"], "1700000500");
    git(directory.path(), &["update-ref", "refs/heads/main", &twin]);
    git(directory.path(), &["update-ref", "refs/heads/release", &pick]);
    ids.extend([("First".to_owned(), first), ("Twin".to_owned(), twin), ("Pick".to_owned(), pick)]);
    let (status, _, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("landed", "First"), "{reason}");
}

#[test]
fn a_change_of_a_file_at_another_path_is_found() {
    let fixed = "one\\ntwo\\nTHREE of these\\nfour\\nfive\\n";
    let history = with_base(&format!(
        "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"{fixed}\"
         Move = commit \"copy the numbers into a directory\" parents Base file old/a.txt \"{LINES}\"
         Pick = commit \"fix the third of the numbers\" parents Move file old/a.txt \"{fixed}\"
         refs/heads/main = Fix
         refs/heads/release = Pick",
    ));
    let (status, _, matched, reason) = answer(&history, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("landed", "Fix"), "{reason}");
}

#[test]
fn a_change_id_and_a_pull_request_are_evidence() {
    let id = "I0123456789abcdef0123456789abcdef01234567";
    let history = with_base(&format!(
        "Fix = commit \"one way to say what it does\" parents Base trailer \"Change-Id: {id}\" file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
         Asked = commit \"count to six (#4711)\" parents Fix file b.txt \"one\\ntwo\\nthree\\nfour\\nfive\\nsix\\n\"
         Pick = commit \"quite another way of telling\" parents Base trailer \"Change-Id: {id}\" file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
         Ported = commit \"Backport PR #4711: count further\" parents Pick file b.txt \"one\\ntwo\\nthree\\nfour\\nfive\\nsix\\n\"
         refs/heads/main = Asked
         refs/heads/release = Ported",
    ));
    assert_eq!(short(&history, "Pick", &[]), "landed change-id Fix");
    assert_eq!(short(&history, "Ported", &[]), "landed pull-request Asked");
}

#[test]
fn chores_and_what_says_so_stay_on_their_line() {
    let history = with_base(
        "Bump = commit \"Bump version to 1.15.3\" parents Base file version \"1.15.3\"
         Own = commit \"keep the old default\" parents Bump trailer \"Release-Only: main has another default\" file b.txt \"x\\n\"
         Fix = commit \"a fix that nobody has picked\" parents Own file a.txt \"y\\n\"
         refs/heads/main = Base
         refs/heads/release = Fix",
    );
    assert_eq!(short(&history, "Bump", &[]), "exempt - -");
    assert_eq!(short(&history, "Own", &[]), "exempt - -");
    assert_eq!(short(&history, "Fix", &[]), "missing - -");
}

#[test]
fn a_trailer_that_names_another_commit_of_the_same_title_is_looked_behind() {
    let directory = tempfile::tempdir().unwrap();
    let text = |word: &str| (0..30).map(|at| format!("{word} line {at} of them\\n")).collect::<String>();
    let (first, second) = (text("apple"), text("pear"));
    let mut ids = build(
        directory.path(),
        &with_base(&format!(
            "Named = commit \"support more characters in names\" parents Base file c.txt \"{first}\"
             Real = commit \"read what comes back as it is\" parents Named file d.txt \"{second}\"
             refs/heads/main = Real"
        )),
        &[],
    );
    let script = with_base(&format!(
        "Pick = commit \"support more characters in names\" parents Base trailer \"(cherry picked from commit {})\" file d.txt \"{second}\"
         refs/heads/release = Pick",
        ids["Named"]
    ));
    ids.extend(crate::support::history::import(directory.path(), &script));
    // Not with the same timestamp, which the history builder would give it.
    let message = git(directory.path(), &["log", "-1", "--format=%B", &ids["Pick"]]);
    let tree = format!("{}^{{tree}}", ids["Pick"]);
    let mut later = crate::support::command("git", directory.path());
    later.args(["commit-tree", "-p", &ids["Base"], "-F", "-", &tree]).env("GIT_AUTHOR_DATE", "1234567890 +0000");
    let output = crate::support::run(&mut later, message.as_bytes());
    let pick = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    git(directory.path(), &["update-ref", "refs/heads/release", &pick]);
    ids.insert("Pick".to_owned(), pick);
    let (status, _, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("landed", "Real"), "{reason}");
    assert!(reason.contains("its message names") && reason.contains("whose content differs"), "{reason}");
}

#[test]
fn where_files_are_missing_the_rest_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let ids = build(
        directory.path(),
        &with_base(
            "Fix = commit \"fix the third of the numbers\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             Lost = commit \"write what will be lost\" parents Fix file c.txt \"lost to everybody\\n\"
             Pick = commit \"the third one is loud\" parents Base file a.txt \"one\\ntwo\\nTHREE\\nfour\\nfive\\n\"
             Also = commit \"write what is not lost\" parents Pick file c.txt \"kept by somebody\\n\"
             refs/heads/main = Lost
             refs/heads/release = Also",
        ),
        &[],
    );
    let blob = git(directory.path(), &["rev-parse", "main:c.txt"]);
    git(directory.path(), &["repack", "-q", "-a", "-d"]);
    let pack = std::fs::read_dir(directory.path().join("objects/pack")).unwrap();
    let pack =
        pack.map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|end| end == "pack")).unwrap();
    let content = std::fs::read(&pack).unwrap();
    for end in ["pack", "idx", "rev"] {
        let _absent = std::fs::remove_file(pack.with_extension(end));
    }
    git_with(directory.path(), &["unpack-objects", "-q"], &content);
    std::fs::remove_file(directory.path().join("objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let (status, _, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((status.as_str(), matched.as_str()), ("landed", "Fix"), "{reason}");
    let (status, ..) = answer_in(directory.path(), &ids, "Also", &[]);
    assert_ne!(status, "landed");
    let human = refgate(directory.path(), &["landed", "--from", "release", "--to", "main"], b"");
    assert!(String::from_utf8_lossy(&human.stdout).contains(&blob), "{}", String::from_utf8_lossy(&human.stdout));
}

#[test]
fn patch_ids_of_random_commits_are_those_of_git() {
    let mut seed = 1u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize % below
    };
    let words = ["", "\\t", "{", "}", "  return x;", "if (a)", "end", "\\tfoo();", "# x"];
    let mut script = String::new();
    let mut files: Vec<Vec<&str>> = vec![Vec::new(); 4];
    for at in 0..60 {
        let parents = if at == 0 { String::new() } else { format!("parents C{}", at - 1) };
        script.push_str(&format!("C{at} = commit \"number {at}\" {parents}"));
        for _ in 0..=random(2) {
            let file = random(files.len());
            let lines = &mut files[file];
            for _ in 0..=random(12) {
                let (place, count) = (random(lines.len() + 1), random(3));
                let removed = count.min(lines.len() - place);
                let added: Vec<&str> = (0..random(4)).map(|_| words[random(words.len())]).collect();
                lines.splice(place..place + removed, added);
            }
            script.push_str(&format!(" file \"d{}/f {file}\" \"{}\"", file % 2, lines.join("\\n")));
        }
        script.push('\n');
    }
    script.push_str("refs/heads/main = C59\n");
    let directory = tempfile::tempdir().unwrap();
    let ids = build(directory.path(), &script, &[]);
    let environment = refgate::testing::git::Environment { cwd: directory.path().to_owned(), ..Default::default() };
    let repository = refgate::testing::git::Repository::open(
        Some(directory.path()),
        &environment,
        refgate::testing::git::Trust::Hook,
    )
    .unwrap();
    let mut compared = 0;
    for id in ids.values() {
        let diff = git(directory.path(), &["diff-tree", "-p", "--full-index", "--root", "--no-renames", id]);
        let expected = git_with(directory.path(), &["patch-id", "--stable"], format!("{diff}\n").as_bytes());
        let id = refgate::testing::model::ObjectId::from_hex(id.as_bytes()).unwrap();
        let ours = refgate::testing::landed::patch_id::stable(&repository, id, 1 << 20).unwrap();
        let ours = ours.map_or(String::new(), |ours| ours.to_string());
        assert_eq!(ours, expected.split(' ').next().unwrap_or_default(), "{id}");
        compared += usize::from(!ours.is_empty());
    }
    assert!(compared > 50, "only {compared} commits changed something");
}

#[test]
fn the_same_patch_is_found_whoever_wrote_it_and_however_long_the_mainline_is() {
    let lines = |word: &str| (0..40).map(|at| format!("{word} {at}\n")).collect::<String>();
    let mut stream = String::new();
    let mut commit = |branch: &str, mark: usize, from: usize, who: &str, title: &str, file: &str, content: &str| {
        let from = if from == 0 { String::new() } else { format!("from :{from}\n") };
        let date = 1_700_000_000 + 60 * mark;
        stream.push_str(&format!(
            "commit refs/heads/{branch}\nmark :{mark}\nauthor {who} <{who}@x> {date} +0000\ncommitter {who} <{who}@x> {date} +0000\n\
             data {}\n{title}\n{from}M 100644 inline {file}\ndata {}\n{content}\n",
            title.len(),
            content.len()
        ));
    };
    commit("main", 1, 0, "ann", "base", "dir/table.txt", &lines("old"));
    commit("main", 2, 1, "ann", "rework the whole table", "dir/table.txt", &lines("new"));
    for mark in 3..1300 {
        commit("main", mark, mark - 1, "bob", &format!("number {mark}"), "dir/other.txt", &mark.to_string());
    }
    commit("release", 1300, 1, "carl", "sort things out", "dir/table.txt", &lines("new"));
    commit("release", 1301, 1300, "carl", "and something else", "dir/table.txt", &lines("else"));
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "--quiet", "--bare"]);
    git_with(directory.path(), &["fast-import", "--quiet"], stream.as_bytes());
    let id = |revision: &str| git(directory.path(), &["rev-parse", revision]).trim().to_owned();
    let ids = Ids::from([
        ("Rework".to_owned(), id("main~1297")),
        ("Pick".to_owned(), id("release~")),
        ("Else".to_owned(), id("release")),
    ]);
    let (status, evidence, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
    assert_eq!((&*status, &*evidence, &*matched), ("landed", "patch-id", "Rework"), "{reason}");
    assert_eq!(answer_in(directory.path(), &ids, "Else", &[]).0, "missing");
}

#[test]
fn a_pick_that_was_rewritten_keeps_the_trace_of_its_author() {
    let text = |word: &str| (0..30).map(|at| format!("{word} line {at} of them\\n")).collect::<String>();
    let directory = tempfile::tempdir().unwrap();
    let base = format!("Base = commit \"base\" file c.txt \"{LINES}\" file b.txt \"{LINES}\"\n");
    let mut ids = build(
        directory.path(),
        &format!(
            "{base}Fix = commit \"docs: add the memory that guests have\" parents Base file c.txt \"{LINES}{}\"
             refs/heads/main = Fix",
            text("apple")
        ),
        &[],
    );
    let mut said = |title: &str, file: &str, content: &str| {
        let script = format!(
            "{base}Pick = commit \"{title}\" parents Base at 1710000000 trailer \"(cherry picked from commit {})\" file {file} \"{content}\"
             refs/heads/release = Pick",
            ids["Fix"]
        );
        ids.extend(crate::support::history::import(directory.path(), &script));
        let (status, evidence, matched, reason) = answer_in(directory.path(), &ids, "Pick", &[]);
        (format!("{status} {evidence} {matched}"), reason)
    };
    let trace = (3..4).map(|at| format!("apple line {at} of them\\n")).collect::<String>();
    let shared = format!("{LINES}{}{trace}", text("pear"));
    let (answer, trace) = said("use the paging that there is", "c.txt", &shared);
    assert_eq!(answer, "probable trailer Fix");
    assert!(trace.contains("from which it is far (") && trace.contains(" % of lines, same author)"), "{trace}");
    // The same author alone says nothing, nor does another file.
    let nothing = "but the two have nothing in common";
    for (file, content) in [("c.txt", &format!("{LINES}{}", text("pear"))), ("b.txt", &shared)] {
        let (answer, reason) = said("use the paging that there is", file, content);
        assert_eq!(answer, "missing - -");
        assert!(reason.contains(nothing), "{reason}");
    }
}

/// Makes a mainline on which half of the changes come by merges, some of them of branches that were merged into each
/// other, and of which some are on the release as well: by somebody else and under another title.
fn woven_history() -> (String, Vec<usize>) {
    let mut stream = String::new();
    let mut mark = 0;
    let mut commit = |branch: &str, who: &str, title: &str, parents: &[usize], files: &[String]| {
        mark += 1;
        let date = 1_700_000_000 + 60 * mark;
        let _ = write!(
            stream,
            "commit refs/heads/{branch}\nmark :{mark}\nauthor {who} <{who}@x> {date} +0000\n\
             committer {who} <{who}@x> {date} +0000\ndata {}\n{title}\n",
            title.len()
        );
        for (nth, parent) in parents.iter().enumerate() {
            let _ = writeln!(stream, "{} :{parent}", if nth == 0 { "from" } else { "merge" });
        }
        for file in files {
            let content: String = (0..9).map(|line| format!("line {line} of {file}\n")).collect();
            let _ = write!(stream, "M 100644 inline {file}\ndata {}\n{content}\n", content.len());
        }
        stream.push('\n');
        mark
    };
    let file = |at: usize| format!("d{}/e{}/f{at}", at % 7, at % 5);
    let base = commit("main", "ann", "base", &[], &["base".to_owned()]);
    // Each line with the numbers of the files that it has.
    let empty = (base, BTreeSet::new());
    let (mut main, mut old, mut side) = (empty.clone(), empty.clone(), empty);
    for at in 1..1800 {
        if at % 2 == 0 {
            main.0 = commit("main", "ann", &format!("number {at}"), &[main.0], &[file(at)]);
            main.1.insert(at);
            continue;
        }
        // The branch goes on from where it was, from the mainline of some time ago, or with the mainline merged into it.
        let (first, second) = match at % 3 {
            0 => (side, None),
            1 => (old.clone(), None),
            _ => (side, Some(&main)),
        };
        let from_main = second.map(|(_, files)| files.difference(&first.1).copied().collect());
        let own: BTreeSet<usize> = from_main.unwrap_or_default();
        let mut parents = vec![first.0];
        parents.extend(second.map(|(id, _)| *id).filter(|id| *id != first.0));
        let mut tip = commit(
            "topic",
            "bob",
            &format!("step {at}, to begin with"),
            &parents,
            &own.iter().map(|at| file(*at)).collect::<Vec<_>>(),
        );
        tip = commit("topic", "bob", &format!("step {at}"), &[tip], &[file(at)]);
        side = (tip, first.1.iter().copied().chain(own).chain([at]).collect());
        if at % 5 == 0 {
            let brought: Vec<usize> = side.1.difference(&main.1).copied().collect();
            let files: Vec<String> = brought.iter().map(|at| file(*at)).collect();
            main.0 = commit("main", "ann", &format!("merge of step {at}"), &[main.0, side.0], &files);
            main.1.extend(brought);
        }
        if at % 50 == 1 {
            old = main.clone();
        }
    }
    let mut release = base;
    let picked: Vec<usize> = (7..1780).step_by(73).collect();
    for at in &picked {
        release = commit("release", "carl", &format!("needed here, part {at}"), &[release], &[file(*at)]);
    }
    (stream + "done\n", picked)
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_same_patch_is_found_through_merges_with_and_without_filters_and_cache() {
    let (stream, picked) = woven_history();
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "--quiet", "--bare"]);
    git_with(directory.path(), &["fast-import", "--quiet"], stream.as_bytes());
    let cherry = git(directory.path(), &["cherry", "main", "release"]);
    let expected: Vec<&str> = cherry.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert!(2 * expected.len() > picked.len(), "{cherry}");
    let check = |how: &str, arguments: &[&str]| {
        let question = ["landed", "--from", "release", "--to", "main", "--format", "json"];
        let output = refgate(directory.path(), &[question.as_slice(), arguments].concat(), b"");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let landed = report["commits"].as_array().unwrap().iter().filter(|commit| commit["status"] == "landed");
        let landed: BTreeSet<&str> = landed.map(|commit| commit["commit"].as_str().unwrap()).collect();
        let missed: Vec<&&str> = expected.iter().filter(|id| !landed.contains(**id)).collect();
        assert!(missed.is_empty(), "{how}: {missed:?}");
    };
    check("no cache", &["--no-cache"]);
    git(directory.path(), &["commit-graph", "write", "--reachable"]);
    check("no cache, with a commit-graph", &["--no-cache"]);
    check("kept", &[]);
    std::fs::remove_dir_all(directory.path().join("refgate").join("answers")).unwrap();
    check("from the cache", &[]);
    git(directory.path(), &["commit-graph", "write", "--reachable", "--changed-paths"]);
    check("by filters", &["--no-cache"]);
}

/// Writes commits for `git fast-import`: whose branch, who made it, its title, and all files with their content.
struct Stream(String);

impl Stream {
    fn commit(&mut self, branch: &str, who: &str, title: &str, files: &[(String, String)]) {
        let date = 1_700_000_000 + self.0.len();
        let length = title.len();
        let _ = write!(
            self.0,
            "commit refs/heads/{branch}\nauthor {who} <{who}@x> {date} +0000\ncommitter {who} <{who}@x> {date} +0000\n\
             data {length}\n{title}\n"
        );
        for (path, content) in files {
            let _ = write!(self.0, "M 100644 inline {path}\ndata {}\n{content}\n", content.len());
        }
    }
}

/// Returns a text of so many lines, with one of them changed where the mainline went on, and others where it was fixed.
fn text(path: &str, lines: usize, goes_on: bool, fixed: &[usize]) -> String {
    let line = |at: usize| match (at, fixed.contains(&at)) {
        (1, _) if goes_on => format!("{path} has gone on\n"),
        (_, true) => format!("{path} is fixed here, at {at}\n"),
        _ => format!("{path} {at:020}\n"),
    };
    (0..lines).map(line).collect()
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_git_cherry_finds_is_never_missed_however_large_it_is() {
    /// What is fixed: a title, the files, how many lines each has, and which of them change.
    type Fix = (&'static str, Vec<String>, usize, Vec<usize>);
    let wide = |folder: &str, count: usize| (0..count).map(|at| format!("{folder}/f{at}.txt")).collect();
    let one = |path: &str| vec![path.to_owned()];
    let fixes: Vec<Fix> = vec![
        ("a few lines of a large file", one("large.txt"), 30_000, (15_000..15_006).collect()),
        ("a few lines of a larger file", one("larger.txt"), 140_000, (90_000..90_006).collect()),
        ("lines far from each other", one("far.txt"), 30_000, vec![100, 101, 102, 29_000, 29_001, 29_002]),
        ("what is copied from elsewhere", one("vendor/copied/a.txt"), 90, (40..46).collect()),
        ("a hundred and fifty files", wide("many", 150), 30, vec![20]),
        ("more than two thousand files", wide("all", 2050), 16, vec![10]),
        ("what everybody changes", one("hot.txt"), 90, (40..46).collect()),
    ];
    let all = |goes_on: bool, is_fixed: &dyn Fn(usize) -> bool, only: Option<usize>| -> Vec<(String, String)> {
        let wanted = fixes.iter().enumerate().filter(|(at, _)| only.is_none_or(|only| only == *at));
        let texts = wanted.flat_map(|(at, (_, paths, lines, changed))| {
            let changed = if is_fixed(at) { changed.as_slice() } else { &[] };
            paths.iter().map(|path| (path.clone(), text(path, *lines, goes_on, changed)))
        });
        texts.collect()
    };
    let mut stream = Stream(String::new());
    stream.commit("main", "ann", "base", &all(false, &|_| false, None));
    stream.0 += "reset refs/heads/release\nfrom refs/heads/main\n\n";
    for (at, (title, ..)) in fixes.iter().enumerate() {
        let title = format!("needed on the branch: {at} ({})", title.len());
        stream.commit("release", "carl", &title, &all(false, &|_| true, Some(at)));
    }
    stream.commit("main", "ann", "the mainline goes on", &all(true, &|_| false, None));
    for (at, (title, ..)) in fixes.iter().enumerate() {
        stream.commit("main", "bob", title, &all(true, &|_| true, Some(at)));
    }
    for at in 0..300 {
        let hot = text("hot.txt", 90, true, &[40, 41, 42, 43, 44, 45]) + &format!("and more, {at}\n");
        stream.commit("main", "ann", &format!("work on it, {at}"), &[("hot.txt".to_owned(), hot)]);
    }
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "--quiet", "--bare"]);
    git_with(directory.path(), &["fast-import", "--quiet"], stream.0.as_bytes());
    let cherry = git(directory.path(), &["cherry", "main", "release"]);
    let expected: Vec<&str> = cherry.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert_eq!(expected.len(), fixes.len(), "{cherry}");
    let check = |how: &str, arguments: &[&str]| {
        let question = ["landed", "--from", "release", "--to", "main", "--format", "json"];
        let output = refgate(directory.path(), &[question.as_slice(), arguments].concat(), b"");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let missed: Vec<String> = report["commits"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|commit| expected.contains(&commit["commit"].as_str().unwrap()))
            .filter(|commit| commit["status"] != "landed" || commit["evidence"] != "patch-id")
            .map(|commit| format!("{} {} {}", commit["subject"], commit["status"], commit["reason"]))
            .collect();
        assert_eq!(missed, Vec::<String>::new(), "{how}");
    };
    check("without a cache", &["--no-cache"]);
    check("kept", &[]);
    std::fs::remove_dir_all(directory.path().join("refgate").join("answers")).unwrap();
    check("from the cache", &[]);
}
