//! `refgate policy init --from-history`: what it proposes is a policy, covers what is there, and refuses nothing of the past
//! that it was learnt from.

use std::path::Path;

use proptest::prelude::*;
use toml::{Table, Value};

use crate::support::{command, git, refgate, run, stderr};

/// Runs git on a day, counted from the first of 2024.
fn on(folder: &Path, day: u32, words: &[&str]) {
    let date = format!("{} +0000", 1_704_110_400 + i64::from(day) * 86_400);
    let output =
        run(command("git", folder).env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date).args(words), b"");
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
}

fn commit(folder: &Path, day: u32, message: &str) {
    on(folder, day, &["commit", "--quiet", "--allow-empty", "--message", message]);
}

/// Writes a file and commits it.
fn write(folder: &Path, day: u32, file: &str, text: &str, message: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    git(folder, &["add", "--all"]);
    commit(folder, day, message);
}

fn tag(folder: &Path, day: u32, name: &str) {
    on(folder, day, &["tag", "--annotate", "--message", name, "--", name]);
}

fn init(folder: &Path) {
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
}

/// What is proposed for a repository: the policy as it was printed, and what was said of the past.
struct Proposed {
    text: String,
    policy: Table,
    said: String,
}

/// Learns a policy, and asserts that it is one and refuses nothing of the last year.
fn learnt(folder: &Path) -> Proposed {
    let output = refgate(folder, &["policy", "init", "--from-history"], b"");
    let (text, said) = (String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("proposed.toml");
    std::fs::write(&file, &text).unwrap();
    let file = file.to_str().unwrap();
    let checked = refgate(folder, &["policy", "check", file, "--repo", "."], b"");
    assert_eq!(checked.status.code(), Some(0), "{}\n{text}", stderr(&checked));
    let replayed = refgate(folder, &["replay", "--policy", file, "--findings"], b"");
    let refused = String::from_utf8_lossy(&replayed.stdout).into_owned();
    assert_eq!(replayed.status.code(), Some(0), "{refused}\n{text}");
    Proposed { policy: toml::from_str(&text).unwrap(), text, said }
}

impl Proposed {
    /// Returns the tables of a key, each with these keys of it.
    fn tables(&self, table: &str, keys: &[&str]) -> Vec<Vec<String>> {
        let tables = self.policy.get(table).and_then(Value::as_array).cloned().unwrap_or_default();
        let shown = |value: Option<&Value>| match value {
            None => "-".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        tables.iter().map(|table| keys.iter().map(|key| shown(table.get(key))).collect()).collect()
    }

    fn comments(&self, sentence: &str) {
        assert!(self.text.contains(&format!("\n# {sentence}\n")), "{sentence}\n{}", self.text);
    }
}

#[test]
fn a_trunk_with_semantic_versions() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    for (day, version) in [(0, "1.0.0"), (10, "1.0.1"), (20, "1.1.0"), (30, "1.2.0-rc.1"), (40, "1.2.0")] {
        let manifest = format!("[package]\nname = \"p\"\nversion = \"{version}\"\n");
        write(work, day, "Cargo.toml", &manifest, "chore: release");
        let log = format!("# Changelog\n\n## {version}\n\n- something\n");
        write(work, day, "CHANGELOG.md", &log, "docs: changelog");
        tag(work, day, &format!("v{version}"));
    }
    git(work, &["branch", "feature/x"]);
    let proposed = learnt(work);
    assert_eq!(
        proposed.tables("line", &["name", "branch", "role"]),
        [["main", "main", "mainline"], ["topic", "**", "topic"]]
    );
    assert_eq!(
        proposed.tables("tag", &["name", "tag", "scheme", "object", "line", "series"]),
        [["version", "v{version}", "semver", "annotated", "main", "-"]]
    );
    assert_eq!(proposed.tables("version-field", &["path", "agrees"]), [["Cargo.toml", "-"]]);
    assert_eq!(
        proposed.tables("changelog", &["path", "format", "required-by-tag"]),
        [["CHANGELOG.md", "keep-a-changelog", "[\"version\"]"]]
    );
    assert!(proposed.tables("flow", &["from"]).is_empty());
    proposed.comments("5 of 5 tags are such versions");
    proposed.comments("4 of 4 of the newest releases say their version there");
    assert!(proposed.said.contains("0 of 16 pushes would have been refused"), "{}", proposed.said);
}

#[test]
fn what_somebody_tries_with_versions_is_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    for (day, version) in [(0, "2.0.0"), (10, "2.18.0")] {
        commit(work, day, "feat: more");
        tag(work, day, &format!("v{version}"));
    }
    git(work, &["branch", "ada/2_0_cmp"]);
    git(work, &["branch", "ada/2_18_cmp"]);
    assert_eq!(
        learnt(work).tables("line", &["name", "branch", "role"]),
        [["main", "main", "mainline"], ["topic", "**", "topic"]]
    );
}

#[test]
fn stable_branches_with_picks() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    write(work, 0, "base", "base", "feat: base");
    for (at, branch) in ["1.0.x", "1.1.x"].into_iter().enumerate() {
        let day = 20 * at as u32;
        let version = branch.trim_end_matches("x");
        git(work, &["switch", "--quiet", "--create", branch, "main"]);
        tag(work, day + 1, &format!("{version}0"));
        for fix in 1..=3 {
            git(work, &["switch", "--quiet", "main"]);
            let file = format!("fix-{branch}-{fix}");
            write(work, day + 2 * fix, &file, &format!("{file}\n").repeat(5), &format!("fix: {file}"));
            git(work, &["switch", "--quiet", branch]);
            on(work, day + 2 * fix + 1, &["cherry-pick", "-x", "main"]);
        }
        tag(work, day + 8, &format!("{version}1"));
        git(work, &["switch", "--quiet", "main"]);
        write(work, day + 9, &format!("feature-{at}"), "feature", "feat: more");
    }
    git(work, &["switch", "--quiet", "1.0.x"]);
    commit(work, 50, "fix: for 1.0 alone\n\nRelease-Only: only there");
    tag(work, 51, "1.0.2");
    git(work, &["switch", "--quiet", "main"]);
    let proposed = learnt(work);
    assert_eq!(
        proposed.tables("line", &["name", "branch", "role", "cut-from"]),
        [["main", "main", "mainline", "-"], ["release", "{major}.{minor}.x", "release", "main"]]
    );
    assert_eq!(
        proposed.tables("tag", &["tag", "scheme", "line", "series"]),
        [["{version}", "semver", "[\"release\", \"main\"]", "{major}.{minor}"]]
    );
    assert_eq!(proposed.tables("flow", &["from", "to", "by", "due"]), [["release", "main", "[\"pick\"]", "before"]]);
    proposed.comments("6 of 6 changes of the newest branches are there");
}

/// Makes a line of releases for each number: a candidate on the mainline, then a branch with what `release` makes there.
fn release_branches(work: &Path, numbers: std::ops::Range<u32>, release: impl Fn(u32, u32)) {
    write(work, 0, "base", "base", "feat: base");
    for number in numbers {
        let day = 20 * number;
        git(work, &["switch", "--quiet", "main"]);
        write(work, day + 1, &format!("feature-{number}"), "feature", "feat: more");
        tag(work, day + 2, &format!("v1.{number}.0-rc.1"));
        write(work, day + 3, &format!("last-{number}"), "fix", "fix: the last one");
        git(work, &["switch", "--quiet", "--create", &format!("release-1.{number}")]);
        release(number, day + 4);
    }
    git(work, &["switch", "--quiet", "main"]);
}

#[test]
fn candidates_on_the_mainline() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    release_branches(work, 0..4, |number, day| {
        write(work, day, "version", &format!("1.{number}.0"), "chore: version");
        tag(work, day + 1, &format!("v1.{number}.0"));
    });
    let proposed = learnt(work);
    assert_eq!(
        proposed.tables("tag", &["name", "line", "series"]),
        [["version", "[\"release\", \"main\"]", "{major}.{minor}"]]
    );
    assert!(!proposed.said.contains("misplaced-tag"), "{}", proposed.said);
}

#[test]
fn versions_on_a_branch_of_another_series() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    // The library's versions are tagged beside the program's, and the branch is merged back later.
    release_branches(work, 0..4, |number, day| {
        write(work, day, "version", &format!("1.{number}.0"), "chore: version");
        tag(work, day + 1, &format!("v1.{number}.0"));
        tag(work, day + 1, &format!("v0.30{number}.0"));
        git(work, &["switch", "--quiet", "main"]);
        let branch = format!("release-1.{number}");
        on(work, day + 2, &["merge", "--quiet", "--no-ff", "--message", "Merge a release", &branch]);
    });
    let proposed = learnt(work);
    assert_eq!(proposed.tables("tag", &["name", "line", "series"]), [["version", "-", "{major}.{minor}"]]);
    assert!(!proposed.said.contains("misplaced-tag"), "{}", proposed.said);
    proposed.comments("they need not: there is no `line`");
}

#[test]
fn a_copy_of_a_release_branch_takes_nothing_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    release_branches(work, 0..3, |number, day| {
        for patch in 0..3 {
            write(work, day + patch, "version", &format!("1.{number}.{patch}"), "chore: version");
            tag(work, day + patch, &format!("v1.{number}.{patch}"));
        }
        let copy = format!("sec-1.{number}");
        git(work, &["branch", &copy]);
        write(work, day + 5, "later", &format!("{number}"), "fix: later");
    });
    let proposed = learnt(work);
    assert_eq!(proposed.tables("tag", &["name", "line"]), [["version", "[\"release\", \"main\"]"]]);
    assert!(!proposed.said.contains("misplaced-tag"), "{}", proposed.said);
}

#[test]
fn candidates_before_the_version_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    let says = |day, version: &str| {
        write(
            work,
            day,
            "package.json",
            &format!("{{\"name\": \"p\", \"version\": \"{version}\"}}\n"),
            "chore: version",
        );
    };
    says(0, "1.0.0");
    for minor in 1..5 {
        commit(work, 10 * minor, "fix: more");
        tag(work, 10 * minor + 1, &format!("jenkins-1.{minor}.0-rc.1"));
        says(10 * minor + 2, &format!("1.{minor}.0"));
        tag(work, 10 * minor + 2, &format!("jenkins-1.{minor}.0"));
    }
    for (day, name) in (100..).zip(["jenkin-1.5.0", "hudson-1.6.0", "hudson-1.6.1", "hudson-1.6.2"]) {
        says(day, name.rsplit_once('-').unwrap().1);
        tag(work, day, name);
    }
    for patch in 0..40 {
        says(200 + patch, &format!("1.7.{patch}"));
        tag(work, 200 + patch, &format!("jenkins-1.7.{patch}"));
    }
    let output = refgate(work, &["policy", "init", "--from-history"], b"");
    let (said, policy) = (stderr(&output), String::from_utf8(output.stdout).unwrap());
    assert!(policy.contains("agrees-before = \"no\"\n"), "{policy}");
    assert!(policy.contains("# 0 of 4 of the newest pre-releases say theirs; not "), "{policy}");
    assert!(!said.contains("mismatched-tag"), "{said}");
    let policy: Table = toml::from_str(&policy).unwrap();
    let names: Vec<&str> =
        policy["tag"].as_array().unwrap().iter().filter_map(|class| class["name"].as_str()).collect();
    // A prefix that was mistyped once is no component beside another.
    assert_eq!(names, ["version", "hudson"], "{policy}");
    assert!(said.contains("refs/tags/jenkin-1.5.0: unlisted-tag: "), "{said}");
}

/// Makes a release branch that gets fixes of main as picks, four days apart, and more after each.
fn branch_of_picks(work: &Path, fixes: u32, more: impl Fn(u32)) {
    init(work);
    write(work, 0, "base", "base", "feat: base");
    git(work, &["branch", "1.0.x"]);
    tag(work, 1, "1.0.0");
    for fix in 1..=fixes {
        git(work, &["switch", "--quiet", "main"]);
        write(work, 4 * fix, &format!("fix-{fix}"), &format!("fix {fix}\n").repeat(5), &format!("fix: {fix}"));
        git(work, &["switch", "--quiet", "1.0.x"]);
        on(work, 4 * fix + 1, &["cherry-pick", "-x", "main"]);
        more(fix);
    }
}

#[test]
fn changes_that_are_on_the_branch_first() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    branch_of_picks(work, 4, |_| ());
    write(work, 30, "security", &"no longer reads beyond the end\n".repeat(5), "fix: reads beyond the end");
    git(work, &["switch", "--quiet", "main"]);
    on(work, 35, &["cherry-pick", "1.0.x"]);
    let proposed = learnt(work);
    assert_eq!(proposed.tables("flow", &["from", "to", "due"]), [["release", "main", "7d"]]);
    proposed.comments("1 of 5 were made there later, 5 within 7 days");
    assert!(!proposed.said.contains("unlanded-fix"), "{}", proposed.said);
}

#[test]
fn dependencies_that_each_branch_moves_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    branch_of_picks(work, 4, |fix| {
        write(work, 4 * fix + 2, "go.mod", &format!("go 1.2{fix}\n"), &format!("deps: bump go to 1.2{fix}"));
    });
    tag(work, 30, "1.0.1");
    git(work, &["switch", "--quiet", "main"]);
    let proposed = learnt(work);
    assert_eq!(proposed.tables("kind", &["name"]), [["bump"]]);
    assert_eq!(
        proposed.tables("flow", &["from", "to", "by", "exempt-changes"]),
        [["release", "main", "[\"pick\"]", "bump"]]
    );
    assert!(!proposed.said.contains("unlanded-fix"), "{}", proposed.said);
}

#[test]
fn pushes_of_one_second_are_counted_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    branch_of_picks(work, 8, |_| ());
    for name in ["one", "two"] {
        write(work, 40, name, &format!("{name} of this branch\n").repeat(5), &format!("fix: {name}"));
    }
    let output = refgate(work, &["policy", "init", "--from-history"], b"");
    let (said, text) = (stderr(&output), String::from_utf8(output.stdout).unwrap());
    assert!(said.contains("  unlanded-fix          2 pushes     starts at warn\n"), "{said}");
    assert!(text.contains("# would have refused 2 pushes of the last year: `refs/heads/1.0.x`\n"), "{text}");
}

#[test]
fn a_package_for_debian() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    let mut entries = String::new();
    for (day, version) in [(0, "1.0-1"), (10, "1.0-2"), (20, "1.1~rc1-1"), (30, "1.1-1")] {
        entries = format!(
            "demo ({version}) unstable; urgency=low\n\n  * Changed.\n\n -- A <a@x>  Mon, 01 Jan 2024 00:00:00 +0000\n\n{entries}"
        );
        write(work, day, "debian/changelog", &entries, "Release");
        tag(work, day, &format!("debian/{}", version.replace('~', "_")));
    }
    let proposed = learnt(work);
    assert_eq!(
        proposed.tables("tag", &["name", "tag", "scheme", "scope"]),
        [["debian", "debian/{version}", "debian", "debian"]]
    );
    assert_eq!(proposed.tables("changelog", &["path", "format"]), [["debian/changelog", "debian"]]);
    assert_eq!(proposed.tables("version-field", &["path"]), [["debian/changelog"]]);
}

#[test]
fn components_with_versions_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    for (day, scope, version) in
        [(0, "ui", "1.0.0"), (1, "server", "0.1.0"), (2, "ui", "1.1.0"), (3, "server", "0.2.0"), (4, "ui", "1.2.0")]
    {
        let manifest = format!("{{\"name\": \"{scope}\", \"version\": \"{version}\"}}\n");
        write(work, day, &format!("packages/{scope}/package.json"), &manifest, "chore: release");
        tag(work, day, &format!("{scope}-v{version}"));
    }
    let proposed = learnt(work);
    assert_eq!(proposed.tables("tag", &["name", "tag", "scheme"]), [["component", "{scope}-v{version}", "semver"]]);
    assert_eq!(proposed.tables("version-field", &["path"]), [["packages/{scope}/package.json"]]);
}

#[test]
fn tags_that_move_along_may_move() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    for (day, version) in [(0, "1.0.0"), (1, "1.0.1"), (2, "1.1.0"), (3, "2.0.0"), (4, "2.0.1")] {
        commit(work, day, "feat: more");
        tag(work, day, &format!("v{version}"));
        let major = &version[..1];
        on(work, day, &["tag", "--force", &format!("v{major}")]);
    }
    let proposed = learnt(work);
    assert_eq!(
        proposed.tables("tag", &["name", "tag", "kind", "scheme", "movable", "object"]),
        [
            ["moving", "v{major}", "marker", "-", "true", "-"],
            ["version", "v{version}", "-", "semver", "-", "annotated"]
        ]
    );
}

#[test]
fn what_the_last_year_does_not_bear_out_starts_at_warn() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    init(work);
    for (day, version) in [(0, "1.0.0"), (1, "1.1.0"), (2, "1.2.0"), (3, "1.3.0"), (4, "1.4.0")] {
        commit(work, day, "feat: more");
        tag(work, day, &format!("v{version}"));
    }
    // Long ago a version was tagged twice; lately one came on top of a higher one.
    on(work, 5, &["tag", "--annotate", "--message", "again", "v1.1.0+again", "v1.1.0"]);
    for day in 0..10 {
        commit(work, 700 + day, "feat: later");
    }
    for (day, version) in [(711, "1.5.0"), (712, "1.6.0"), (713, "1.7.0"), (714, "1.8.1"), (715, "1.8.0")] {
        commit(work, day, "fix: later");
        tag(work, day, &format!("v{version}"));
    }
    let output = refgate(work, &["policy", "init", "--from-history"], b"");
    let (said, text) = (stderr(&output), String::from_utf8(output.stdout).unwrap());
    assert!(said.contains("1 of 20 pushes would have been refused"), "{said}");
    assert!(said.contains("2025-12-16 refs/tags/v1.8.0: out-of-order-tag: "), "{said}");
    let policy: Table = toml::from_str(&text).unwrap();
    let rules = policy["rules"].as_table().unwrap();
    assert_eq!(rules["out-of-order-tag"].as_str(), Some("warn"), "{text}");
    assert_eq!(rules["duplicate-version"]["since"].as_str(), Some("2025-12-01"), "{text}");
    assert!(text.contains("# would have refused 1 push of the last year: `refs/tags/v1.8.0`\n"), "{text}");
    assert!(text.contains("# older tags would not pass: `refs/tags/v1.1.0+again`\n"), "{text}");
    assert!(text.contains("# starts at refuse; out-of-order-tag at warn\n"), "{text}");
}

#[test]
fn hostile_names_come_out_as_toml() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    git(work, &["init", "--quiet", "--initial-branch=ma\"in'é{x}"]);
    commit(work, 0, "one");
    for name in
        ["1.0.x\"]\u{1f600}", "!{major}.x", "release/\"; x = 1 #", "release/{name}", "v'''.1", "release/\u{202e}x"]
    {
        git(work, &["branch", "--", &name.replace([' ', ':'], "")]);
    }
    for (day, name) in
        ["v1.0.0", "\"1.0.1\"", "x{version}-1.0.2", "refs/tags/v1.0.3", "#-eol", "'''-eol", "\u{1f600}-eol"]
            .into_iter()
            .enumerate()
    {
        tag(work, day as u32, name);
    }
    let proposed = learnt(work);
    assert_eq!(proposed.tables("line", &["role"])[0], ["mainline"]);
    assert!(!proposed.text.contains('\u{202e}'), "{}", proposed.text);
}

#[test]
fn nothing_to_learn_from_is_a_policy_too() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    git(work, &["init", "--quiet", "--initial-branch=trunk"]);
    let empty = learnt(work);
    assert_eq!(empty.tables("line", &["branch", "role"]), [["trunk", "mainline"]]);
    // A repository without tags.
    commit(work, 0, "one");
    git(work, &["branch", "topic"]);
    let proposed = learnt(work);
    assert_eq!(proposed.tables("line", &["branch", "role"]), [["trunk", "mainline"], ["**", "topic"]]);
    assert!(proposed.tables("tag", &["name"]).is_empty());
    assert_eq!(proposed.policy["rules"]["unlisted-tag"].as_str(), Some("warn"));
}

#[test]
fn learning_needs_a_repository_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let outside = refgate(folder.path(), &["policy", "init", "--from-history"], b"");
    assert_eq!(outside.status.code(), Some(2), "{}", stderr(&outside));
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    init(&work);
    commit(&work, 0, "one");
    let there = refgate(folder.path(), &["policy", "init", "--from-history", "--repo", "work"], b"");
    assert_eq!(there.status.code(), Some(0), "{}", stderr(&there));
    let mut files: Vec<_> = std::fs::read_dir(&work).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, [".git"]);
    for words in [&["--preset", "pybal"][..], &["file.toml"]] {
        let both = refgate(&work, &[&["policy", "init", "--from-history"], words].concat(), b"");
        assert_eq!(both.status.code(), Some(2), "{words:?}");
    }
}

/// A step in the life of a repository.
#[derive(Clone, Debug)]
enum Step {
    Commit,
    Branch(String),
    Merge(usize),
    Tag(String, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let version = "[0-2]\\.[0-2](\\.[0-2])?(-rc\\.[12]|rc1|~1|-1)?";
    let tag = ("(v|release-|api/|api/v|ui-|debian/|)", version)
        .prop_map(|(prefix, version)| format!("{prefix}{}", version.replace('~', "_")));
    let odd = "[a-z\"'{}#!=-]{1,6}(-eol|[0-9])?"
        .prop_filter("a name of git's", |name| !name.starts_with('-') && !name.contains("@{"));
    let branch = prop_oneof![
        "(release-|release/|v|stable-|)[0-2]\\.[0-2](\\.x|-dev|)",
        "(develop|staging|topic/[a-z]|release/[a-z]{2})",
        odd.clone().prop_map(|name| format!("t-{name}")),
    ];
    prop_oneof![
        3 => Just(Step::Commit),
        2 => branch.prop_map(Step::Branch),
        1 => (0..8usize).prop_map(Step::Merge),
        3 => (prop_oneof![4 => tag, 1 => odd.prop_map(|name| format!("t{name}"))], any::<bool>()).prop_map(|(name, annotated)| Step::Tag(name, annotated)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever a repository looks like, what is proposed for it is a policy, and refuses nothing of its last year.
    #[test]
    #[ignore = "the outer ring: more than half a second of a core"]
    fn a_proposal_is_valid_and_refuses_nothing_of_its_own_past(steps in proptest::collection::vec(step(), 1..14)) {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path();
        init(work);
        commit(work, 0, "first");
        let mut branches = vec!["main".to_owned()];
        for (day, step) in (1..).zip(&steps) {
            match step {
                Step::Commit => commit(work, day, &format!("fix: {day}")),
                Step::Branch(name) => {
                    let made = run(command("git", work).args(["switch", "--quiet", "--create", name]), b"");
                    if made.status.success() {
                        branches.push(name.clone());
                    }
                }
                Step::Merge(at) => {
                    let from = &branches[at % branches.len()];
                    on(work, day, &["switch", "--quiet", "main"]);
                    on(work, day, &["merge", "--quiet", "--no-ff", "--message", "merge", &format!("refs/heads/{from}")]);
                }
                // A name that git does not take is none.
                Step::Tag(name, annotated) => {
                    let date = format!("{} +0000", 1_704_110_400 + i64::from(day) * 86_400);
                    let kind: &[&str] = if *annotated { &["--annotate", "--message", "t"] } else { &[] };
                    run(command("git", work).env("GIT_COMMITTER_DATE", date).arg("tag").args(kind).args(["--", name]), b"");
                }
            }
        }
        learnt(work);
    }
}
