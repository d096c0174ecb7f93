//! `refgate policy diff`: what another policy makes weaker and what stronger, each with a push that shows it.

use std::path::Path;

use crate::support::{git, refgate, stderr};

const OLD: &str = r#"schema = 1
name = "example"
[group]
managers = ["alice", "bob"]
[[line]]
name = "main"
branch = "main"
role = "mainline"
may = { push = "@managers" }
[[line]]
name = "topic"
branch = "**"
role = "topic"
[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
line = "main"
object = "annotated"
"#;

/// Compares [`OLD`] with the same after some replacements: the exit code and what is said.
fn diff(folder: &Path, replacements: &[(&str, &str)], more: &[&str]) -> (i32, String) {
    let new = replacements.iter().fold(OLD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    std::fs::write(folder.join("old.toml"), OLD).unwrap();
    std::fs::write(folder.join("new.toml"), new).unwrap();
    let output = refgate(folder, &[&["policy", "diff", "old.toml", "new.toml"], more].concat(), b"");
    assert_eq!(stderr(&output), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_typo_in_the_mainlines_pattern_is_shown_with_the_push_that_it_lets_through() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = diff(folder.path(), &[("branch = \"main\"", "branch = \"mian\"")], &[]);
    assert_eq!(code, 1, "{text}");
    let place = "branches of `main` that go to `topic`, such as `main`";
    for (deed, before, push) in [
        ("rewrite", "nobody", "git push --force origin HEAD:refs/heads/main"),
        ("delete", "nobody", "git push origin :refs/heads/main"),
        ("push to", "`@managers`", "git push origin HEAD:refs/heads/main"),
    ] {
        let said = format!("weaker: {place}: anybody may {deed} them, and not {before}\n  {push}\n");
        assert!(text.contains(&said), "{said}{text}");
    }
    assert!(text.contains("stronger: branches of `topic` that go to `main`, such as `mian`"), "{text}");
}

#[test]
fn each_kind_of_difference_has_its_word() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(diff(folder, &[], &[]), (0, "the policies say the same\n".to_owned()));
    for (replacement, code, said) in [
        (
            ("push = \"@managers\"", "push = \"alice\""),
            0,
            "stronger: branches of `main`: `alice` may push to them, and not `@managers`\n  git push origin",
        ),
        (("push = \"@managers\"", "push = \"carol\""), 0, "different: branches of `main`: `carol` may push to them"),
        (
            ("role = \"mainline\"", "role = \"mainline\"\nrefuses-changes = \"feature\""),
            0,
            "stronger: branches of `main`: the kinds of change that they refuse are `feature`, and not none",
        ),
        (
            ("line = \"main\"\n", ""),
            1,
            "weaker: tags of `version`: they sit anywhere, and not on `main`\n  git push origin HEAD:refs/tags/v7.7.7",
        ),
        (("object = \"annotated\"\n", ""), 1, "weaker: tags of `version`: they need not be annotated"),
        (
            ("[[tag]]", "[rules]\nmoved-tag = \"warn\"\n[[tag]]"),
            1,
            "weaker: the rule `moved-tag` is warn, and not refuse",
        ),
        (
            ("[[tag]]", "[rules.moved-tag]\nonly = \"refs/tags/v*\"\n[[tag]]"),
            0,
            "different: the rule `moved-tag` says `only = \"refs/tags/v*\"`, and not nothing",
        ),
        (
            ("[[tag]]", "[[waiver]]\nrule = \"moved-tag\"\nref = \"refs/tags/v1\"\nreason = \"x\"\n[[tag]]"),
            1,
            "weaker: there is a further waiver: ref = \"refs/tags/v1\", rule = \"moved-tag\"",
        ),
        (
            ("schema = 1", "schema = 1\nhighest-level = \"observe\""),
            1,
            "weaker: no rule weighs more than observe, and not refuse",
        ),
    ] {
        let (found, text) = diff(folder, &[replacement], &[]);
        assert!(text.contains(said) && found == code, "{said}\n{found} {text}");
    }
    std::fs::write(folder.join("bad.toml"), "schema = 1\n").unwrap();
    let output = refgate(folder, &["policy", "diff", "old.toml", "bad.toml"], b"");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn with_a_repository_its_branches_are_examples_and_its_past_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    git(&work, &["commit", "--quiet", "--allow-empty", "--message=one"]);
    git(&work, &["tag", "--annotate", "--message=v", "v1.0.0"]);
    git(&work, &["tag", "v1.0.1"]);
    let weaker = [("object = \"annotated\"\n", "[rules]\nlightweight-tag = \"off\"\n")];
    let (code, text) = diff(folder.path(), &weaker, &["--repo", "work"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("over the past: of 3 pushes 0 would have been refused, and not 1\n"), "{text}");
    assert!(text.contains("  no longer refused: 2023-11-14 refs/tags/v1.0.1 "), "{text}");
    assert!(text.contains("  git push origin HEAD:refs/tags/v1.0.0\n"), "its own refs come first: {text}");
}
