//! `refgate install` and `refgate uninstall`: hooks in real repositories, and real pushes over them.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::history::copied;
use crate::support::{REFGATE, command, git, refgate, run, stderr};

/// A bare repository and a clone of nothing with two commits, under one roof.
pub(crate) struct Server {
    pub(crate) root: tempfile::TempDir,
    pub(crate) repo: PathBuf,
    pub(crate) work: PathBuf,
}

impl Server {
    pub(crate) fn new(init: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (repo, work) = (root.path().join("demo.git"), root.path().join("work"));
        copied(root.path(), &[&["server"], init].concat(), |folder| {
            for words in [&["--bare", "demo.git"][..], &["work"]] {
                git(folder, &[&["init", "--quiet", "--initial-branch=master", "--template="], init, words].concat());
            }
            for message in ["one", "two"] {
                git(&folder.join("work"), &["commit", "--quiet", "--allow-empty", "-m", message]);
            }
        });
        Self { root, repo, work }
    }

    /// Makes a server with the hook in place, and PyBal's policy.
    pub(crate) fn installed(init: &[&str], hook: &str) -> Self {
        let server = Self::new(init);
        let output = server.install(&["--hook", hook, "--policy", "preset:pybal"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        server
    }

    pub(crate) fn refgate(&self, subcommand: &str, arguments: &[&str]) -> Output {
        let mut words = vec![subcommand, "--repo", self.repo.to_str().unwrap()];
        words.extend(arguments);
        refgate(self.root.path(), &words, b"")
    }

    pub(crate) fn install(&self, arguments: &[&str]) -> Output {
        self.refgate("install", arguments)
    }

    pub(crate) fn push(&self, refspecs: &[&str]) -> Output {
        let mut words = vec!["push", self.repo.to_str().unwrap()];
        words.extend(refspecs);
        run(command("git", &self.work).args(words), b"")
    }

    pub(crate) fn hook(&self, name: &str) -> PathBuf {
        self.repo.join("hooks").join(name)
    }
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(output))
}

pub(crate) fn write(path: &Path, content: &str, mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

const ALLOWED: &str = "master:refs/heads/master";
const REFUSED: &str = "master:refs/heads/nonsense";

#[test]
fn an_installed_hook_accepts_and_refuses_real_pushes() {
    for hook in ["pre-receive", "update"] {
        let server = Server::installed(&[], hook);
        let accepted = server.push(&[ALLOWED]);
        assert!(accepted.status.success(), "{hook}: {}", text(&accepted));
        let refused = server.push(&[REFUSED]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("unlisted-branch"), "{hook}: {}", text(&refused));
        assert!(server.hook(hook).symlink_metadata().unwrap().is_file());
        assert_eq!(mode(&server.hook(hook)), 0o755);
    }
}

#[test]
fn installing_again_changes_nothing_and_says_so() {
    let server = Server::installed(&[], "pre-receive");
    let before = std::fs::metadata(server.hook("pre-receive")).unwrap();
    let again = server.install(&["--policy", "preset:pybal"]);
    assert_eq!(again.status.code(), Some(0));
    assert!(text(&again).contains("it is up to date"), "{}", text(&again));
    assert!(!text(&again).contains("set refgate.policy"), "{}", text(&again));
    let after = std::fs::metadata(server.hook("pre-receive")).unwrap();
    assert_eq!(
        std::os::unix::fs::MetadataExt::ino(&before),
        std::os::unix::fs::MetadataExt::ino(&after),
        "the file was written again"
    );
}

#[test]
fn a_dry_run_says_everything_and_does_nothing() {
    let server = Server::new(&[]);
    write(&server.hook("pre-receive"), "#!/bin/sh\nexit 0\n", 0o755);
    let config = std::fs::read(server.repo.join("config")).unwrap();
    let output = server.install(&["--dry-run", "--policy", "preset:pybal", "--identity", "env:WHO"]);
    let said = text(&output);
    for words in
        ["would keep ", "would write ", "would set refgate.policy = preset:pybal", "refgate.identity = env:WHO"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(std::fs::read_to_string(server.hook("pre-receive")).unwrap(), "#!/bin/sh\nexit 0\n");
    assert_eq!(std::fs::read_dir(server.repo.join("hooks")).unwrap().count(), 1);
    assert_eq!(std::fs::read(server.repo.join("config")).unwrap(), config);
}

#[test]
fn what_is_given_is_configured_and_nothing_else() {
    let server = Server::new(&[]);
    write(&server.root.path().join("policy.toml"), include_str!("../../policies/pybal.toml"), 0o644);
    let output = server.install(&["--policy", "policy.toml", "--log", "pushes.log"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let config = |key: &str| run(command("git", &server.repo).args(["config", key]), b"").stdout;
    let absolute = |name: &str| format!("{}\n", server.root.path().join(name).display()).into_bytes();
    assert_eq!(config("refgate.policy"), absolute("policy.toml"));
    assert_eq!(config("refgate.log"), absolute("pushes.log"));
    assert_eq!(config("refgate.identity"), b"");
}

#[test]
fn a_policy_that_is_no_policy_is_not_installed() {
    let server = Server::new(&[]);
    write(&server.root.path().join("bad.toml"), "schema = 1\nname = \"x\"\n[[lin]]\n", 0o644);
    for (policy, says) in
        [("bad.toml", "did you mean `line`"), ("absent.toml", "absent.toml"), ("preset:pybl", "pybal")]
    {
        let output = server.install(&["--policy", policy]);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output));
        assert!(stderr(&output).contains(says), "{}", text(&output));
    }
    let identity = server.install(&["--identity", "gitolit"]);
    assert_eq!(identity.status.code(), Some(2), "{}", text(&identity));
    assert!(!server.hook("pre-receive").exists());
}

/// Returns a hook that writes down what it is given.
fn recorder(root: &Path, exit: u8) -> String {
    format!(
        "#!/bin/sh\nfor word in \"$@\"; do echo \"arg $word\"; done >{0}/seen\ncat >>{0}/seen\nexit {exit}\n",
        root.display()
    )
}

#[test]
fn a_hook_that_was_there_keeps_running_with_the_same_input() {
    let server = Server::new(&[]);
    for hook in ["pre-receive", "update"] {
        write(&server.hook(hook), &recorder(server.root.path(), 0), 0o750);
        let output = server.install(&["--hook", hook, "--policy", "preset:pybal"]);
        assert!(text(&output).contains("it runs after refgate"), "{}", text(&output));
        assert_eq!(mode(&server.hook(&format!("{hook}.before-refgate"))), 0o750);
        let pushed = server.push(&["--force", ALLOWED]);
        assert!(pushed.status.success(), "{}", text(&pushed));
        let tip = git(&server.work, &["rev-parse", "master"]);
        let zeros = "0".repeat(tip.len());
        let seen = std::fs::read_to_string(server.root.path().join("seen")).unwrap();
        match hook {
            "update" => assert_eq!(seen, format!("arg refs/heads/master\narg {zeros}\narg {tip}\n")),
            _ => assert_eq!(seen, format!("{zeros} {tip} refs/heads/master\n")),
        }
        // The other hook is not asked about what refgate refuses.
        std::fs::remove_file(server.root.path().join("seen")).unwrap();
        assert_eq!(server.push(&[REFUSED]).status.code(), Some(1));
        assert!(!server.root.path().join("seen").exists());
        assert_eq!(server.refgate("uninstall", &["--hook", hook]).status.code(), Some(0));
        std::fs::remove_file(server.hook(hook)).unwrap();
        git(&server.repo, &["update-ref", "-d", "refs/heads/master"]);
    }
}

#[test]
fn a_hook_that_was_there_still_refuses_and_its_absence_refuses() {
    let server = Server::new(&[]);
    write(&server.hook("pre-receive"), "#!/bin/sh\necho 'not on a Friday' >&2\nexit 3\n", 0o755);
    assert_eq!(server.install(&["--policy", "preset:pybal"]).status.code(), Some(0));
    let refused = server.push(&[ALLOWED]);
    assert!(!refused.status.success() && stderr(&refused).contains("not on a Friday"), "{}", text(&refused));
    let kept = server.hook("pre-receive.before-refgate");
    for breaking in [0o644, 0] {
        if breaking == 0 {
            std::fs::remove_file(&kept).unwrap();
        } else {
            std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(breaking)).unwrap();
        }
        let refused = server.push(&[ALLOWED]);
        assert!(!refused.status.success(), "{}", text(&refused));
        assert!(stderr(&refused).contains("error: the hook hooks/pre-receive.before-refgate"), "{}", text(&refused));
    }
    assert!(git(&server.repo, &["for-each-ref"]).is_empty());
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_chained_hook_that_reads_nothing_sees_no_broken_pipe() {
    let server = Server::new(&[]);
    write(&server.hook("pre-receive"), "#!/bin/sh\nexit 0\n", 0o755);
    assert_eq!(server.install(&["--policy", "preset:pybal"]).status.code(), Some(0));
    // This is about a pipe, not about speed: a busy machine must not make it undecided.
    git(&server.repo, &["config", "refgate.deadline", "0"]);
    let tip = git(&server.work, &["rev-parse", "master"]);
    // More lines than a pipe holds.
    let name = |number| format!("refs/heads/sandbox/ann/{}/{number}", "x".repeat(200));
    let updates: String = (0..250).map(|number| format!("update {} {tip}\n", name(number))).collect();
    crate::support::git_with(&server.work, &["update-ref", "--stdin"], updates.as_bytes());
    let pushed = server.push(&["refs/heads/sandbox/*:refs/heads/sandbox/*"]);
    assert!(pushed.status.success(), "{}", text(&pushed));
    assert_eq!(git(&server.repo, &["for-each-ref"]).lines().count(), 250);
}

#[test]
fn uninstalling_puts_back_exactly_what_was_there() {
    let server = Server::new(&[]);
    let script = "#!/bin/sh\n# ours\nexit 0\n";
    write(&server.hook("pre-receive"), script, 0o700);
    let elsewhere = server.root.path().join("elsewhere");
    write(&elsewhere, script, 0o755);
    symlink(&elsewhere, server.hook("update")).unwrap();
    write(&server.hook("post-receive"), script, 0o755);
    let hooks = ["--hook", "pre-receive", "--hook", "update", "--policy", "preset:pybal"];
    assert_eq!(server.install(&hooks).status.code(), Some(0));
    assert!(server.hook("update").symlink_metadata().unwrap().is_file(), "the link was followed");
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), script, "the link's target was written to");
    let output = server.refgate("uninstall", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).contains("refgate.policy stays configured"), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(server.hook("pre-receive")).unwrap(), script);
    assert_eq!(mode(&server.hook("pre-receive")), 0o700);
    assert_eq!(std::fs::read_link(server.hook("update")).unwrap(), elsewhere);
    assert_eq!(std::fs::read_dir(server.repo.join("hooks")).unwrap().count(), 3);
    let again = server.refgate("uninstall", &[]);
    assert!(text(&again).contains("no hook of refgate's is installed here"), "{}", text(&again));
    assert!(server.push(&[REFUSED]).status.success());
}

#[test]
fn a_hook_that_git_did_not_run_is_kept_and_not_woken() {
    let server = Server::new(&[]);
    write(&server.hook("pre-receive"), "#!/bin/sh\nexit 1\n", 0o644);
    let output = server.install(&["--policy", "preset:pybal"]);
    assert!(text(&output).contains("git did not run it, and refgate will not"), "{}", text(&output));
    assert!(server.push(&[ALLOWED]).status.success());
    server.refgate("uninstall", &[]);
    assert_eq!(mode(&server.hook("pre-receive")), 0o644);
}

#[test]
fn two_hooks_that_could_both_be_the_earlier_one_are_left_alone() {
    let server = Server::installed(&[], "pre-receive");
    write(&server.hook("pre-receive.before-refgate"), "#!/bin/sh\n", 0o755);
    write(&server.hook("pre-receive"), "#!/bin/sh\nexit 0\n", 0o755);
    let output = server.install(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("an earlier hook is already kept"), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(server.hook("pre-receive")).unwrap(), "#!/bin/sh\nexit 0\n");
}

#[test]
fn gitolites_hooks_are_never_touched() {
    let server = Server::new(&[]);
    let common = server.root.path().join(".gitolite/hooks/common/update");
    write(&common, "#!/bin/sh\n# gitolite\n", 0o755);
    std::fs::create_dir_all(server.repo.join("hooks")).unwrap();
    symlink(&common, server.hook("update")).unwrap();
    let output = server.install(&["--hook", "update", "--policy", "preset:pybal"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("gitolite's access control"), "{}", text(&output));
    assert!(text(&output).contains("gitolite setup --hooks-only"), "{}", text(&output));
    assert_eq!(std::fs::read_link(server.hook("update")).unwrap(), common);
    assert_eq!(std::fs::read_to_string(&common).unwrap(), "#!/bin/sh\n# gitolite\n");
    // The repository's own pre-receive is free.
    assert_eq!(server.install(&["--policy", "preset:pybal"]).status.code(), Some(0));
}

#[test]
fn giteas_and_gitlabs_own_directories_are_used() {
    let server = Server::new(&[]);
    let driver =
        "#!/bin/sh\nset -e\ninput=$(cat)\nfor hook in hooks/pre-receive.d/*; do echo \"$input\" | \"$hook\"; done\n";
    write(&server.hook("pre-receive"), driver, 0o755);
    write(&server.hook("pre-receive.d/gitea"), "#!/bin/sh\ncat >/dev/null\n", 0o755);
    let output = server.install(&["--policy", "preset:pybal"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(server.hook("pre-receive")).unwrap(), driver);
    assert!(server.hook("pre-receive.d/refgate").is_file());
    assert!(server.push(&[ALLOWED]).status.success());
    assert_eq!(server.push(&[REFUSED]).status.code(), Some(1));
    let gitlab = Server::new(&[]);
    assert_eq!(gitlab.install(&["--host", "gitlab", "--policy", "preset:pybal"]).status.code(), Some(0));
    assert!(gitlab.repo.join("custom_hooks/pre-receive.d/50-refgate").is_file());
}

/// Returns whether a push from this work tree is judged.
fn is_judged(work: &Path, server: &Server) -> bool {
    let push = |refspec: &str| run(command("git", work).args(["push", server.repo.to_str().unwrap(), refspec]), b"");
    let (allowed, refused) = (push("HEAD:refs/heads/master"), push("HEAD:refs/heads/nonsense"));
    assert!(allowed.status.success(), "{}", text(&allowed));
    !refused.status.success() && stderr(&refused).contains("unlisted-branch")
}

#[test]
fn a_clone_gets_pre_push_where_its_git_looks_for_it() {
    let server = Server::new(&[]);
    let install = |directory: &Path| {
        let output = refgate(directory, &["install", "--policy", "preset:pybal"], b"");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    };
    // An ordinary clone, from a folder inside it.
    let inner = server.work.join("inner");
    std::fs::create_dir(&inner).unwrap();
    install(&inner);
    assert!(server.work.join(".git/hooks/pre-push").is_file());
    assert!(is_judged(&server.work, &server));
    // A linked work tree has the same hooks.
    let linked = server.root.path().join("linked");
    git(&server.work, &["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    std::fs::remove_file(server.work.join(".git/hooks/pre-push")).unwrap();
    install(&linked);
    assert!(server.work.join(".git/hooks/pre-push").is_file());
    assert!(is_judged(&linked, &server));
    // A relative `core.hooksPath` is relative to the top of the work tree; the directory need not exist.
    git(&server.work, &["config", "core.hooksPath", "tools/hooks"]);
    install(&inner);
    assert!(server.work.join("tools/hooks/pre-push").is_file());
    assert!(is_judged(&server.work, &server));
    // A submodule has hooks of its own.
    let outer = server.root.path().join("outer");
    git(server.root.path(), &["init", "--quiet", "outer"]);
    git(
        &outer,
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", server.work.to_str().unwrap(), "sub"],
    );
    install(&outer.join("sub"));
    assert!(outer.join(".git/modules/sub/hooks/pre-push").is_file());
    assert!(is_judged(&outer.join("sub"), &server));
}

/// Makes a hook whose program is this script instead of refgate.
fn with_program(script: Option<(&str, u32)>) -> (Server, Output) {
    let server = Server::installed(&[], "pre-receive");
    let program = server.root.path().join("it's refgate");
    if let Some((script, mode)) = script {
        write(&program, script, mode);
    }
    let shim = std::fs::read_to_string(server.hook("pre-receive")).unwrap();
    let line = shim.lines().find(|line| line.starts_with("refgate=")).unwrap().to_owned();
    let quoted = program.to_str().unwrap().replace('\'', "'\\''");
    write(&server.hook("pre-receive"), &shim.replace(&line, &format!("refgate='{quoted}'")), 0o755);
    let output = server.push(&[ALLOWED]);
    (server, output)
}

#[test]
fn a_program_that_is_missing_or_crashes_refuses() {
    let cases = [
        (None, "cannot run"),
        (Some(("#!/bin/sh\nexit 0\n", 0o644)), "cannot run"),
        (Some(("#!/bin/sh\nkill -9 $$\n", 0o755)), "ended with status 137"),
        (Some(("#!/bin/sh\nexit 70\n", 0o755)), "ended with status 70"),
        (Some(("#!/no/such/interpreter\n", 0o755)), "ended with status 12"),
    ];
    for (script, says) in cases {
        let (server, output) = with_program(script);
        assert!(!output.status.success(), "{script:?}: {}", text(&output));
        let lines: Vec<_> =
            stderr(&output).lines().filter(|line| line.starts_with("remote: error: ")).map(str::to_owned).collect();
        assert_eq!(lines.len(), 1, "{script:?}: {}", text(&output));
        assert!(lines[0].contains(says), "{script:?}: {}", text(&output));
        assert!(git(&server.repo, &["for-each-ref"]).is_empty());
    }
    // 1 to 4 are refgate's own, and it has said why.
    let (_, output) = with_program(Some(("#!/bin/sh\necho 'error: because' >&2\nexit 4\n", 0o755)));
    assert!(!output.status.success() && stderr(&output).matches("error: ").count() <= 2, "{}", text(&output));
    // The control: the push is accepted where the program accepts.
    let (_, output) = with_program(Some(("#!/bin/sh\ncat >/dev/null\nexit 0\n", 0o755)));
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn what_is_pushed_is_never_an_option() {
    let server = Server::installed(&[], "pre-receive");
    let empty = refgate(&server.repo, &["hook", "pre-receive", "--", "--help"], b"");
    assert_eq!(empty.status.code(), Some(2), "{}", text(&empty));
    let update = refgate(&server.repo, &["hook", "update", "--", "--help", "x", "y"], b"");
    assert_eq!(update.status.code(), Some(2), "{}", text(&update));
}

#[test]
fn the_vref_judges_what_gitolite_gives_it() {
    let server = Server::installed(&[], "pre-receive");
    let tip = git(&server.work, &["rev-parse", "master"]);
    // The objects are there, as they are when gitolite's update hook runs.
    assert!(server.push(&[ALLOWED]).status.success());
    let source = include_str!("../../hooks/gitolite/VREF/refgate");
    let vref = server.root.path().join("refgate");
    write(&vref, &source.replace("refgate=/usr/local/bin/refgate", &format!("refgate={REFGATE}")), 0o755);
    let zeros = "0".repeat(40);
    let call = |name: &str| {
        let words = [name, &zeros, &tip, "tree", "tree", "W", "VREF/refgate"];
        run(command(&vref, &server.repo).env("GIT_DIR", ".").args(words), b"")
    };
    let (accepted, refused) = (call("refs/heads/1.15"), call("refs/heads/nonsense"));
    assert_eq!(accepted.status.code(), Some(0), "{}", text(&accepted));
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    assert!(refused.stdout.is_empty(), "gitolite reads the standard output");
    assert_eq!(run(command(&vref, &server.repo).args(["refs/heads/x"]), b"").status.code(), Some(1));
}

#[test]
fn the_sample_for_pre_commit_judges_the_ref_it_is_told_about() {
    let server = Server::new(&[]);
    git(&server.work, &["config", "refgate.policy", "preset:pybal"]);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/samples/pre-commit-pre-push");
    let path = format!("{}:{}", Path::new(REFGATE).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let tip = git(&server.work, &["rev-parse", "master"]);
    let told = |name: &str| {
        let mut command = command(&sample, &server.work);
        command.env("PATH", &path).env("PRE_COMMIT_TO_REF", &tip).env("PRE_COMMIT_REMOTE_BRANCH", name);
        run(&mut command, b"")
    };
    let (accepted, refused) = (told("refs/heads/master"), told("refs/heads/nonsense"));
    assert_eq!(accepted.status.code(), Some(0), "{}", text(&accepted));
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    let silent = run(command(&sample, &server.work).env("PATH", &path), b"");
    assert!(stderr(&silent).starts_with("warning: "), "{}", text(&silent));
}

#[test]
fn an_install_that_does_not_come_to_its_end_is_undone() {
    let server = Server::new(&[]);
    let script = "#!/bin/sh\n# ours\nexit 0\n";
    write(&server.hook("pre-receive"), script, 0o750);
    // git cannot write its configuration.
    let config = std::fs::read(server.repo.join("config")).unwrap();
    std::fs::write(server.repo.join("config.lock"), "").unwrap();
    let locked = server.install(&["--policy", "preset:pybal"]);
    assert_eq!(locked.status.code(), Some(2), "{}", text(&locked));
    assert!(text(&locked).contains("what had been done was undone"), "{}", text(&locked));
    assert!(text(&locked).contains("config.lock` is there"), "{}", text(&locked));
    std::fs::remove_file(server.repo.join("config.lock")).unwrap();
    let unchanged = |output: &Output| {
        assert_eq!(std::fs::read_to_string(server.hook("pre-receive")).unwrap(), script, "{}", text(output));
        assert_eq!(mode(&server.hook("pre-receive")), 0o750);
        assert_eq!(std::fs::read_dir(server.repo.join("hooks")).unwrap().count(), 1, "{}", text(output));
        let settings = run(command("git", &server.repo).args(["config", "--get-regexp", "^refgate"]), b"");
        assert_eq!(settings.stdout, b"", "{}", text(output));
    };
    unchanged(&locked);
    assert_eq!(std::fs::read(server.repo.join("config")).unwrap(), config);
    // The obstacle to the second hook is found before the first hook is touched.
    let blocked = server.repo.join("hooks/post-receive");
    std::fs::create_dir(&blocked).unwrap();
    let refused = server.install(&["--hook", "pre-receive", "--hook", "post-receive", "--policy", "preset:pybal"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    std::fs::remove_dir(&blocked).unwrap();
    unchanged(&refused);
    // The directory of the second hook cannot be made when the first is in place.
    let gitea = Server::new(&[]);
    write(&gitea.hook("pre-receive.d/gitea"), "#!/bin/sh\n", 0o755);
    symlink(gitea.root.path().join("missing/folder"), gitea.hook("post-receive.d")).unwrap();
    let output = gitea.install(&["--hook", "pre-receive", "--hook", "post-receive", "--policy", "preset:pybal"]);
    assert_ne!(output.status.code(), Some(0), "{}", text(&output));
    assert!(!gitea.hook("pre-receive.d/refgate").exists(), "{}", text(&output));
    let settings = run(command("git", &gitea.repo).args(["config", "--get-regexp", "^refgate"]), b"");
    assert_eq!(settings.stdout, b"", "{}", text(&output));
}

#[test]
fn an_empty_or_shared_hooks_path_is_not_filled() {
    let server = Server::new(&[]);
    git(&server.repo, &["config", "core.hooksPath", ""]);
    let output = server.install(&["--policy", "preset:pybal"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("core.hooksPath is set to nothing"), "{}", text(&output));
    let doctor = server.refgate("doctor", &[]);
    assert_eq!(doctor.status.code(), Some(1), "{}", text(&doctor));
    assert!(text(&doctor).contains("git would accept everything"), "{}", text(&doctor));
    git(&server.repo, &["config", "--unset", "core.hooksPath"]);
    let shared = server.root.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let global = server.root.path().join("global");
    write(&global, &format!("[core]\n\thooksPath = {}\n", shared.display()), 0o644);
    let words = ["install", "--repo", server.repo.to_str().unwrap(), "--policy", "preset:pybal"];
    let output = run(command(REFGATE, server.root.path()).env("GIT_CONFIG_GLOBAL", &global).args(words), b"");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("every repository of this account"), "{}", text(&output));
    assert_eq!(std::fs::read_dir(&shared).unwrap().count(), 0);
    // A hooks directory of the repository's own elsewhere is used, and reported.
    git(&server.repo, &["config", "core.hooksPath", shared.to_str().unwrap()]);
    let output = server.install(&["--policy", "preset:pybal"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(text(&output).matches("is outside of this repository").count(), 1, "{}", text(&output));
}

#[test]
fn odd_paths_and_a_pipe_are_said_and_not_waited_for() {
    let server = Server::new(&[]);
    let pybal = include_str!("../../policies/pybal.toml");
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9.toml");
    write(&server.root.path().join(odd), pybal, 0o644);
    let words = ["install", "--repo", server.repo.to_str().unwrap(), "--policy"];
    let output = run(command(REFGATE, server.root.path()).args(words).arg(odd), b"");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(!server.hook("pre-receive").exists());
    // A line end and a zero-width joiner are fine, for the hook and for the doctor.
    for name in ["line\nend.toml", "a\u{200d}b.toml"] {
        write(&server.root.path().join(name), pybal, 0o644);
        let output = server.install(&["--policy", name]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let doctor = server.refgate("doctor", &[]);
        assert_eq!(doctor.status.code(), Some(0), "{name:?}: {}", text(&doctor));
    }
    let fifo = server.hook("update");
    assert!(command("mkfifo", Path::new("/")).arg(&fifo).status().unwrap().success());
    let output = server.install(&["--hook", "update"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("is a pipe, a socket or a device"), "{}", text(&output));
    assert_eq!(server.refgate("doctor", &[]).status.code(), Some(1));
}
