//! `refgate doctor`: it distinguishes healthy repositories from those in which git accepts everything.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::install::{Server, text, write};
use crate::support::{REFGATE, command, copy_program, git, has_reftable, refgate, run, stderr};

/// The words that matter most.
const ACCEPTS: &str = "git would accept everything";

/// An account that owns nothing, on every system that tests run on.
const OTHER: &str = "nobody";

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Returns the commands that a diagnosis offers.
fn mends(said: &str) -> Vec<String> {
    said.lines().filter_map(|line| line.trim_start().strip_prefix("hint: ")).map(str::to_owned).collect()
}

/// Runs a command that was shown to be pasted, with refgate on the PATH.
fn paste(shell_command: &str, program: &Path) {
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = run(command("sh", Path::new("/")).env("PATH", path).args(["-c", shell_command]), b"");
    assert!(output.status.success(), "{shell_command}: {}", text(&output));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_healthy_server_is_proved_by_a_real_push() {
    for init in [
        &["--object-format=sha1"][..],
        &["--object-format=sha256"],
        &["--ref-format=reftable"],
        &["--object-format=sha256", "--ref-format=reftable"],
    ] {
        if init.contains(&"--ref-format=reftable") && !has_reftable() {
            continue;
        }
        for hook in ["pre-receive", "update"] {
            let server = Server::installed(init, hook);
            let output = server.refgate("doctor", &[]);
            assert_eq!(output.status.code(), Some(0), "{init:?} {hook}: {}", text(&output));
            let said = text(&output);
            for words in ["by hand", "refgate refused the test push", "a real push as", "the policy `pybal`", "healthy"]
            {
                assert!(said.contains(words), "{init:?} {hook}: {words}: {said}");
            }
            assert!(git(&server.repo, &["for-each-ref"]).is_empty());
        }
    }
}

#[test]
fn a_clone_is_proved_in_work_trees_too() {
    let server = Server::new(&[]);
    assert_eq!(refgate(&server.work, &["install", "--policy", "preset:pybal"], b"").status.code(), Some(0));
    let linked = server.root.path().join("linked");
    git(&server.work, &["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    for directory in [&server.work, &linked] {
        let output = refgate(directory, &["doctor"], b"");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert!(text(&output).contains("a real push as"), "{}", text(&output));
    }
}

#[test]
fn the_test_refs_are_refused_whatever_the_policy_says() {
    let server = Server::new(&[]);
    let policy = server.root.path().join("policy.toml");
    let open = "schema = 1\nname = \"open\"\n[rules.foreign-ref]\nlevel = \"off\"\n";
    write(&policy, open, 0o644);
    let installed = server.install(&["--policy", "policy.toml"]);
    assert_eq!(installed.status.code(), Some(0), "{}", text(&installed));
    assert!(server.push(&["master:refs/notes/x"]).status.success(), "the rule is off");
    assert_eq!(server.push(&["master:refs/refgate-doctor/x"]).status.code(), Some(1));
    let output = server.refgate("doctor", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

/// A way to make a hook that git skips, and what the doctor says about it.
struct Row {
    state: &'static str,
    spoil: fn(&Server),
    says: &'static str,
}

fn replace(server: &Server, make: impl FnOnce(&Path)) {
    let hook = server.hook("pre-receive");
    std::fs::rename(&hook, server.root.path().join("aside")).unwrap();
    make(&hook);
}

/// Rows that any account can see.
const ROWS: &[Row] = &[
    Row {
        state: "mode 644",
        spoil: |server| set_mode(&server.hook("pre-receive"), 0o644),
        says: "has mode 644 and may not be executed",
    },
    Row {
        state: "dangling link",
        spoil: |server| replace(server, |hook| symlink("/nonexistent/refgate", hook).unwrap()),
        says: "is a link that leads nowhere",
    },
    Row {
        state: "wrong name",
        spoil: |server| {
            std::fs::rename(server.hook("pre-receive"), server.hook("pre-receive.sh")).unwrap();
        },
        says: "has a name that git does not look for",
    },
    Row { state: "empty file", spoil: |server| replace(server, |hook| write(hook, "", 0o755)), says: "is empty" },
    Row {
        state: "core.hooksPath to an absent directory",
        spoil: |server| {
            let absent = server.root.path().join("absent");
            git(&server.repo, &["config", "core.hooksPath", absent.to_str().unwrap()]);
        },
        says: "core.hooksPath names",
    },
    Row {
        state: "removed",
        spoil: |server| std::fs::remove_file(server.hook("pre-receive")).unwrap(),
        says: "no hook here runs refgate",
    },
    Row {
        state: "a script that does nothing",
        spoil: |server| replace(server, |hook| write(hook, "#!/bin/sh\nexit 0\n", 0o755)),
        says: "that must be refused was accepted",
    },
];

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn every_state_in_which_git_accepts_is_found_and_its_mend_mends() {
    for row in ROWS {
        let server = Server::installed(&[], "pre-receive");
        let control = server.push(&["master:refs/heads/nonsense"]);
        assert_eq!(control.status.code(), Some(1), "{}: {}", row.state, text(&control));
        (row.spoil)(&server);
        let accepted = server.push(&["master:refs/heads/nonsense"]);
        assert!(accepted.status.success(), "git refused with: {}: {}", row.state, text(&accepted));
        let output = server.refgate("doctor", &[]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{}: {said}", row.state);
        assert!(said.contains(ACCEPTS) && said.contains(row.says), "{}: {said}", row.state);
        assert!(!git(&server.repo, &["for-each-ref"]).contains("refgate-doctor"), "{}", row.state);
        let mend = mends(&said).pop().unwrap_or_else(|| panic!("{}: no command: {said}", row.state));
        paste(&mend, Path::new(REFGATE));
        let refused = server.push(&["master:refs/heads/more-nonsense"]);
        assert_eq!(refused.status.code(), Some(1), "{}: `{mend}` did not mend it: {}", row.state, text(&refused));
        let healed = server.refgate("doctor", &[]);
        assert_eq!(healed.status.code(), Some(0), "{}: {}", row.state, text(&healed));
    }
}

#[test]
fn the_pushers_own_hooks_path_is_seen() {
    let server = Server::installed(&[], "pre-receive");
    let home = server.root.path().join("home");
    write(&home.join(".gitconfig"), "[core]\n\thooksPath = /dev/null\n", 0o644);
    let at_home = |program: &str, directory: &Path, words: &[&str]| {
        run(command(program, directory).env_remove("GIT_CONFIG_GLOBAL").env("HOME", &home).args(words), b"")
    };
    let repo = server.repo.to_str().unwrap();
    let accepted = at_home("git", &server.work, &["push", repo, "master:refs/heads/nonsense"]);
    assert!(accepted.status.success(), "{}", text(&accepted));
    let output = at_home(REFGATE, server.root.path(), &["doctor", "--repo", repo]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains(ACCEPTS) && text(&output).contains("/dev/null"), "{}", text(&output));
}

/// A server whose repository belongs to [`OTHER`], with a program that this account can reach.
struct Foreign {
    server: Server,
    program: PathBuf,
}

impl Foreign {
    fn new() -> Self {
        let server = Server::new(&[]);
        let program = server.root.path().join("refgate");
        // A copy: its mode is changed.
        copy_program(&program);
        for path in [&server.repo, &server.work] {
            let output = run(command("chown", Path::new("/")).args(["-R", OTHER]).arg(path), b"");
            assert!(output.status.success(), "{}", text(&output));
        }
        let foreign = Self { server, program };
        let output = foreign.refgate("install", &["--policy", "preset:pybal"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        foreign
    }

    fn refgate(&self, subcommand: &str, arguments: &[&str]) -> Output {
        let repo = self.server.repo.to_str().unwrap();
        run(command(&self.program, Path::new("/")).args([subcommand, "--repo", repo]).args(arguments), b"")
    }

    /// Pushes as the account itself.
    fn push(&self, refspec: &str) -> Output {
        let mut setpriv: Command = command("setpriv", &self.server.work);
        setpriv.args(["--reuid", OTHER, "--regid", "nogroup", "--init-groups", "git", "push"]);
        run(setpriv.arg(&self.server.repo).arg(refspec), b"")
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_only_the_git_account_cannot_run_is_found_as_that_account() {
    if !is_root() {
        eprintln!("SKIPPED: running hooks as another account needs root");
        return;
    }
    let rows: &[Row] = &[
        Row {
            state: "mode 700 of another account",
            spoil: |server| {
                set_mode(&server.hook("pre-receive"), 0o700);
                let root = command("chown", Path::new("/")).arg("root").arg(server.hook("pre-receive")).status();
                assert!(root.unwrap().success());
            },
            says: "has mode 700 and may not be executed by `nobody`",
        },
        Row {
            state: "hooks/ closed",
            spoil: |server| {
                let hooks = server.repo.join("hooks");
                assert!(command("chown", Path::new("/")).arg("root").arg(&hooks).status().unwrap().success());
                set_mode(&hooks, 0o700);
            },
            says: "which is closed to `nobody`",
        },
        Row {
            state: "a link into a closed directory",
            spoil: |server| {
                let closed = server.root.path().join("closed");
                std::fs::create_dir(&closed).unwrap();
                std::fs::rename(server.hook("pre-receive"), closed.join("pre-receive")).unwrap();
                symlink(closed.join("pre-receive"), server.hook("pre-receive")).unwrap();
                set_mode(&closed, 0o700);
            },
            says: "leads through",
        },
        Row { state: "mode 644", spoil: |server| set_mode(&server.hook("pre-receive"), 0o644), says: "has mode 644" },
    ];
    for row in rows {
        let foreign = Foreign::new();
        let healthy = foreign.refgate("doctor", &["--as", OTHER]);
        assert_eq!(healthy.status.code(), Some(0), "{}: {}", row.state, text(&healthy));
        assert!(text(&healthy).contains("a real push as `nobody` was refused"), "{}", text(&healthy));
        assert_eq!(foreign.push("master:refs/heads/nonsense").status.code(), Some(1));
        (row.spoil)(&foreign.server);
        let accepted = foreign.push("master:refs/heads/nonsense");
        assert!(accepted.status.success(), "git refused with: {}: {}", row.state, text(&accepted));
        let mut mend = String::new();
        // The doctor assumes the owner unless an account is named.
        for arguments in [&["--as", OTHER][..], &[]] {
            let output = foreign.refgate("doctor", arguments);
            let said = text(&output);
            assert_eq!(output.status.code(), Some(1), "{}: {said}", row.state);
            assert!(said.contains(ACCEPTS) && said.contains(row.says), "{}: {said}", row.state);
            mend = mends(&said).pop().unwrap();
        }
        paste(&mend, &foreign.program);
        let refused = foreign.push("master:refs/heads/more-nonsense");
        assert_eq!(refused.status.code(), Some(1), "{}: `{mend}` did not mend it: {}", row.state, text(&refused));
    }
}

#[test]
fn a_program_out_of_reach_of_the_account_is_found() {
    if !is_root() {
        eprintln!("SKIPPED: running hooks as another account needs root");
        return;
    }
    let foreign = Foreign::new();
    set_mode(&foreign.program, 0o700);
    let refused = foreign.push("master:refs/heads/master");
    assert!(!refused.status.success() && stderr(&refused).contains("cannot run"), "{}", text(&refused));
    let output = foreign.refgate("doctor", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("every push is refused"), "{}", text(&output));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_policy_or_log_that_only_root_can_use_is_found() {
    if !is_root() {
        eprintln!("SKIPPED: running hooks as another account needs root");
        return;
    }
    let foreign = Foreign::new();
    let policy = foreign.server.root.path().join("policy.toml");
    write(&policy, include_str!("../../policies/pybal.toml"), 0o600);
    let log = foreign.server.root.path().join("refgate.log");
    let arguments = ["--policy", policy.to_str().unwrap(), "--log", log.to_str().unwrap()];
    assert_eq!(foreign.refgate("install", &arguments).status.code(), Some(0));
    let output = foreign.refgate("doctor", &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(said.contains("cannot be read by `nobody`") && said.contains("cannot be written by `nobody`"), "{said}");
    assert!(said.contains("reached refgate, which could not judge it"), "{said}");
    for mend in mends(&said).iter().take(2) {
        paste(mend.split(", and").next().unwrap(), &foreign.program);
    }
    let healed = foreign.refgate("doctor", &[]);
    assert_eq!(healed.status.code(), Some(0), "{}", text(&healed));
}

#[test]
fn a_configuration_that_refuses_everything_is_found() {
    for (key, value, says) in [
        ("refgate.policy", "preset:pybl", "did you mean `pybal`"),
        ("refgate.policy", "/nonexistent/policy.toml", "reading the policy"),
        ("refgate.identity", "gitolit", "did you mean `gitolite`"),
    ] {
        let server = Server::installed(&[], "pre-receive");
        git(&server.repo, &["config", key, value]);
        let output = server.refgate("doctor", &[]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains(says), "{}", text(&output));
        assert!(!text(&output).contains(ACCEPTS), "{}", text(&output));
    }
}

#[test]
fn hooks_that_others_can_replace_are_found() {
    let server = Server::installed(&[], "pre-receive");
    set_mode(&server.repo.join("hooks"), 0o777);
    let output = server.refgate("doctor", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("everybody, who can replace the hook"), "{}", text(&output));
}

#[test]
fn what_is_no_repository_or_account_is_said() {
    let empty = tempfile::tempdir().unwrap();
    let output = refgate(empty.path(), &["doctor"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("error: Failure encountered while: opening the repository"),
        "{}",
        text(&output)
    );
    let server = Server::new(&[]);
    let output = server.refgate("doctor", &["--as", "no-such-account"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("there is no account `no-such-account`"), "{}", text(&output));
}

#[test]
fn a_managers_driver_that_loses_the_verdict_is_found() {
    let server = Server::new(&[]);
    write(
        &server.hook("pre-receive"),
        "#!/bin/sh\nfor hook in hooks/pre-receive.d/*; do \"$hook\"; done\ntrue\n",
        0o755,
    );
    write(&server.hook("pre-receive.d/gitea"), "#!/bin/sh\n", 0o755);
    assert_eq!(server.install(&["--policy", "preset:pybal"]).status.code(), Some(0));
    let output = server.refgate("doctor", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("an exit status gets lost"), "{}", text(&output));
    assert!(git(&server.repo, &["for-each-ref"]).is_empty());
}
