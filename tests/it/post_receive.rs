//! What is done after a push: the cache is filled by a process of its own, and nobody has to wait for it.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use crate::install::{text, write};
use crate::support::site::{POLICY, Pushed, Setup, Site, USUAL};
use crate::support::{REFGATE, command, git, refgate, run};
use refgate::testing::landed::Turn;

/// A mainline and a release branch; each later commit of the release branch is a pick, but for the last.
const HISTORY: &str = r#"
A = commit "first" file monitor.py "timeout = 3\nretries = 2\n" file README "one\n"
B = commit "fix: the monitor gave up too soon" parents A file monitor.py "timeout = 5 seconds for every probe\nretries = 2\n"
C = commit "fix: the limit of retries was too low" parents B file retries.py "retries = 7 and never more than that\n"
D = commit "feat: a second page" parents C file README "one\ntwo\n"
F = commit "fix: the monitor gave up too soon" parents A at 1700000100 file monitor.py "timeout = 5 seconds for every probe\nretries = 2\n"
G = commit "fix: the limit of retries was too low" parents F at 1700000200 file retries.py "retries = 7 and never more than that\n"
H = commit "fix: the name of the host" parents G file host.py "host = what the machine itself says it is\n"
refs/heads/master = D
refs/heads/1.15 = A
"#;

const FLOW: &str = "[[flow]]\nfrom = \"release\"\nto = \"master\"\nby = [\"pick\"]\ndue = \"before\"\n";

/// The pause between two looks at what other processes have done. Nothing depends on its length.
const PAUSE: Duration = Duration::from_millis(5);

/// How long this process waits for its own turn at most: as long as it takes.
const FOREVER: Duration = Duration::from_secs(86_400);

struct Server(Site);

impl Server {
    /// Makes a server with both hooks, as they are installed.
    fn new(policy: &str) -> Self {
        let server = Self::bare(policy);
        let installed = server.refgate(&["install", "--repo", "."]);
        assert!(installed.status.success(), "{}", text(&installed));
        server
    }

    /// Makes a server without a hook.
    fn bare(policy: &str) -> Self {
        let site = Site::new(Setup { hook: "none", ..USUAL }, &format!("{POLICY}\n{policy}"), HISTORY);
        std::fs::remove_dir_all(site.server.join("hooks")).unwrap();
        Self(site)
    }

    fn refgate(&self, arguments: &[&str]) -> Output {
        refgate(&self.0.server, arguments, b"")
    }

    fn kept(&self) -> PathBuf {
        self.0.server.join("refgate").join("landed")
    }

    /// Waits until the cache is there. A push returns once the process that fills the cache runs: when that process has
    /// ended, the cache is there, or will never be.
    fn waits_for_the_cache(&self) -> Vec<u8> {
        while !self.kept().exists() {
            let ended = processes_about(&self.0.server) == Some(0);
            assert!(!ended || self.kept().exists(), "there is no cache, and nobody fills it");
            std::thread::sleep(PAUSE);
        }
        // It is complete when it has its name.
        std::fs::read(self.kept()).unwrap()
    }

    /// Waits until no process is left that a push has started, where the system can tell.
    fn settles(&self) {
        while processes_about(&self.0.server).is_some_and(|count| count > 0) {
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until no process fills the cache or waits to: those processes hold locks.
    fn waits_for_silence(&self) {
        let done = self.foreground(&[]);
        assert!(done.status.success(), "{}", text(&done));
    }

    fn foreground(&self, refs: &[&str]) -> Output {
        let fixed = ["hook", "post-receive", "--foreground", "--"];
        self.refgate(&[&fixed, refs].concat())
    }

    fn push(&self, words: &[&str]) -> Pushed {
        self.0.push(words)
    }
}

/// Returns what a report says of the push, without what differs from run to run.
fn judgement(mut pushed: Pushed) -> (bool, serde_json::Value) {
    assert_eq!(pushed.reports.len(), 1, "{pushed:#?}");
    let mut report = pushed.reports.remove(0);
    report["timings_ms"].take();
    report["policy"]["source"].take();
    (pushed.landed, report)
}

#[test]
fn after_a_push_the_cache_appears_and_the_next_push_is_judged_the_same() {
    let (with, without) = (Server::new(FLOW), Server::new(FLOW));
    std::fs::remove_file(without.0.server.join("hooks/post-receive")).unwrap();
    let first = with.push(&["G:refs/heads/1.15"]);
    first.accepted();
    assert!(!first.text.contains("remote:"), "the pusher is told nothing: {}", first.text);
    without.push(&["G:refs/heads/1.15"]).accepted();
    let content = with.waits_for_the_cache();
    with.waits_for_silence();
    assert_eq!(std::fs::read(with.kept()).unwrap(), content, "the foreground had nothing to add");
    assert!(!without.kept().exists());
    let judged = judgement(with.push(&["H:refs/heads/1.15"]));
    assert_eq!(judged, judgement(without.push(&["H:refs/heads/1.15"])));
    assert!(!judged.0 && judged.1["findings"][0]["rule"] == "unlanded-fix", "{judged:#?}");
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_no_flow_asks_about_is_left_alone() {
    let merged = FLOW.replace("pick", "merge");
    let off = format!("{FLOW}\n[rules.unlanded-fix]\nlevel = \"off\"\n[rules.unverified-pick]\nlevel = \"off\"\n");
    for policy in ["", &merged, &off] {
        let server = Server::new(policy);
        server.push(&["B:refs/heads/topic/x", "C:refs/heads/master"]);
        let asked = server.foreground(&["refs/heads/master"]);
        assert!(asked.status.success(), "{}", text(&asked));
        assert!(!server.0.server.join("refgate").exists(), "{policy}");
    }
    // A topic branch and a tag are on no line that a flow is about.
    let server = Server::new(FLOW);
    server.push(&["B:refs/heads/topic/x", "B:refs/tags/mark/x"]).accepted();
    server.settles();
    assert!(!server.0.server.join("refgate").exists());
    // Only one of the rules is enough.
    let server = Server::new(&format!("{FLOW}\n[rules.unlanded-fix]\nlevel = \"off\"\n"));
    server.push(&["H:refs/heads/1.15"]).accepted();
    server.waits_for_the_cache();
}

#[test]
fn a_push_to_the_mainline_prepares_the_release_branches() {
    let server = Server::new(FLOW);
    server.push(&["G:refs/heads/1.15"]).accepted();
    server.waits_for_the_cache();
    server.waits_for_silence();
    std::fs::remove_dir_all(server.0.server.join("refgate")).unwrap();
    let lines = |words: &[&str]| {
        let done = server.foreground(words);
        assert!(done.status.success(), "{}", text(&done));
        text(&done)
    };
    assert_eq!(lines(&["refs/heads/master"]), "refgate: compared refs/heads/1.15 with the line `master`\n");
    assert!(server.kept().exists());
    assert_eq!(lines(&["refs/heads/topic/x"]), "");
    // A branch that was deleted does not count.
    assert_eq!(lines(&["refs/heads/1.16"]), "");
}

#[test]
fn the_push_does_not_wait_for_what_is_done_after_it() {
    let server = Server::new(FLOW);
    let home = &server.0.server;
    // The cache is still being filled: by this test.
    let turn = Turn::wait(home, Instant::now() + FOREVER).unwrap();
    server.push(&["F:refs/heads/1.15"]).accepted();
    while !Turn::is_awaited(home) {
        assert_ne!(processes_about(home), Some(0), "nobody waits");
        std::thread::sleep(PAUSE);
    }
    for at in 0..9 {
        let label = ["G:refs/heads/1.15", "+F:refs/heads/1.15"][at % 2];
        server.push(&["--quiet", label]);
    }
    // A fill that held git's pipes would have held the pushes for as long as it waits; ten pushes are done, and it waits.
    assert!(Turn::is_awaited(home));
    assert!(!server.kept().exists());
    // The others go away once they have seen that.
    while processes_about(home).is_some_and(|count| count > 1) {
        std::thread::sleep(PAUSE);
    }
    assert!(processes_about(home).is_none_or(|count| count == 1), "one waits, the others have gone");
    drop(turn);
    server.waits_for_the_cache();
    server.waits_for_silence();
    server.settles();
}

/// Returns how many processes there are that pushes to this server have started; `None` where the system cannot tell.
///
/// They are known by their working directory, which is the repository's as a hook's is: a process has no command line to
/// look at in the moment of its `execve(2)`.
fn processes_about(server: &Path) -> Option<usize> {
    // A system without /proc, or one that has no working directories there.
    std::fs::read_link("/proc/self/cwd").ok()?;
    let server = server.canonicalize().ok()?;
    let processes = std::fs::read_dir("/proc").ok()?;
    let directories = processes.filter_map(|entry| std::fs::read_link(entry.ok()?.path().join("cwd")).ok());
    Some(directories.filter(|directory| *directory == server).count())
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_somebody_put_in_its_place_changes_nothing() {
    let spoil: [fn(&Path); 6] = [
        |directory| std::fs::write(directory, "a file").unwrap(),
        |directory| symlink(directory.with_file_name("nowhere"), directory).unwrap(),
        |directory| symlink(directory, directory).unwrap(),
        |directory| std::fs::create_dir_all(directory.join("landed")).unwrap(),
        |directory| std::fs::create_dir_all(directory.join("landed.lock")).unwrap(),
        |directory| {
            std::fs::create_dir(directory).unwrap();
            std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o500)).unwrap();
        },
    ];
    let plain = Server::new(FLOW);
    plain.push(&["G:refs/heads/1.15"]).accepted();
    let truth = judgement(plain.push(&["H:refs/heads/1.15"]));
    for (at, spoil) in spoil.into_iter().enumerate() {
        let server = Server::new(FLOW);
        spoil(&server.0.server.join("refgate"));
        let first = server.push(&["G:refs/heads/1.15"]);
        first.accepted();
        assert!(!first.text.contains("remote:"), "{at}: {}", first.text);
        let done = server.foreground(&[]);
        assert!(done.status.success(), "{at}: {}", text(&done));
        assert_eq!(judgement(server.push(&["H:refs/heads/1.15"])), truth, "{at}");
    }
    assert!(!plain.0.server.join("nowhere").exists());
}

#[test]
fn a_policy_or_a_repository_that_cannot_be_read_delays_and_says_nothing() {
    let server = Server::new(FLOW);
    let tip = server.0.id("G").to_owned();
    let line = format!("{} {tip} refs/heads/1.15\n", "0".repeat(40));
    let ask = |arguments: &[&str], input: &str| {
        refgate(&server.0.server, &[&["hook", "post-receive"], arguments].concat(), input.as_bytes())
    };
    let silent = |output: Output| {
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(text(&output), "");
    };
    silent(ask(&["--policy", "absent.toml"], &line));
    silent(ask(&["--repo", "/nonexistent"], &line));
    silent(ask(&[], "nonsense\n"));
    silent(ask(&[], ""));
    // What went wrong is in the log, once the repository is known.
    let log = std::fs::read_to_string(server.0.path("log")).unwrap();
    let logged: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let details: Vec<&str> = logged.iter().map(|line| line["while"].as_str().unwrap()).collect();
    assert!(details[0].starts_with("reading the policy"), "{details:?}");
    assert_eq!(&details[1..], ["reading the ref updates"]);
    // Whoever asks gets an answer.
    let asked = ask(&["--foreground", "--policy", "absent.toml"], "");
    assert_eq!(asked.status.code(), Some(3), "{}", text(&asked));
    assert!(text(&asked).contains("absent.toml"), "{}", text(&asked));
    let elsewhere = refgate(&server.0.server, &["hook", "pre-receive", "--foreground"], line.as_bytes());
    assert_eq!(elsewhere.status.code(), Some(2), "{}", text(&elsewhere));
}

#[test]
fn nothing_is_written_while_objects_are_in_quarantine() {
    let server = Server::new(FLOW);
    let refused = server.push(&["H:refs/heads/1.15"]);
    assert!(!refused.landed, "{refused:#?}");
    assert!(!server.0.server.join("refgate").exists());
    let quarantine = server.0.server.join("objects/tmp_objdir-incoming-x");
    std::fs::create_dir(&quarantine).unwrap();
    let tip = git(&server.0.server, &["rev-parse", "master"]);
    let line = format!("{tip} {tip} refs/heads/master\n");
    for arguments in [&["hook", "post-receive"][..], &["hook", "post-receive", "--foreground"]] {
        let mut hook = command(REFGATE, &server.0.server);
        hook.args(arguments).env("GIT_DIR", ".").env("GIT_QUARANTINE_PATH", &quarantine);
        let output = run(&mut hook, line.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
    server.settles();
    assert!(!server.0.server.join("refgate").exists());
    assert!(std::fs::read_dir(&quarantine).unwrap().next().is_none());
}

#[test]
fn a_hook_that_was_there_runs_on_and_comes_back() {
    let server = Server::bare(FLOW);
    let hook = server.0.server.join("hooks/post-receive");
    let script = "#!/bin/sh\ncat >seen\necho 'thank you'\nexit 3\n";
    write(&hook, script, 0o755);
    let said = text(&server.refgate(&["install", "--repo", ".", "--dry-run"]));
    assert!(said.contains("post-receive.before-refgate: it runs after refgate"), "{said}");
    assert!(said.contains("would write ") && said.contains("hooks/pre-receive"), "{said}");
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), script);
    assert_eq!(server.refgate(&["install", "--repo", "."]).status.code(), Some(0));
    let pushed = server.push(&["G:refs/heads/1.15"]);
    pushed.accepted();
    assert!(pushed.text.contains("remote: thank you"), "{}", pushed.text);
    let (old, new) = (server.0.id("A"), server.0.id("G"));
    let seen = std::fs::read_to_string(server.0.server.join("seen")).unwrap();
    assert_eq!(seen, format!("{old} {new} refs/heads/1.15\n"));
    server.waits_for_the_cache();
    // It runs even without refgate's program.
    let shim = std::fs::read_to_string(&hook).unwrap();
    let line = shim.lines().find(|line| line.starts_with("refgate=")).unwrap();
    write(&hook, &shim.replace(line, "refgate=/nonexistent"), 0o755);
    let pushed = server.push(&["C:refs/heads/topic/x"]);
    pushed.accepted();
    assert!(pushed.text.contains("remote: thank you"), "{}", pushed.text);
    write(&hook, &shim, 0o755);
    // A hook that cannot run any more is reported, where git would have said nothing.
    let kept = server.0.server.join("hooks/post-receive.before-refgate");
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o644)).unwrap();
    let pushed = server.push(&["D:refs/heads/topic/x"]);
    pushed.accepted();
    assert!(
        pushed.text.contains("post-receive.before-refgate that was here before refgate cannot run"),
        "{}",
        pushed.text
    );
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(server.refgate(&["uninstall", "--repo", "."]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), script);
    assert!(!server.0.server.join("hooks/pre-receive").exists());
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_doctor_tells_whether_it_runs() {
    let server = Server::new(FLOW);
    let said = || text(&server.refgate(&["doctor", "--repo", "."]));
    let hook = server.0.server.join("hooks/post-receive");
    assert!(said().contains("ok           post-receive: "), "{}", said());
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o644)).unwrap();
    let broken = said();
    assert!(
        broken.contains("problem      post-receive: ") && broken.contains("git runs nothing after a push"),
        "{broken}"
    );
    assert!(broken.contains("was refused by refgate"), "it is proved all the same: {broken}");
    // Without it pushes are judged as well: it is worth knowing, and not a problem.
    std::fs::remove_file(&hook).unwrap();
    let absent = server.refgate(&["doctor", "--repo", "."]);
    assert_eq!(absent.status.code(), Some(0), "{}", text(&absent));
    assert!(text(&absent).contains("post-receive does not run refgate, so pushes on lines with flows take longer"));
    // Somebody's own that git does not run is nobody's business here.
    write(&hook, "#!/bin/sh\n", 0o644);
    assert_eq!(server.refgate(&["doctor", "--repo", "."]).status.code(), Some(0), "{}", said());
    let none = Server::bare("");
    assert_eq!(none.refgate(&["install", "--repo", ".", "--hook", "pre-receive"]).status.code(), Some(0));
    let healthy = text(&none.refgate(&["doctor", "--repo", "."]));
    assert!(!healthy.contains("post-receive"), "no flow, no word of it: {healthy}");
}

#[test]
fn where_the_place_is_taken_the_gate_is_installed_without_it() {
    let server = Server::bare(FLOW);
    let hook = server.0.server.join("hooks/post-receive");
    write(&hook, "#!/usr/bin/env python\n# KALLITHEA_HOOK_VER = '0.7'\n", 0o755);
    let installed = server.refgate(&["install", "--repo", "."]);
    assert_eq!(installed.status.code(), Some(0), "{}", text(&installed));
    assert!(text(&installed).contains("note: post-receive is not installed: "), "{}", text(&installed));
    assert!(std::fs::read_to_string(&hook).unwrap().contains("KALLITHEA"));
    assert!(server.0.server.join("hooks/pre-receive").is_file());
    // A request for it by name is refused.
    let named = server.refgate(&["install", "--repo", ".", "--hook", "post-receive"]);
    assert_eq!(named.status.code(), Some(2), "{}", text(&named));
    // GitLab has a directory for it.
    let gitlab = Server::bare(FLOW);
    assert_eq!(gitlab.refgate(&["install", "--repo", ".", "--host", "gitlab"]).status.code(), Some(0));
    assert!(gitlab.0.server.join("custom_hooks/post-receive.d/50-refgate").is_file());
}
