//! `REFGATE_LOG`: what refgate does while it does it.

use std::process::Output;

use crate::support::site::{POLICY, Site, USUAL};
use crate::support::{REFGATE, command, git, run, stderr};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A server and a push to it under a hostile name.
fn push() -> (Site, String) {
    let script = "A = commit \"first\"\nB = commit \"second\" parents A file VERSION \"1\\n\"\nrefs/heads/master = A\n";
    let site = Site::new(USUAL, POLICY, script);
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("B")]);
    let (a, b) = (site.id("A"), site.id("B"));
    let input = format!("{a} {b} refs/heads/master\n{ZERO} {b} refs/heads/topic/\u{1b}[2J\u{202e}##[x]\n");
    (site, input)
}

fn ask(site: &Site, variables: &[(&str, &str)], input: &str) -> Output {
    let mut hook = command(REFGATE, &site.server);
    hook.args(["hook", "pre-receive"]).envs(variables.iter().copied());
    run(&mut hook, input.as_bytes())
}

#[test]
fn nothing_is_said_unless_the_environment_asks() {
    let (site, input) = push();
    for variables in
        [&[][..], &[("REFGATE_LOG", "")], &[("GIT_PUSH_OPTION_COUNT", "1"), ("GIT_PUSH_OPTION_0", "REFGATE_LOG=trace")]]
    {
        let done = ask(&site, variables, &input);
        assert_eq!((done.status.code(), stderr(&done).as_str()), (Some(0), ""), "{variables:?}");
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn what_is_read_and_judged_is_said_with_its_time_and_escaped() {
    let (site, input) = push();
    let done = ask(&site, &[("REFGATE_LOG", "debug")], &input);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(done.stdout.is_empty(), "standard output is the report's");
    let said = stderr(&done);
    let policy = format!("source=\"{}\"", site.path("policy.toml").display());
    for part in [
        "opened the repository directory=",
        policy.as_str(),
        "policy=\"example\"",
        "name=refs/heads/master old=",
        "rule{id=\"foreign-ref\"}: close time.busy=",
        "judge{refs=2}: close time.busy=",
        "verdict=\"accepted\"",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(said.contains("refs/heads/topic/\\u{1b}[2J\\u{202e}##\\u{5b}x]"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
    let less = stderr(&ask(&site, &[("REFGATE_LOG", "info")], &input));
    assert!(!less.contains("rule{id=") && less.contains("verdict=\"accepted\""), "{less}");
}

#[test]
fn why_something_was_not_judged_is_said() {
    let (site, input) = push();
    // The tree of what is pushed is gone: rules that look into it have no answer.
    let tree = git(&site.server, &["rev-parse", &format!("{}^{{tree}}", site.id("B"))]);
    let policy = format!("{POLICY}\n[[version-field]]\npath = \"VERSION\"\npattern = '(?P<version>\\S+)'\n");
    std::fs::write(site.path("policy.toml"), policy).unwrap();
    std::fs::remove_file(site.server.join("objects").join(&tree[..2]).join(&tree[2..])).unwrap();
    let done = ask(&site, &[("REFGATE_LOG", "info")], &input);
    let said = stderr(&done);
    assert_eq!(done.status.code(), Some(4), "{said}");
    let line = format!("cause=\"object `{tree}` is missing\"");
    assert!(said.contains("not judged rule=\"") && said.contains(&line), "{said}");
}
