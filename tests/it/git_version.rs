//! Which git is new enough.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use crate::support::site::{POLICY, Setup, Site, USUAL};
use crate::support::{REFGATE, command, run, stderr};

const SENTENCE: &str = "git 2.10.0 is too old: 2.29 or later is needed";

/// Makes a folder with a git that is the real one and says that it is an old one.
fn old_git(folder: &Path) -> String {
    let path = std::env::var("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists()).unwrap();
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = version ]; then echo 'git version 2.10.0'; exit; fi\nexec '{}' \"$@\"\n",
        real.display()
    );
    let programs = folder.join("old");
    std::fs::create_dir(&programs).unwrap();
    std::fs::write(programs.join("git"), script).unwrap();
    std::fs::set_permissions(programs.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{path}", programs.display())
}

fn ask(site: &Site, path: &str, words: &[&str], input: &str) -> Output {
    run(command(REFGATE, &site.server).env("PATH", path).args(words), input.as_bytes())
}

#[test]
fn a_command_that_needs_git_says_which_one_is_there_and_which_is_needed() {
    let site = Site::new(Setup { hook: "update", ..USUAL }, POLICY, "A = commit \"first\"\nrefs/heads/master = A\n");
    let path = old_git(site.path("log").parent().unwrap());
    let commit = site.id("A");
    let waive = ["waive", commit, "--rule=deleted-ref", "--reason=known", "--by=ann"];
    for words in [&waive[..], &["install", "--hook", "pre-receive"], &["doctor"]] {
        let done = ask(&site, &path, words, "");
        assert!(!done.status.success(), "{words:?}");
        assert!(stderr(&done).contains(SENTENCE), "{words:?}: {}", stderr(&done));
    }
    assert!(!site.server.join("hooks/pre-receive").exists(), "nothing is installed");
}

#[test]
fn a_hook_judges_without_git() {
    let script = "A = commit \"first\"\nB = commit \"second\" parents A\nrefs/heads/master = A\n";
    let site = Site::new(USUAL, POLICY, script);
    let path = old_git(site.path("log").parent().unwrap());
    crate::support::git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("B")]);
    let input = format!("{} {} refs/heads/master\n", site.id("A"), site.id("B"));
    let done = ask(&site, &path, &["hook", "pre-receive"], &input);
    assert_eq!((done.status.code(), stderr(&done).as_str()), (Some(0), ""));
}
