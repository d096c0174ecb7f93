//! Waivers in git notes: written by `refgate waive`, pushed with real pushes, accepted from those whom the policy
//! names.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::history::{Ids, build};
use crate::support::site::{Pushed, Site, USUAL, install};
use crate::support::{command, git, git_with, layered, refgate, run, stderr};

const NOTES: &str = "refs/notes/refgate";

const HISTORY: &str = r#"
A = commit "first" file monitor.py "timeout = 3\n"
B = commit "feat: a second page" parents A file page "a page that only master has\n"
F = commit "fix: the monitor gave up too soon" parents A file monitor.py "timeout = 5 seconds for every single probe\n"
refs/heads/master = B
refs/heads/1.15 = A
"#;

const POLICY: &str = r#"
schema = 1
name = "ours"
extends = ["preset:pybal"]

[group]
release-managers = ["alice", "bob"]

[waiver-notes]
accepted-from = ["@release-managers"]
"#;

/// A bare repository with the history, and what `refgate` says in it.
struct Place {
    folder: tempfile::TempDir,
    ids: Ids,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ids = build(folder.path(), HISTORY, &[]);
        Self { folder, ids }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn waive(&self, arguments: &[&str]) -> Output {
        refgate(self.path(), &[&["waive", &self.ids["F"]], arguments].concat(), b"")
    }

    fn note(&self) -> String {
        git(self.path(), &["notes", "--ref", "refgate", "show", &self.ids["F"]])
    }
}

fn accepted(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(output.stdout.is_empty());
    stderr(output)
}

#[test]
fn a_waiver_is_a_note_that_git_shows() {
    let place = Place::new();
    let usual = ["--rule", "unlanded-fix", "--reason", "master gets it with the rewrite", "--until", "2999-12-31"];
    let dry = accepted(&place.waive(&[&usual[..], &["--dry-run"]].concat()));
    assert!(git(place.path(), &["for-each-ref", NOTES]).is_empty());
    let note = "Waive: unlanded-fix\nReason: master gets it with the rewrite\nUntil: 2999-12-31\n\
                By: Carl Committer <carl@example.com>";
    assert!(dry.contains(note), "{dry}");
    let said = accepted(&place.waive(&usual));
    assert!(said.contains(note) && said.contains("git push origin refs/notes/refgate"), "{said}");
    assert_eq!(place.note(), note);

    // Another rule's waiver is added, the same rule's replaced only where that is asked for.
    accepted(&place.waive(&["--rule", "misplaced-change", "--reason", "it is small", "--by", "Ann"]));
    let both = format!("{note}\n\nWaive: misplaced-change\nReason: it is small\nBy: Ann");
    assert_eq!(place.note(), both);
    let same = refused(&place.waive(&["--rule", "unlanded-fix", "--reason", "again"]));
    assert!(same.contains("has a waiver of `unlanded-fix`: master gets it with the rewrite"), "{same}");
    assert!(same.contains("--force"), "{same}");
    assert_eq!(place.note(), both);
    accepted(&place.waive(&["--rule", "unlanded-fix", "--reason", "again", "--by", "Bob", "--force"]));
    assert_eq!(
        place.note(),
        "Waive: misplaced-change\nReason: it is small\nBy: Ann\n\nWaive: unlanded-fix\nReason: again\nBy: Bob"
    );
}

#[test]
fn a_waiver_that_would_be_none_is_not_written() {
    let place = Place::new();
    for (arguments, said) in [
        (&["--rule", "unlanded-fixes", "--reason", "x"][..], "did you mean `unlanded-fix`?"),
        (&["--rule", "unlanded-fix", "--reason", " - "], "a waiver needs a reason"),
        (&["--rule", "unlanded-fix", "--reason", "one\n\nWaive: deleted-ref"], "the note would be none"),
        (&["--rule", "unlanded-fix", "--reason", "one\nBy: Somebody Else"], "the note would be none"),
        (&["--rule", "unlanded-fix", "--reason", "x", "--by", "a\n\nWaive: b\nReason: c"], "one line each"),
        (&["--rule", "unlanded-fix", "--reason", "x", "--until", "tomorrow"], "is not a date like"),
        (&["--rule", "unlanded-fix", "--reason", "x", "--until", "2020-01-01"], "2020-01-01 is over"),
    ] {
        let text = refused(&place.waive(arguments));
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let nowhere = refgate(place.path(), &["waive", "no-such", "--rule", "unlanded-fix", "--reason", "x"], b"");
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(git(place.path(), &["for-each-ref", NOTES]).is_empty());
    // A note that is not a waiver is not thrown away unasked.
    git(place.path(), &["notes", "--ref", "refgate", "add", "-m", "looks good", &place.ids["F"]]);
    let text = refused(&place.waive(&["--rule", "unlanded-fix", "--reason", "x"]));
    assert!(text.contains("is not a waiver: line 1: it is not `KEY: VALUE`"), "{text}");
    accepted(&place.waive(&["--rule", "unlanded-fix", "--reason", "x", "--by", "Ann", "--force"]));
    assert_eq!(place.note(), "Waive: unlanded-fix\nReason: x\nBy: Ann");
}

#[test]
fn whoever_waives_is_told_when_nobody_would_take_it() {
    let place = Place::new();
    let usual = ["--rule", "unlanded-fix", "--reason", "x"];
    let output = place.waive(&[&usual[..], &["--policy", "preset:pybal"]].concat());
    accepted(&output);
    assert!(stderr(&output).contains("takes waivers in notes from nobody"), "{}", stderr(&output));
    let policy = place.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let output = place.waive(&[&usual[..], &["--force", "--policy", policy.to_str().unwrap()]].concat());
    accepted(&output);
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}

/// A server that knows who pushes, and a clone with a fix that is on `1.15` alone.
struct Work {
    site: Site,
    clone: PathBuf,
    fix: String,
}

impl Work {
    fn new() -> Self {
        let site = Site::new(USUAL, POLICY, HISTORY);
        git(&site.server, &["config", "refgate.identity", "env:WHO"]);
        let clone = site.path("work");
        git(&site.server, &["clone", "--quiet", "--template=", site.server.to_str().unwrap(), clone.to_str().unwrap()]);
        git(&clone, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("F")]);
        git(&clone, &["branch", "1.15", site.id("F")]);
        let fix = site.id("F").to_owned();
        Self { site, clone, fix }
    }

    fn waive(&self, commit: &str, arguments: &[&str]) {
        let fixed = ["waive", commit, "--rule", "unlanded-fix", "--reason", "gone with the rewrite"];
        accepted(&refgate(&self.clone, &[&fixed[..], arguments].concat(), b""));
    }

    fn push(&self, who: &str, words: &[&str]) -> Pushed {
        let mut push = command("git", &self.clone);
        push.env("WHO", who).args(["push", "origin"]).args(words);
        self.site.pushed(&run(&mut push, b""))
    }
}

#[test]
fn a_waiver_counts_from_the_push_that_brings_it() {
    let work = Work::new();
    work.push("alice", &["1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    work.waive(&work.fix, &[]);
    // Made, but not pushed.
    work.push("alice", &["1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    work.push("mallory", &["1.15", NOTES])
        .refused(&["unlanded-fix refs/heads/1.15", "improper-waiver refs/notes/refgate"]);
    work.push("mallory", &[NOTES]).refused(&["improper-waiver refs/notes/refgate"]);
    let pushed = work.push("bob", &["--atomic", "1.15", NOTES]);
    pushed.accepted();
    let finding = &pushed.reports[0]["findings"][0];
    assert_eq!((&finding["rule"], &finding["level"]), (&"unlanded-fix".into(), &"observe".into()));
    assert_eq!(finding["evidence"], "waived (Carl Committer <carl@example.com>): gone with the rewrite");
}

#[test]
fn a_waiver_on_the_server_counts_for_everybody_until_it_is_over() {
    let work = Work::new();
    work.waive(&work.fix, &[]);
    work.push("alice", &[NOTES]).accepted();
    work.push("mallory", &["1.15"]).accepted();
    // It is withdrawn.
    git(&work.site.server, &["update-ref", "refs/heads/1.15", work.site.id("A")]);
    git(&work.clone, &["notes", "--ref", "refgate", "remove", &work.fix]);
    work.push("alice", &[NOTES]).accepted();
    work.push("mallory", &["1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    // It runs out.
    let note = "Waive: unlanded-fix\nReason: for a while\nUntil: 2023-11-15\n";
    git(&work.clone, &["notes", "--ref", "refgate", "add", "-m", note, &work.fix]);
    work.push("alice", &[NOTES]).accepted();
    let pushed = work.push("alice", &["1.15"]);
    pushed.refused(&["unlanded-fix refs/heads/1.15"]);
    assert!(pushed.text.contains("the waiver for it ended on 2023-11-15"), "{}", pushed.text);
}

#[test]
fn the_history_of_waivers_grows_and_is_merged() {
    let work = Work::new();
    work.waive(&work.fix, &[]);
    work.push("alice", &[NOTES]).accepted();
    // Somebody who had not fetched: another root.
    git(&work.clone, &["update-ref", "-d", NOTES]);
    work.waive(work.site.id("A"), &[]);
    let rewritten = work.push("bob", &[&format!("+{NOTES}")]);
    rewritten.refused(&["improper-waiver refs/notes/refgate"]);
    let mended = rewritten.reports[0]["findings"][0]["command"].as_str().unwrap();
    let ran = run(command("sh", &work.clone).args(["-e", "-c", mended]), b"");
    assert!(ran.status.success(), "{mended}: {}", stderr(&ran));
    work.push("bob", &[NOTES]).accepted();
    for commit in [&work.fix, work.site.id("A")] {
        let shown = git(&work.site.server, &["notes", "--ref", "refgate", "show", commit]);
        assert!(shown.contains("gone with the rewrite"));
    }
    work.push("bob", &[&format!(":{NOTES}")]).refused(&["improper-waiver refs/notes/refgate"]);
}

#[test]
fn so_many_waivers_that_git_spreads_them_are_read_all_the_same() {
    let work = Work::new();
    let mut stream = "blob\nmark :1\ndata 43\nWaive: unlanded-fix\nReason: one of many others\n\
                      commit refs/notes/refgate\ncommitter C <c@example.com> 1700000000 +0000\ndata 0\n"
        .replace("data 43", "data 47");
    for at in 0..700_u32 {
        let digits: String = format!("{:08x}", at.wrapping_mul(2_654_435_761)).chars().rev().collect();
        stream.push_str(&format!("M 100644 :1 {digits:0<40}\n"));
    }
    git_with(&work.clone, &["fast-import", "--quiet"], stream.as_bytes());
    work.push("alice", &[NOTES]).accepted();
    work.waive(&work.fix, &[]);
    assert!(git(&work.clone, &["ls-tree", NOTES]).lines().all(|line| line.starts_with("040000 tree")));
    // All notes have new paths, and one of them is new.
    work.push("alice", &["1.15", NOTES]).accepted();
}

#[test]
fn a_clone_lets_through_what_the_server_decides() {
    let work = Work::new();
    git(&work.clone, &["config", "refgate.policy", work.site.path("policy.toml").to_str().unwrap()]);
    git(&work.clone, &["config", "refgate.log", work.site.path("log").to_str().unwrap()]);
    install(&work.clone, "pre-push");
    work.push("mallory", &["1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    work.waive(&work.fix, &[]);
    let pushed = work.push("mallory", &["1.15", NOTES]);
    let [local, remote] = pushed.reports.as_slice() else { panic!("{pushed:#?}") };
    assert_eq!((&local["stage"], &local["verdict"]), (&"pre-push".into(), &"accepted".into()));
    // Whether the note may waive it, and so whether anything is owed.
    for (open, rule) in local["unevaluated"].as_array().unwrap().iter().zip(["unlanded-fix", "improper-waiver"]) {
        assert_eq!((&open["rule"], &open["elsewhere"]), (&rule.into(), &true.into()));
    }
    assert_eq!((&remote["stage"], &remote["verdict"]), (&"pre-receive".into(), &"refused".into()));
    assert!(work.push("alice", &["1.15", NOTES]).landed);
}

#[test]
fn a_layer_below_cannot_let_others_waive() {
    let from = |who: &str| format!("[waiver-notes]\naccepted-from = [{who}]\n");
    let shows = |upper: &str, lower: &str, said: &str| {
        let (code, text) = layered(upper, lower);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("waivers in notes are taken from {said}")), "{text}");
    };
    shows("", "", "nobody");
    shows(&from("\"alice\", \"bob\""), "", "alice, bob");
    shows(&from("\"alice\", \"bob\""), &from("\"bob\""), "bob");
    shows(&from("\"@known\""), &from("\"carl\""), "carl");
    let open = format!("open = [\"waiver-notes\"]\n{}", from("\"alice\""));
    shows(&open, &from("\"carl\""), "carl");
    shows("open = [\"*\"]\n", &from("\"carl\""), "carl");
    for (upper, lower) in [
        (from("\"alice\""), from("\"alice\", \"carl\"")),
        (from("\"alice\""), from("\"@known\"")),
        (from("\"alice\""), from("\"@anyone\"")),
        (String::new(), from("\"carl\"")),
    ] {
        let (code, text) = layered(&upper, &lower);
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("is not left open by") && text.contains("open = [\"waiver-notes\"]"), "{text}");
    }
}

#[test]
fn a_layer_below_cannot_waive_what_the_one_above_has_by_default() {
    let waiver =
        |rule: &str| format!("[[waiver]]\nrule = \"{rule}\"\nref = \"refs/heads/**\"\nreason = \"it is in the way\"\n");
    for upper in ["", "[rules.unlanded-fix]\nlevel = \"refuse\"\n"] {
        let (code, text) = layered(upper, &waiver("unlanded-fix"));
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("a waiver of `unlanded-fix` is not left open by"), "{text}");
        let (code, text) = layered(&format!("open = [\"unlanded-fix\"]\n{upper}"), &waiver("unlanded-fix"));
        assert_eq!(code, Some(0), "{text}");
    }
    // A rule that is off by default, and that the layer below turned on.
    let own = format!("{}[rules.version-gap]\nlevel = \"refuse\"\n", waiver("version-gap"));
    assert_eq!(layered("", &own).0, Some(0));
}

#[test]
fn mistakes_in_the_table_are_shown_in_their_place() {
    for (table, said) in [
        ("[waiver-notes]\naccept-from = [\"alice\"]", "accepted-from"),
        ("[waiver-notes]\naccepted-from = [\"@releasers\"]\n[group]\nreleaser = [\"a\"]", "did you mean `releaser`?"),
        ("[waiver-note]\naccepted-from = [\"a\"]", "did you mean `waiver-notes`?"),
        ("waiver-notes = true", "`waiver-notes` is a table, not a boolean"),
    ] {
        let (code, text) = layered("", table);
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains(said) && text.contains("lower.toml"), "{text}");
    }
}
