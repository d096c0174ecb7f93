//! `refgate replay`: the past, judged as though it were pushed now.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::support::{command, conforms, git, json, refgate, run, stderr};

const SCHEMA: &str = include_str!("../schemas/replay-v1.json");

const POLICY: &str = r#"schema = 1
name = "example"
[[line]]
name = "main"
branch = "main"
role = "mainline"
[[line]]
name = "release"
branch = "release/{major}.{minor}"
role = "release"
cut-from = "main"
refuses-changes = ["feature"]
may = { push = "nobody-whom-the-past-knows" }
[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
line = "release"
series = "{major}.{minor}"
"#;

/// Runs git on a day of 2020, as somebody.
fn on(folder: &Path, day: &str, author: &str, words: &[&str]) {
    let date = format!("2020-{day}T12:00:00Z");
    let output = run(
        command("git", folder)
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_AUTHOR_NAME", author)
            .env("GIT_COMMITTER_NAME", author)
            .args(words),
        b"",
    );
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
}

fn commit(folder: &Path, day: &str, author: &str, message: &str) {
    on(folder, day, author, &["commit", "--quiet", "--allow-empty", "--message", message]);
}

/// Makes an empty repository with a policy beside it, and returns where it is.
fn begun(folder: &Path, policy: &str) -> PathBuf {
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    let work = folder.join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    work
}

/// A mainline; a release branch with two right versions, a feature that does not belong there, and a version on the mainline.
fn history(folder: &Path) {
    let work = begun(folder, POLICY);
    commit(&work, "01-01", "ann", "feat: one");
    commit(&work, "01-02", "ann", "fix: two");
    git(&work, &["checkout", "--quiet", "-b", "release/1.0"]);
    commit(&work, "02-01", "bob", "fix: three");
    on(&work, "02-02", "bob", &["tag", "-a", "-m", "v1.0.0", "v1.0.0"]);
    commit(&work, "02-03", "bob", "feat: four");
    on(&work, "02-04", "bob", &["tag", "-a", "-m", "v1.0.1", "v1.0.1"]);
    git(&work, &["checkout", "--quiet", "main"]);
    commit(&work, "03-01", "ann", "fix: five");
    on(&work, "03-02", "ann", &["tag", "-a", "-m", "v1.1.0", "v1.1.0"]);
}

fn replay(folder: &Path, more: &[&str]) -> Output {
    refgate(folder, &[&["replay", "--repo", "work", "--policy", "p.toml"], more].concat(), b"")
}

fn document(folder: &Path, more: &[&str]) -> Value {
    let output = replay(folder, &[&["--format", "json"], more].concat());
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
    let mut document = json(&output);
    conforms(&document, SCHEMA);
    assert_eq!(document["exit_code"], output.status.code().unwrap());
    document["timings_ms"] = Value::Null;
    document
}

/// Returns the pushes of which something was found: `DAY REF VERDICT RULE…`.
fn found(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rules = |push: &Value| {
        let places = &push["findings"];
        let range = places["start"].as_u64().unwrap() as usize..places["end"].as_u64().unwrap() as usize;
        document["findings"].as_array().unwrap()[range].iter().map(|finding| text(&finding["rule"])).collect::<Vec<_>>()
    };
    let pushes = document["pushes"].as_array().unwrap().iter();
    pushes
        .map(|push| {
            let day = text(&push["time"])[..10].to_owned();
            format!("{day} {} {} {}", text(&push["ref"]), text(&push["verdict"]), rules(push).join(" "))
        })
        .collect()
}

#[test]
fn each_push_of_the_past_is_judged_among_the_refs_of_its_moment() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let document = document(folder.path(), &[]);
    // Three commits of the mainline, a branch with its creation and two commits, and three tags.
    assert_eq!(document["counts"]["pushes"], 9);
    assert_eq!(
        found(&document),
        [
            "2020-02-03 refs/heads/release/1.0 refused misplaced-change",
            "2020-03-02 refs/tags/v1.1.0 refused misplaced-tag",
        ]
    );
    assert_eq!(document["counts"]["refused"], 2);
    assert_eq!(document["counts"]["rules"]["misplaced-tag"]["pushes"], 1);
    assert_eq!(document["counts"]["months"]["2020-02"], serde_json::json!({ "pushes": 5, "refused": 1 }));
    assert_eq!(document["counts"]["authors"]["ann"], serde_json::json!({ "pushes": 4, "refused": 1 }));
    assert_eq!(document["counts"]["refs"]["refs/tags/v1.1.0"]["refused"], 1);
    // A policy that is only tried says what it would say.
    std::fs::write(folder.path().join("p.toml"), format!("highest-level = \"observe\"\n{POLICY}")).unwrap();
    let tried = super::replay::document(folder.path(), &[]);
    assert_eq!((&tried["counts"], found(&tried)), (&document["counts"], found(&document)));
    std::fs::write(folder.path().join("p.toml"), POLICY).unwrap();
    let people = replay(folder.path(), &[]);
    assert_eq!(people.status.code(), Some(1));
    let text = String::from_utf8(people.stdout).unwrap();
    assert!(text.starts_with("replayed 9 pushes, 2020-01-01 to 2020-03-02, by the policy `example`\n"), "{text}");
    assert!(text.contains("would have refused 2 of 9 pushes (22.2 %)\n"), "{text}");
    assert!(text.contains("\n2020-03-02 refs/tags/v1.1.0 ann\n  refuse[misplaced-tag]: "), "{text}");
}

#[test]
fn a_tag_is_judged_without_those_that_came_later() {
    let folder = tempfile::tempdir().unwrap();
    let work = begun(folder.path(), &POLICY.replace("line = \"release\"\n", ""));
    for (day, version) in [("01-01", "v1.0.2"), ("01-02", "v1.0.1"), ("01-03", "v1.0.3")] {
        commit(&work, day, "ann", version);
        on(&work, day, "ann", &["tag", version]);
    }
    let document = document(folder.path(), &[]);
    // At its moment the first one was right; the one that came on top of it is lower.
    assert_eq!(found(&document), ["2020-01-02 refs/tags/v1.0.1 refused out-of-order-tag"]);
}

#[test]
fn a_tag_of_a_merged_commit_comes_after_the_merge() {
    let folder = tempfile::tempdir().unwrap();
    let work = begun(folder.path(), &POLICY.replace("line = \"release\"", "line = \"main\""));
    commit(&work, "01-01", "ann", "fix: one");
    git(&work, &["checkout", "--quiet", "-b", "aside"]);
    commit(&work, "01-02", "ann", "fix: two");
    git(&work, &["tag", "v1.0.0"]);
    git(&work, &["checkout", "--quiet", "main"]);
    on(&work, "01-05", "ann", &["merge", "--quiet", "--no-ff", "--message", "merge", "aside"]);
    git(&work, &["branch", "--quiet", "-D", "aside"]);
    let document = document(folder.path(), &[]);
    assert_eq!(found(&document), [""; 0]);
    assert_eq!(document["counts"]["months"]["2020-01"]["pushes"], 3);
}

/// Writes a file and commits it.
fn write(folder: &Path, day: &str, file: &str, lines: &[&str], message: &str) {
    std::fs::write(folder.join(file), lines.join("\n") + "\n").unwrap();
    on(folder, day, "ann", &["add", "--all"]);
    commit(folder, day, "ann", message);
}

#[test]
fn where_picks_were_at_an_earlier_version_holds_for_later_ones_until_the_branch_changes_them() {
    let folder = tempfile::tempdir().unwrap();
    let work = begun(folder.path(), POLICY);
    let lines =
        ["read the header of a packet", "count what it says it has", "leave out the trailer", "close the socket"];
    write(&work, "01-01", "reader.c", &lines, "feat: read packets");
    git(&work, &["checkout", "--quiet", "-b", "release/1.0"]);
    git(&work, &["checkout", "--quiet", "main"]);
    let reads = [&lines[..], &["refuse a header that is too long for the buffer", "say which one"]].concat();
    write(&work, "01-02", "reader.c", &reads, "fix: long headers are refused");
    let pick = git(&work, &["rev-parse", "HEAD"]);
    let repaired = [&reads[..], &["allow the header that has just the size of the buffer"]].concat();
    write(
        &work,
        "01-03",
        "reader.c",
        &repaired,
        &format!("fix: the longest header is right\n\nFixes: {}", pick.trim()),
    );
    let repair = git(&work, &["rev-parse", "HEAD"]);
    git(&work, &["checkout", "--quiet", "release/1.0"]);
    let tag = |day: &str, name: &str| on(&work, day, "ann", &["tag", "-a", "-m", name, name]);
    tag("02-01", "v1.0.0");
    on(&work, "02-02", "ann", &["cherry-pick", pick.trim()]);
    tag("02-03", "v1.0.1");
    write(&work, "02-04", "other.c", &["open the other socket"], "fix: the other socket");
    tag("02-05", "v1.0.2");
    on(&work, "02-06", "ann", &["cherry-pick", repair.trim()]);
    tag("02-07", "v1.0.3");
    on(&work, "02-08", "ann", &["revert", "--no-edit", "HEAD"]);
    tag("02-09", "v1.0.4");
    let of = |document: &Value, tag: &str| -> Vec<String> {
        let of_tag = |finding: &&String| finding.contains("unrepaired-pick") && finding.contains(tag);
        found(document).iter().filter(of_tag).cloned().collect()
    };
    let all = document(folder.path(), &["--jobs", "1"]);
    // What the branch itself took back, it has decided about.
    for (tag, findings) in [("v1.0.0", 0), ("v1.0.1", 1), ("v1.0.2", 1), ("v1.0.3", 0), ("v1.0.4", 0)] {
        let alone = document(folder.path(), &["--refs", &format!("refs/tags/{tag}")]);
        assert_eq!(of(&all, tag), of(&alone, tag), "{tag}");
        assert_eq!(of(&all, tag).len(), findings, "{tag}: {:?}", found(&all));
    }
}

#[test]
fn a_pick_by_a_clock_that_is_behind_comes_after_its_original() {
    let folder = tempfile::tempdir().unwrap();
    let flow = "[[flow]]\nfrom = \"release\"\nto = \"main\"\nby = [\"pick\"]\ndue = \"before\"\n";
    let work = begun(folder.path(), &(POLICY.to_owned() + flow));
    write(&work, "01-01", "one", &["one"], "feat: one");
    git(&work, &["branch", "release/1.0"]);
    write(&work, "01-02", "two", &["what the fix adds to the file", "and what it says of it"], "fix: two");
    git(&work, &["checkout", "--quiet", "release/1.0"]);
    let pick = |behind: &str| {
        let picked = run(command("git", &work).env("GIT_COMMITTER_DATE", behind).args(["cherry-pick", "main"]), b"");
        assert!(picked.status.success(), "{}", stderr(&picked));
        found(&document(folder.path(), &["--refs", "refs/heads/release/1.0"]))
    };
    assert_eq!(pick("2020-01-02T11:58:00Z"), [] as [&str; 0]);
    git(&work, &["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!(pick("2019-12-30T11:58:00Z"), ["2020-01-01 refs/heads/release/1.0 refused unlanded-fix"]);
}

#[test]
fn what_is_judged_can_be_chosen_and_the_rest_still_happens() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let of = |more: &[&str]| {
        let document = document(folder.path(), more);
        (document["counts"]["pushes"].as_u64().unwrap(), found(&document).len())
    };
    assert_eq!(of(&["--since", "2020-03-01"]), (2, 1));
    assert_eq!(of(&["--since", "v1.0.0"]), (4, 2));
    assert_eq!(of(&["--refs", "refs/tags/**"]), (3, 1));
    assert_eq!(of(&["--refs", "release/*", "--refs", "v1.1.0"]), (4, 2));
    for (words, code) in
        [(&["--since", "no-such-revision"][..], 2), (&["--refs", "{mayor}"], 2), (&["--policy", "x"], 2)]
    {
        assert_eq!(replay(folder.path(), words).status.code(), Some(code), "{words:?}");
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn how_many_work_at_a_time_changes_nothing_and_an_interrupted_replay_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    history(folder);
    let work = folder.join("work");
    for at in 0..300 {
        commit(&work, "04-01", "carol", &format!("fix: {at}"));
    }
    let once = document(folder, &["--jobs", "1"]);
    assert_eq!(once["counts"]["pushes"], 309);
    assert_eq!(once, document(folder, &["--jobs", "3"]));
    let state = folder.join("state");
    let kept = &["--state", state.to_str().unwrap()];
    assert_eq!(once, document(folder, kept));
    // As though it had been killed in the middle of a line.
    let whole = std::fs::read(&state).unwrap();
    let last = whole.len() - 40;
    std::fs::write(&state, &whole[..last]).unwrap();
    assert_eq!(once, document(folder, kept));
    assert_eq!(once, document(folder, kept), "nothing is judged again");
    // Another policy begins again.
    std::fs::write(folder.join("p.toml"), POLICY.replace("refuses-changes = [\"feature\"]\n", "")).unwrap();
    assert_eq!(document(folder, kept)["counts"]["refused"], 1);
    std::fs::write(&state, "notes of somebody\n").unwrap();
    let refused = replay(folder, kept);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&state).unwrap(), "notes of somebody\n");
}

#[test]
fn what_is_not_known_of_the_past_is_said() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    git(folder.path(), &["init", "--quiet", "empty"]);
    let empty = refgate(folder.path(), &["replay", "--repo", "empty", "--policy", "p.toml"], b"");
    assert_eq!(empty.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&empty.stdout).contains("would have refused 0 of 0 pushes"));
    let url = format!("file://{}", folder.path().join("work").display());
    git(folder.path(), &["clone", "--quiet", "--bare", "--depth=1", &url, "shallow.git"]);
    let shallow = refgate(folder.path(), &["replay", "--repo", "shallow.git", "--policy", "p.toml"], b"");
    let text = String::from_utf8_lossy(&shallow.stdout);
    assert!(text.contains("note: the clone is shallow: what came before is not known"), "{text}");
    let invalid = refgate(folder.path(), &["replay", "--repo", "work", "--policy", "/dev/null"], b"");
    assert_eq!(invalid.status.code(), Some(3));
}
