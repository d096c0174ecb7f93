//! However much is pushed, and whatever is in the place of a file: an answer comes in time, and is short.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::site::{HISTORY, POLICY, Setup, Site, USUAL};
use crate::support::{REFGATE, command, conforms, git, has_reftable, json as parsed, run, stderr};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// Longer than any of this takes on a busy machine; a run that takes as long hangs.
const GUARD: Duration = Duration::from_secs(120);

/// Runs a command that must not hang.
fn ends(mut command: Command, input: impl Into<Vec<u8>>) -> Output {
    let (sender, ended) = channel();
    let input = input.into();
    std::thread::spawn(move || sender.send(run(&mut command, &input)));
    ended.recv_timeout(GUARD).expect("it hangs")
}

fn hook(site: &Site, arguments: &[&str]) -> Command {
    let mut command = command(REFGATE, &site.server);
    command.args(["hook", "pre-receive"]).args(arguments);
    command
}

fn judge(site: &Site, arguments: &[&str], input: impl Into<Vec<u8>>) -> Output {
    ends(hook(site, arguments), input)
}

/// Takes the deadline away: what is tested is how much is kept, not how long that takes here.
fn unhurried(site: &Site) {
    git(&site.server, &["config", "refgate.deadline", "0"]);
}

fn branches(site: &Site, count: usize, label: &str) -> String {
    (0..count).map(|at| format!("{ZERO} {} refs/heads/b{at}\n", site.id(label))).collect()
}

fn log(site: &Site) -> Vec<Value> {
    let text = std::fs::read_to_string(site.path("log")).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_is_left_out_of_a_report_is_counted_in_every_form() {
    let site = Site::usual();
    unhurried(&site);
    let input = branches(&site, 3000, "A");
    let (people, machine) = (judge(&site, &[], input.as_str()), judge(&site, &["--format=json"], input.as_str()));
    let report = parsed(&machine);
    conforms(&report, include_str!("../schemas/report-v1.json"));
    let says = "of its findings 1000 are kept, and 2000 are left out";
    assert_eq!(people.status.code(), Some(1));
    assert!(stderr(&people).contains(says) && stderr(&people).len() < 10_000, "{}", stderr(&people));
    assert_eq!(report["unevaluated"][0]["cause"], says);
    for (list, all) in [("findings", 1000), ("updates", 3000)] {
        assert_eq!(report["left_out"][list], json!(all - report[list].as_array().unwrap().len()), "{list}");
    }
    assert!(machine.stdout.len() < 1 << 20, "{}", machine.stdout.len());
    for line in std::fs::read_to_string(site.path("log")).unwrap().lines() {
        assert!(line.len() < 1 << 20 && line.contains(says), "{}", line.len());
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn an_accepted_push_is_on_record_whole() {
    let site = Site::usual();
    unhurried(&site);
    let input: String = (0..3000).map(|at| format!("{ZERO} {} refs/heads/topic/{at}\n", site.id("A"))).collect();
    assert_eq!(judge(&site, &[], input).status.code(), Some(0));
    let report = &log(&site)[0]["report"];
    assert_eq!(report["updates"].as_array().unwrap().len(), 3000);
    assert_eq!(report.get("left_out"), None);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_is_left_out_is_not_a_yes() {
    let waiver = "[[waiver]]\nrule = \"unlisted-branch\"\nref = \"refs/heads/b*\"\nreason = \"an import\"\n";
    let site = Site::new(USUAL, &format!("{POLICY}{waiver}"), HISTORY);
    unhurried(&site);
    assert_eq!(judge(&site, &[], branches(&site, 1000, "A")).status.code(), Some(0), "all of them are waived");
    let more = judge(&site, &[], branches(&site, 1001, "A"));
    assert_eq!(more.status.code(), Some(4), "{}", stderr(&more));
    assert!(stderr(&more).contains("1000 are kept, and 1 are left out"), "{}", stderr(&more));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_a_rule_does_not_judge_takes_no_room() {
    let site = Site::usual();
    let since = format!("{POLICY}\n[rules.unlisted-branch]\nsince = \"{}\"\n", site.id("B"));
    std::fs::write(site.path("policy.toml"), since).unwrap();
    let old = branches(&site, 1500, "A");
    assert_eq!(judge(&site, &[], old.as_str()).status.code(), Some(0), "they are older than the rule");
    let new = format!("{ZERO} {} refs/heads/new\n", site.id("C"));
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("C")]);
    let refused = judge(&site, &[], format!("{old}{new}"));
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(!stderr(&refused).contains("left out"), "{}", stderr(&refused));
}

#[test]
fn a_file_with_more_versions_than_are_read_is_not_one_without_any() {
    let site = Site::new(USUAL, &format!("{POLICY}\n[rules.hand-edited-version]\nlevel = \"refuse\"\n"), HISTORY);
    let file = |count: usize, version: &str| (0..count).map(|_| format!("VERSION={version}\n")).collect::<String>();
    let mut parent = site.id("B").to_owned();
    let mut commit = |text: String| {
        std::fs::write(site.path("Makefile"), text).unwrap();
        let blob = git(&site.server, &["hash-object", "-w", site.path("Makefile").to_str().unwrap()]);
        let tree =
            crate::support::git_with(&site.server, &["mktree"], format!("100644 blob {blob}\tMakefile\n").as_bytes());
        let id = git(&site.server, &["commit-tree", &tree, "-p", &parent, "-m", "fix: x"]);
        (std::mem::replace(&mut parent, id.clone()), id)
    };
    // Too many from the start, when nothing could be read before either; and a file that is too large.
    let _base = commit(file(10_001, "1"));
    for text in [file(10_001, "2"), file(150_000, "2"), file(150_000, "3")] {
        let (old, new) = commit(text);
        let refused = judge(&site, &[], format!("{old} {new} refs/heads/master\n"));
        assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("can no longer be read: the file has"), "{}", stderr(&refused));
    }
}

#[test]
fn long_names_are_cut() {
    let site = Site::usual();
    let long = "x".repeat(100_000);
    for input in [
        format!("{ZERO} {} refs/heads/{long}\n", site.id("A")),
        format!("{ZERO} {} refs/notes/{long}\n", site.id("A")),
        format!("{ZERO} {} {long}\n", site.id("A")),
        format!("{ZERO} {long} refs/heads/x\n"),
    ] {
        let refused = judge(&site, &[], input);
        assert_ne!(refused.status.code(), Some(0));
        assert!(refused.stderr.len() < 20_000, "{}", refused.stderr.len());
    }
    assert!(std::fs::metadata(site.path("log")).unwrap().len() < 100_000);
}

#[test]
fn all_that_is_wrong_with_a_policy_is_counted_and_not_told() {
    let site = Site::usual();
    let one = format!("{ZERO} {} refs/heads/topic/x\n", site.id("A"));
    let layers: Vec<String> = (0..3000).map(|at| format!("\"missing{at}.toml\"")).collect();
    let keys: String = (0..3000).map(|at| format!("k{at} = 1\n")).collect();
    let long = "x".repeat(100_000);
    for (policy, says) in [
        (format!("extends = [{}]\n{POLICY}", layers.join(",")), "the policy has 33 errors"),
        (format!("{keys}{POLICY}"), "the policy has 101 errors"),
        (format!("{POLICY}\n[[line]]\n{keys}"), "the policy has 101 errors"),
        (format!("{long} = 1\n{POLICY}"), "bytes more)"),
        (format!("a = \"{long}"), "invalid TOML"),
    ] {
        std::fs::write(site.path("policy.toml"), policy).unwrap();
        let invalid = judge(&site, &[], one.as_str());
        assert_eq!(invalid.status.code(), Some(3), "{}", stderr(&invalid));
        assert!(stderr(&invalid).contains(says), "{}", stderr(&invalid));
        assert!(invalid.stderr.len() < 50_000, "{says}: {}", invalid.stderr.len());
    }
}

#[test]
fn a_pipe_is_not_waited_for() {
    let site = Site::usual();
    let one = format!("{ZERO} {} refs/heads/topic/x\n", site.id("A"));
    let place = site.path("pipe");
    pipe(&place);
    let named = |flag: &str| format!("--{flag}={}", place.display());
    for (flag, code, says) in [
        ("log", 4, "it is a pipe that nobody reads"),
        ("output", 4, "it is a pipe that nobody reads"),
        ("policy", 3, "it is a pipe or a device, not a file"),
    ] {
        let output = judge(&site, &[&named(flag)], one.as_str());
        assert_eq!(output.status.code(), Some(code), "{flag}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{flag}: {}", stderr(&output));
    }
    git(&site.server, &["config", "refgate.policy", place.to_str().unwrap()]);
    assert_eq!(judge(&site, &[], one.as_str()).status.code(), Some(3));
    // One that somebody reads takes a log as a file does.
    git(&site.server, &["config", "refgate.policy", site.path("policy.toml").to_str().unwrap()]);
    let _reader = OpenOptions::new().read(true).write(true).open(&place).unwrap();
    assert_eq!(judge(&site, &[&named("log")], one).status.code(), Some(0));
}

#[test]
#[ignore = "the outer ring: it waits for deadlines"]
fn what_does_not_ask_for_the_time_ends_with_it() {
    let site = Site::usual();
    git(&site.server, &["config", "refgate.deadline", "3"]);
    let place = site.path("pipe");
    pipe(&place);
    // It is open, and nobody reads what exceeds its capacity.
    let _reader: File = OpenOptions::new().read(true).write(true).open(&place).unwrap();
    let output = format!("--output={}", place.display());
    let late = judge(&site, &["--format=json", &output], branches(&site, 1000, "A"));
    assert_eq!(late.status.code(), Some(4), "{}", stderr(&late));
    assert!(stderr(&late).contains("judging the push - the deadline has passed"), "{}", stderr(&late));
    let logged = log(&site);
    assert_eq!((logged.len(), &logged[0]["exit_code"]), (1, &json!(4)), "one run, one record");
}

#[test]
fn a_git_that_hangs_is_ended() {
    if !has_reftable() {
        return;
    }
    let site = Site::new(Setup { refs: "reftable", ..USUAL }, POLICY, HISTORY);
    git(&site.server, &["config", "refgate.deadline", "1"]);
    let programs = site.path("bin");
    std::fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink("/bin/sleep", programs.join("sleep")).unwrap();
    std::fs::write(programs.join("git"), "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(programs.join("git"), Permissions::from_mode(0o755)).unwrap();
    let mut hook = hook(&site, &[]);
    hook.env("PATH", &programs);
    let late = ends(hook, format!("{ZERO} {} refs/heads/topic/x\n", site.id("A")));
    assert_eq!(late.status.code(), Some(4), "{}", stderr(&late));
}

#[test]
fn a_record_after_one_that_was_cut_off_is_whole() {
    let site = Site::usual();
    let one = format!("{ZERO} {} refs/heads/topic/x\n", site.id("A"));
    std::fs::write(site.path("log"), "{\"time\":\"a disk that was full").unwrap();
    for records in 1..=2 {
        assert_eq!(judge(&site, &[], one.as_str()).status.code(), Some(0));
        assert_eq!(log(&site).len(), records);
    }
    let lines = std::fs::read_to_string(site.path("log")).unwrap().lines().count();
    assert_eq!(lines, 3, "no line is empty");
}
