//! `refgate policy check`, `install` and `doctor` hold a policy against itself and against its repository: a protection that
//! cannot take effect is seen before somebody relies on it.

use std::path::{Path, PathBuf};

use crate::support::{git, refgate, stderr};

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
[[line]]
name = "topic"
branch = "topic/**"
role = "topic"
[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
[[flow]]
from = "release"
to = "main"
by = ["pick"]
due = "before"
"#;

/// A bare repository with a mainline, a release branch with a version, and a policy next to it.
struct Server {
    folder: tempfile::TempDir,
}

impl Server {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        git(&work, &["init", "--quiet", "--initial-branch=main"]);
        for (branch, tag) in [("main", None), ("release/1.0", Some("v1.0.0"))] {
            git(&work, &["checkout", "--quiet", "-B", branch]);
            git(&work, &["commit", "--quiet", "--allow-empty", "--message", branch]);
            if let Some(tag) = tag {
                git(&work, &["tag", tag]);
            }
        }
        git(folder.path(), &["clone", "--quiet", "--bare", "work", "server.git"]);
        let server = Self { folder };
        git(&server.repo(), &["symbolic-ref", "HEAD", "refs/heads/main"]);
        server
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("server.git")
    }

    /// Runs `policy check --repo` on a policy: its exit code and both streams.
    fn check(&self, policy: &str, more: &[&str]) -> (i32, String) {
        std::fs::write(self.folder.path().join("p.toml"), policy).unwrap();
        let words = [&["policy", "check", "p.toml", "--repo", "server.git"], more].concat();
        let output = refgate(self.folder.path(), &words, b"");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
        (output.status.code().unwrap(), text)
    }
}

#[test]
fn a_policy_that_fits_its_repository_is_valid_without_a_warning() {
    let server = Server::new();
    let (code, text) = server.check(POLICY, &["--strict"]);
    assert_eq!((code, text.lines().count()), (0, 1), "{text}");
    assert!(text.starts_with("the policy `example` is valid: 3 lines, 1 tag class, "), "{text}");
}

#[test]
fn what_the_repository_lacks_or_leaves_open_is_a_warning_with_its_fix() {
    let server = Server::new();
    let without = |from: &str, to: &str| POLICY.replacen(from, to, 1);
    for (policy, said, fix) in [
        (
            without("branch = \"main\"", "branch = \"mian\""),
            "no branch here belongs to the line `main` (`mian`); did you mean `main`?",
            "the branches here: `main`, `release/1.0`",
        ),
        (
            without("branch = \"main\"", "branch = \"mian\""),
            "the default branch `main` is on no line",
            "add a `[[line]]` with `branch = \"main\"` and `role = \"mainline\"`",
        ),
        (
            without("branch = \"main\"", "branch = \"mian\"").replace("topic/**", "**"),
            "the default branch `main` belongs to the topic line `topic`: everybody may rewrite and delete it",
            "give it a line of its own above `topic`: `branch = \"main\"`, `role = \"mainline\"`",
        ),
        (
            without("release/{major}", "releases/{major}").replace("topic/**", "**"),
            "`release/1.0` carries 1 version that no line has, such as `v1.0.0`, and is on the topic line `topic`",
            "give it a line of its own: `branch = \"release/1.0\"`, `role = \"release\"`",
        ),
        (
            without("release/{major}", "releases/{major}"),
            "the flow from `release` to `main` asks for nothing here: there is no branch of `release`",
            "correct the patterns of the lines",
        ),
        (
            without("release/{major}", "releases/{major}"),
            "1 branch is on no line: no rule about lines judges them, and a new one is refused",
            "`release/1.0`: add them to a line, or give them a line with `role = \"topic\"`",
        ),
        (
            without("tag = \"v{version}\"", "tag = \"version-{version}\""),
            "no tag here belongs to the class `version` (`version-{version}`)",
            "tags here that belong to no class: `v1.0.0`",
        ),
        (
            without("role = \"mainline\"", "role = \"mainline\"\nmay = { push = \"alice\" }"),
            "`may` of the line `main` names people, and nobody is identified here",
            "`git config refgate.identity SOURCE`",
        ),
    ] {
        let (code, text) = server.check(&policy, &[]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(said) && text.contains(fix), "{said}\n{text}");
        assert_eq!(server.check(&policy, &["--strict"]).0, 3, "{said}");
    }
    git(&server.repo(), &["config", "refgate.identity", "env:WHO"]);
    let named = without("role = \"mainline\"", "role = \"mainline\"\nmay = { push = \"alice\" }");
    assert_eq!(server.check(&named, &["--strict"]).0, 0);
}

#[test]
fn what_is_not_known_here_is_a_note_and_no_guess() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.toml"), POLICY).unwrap();
    git(folder.path(), &["init", "--quiet", "--bare", "empty.git"]);
    let output = refgate(folder.path(), &["policy", "check", "p.toml", "--repo", "empty.git", "--strict"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("note: there are no branches here yet"));
    // Of the history that is cut off it is not known which branch carries what.
    let server = Server::new();
    let work = server.folder.path().join("work");
    git(&work, &["commit", "--quiet", "--allow-empty", "--message", "more"]);
    let path = format!("file://{}", work.display());
    git(server.folder.path(), &["clone", "--quiet", "--bare", "--depth=1", "--no-single-branch", &path, "shallow.git"]);
    git(&server.folder.path().join("shallow.git"), &["symbolic-ref", "HEAD", "refs/heads/main"]);
    let policy = POLICY.replace("release/{major}", "releases/{major}").replace("topic/**", "**");
    std::fs::write(server.folder.path().join("p.toml"), policy).unwrap();
    let output = refgate(server.folder.path(), &["policy", "check", "p.toml", "--repo", "shallow.git"], b"");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("note: which branches carry versions is not known here"), "{text}{}", stderr(&output));
}

#[test]
fn a_dead_line_is_neither_installed_nor_healthy() {
    let server = Server::new();
    let dead = POLICY.replacen("[[line]]", "[[line]]\nname = \"any\"\nbranch = \"**\"\nrole = \"topic\"\n[[line]]", 1);
    let (code, text) = server.check(&dead, &[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("the line `main` never gets a branch") && text.contains("[p.toml:9:10]"), "{text}");
    assert!(!text.contains("is valid"), "{text}");
    let install = |policy: &str| {
        std::fs::write(server.folder.path().join("p.toml"), policy).unwrap();
        let words = ["install", "--repo", "server.git", "--policy", "p.toml", "--identity", "none"];
        refgate(server.folder.path(), &words, b"")
    };
    let output = install(&dead);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(!server.repo().join("hooks/pre-receive").exists());
    let typo = POLICY.replace("branch = \"main\"", "branch = \"mian\"").replace("topic/**", "**");
    let output = install(&typo);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("the default branch `main` belongs to the topic line"), "{}", stderr(&output));
    let doctor = || {
        let output = refgate(server.folder.path(), &["doctor", "--repo", "server.git"], b"");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = doctor();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the default branch `main` belongs to the topic line"), "{text}");
    assert!(text.ends_with("healthy, with 3 warnings\n"), "{text}");
    // Somebody edits the file afterwards.
    std::fs::write(server.folder.path().join("p.toml"), &dead).unwrap();
    let (code, text) = doctor();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("problem") && text.contains("the line `main` never gets a branch"), "{text}");
}

#[test]
fn with_a_repository_the_policy_is_the_one_that_its_hooks_would_judge_by() {
    let server = Server::new();
    let check = |words: &[&str]| {
        let output =
            refgate(server.folder.path(), &[&["policy", "check", "--repo", "server.git"], words].concat(), b"");
        (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output)))
    };
    assert_eq!(check(&[]).0, Some(3));
    std::fs::write(server.folder.path().join("p.toml"), POLICY).unwrap();
    let path = server.folder.path().join("p.toml");
    git(&server.repo(), &["config", "refgate.policy", path.to_str().unwrap()]);
    let (code, text) = check(&[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the policy `example` is valid"), "{text}");
    assert_eq!(check(&["preset:pybal"]).0, Some(0));
}

fn show(folder: &Path, words: &[&str]) -> String {
    let output = refgate(folder, &[&["policy", "show", "p.toml"], words].concat(), b"");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_applies_to_a_ref_is_shown_with_its_place_and_with_what_somebody_may() {
    let folder = tempfile::tempdir().unwrap();
    let policy = POLICY.replacen(
        "role = \"release\"",
        "role = \"release\"\nmay = { create = \"@managers\", push = [\"bob\", \"@managers\"] }",
        1,
    );
    let policy =
        policy.replace("[[line]]\nname = \"main\"", "[group]\nmanagers = [\"alice\"]\n[[line]]\nname = \"main\"");
    let more = "[rules.misplaced-tag]\nonly = \"refs/tags/**\"\n[rules.wrong-way-merge]\nlevel = \"warn\"\n";
    std::fs::write(folder.path().join("p.toml"), policy + more).unwrap();
    let text = show(folder.path(), &["--ref", "release/1.15", "--actor", "bob"]);
    for part in [
        "refs/heads/release/1.15\n",
        "  line release, release (p.toml:9)\n",
        "      {minor} is 15\n",
        "  create   no   @managers\n",
        "  push     yes  bob, @managers\n",
        "  delete   no   nobody: `deletable` is not true\n",
        "  release -> main by pick, due before (p.toml:22)\n",
        "  wrong-way-merge      warn     p.toml:",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("misplaced-tag"), "it looks at tags only: {text}");
    let text = show(folder.path(), &["--ref", "refs/heads/release/1.15", "--actor", "alice"]);
    assert!(text.contains("  create   yes  @managers\n"), "{text}");
    let text = show(folder.path(), &["--ref", "refs/tags/v1.2.3"]);
    assert!(
        text.contains("  tag class version (p.toml:") && text.contains("  move     nobody: `movable` is not true\n"),
        "{text}"
    );
    let text = show(folder.path(), &["--ref", "nothing/like/it"]);
    assert!(text.contains("no line has this branch"), "{text}");
}

/// A policy with every key that there is, each with a value of its own.
const EVERYTHING: &str = include_str!("../data/every_key.toml");

#[test]
fn every_key_of_a_policy_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.toml"), EVERYTHING).unwrap();
    std::fs::write(folder.path().join("base.toml"), "schema = 1\nname = \"base\"\nopen = [\"*\"]\n").unwrap();
    let shown = show(folder.path(), &[]);
    let policy: toml::Table = EVERYTHING.parse().unwrap();
    let mut keys = Vec::new();
    for (key, value) in &policy {
        collect(value, key, &mut keys);
    }
    for (key, value) in &keys {
        assert!(shown.contains(value), "`{key} = {value}` is not shown\n{shown}");
    }
    // Nothing of the format is missing from that policy.
    let schema = refgate(Path::new("/"), &["policy", "schema"], b"");
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    let mut known = Vec::new();
    crate::catalogue_policy::keys(&schema, &mut known);
    let own_options = |key: &String| key.starts_with("rules.");
    for key in known.iter().filter(|key| !own_options(key)) {
        let has = |(found, _): &(String, String)| found == key || found.starts_with(&format!("{key}."));
        assert!(keys.iter().any(has), "`{key}` is not in tests/data/every_key.toml");
    }
}

/// Collects the texts, numbers and truths of a value by their keys.
fn collect(value: &toml::Value, key: &str, found: &mut Vec<(String, String)>) {
    match value {
        toml::Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        toml::Value::Table(table) => {
            table.iter().for_each(|(name, value)| collect(value, &format!("{key}.{name}"), found));
        }
        toml::Value::String(text) => found.push((key.to_owned(), text.clone())),
        other => found.push((key.to_owned(), other.to_string())),
    }
}
