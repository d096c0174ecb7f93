//! A policy that is only tried: everything is judged, nothing is refused, and every report says what would have been.

use std::path::Path;

use serde_json::Value;

use crate::support::{command, git, refgate, run, stderr};

const POLICY: &str =
    "schema = 1\nname = \"tried\"\n[[line]]\nname = \"main\"\nbranch = \"main\"\nrole = \"mainline\"\n";

/// Makes a server and a clone with two commits on `main`, the first of them pushed.
fn server(folder: &Path, policy: &str) {
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    git(folder, &["init", "--quiet", "--bare", "server.git"]);
    git(folder, &["init", "--quiet", "--initial-branch=main", "work"]);
    let work = folder.join("work");
    for message in ["one", "two"] {
        git(&work, &["commit", "--quiet", "--allow-empty", "--message", message]);
    }
    git(&work, &["push", "--quiet", "../server.git", "main"]);
}

fn install(folder: &Path, more: &[&str]) -> String {
    let words = [&["install", "--repo", "server.git", "--policy", "p.toml", "--identity", "none"], more].concat();
    let output = refgate(folder, &words, b"");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Pushes the first commit with force: the outcome and what was said.
fn rewrite(folder: &Path) -> (bool, String) {
    let work = folder.join("work");
    let output = run(command("git", &work).args(["push", "--force", "../server.git", "main~1:main"]), b"");
    (output.status.success(), stderr(&output))
}

#[test]
fn an_observing_installation_lets_everything_through_and_says_what_would_have_been() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    server(folder, POLICY);
    let said = install(folder, &["--observe", "--log", "log"]);
    assert!(said.contains("note: nothing is refused, and every report says what would have been"), "{said}");
    let (landed, text) = rewrite(folder);
    assert!(landed, "{text}");
    assert!(
        text.contains("refgate: accepted by the policy `tried`, which is only tried: it would be refused"),
        "{text}"
    );
    assert!(text.contains("would refuse[rewritten-history]"), "{text}");
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    let line: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let report = &line["report"];
    assert_eq!((&report["verdict"], &report["would"]), (&"accepted".into(), &"refused".into()));
    let finding = &report["findings"][0];
    assert_eq!((&finding["level"], &finding["meant"]), (&"observe".into(), &"refuse".into()));
    assert_eq!(finding["command"], Value::Null);
    let output = refgate(folder, &["doctor", "--repo", "server.git"], b"");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("`refgate.observe` is set") && text.contains("healthy, with"), "{text}");
    // Its own advice ends it.
    git(folder, &["--git-dir=server.git", "config", "--unset", "refgate.observe"]);
    git(&folder.join("work"), &["push", "--quiet", "../server.git", "main"]);
    let (landed, text) = rewrite(folder);
    assert!(!landed && text.contains("error[rewritten-history]"), "{text}");
}

#[test]
fn a_policy_says_itself_that_it_is_only_tried() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (level, would) in [("observe", "would refuse"), ("warn", "would refuse"), ("refuse", "error")] {
        let _ = std::fs::remove_dir_all(folder.join("server.git"));
        let _ = std::fs::remove_dir_all(folder.join("work"));
        server(folder, &format!("highest-level = \"{level}\"\n{POLICY}"));
        install(folder, &[]);
        let (landed, text) = rewrite(folder);
        assert_eq!(landed, level != "refuse", "{text}");
        assert!(text.contains(&format!("{would}[rewritten-history]")), "{text}");
        let output = refgate(folder, &["policy", "check", "p.toml"], b"");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said.contains("note: nothing is refused: `highest-level` is"), level != "refuse", "{said}");
    }
}

#[test]
fn a_level_alone_stands_for_the_table_of_a_rule() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    server(folder, &format!("{POLICY}[rules]\nrewritten-history = \"warn\"\n"));
    install(folder, &[]);
    let (landed, text) = rewrite(folder);
    assert!(landed && text.contains("warning[rewritten-history]"), "{text}");
}
