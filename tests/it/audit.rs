//! `refgate audit`: what the branches and tags of many repositories hold, judged at once.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::history::build;
use crate::support::{REFGATE, command, conforms, git, json, refgate, stderr};

/// The presets.
const PRESETS: [&str; 4] = ["pybal", "imagefactory", "brewblox", "canfar"];

/// Returns the script of a repository that keeps a preset's rules, or of the same with faults added. `changelog(1.1 1.0)`
/// in it is a Debian changelog of these versions.
fn shape(preset: &str, faults: bool) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audit");
    let read = |name: String| std::fs::read_to_string(folder.join(name)).unwrap();
    let added = if faults { read(format!("{preset}.faults.txt")) } else { String::new() };
    let mut script = read(format!("{preset}.txt")) + &added;
    while let Some((before, rest)) = script.split_once("changelog(") {
        let (versions, rest) = rest.split_once(')').unwrap();
        let date = "Mon, 01 Jan 2018 00:00:00 +0000";
        let entry =
            |version| format!("pybal ({version}) stable; urgency=low\\n\\n  * y\\n\\n -- A B <a@b>  {date}\\n\\n");
        let entries: String = versions.split_whitespace().map(entry).collect();
        script = format!("{before}file debian/changelog \"{entries}\"{rest}");
    }
    script
}

/// Makes one repository below a folder.
fn make(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(&path).unwrap();
    build(&path, script, &["--initial-branch=master"]);
    path
}

/// Makes a repository of a preset's shape below a folder, under that preset.
fn make_shape(folder: &Path, name: &str, preset: &str, faults: bool) -> PathBuf {
    let path = make(folder, name, &shape(preset, faults));
    git(&path, &["config", "refgate.policy", &format!("preset:{preset}")]);
    path
}

fn audit(folder: &Path, arguments: &[&str]) -> Output {
    refgate(folder, &[&["audit"], arguments].concat(), b"")
}

/// Returns what an audit says, which is as its schema says.
fn audited(folder: &Path, arguments: &[&str]) -> Value {
    said(&audit(folder, &[&["--format", "json"], arguments].concat()))
}

fn said(output: &Output) -> Value {
    let found = json(output);
    conforms(&found, SCHEMA);
    assert_eq!(output.status.code().map(i64::from), found["exit_code"].as_i64());
    assert!(output.stderr.is_empty(), "{}", stderr(output));
    found
}

const SCHEMA: &str = include_str!("../schemas/audit-v1.json");

fn repositories(found: &Value) -> &[Value] {
    found["repositories"].as_array().unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value:#}"))
}

/// Returns `rule ref` of every finding of a repository, without `refs/`, each once.
fn findings(entry: &Value) -> BTreeSet<String> {
    let findings = entry["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| format!("{} {}", text(finding, "rule"), text(finding, "ref").strip_prefix("refs/").unwrap()))
        .collect()
}

/// Returns `path status` of every repository.
fn statuses(found: &Value) -> Vec<String> {
    repositories(found).iter().map(|entry| format!("{} {}", text(entry, "path"), text(entry, "status"))).collect()
}

/// Returns a count.
fn count(found: &Value, key: &str) -> u64 {
    found["counts"][key].as_u64().unwrap()
}

/// What is wrong in the shapes with faults, as `rule ref`.
const PLANTED: [(&str, &[&str]); 4] = [
    (
        "pybal",
        &[
            "conflicted-commit heads/2.0-dev",
            "duplicate-version tags/1.15.1",
            "duplicate-version tags/1.15.1+again",
            "hand-edited-version heads/1.15",
            "lightweight-tag tags/1.14.3",
            "mismatched-tag tags/1.14.3",
            "misplaced-branch heads/1.16",
            "misplaced-change heads/1.15",
            "misplaced-tag tags/1.14.5",
            "out-of-order-tag tags/1.15.4",
            "retired-line heads/1.14",
            "stranded-changelog tags/1.15.4",
            "understated-version tags/1.15.4",
            "undocumented-release tags/1.15.7",
            "unlanded-fix heads/1.15",
            "unlisted-branch heads/releases/1.16",
            "unlisted-tag tags/nightly",
            "unrepaired-pick tags/1.15.2",
            "unverified-pick heads/1.15",
            "wrong-way-merge heads/1.15",
        ],
    ),
    (
        "imagefactory",
        &[
            "discarded-change heads/master",
            "misplaced-change heads/release/1.0",
            "misplaced-tag tags/1.1.5",
            "out-of-order-tag tags/1.1.5",
            "reserved-version tags/1.2.0",
            "unlanded-fix tags/1.0.2",
            "unlanded-fix tags/1.0.3",
        ],
    ),
    (
        "brewblox",
        &[
            "colliding-slug heads/feature-device",
            "colliding-slug heads/feature/device",
            "colliding-slug heads/latest",
            "hand-edited-version heads/develop",
            "out-of-order-tag tags/0.9.0",
            "unlisted-branch heads/latest",
            "unlisted-tag tags/1.0.2.dev5",
            "unpromoted-commit heads/master",
        ],
    ),
    (
        "canfar",
        &[
            "floating-image heads/release/2023.4",
            "floating-image tags/skaha-1.5.3",
            "mismatched-tag tags/skaha-1.5.3",
            "off-calendar-tag tags/2022.1",
            "out-of-order-tag tags/2022.1",
            "unannounced-release heads/release/2024.1",
            "undocumented-release tags/2022.1",
            "unflagged-feature heads/main",
            "unpromoted-commit heads/production",
            "version-gap tags/skaha-1.5.3",
        ],
    ),
];

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn an_honest_repository_has_no_finding_and_each_planted_fault_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = BTreeSet::new();
    for (preset, planted) in PLANTED {
        let policy = folder.path().join(format!("{preset}.toml"));
        // The one rule that no preset turns on.
        let more = if preset == "canfar" { "[rules.version-gap]\nlevel = \"warn\"\n" } else { "" };
        let written = format!("schema = 1\nname = \"{preset}\"\nextends = [\"preset:{preset}\"]\n{more}");
        std::fs::write(&policy, written).unwrap();
        let judged = |faults: bool| {
            let path = make(folder.path(), &format!("{preset}-{faults}"), &shape(preset, faults));
            audited(&path, &[".", "--policy", policy.to_str().unwrap()])
        };
        let honest = judged(false);
        assert_eq!(findings(&repositories(&honest)[0]), BTreeSet::new(), "{preset}");
        assert_eq!(statuses(&honest), [". accepted"], "{preset}: {honest:#}");
        let faulty = judged(true);
        assert_eq!(statuses(&faulty), [". refused"], "{preset}");
        let found = findings(&repositories(&faulty)[0]);
        let unseen: Vec<_> = planted.iter().filter(|fault| !found.contains(**fault)).collect();
        assert!(unseen.is_empty(), "{preset}: {unseen:#?} are not among {found:#?}");
        asked.extend(found.iter().map(|fault| fault.split_once(' ').unwrap().0.to_owned()));
        asked.extend(faulty["not_asked"].as_array().unwrap().iter().map(|rule| text(rule, "rule").to_owned()));
    }
    // Each rule either has found something, or says why it was not asked.
    let rules = json(&refgate(folder.path(), &["rules", "--format", "json"], b""));
    let rules: BTreeSet<String> =
        rules["rules"].as_array().unwrap().iter().map(|rule| text(rule, "id").to_owned()).collect();
    assert_eq!(asked, rules);
}

#[test]
fn one_fault_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let of = |preset: &str, rule: &str| {
        let path = make_shape(folder.path(), &format!("{preset}-{rule}"), preset, true);
        let found = audited(&path, &["."]);
        let all = repositories(&found)[0]["findings"].as_array().unwrap();
        let of_rule = all.iter().filter(|finding| text(finding, "rule") == rule).map(|finding| text(finding, "ref"));
        let of_tags = of_rule.filter_map(|name| name.strip_prefix("refs/"));
        of_tags.filter(|name| name.starts_with("tags/")).map(|name| format!("{rule} {name}")).collect::<Vec<_>>()
    };
    // 1.0.3 releases what 1.0.2 has released before, and more.
    assert_eq!(of("imagefactory", "unlanded-fix"), ["unlanded-fix tags/1.0.2", "unlanded-fix tags/1.0.3"]);
    assert_eq!(of("pybal", "stranded-changelog"), ["stranded-changelog tags/1.15.4"]);
}

#[test]
fn a_branch_that_was_merged_elsewhere_has_not_started_there() {
    let script = r#"
A = commit "first" file a "1\n"
N = commit "feat!: next" parents A file n "1\n"
R = commit "fix: in 1.15" parents A file r "1\n" trailer "Release-Only: it is only here"
M = commit "Merge branch '1.15' into 2.0-dev" parents N R file r "1\n"
S = commit "fix: another in 1.15" parents R file s "1\n" trailer "Release-Only: it is only here"
T = commit "fix: in 1.16" parents R file t "1\n" trailer "Release-Only: it is only here"
refs/heads/master = A
refs/heads/2.0-dev = M
refs/heads/1.15 = S
"#;
    let folder = tempfile::tempdir().unwrap();
    let path = make(folder.path(), "merged", script);
    let found = audited(&path, &[".", "--policy", "preset:pybal"]);
    assert_eq!(statuses(&found), [". accepted"], "{found:#}");
    // Of two that share a commit, it is the later one that has started on the other.
    let path = make(folder.path(), "started", &format!("{script}refs/heads/1.16 = T\n"));
    let found = audited(&path, &[".", "--policy", "preset:pybal"]);
    assert_eq!(findings(&repositories(&found)[0]), BTreeSet::from(["misplaced-branch heads/1.16".to_owned()]));
}

#[test]
fn since_and_waivers_hold_for_what_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = make(folder.path(), "x", &shape("canfar", true));
    let judged = |more: &str| {
        let policy = folder.path().join("policy.toml");
        std::fs::write(&policy, format!("schema = 1\nname = \"x\"\nextends = [\"preset:canfar\"]\n{more}")).unwrap();
        audited(&path, &[".", "--policy", policy.to_str().unwrap()])
    };
    let is_there = |found: &Value| findings(&repositories(found)[0]).contains("unpromoted-commit heads/production");
    assert!(is_there(&judged("")));
    assert!(!is_there(&judged("[rules.unpromoted-commit]\nsince = \"2030-01-01\"\n")));
    assert!(is_there(&judged("[rules.unpromoted-commit]\nsince = \"2020-01-01\"\n")));
    let waived =
        judged("[[waiver]]\nrule = \"unpromoted-commit\"\nref = \"refs/heads/production\"\nreason = \"known\"\n");
    let findings = repositories(&waived)[0]["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == "unpromoted-commit").unwrap();
    assert_eq!((text(finding, "level"), text(finding, "evidence")), ("observe", "waived: known"));
}

#[test]
fn the_schema_has_findings_as_a_report_has_them() {
    let [audit, report] = [SCHEMA, include_str!("../schemas/report-v1.json")]
        .map(|schema| serde_json::from_str::<Value>(schema).unwrap());
    for key in ["findings", "unevaluated", "left_out"] {
        assert_eq!(audit["$defs"]["repository"]["properties"][key], report["properties"][key], "{key}");
    }
    for key in ["id", "rule", "level", "shown", "sentence"] {
        assert_eq!(audit["$defs"][key], report["$defs"][key], "{key}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How many repositories the large audits are about, in addition to the broken ones.
const MANY: usize = 200;

/// Makes a folder of repositories of all presets, most of them honest, and of broken ones.
fn fleet(folder: &Path) {
    let shapes = folder.join("shapes");
    let made: Vec<PathBuf> = PRESETS
        .iter()
        .flat_map(|preset| {
            [false, true].map(|faults| make_shape(&shapes, &format!("{preset}-{faults}"), preset, faults))
        })
        .collect();
    for at in 0..MANY {
        // One in ten has faults.
        let own = &made[at % 4 * 2 + usize::from(at % 10 == 9)];
        copy(own, &folder.join(format!("fleet/team{}/{at:03}.git", at % 7)));
    }
    let broken = |name: &str| {
        let path = folder.join("fleet/broken").join(name);
        copy(&made[0], &path);
        path
    };
    std::fs::write(broken("head.git").join("HEAD"), "\0\n").unwrap();
    std::fs::remove_file(broken("no-head.git").join("HEAD")).unwrap();
    std::fs::remove_dir_all(broken("no-objects.git").join("objects")).unwrap();
    std::fs::create_dir(folder.join("fleet/broken/no-objects.git/objects")).unwrap();
    git(&broken("no-policy.git"), &["config", "--unset", "refgate.policy"]);
    git(&broken("lost-policy.git"), &["config", "refgate.policy", "/nonexistent/policy.toml"]);
    let invalid = broken("invalid-policy.git");
    std::fs::write(invalid.join("policy.toml"), "schema = 1\nnames = 'x'\n").unwrap();
    git(&invalid, &["config", "refgate.policy", "policy.toml"]);
    let lost = broken("no-tree.git");
    let tree = git(&lost, &["rev-parse", "refs/tags/1.15.2^{tree}"]);
    let (first, rest) = tree.split_at(2);
    std::fs::remove_file(lost.join("objects").join(first).join(rest)).unwrap();
}

/// Returns the entries without what differs from run to run.
fn entries(found: &Value) -> String {
    format!("{:#}", found["repositories"])
}

/// Returns the records that a state has, by repository.
fn records(state: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(state).unwrap_or_default();
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["entry"].is_object()).collect()
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn of_two_hundred_repositories_the_broken_ones_stop_nothing_and_a_killed_audit_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    let one = audited(folder.path(), &["fleet", "--jobs", "1"]);
    let broken: Vec<String> = statuses(&one).into_iter().filter(|status| status.contains("/broken/")).collect();
    let expected = [
        ("head", "failed"),
        ("invalid-policy", "failed"),
        ("lost-policy", "failed"),
        ("no-head", "failed"),
        ("no-objects", "failed"),
        ("no-policy", "failed"),
        ("no-tree", "undecided"),
    ];
    assert_eq!(broken, expected.map(|(name, status)| format!("fleet/broken/{name}.git {status}")));
    assert_eq!(count(&one, "repositories"), (MANY + expected.len()) as u64);
    assert_eq!(count(&one, "refused"), (MANY / 10) as u64, "{:#?}", statuses(&one));
    assert_eq!((count(&one, "judged"), count(&one, "known")), (count(&one, "repositories"), 0));
    let mut sorted = statuses(&one);
    sorted.sort();
    assert_eq!(statuses(&one), sorted);

    // Killed when it was somewhere in the middle.
    let state = folder.path().join("state");
    let arguments = ["audit", "fleet", "--jobs", "3", "--format", "json", "--state", "state"];
    let mut child =
        command(REFGATE, folder.path()).args(arguments).stdout(std::process::Stdio::null()).spawn().unwrap();
    while records(&state).len() < 20 {
        assert!(child.try_wait().unwrap().is_none(), "it has ended too early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let known = records(&state);
    assert!((20..MANY).contains(&known.len()), "{}", known.len());

    let resumed = said(&refgate(folder.path(), &arguments, b""));
    assert_eq!(entries(&resumed), entries(&one));
    assert_eq!(count(&resumed, "known"), known.len() as u64);
    assert_eq!(count(&resumed, "judged") + count(&resumed, "known"), count(&resumed, "repositories"));
    // Nothing is judged twice: no repository has two records.
    let all = records(&state);
    let paths: BTreeSet<&str> = all.iter().map(|record| text(record, "path")).collect();
    assert_eq!(paths.len(), all.len());
    assert_eq!(all.len() as u64, known.len() as u64 + count(&resumed, "judged") - not_opened(&one));

    // An audit that came to its end leaves only what may have another answer by now.
    let again = said(&refgate(folder.path(), &arguments, b""));
    assert_eq!(entries(&again), entries(&one));
    assert_eq!(count(&again, "judged"), count(&one, "failed") + count(&one, "undecided"));
}

/// Returns how many repositories have nothing by which they could be known again.
fn not_opened(found: &Value) -> u64 {
    let opening = |entry: &&Value| {
        let failure = &entry["failure"];
        failure.is_object() && !text(failure, "while").starts_with("looking for what")
    };
    repositories(found).iter().filter(opening).count() as u64
}

/// Makes a folder of four repositories for people to read about.
fn example(folder: &Path) {
    let at = |name: &str| folder.join("srv").join(name);
    make_shape(&at(""), "balancer.git", "pybal", false);
    make_shape(&at(""), "deployments.git", "canfar", true);
    make_shape(&at("images"), "factory.git", "imagefactory", true);
    let lost = make_shape(&at("images"), "attic.git", "imagefactory", false);
    git(&lost, &["config", "--unset", "refgate.policy"]);
}

/// Returns a page with a block of it written again.
fn with_block(page: &str, name: &str, block: &str) -> String {
    let begin = format!("<!-- {name}: written by REFGATE_BLESS=1 cargo test --test it audit -->\n");
    let end = format!("<!-- end of {name} -->\n");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no block `{name}`"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no end of the block `{name}`"));
    format!("{before}{begin}{block}{end}{after}")
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_page_shows_what_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    example(folder.path());
    let table = audit(folder.path(), &["srv"]);
    assert_eq!(table.status.code(), Some(1), "{}", stderr(&table));
    let listed = audit(folder.path(), &["srv/images", "--findings"]);
    let shown = |command: &str, output: &Output| {
        format!("```console\n$ refgate audit {command}\n{}```\n", String::from_utf8_lossy(&output.stdout))
    };
    let found = audited(folder.path(), &["srv"]);
    let mut rules = "| rule | why it is not asked |\n|---|---|\n".to_owned();
    for rule in found["not_asked"].as_array().unwrap() {
        rules += &format!("| `{}` | {} |\n", text(rule, "rule"), text(rule, "reason"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let fresh = with_block(&page, "table", &shown("srv", &table));
    let fresh = with_block(&fresh, "findings", &shown("srv/images --findings", &listed));
    let fresh = with_block(&fresh, "not asked", &rules);
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page == fresh, "docs/audit.md is not current: run `REFGATE_BLESS=1 cargo test --test it audit`");
}

const SMALL: &str = "A = commit \"first\"\nrefs/heads/master = A\n";

#[test]
fn repositories_below_a_folder_are_found_once_and_no_link_is_followed() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    make(&top, "bare.git", SMALL);
    make(folder.path(), "outside.git", SMALL);
    make(&top, "a/b/c/deep.git", SMALL);
    make(&top, "line\nend.git", SMALL);
    let raw = std::ffi::OsStr::from_bytes(b"raw\xff.git");
    std::fs::create_dir(top.join(raw)).unwrap();
    build(&top.join(raw), SMALL, &[]);
    let clone = |from: &str, to: &str| {
        git(&top, &["-c", "protocol.file.allow=always", "clone", "--quiet", from, to]);
    };
    clone("bare.git", "clone");
    clone("bare.git", "clone/nested");
    git(&top.join("clone"), &["worktree", "add", "--quiet", "../linked"]);
    git(&top.join("clone"), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../bare.git", "sub"]);
    git(
        &folder.path().join("outside.git"),
        &["worktree", "add", "--quiet", top.join("foreign").to_str().unwrap(), "master"],
    );
    std::os::unix::fs::symlink("../outside.git", top.join("link.git")).unwrap();
    std::os::unix::fs::symlink("bare.git", top.join("inner.git")).unwrap();
    let expected = [
        "top/a/b/c/deep.git",
        "top/bare.git",
        "top/clone",
        "top/clone/nested",
        "top/clone/sub",
        "top/line\\nend.git",
        "top/raw\\xff.git",
    ];
    let found = audited(folder.path(), &["top", "--policy", "preset:pybal"]);
    let paths = |found: &Value| -> Vec<String> {
        repositories(found).iter().map(|entry| text(entry, "path").to_owned()).collect()
    };
    assert_eq!(paths(&found), expected);
    assert_eq!(count(&found, "accepted"), 7, "{found:#}");
    let shallow = audit(folder.path(), &["top", "--policy", "preset:pybal", "--depth", "2", "--format", "json"]);
    assert_eq!(stderr(&shallow), "hint: 1 folders lie deeper than `--depth 2` and were not looked into\n");
    assert!(!paths(&json(&shallow)).contains(&"top/a/b/c/deep.git".to_owned()));

    // A linked work tree whose repository is gone is a broken one.
    std::fs::rename(top.join("clone"), folder.path().join("moved")).unwrap();
    let found = audited(folder.path(), &["top", "--policy", "preset:pybal"]);
    assert!(statuses(&found).contains(&"top/linked failed".to_owned()), "{found:#}");
    for empty in ["a", "empty"] {
        let _ = std::fs::create_dir(folder.path().join("empty"));
        let output = audit(folder.path(), &[empty]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

#[test]
fn a_list_names_repositories_relative_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let lists = folder.path().join("lists");
    make(&lists, "one.git", SMALL);
    make(&lists, "two\nlines.git", SMALL);
    std::fs::create_dir(lists.join("one.git/inner")).unwrap();
    std::fs::write(lists.join("paths"), "one.git\none.git/inner\nnone.git\n\none.git\n").unwrap();
    let policy = ["--policy", "preset:pybal"];
    let found = audited(folder.path(), &[&["lists/paths"], &policy[..]].concat());
    assert_eq!(statuses(&found), ["one.git accepted", "one.git/inner failed", "none.git failed"]);
    assert_eq!(found["exit_code"], 4);
    let input = |list: &[u8]| {
        let arguments = [&["audit", "-", "--format", "json"], &policy[..]].concat();
        statuses(&said(&refgate(&lists, &arguments, list)))
    };
    assert_eq!(input(b"./one.git\n"), ["./one.git accepted"]);
    assert_eq!(input(b"two\nlines.git\0one.git\0"), ["two\\nlines.git accepted", "one.git accepted"]);
    assert_eq!(refgate(&lists, &["audit", "-"], b"\n").status.code(), Some(2));
    assert_eq!(audit(&lists, &["nowhere"]).status.code(), Some(2));
}

#[test]
fn the_worst_exit_code_wins() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "good", SMALL);
    make(folder.path(), "bad", "A = commit \"first\"\nrefs/heads/master = A\nrefs/heads/x = A\n");
    git(&make(folder.path(), "lost", SMALL), &["config", "refgate.policy", "preset:none"]);
    for name in ["good", "bad"] {
        git(&folder.path().join(name), &["config", "refgate.policy", "preset:pybal"]);
    }
    let exit = |names: &str| refgate(folder.path(), &["audit", "-"], names.as_bytes()).status.code();
    assert_eq!(exit("good"), Some(0));
    assert_eq!(exit("good\nnone"), Some(4));
    assert_eq!(exit("good\nnone\nlost"), Some(3));
    assert_eq!(exit("good\nnone\nlost\nbad"), Some(1));
    let late = audited(folder.path(), &[".", "--deadline", "0.000000001", "--policy", "preset:pybal"]);
    assert_eq!((late["exit_code"].as_i64(), count(&late, "failed")), (Some(4), 3), "{late:#}");
    let wrong = audit(folder.path(), &[".", "--policy", "preset:none"]);
    assert_eq!(wrong.status.code(), Some(3), "{}", stderr(&wrong));
    let unwritten = audit(folder.path(), &["good", "--output", "nowhere/report"]);
    assert_eq!(unwritten.status.code(), Some(4), "{}", stderr(&unwritten));
}

#[test]
fn what_has_changed_is_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let write = |more: &str| {
        std::fs::write(&policy, format!("schema = 1\nname = \"x\"\nextends = [\"preset:pybal\"]\n{more}")).unwrap();
    };
    write("");
    let one = make(folder.path(), "fleet/one", &shape("pybal", false));
    make(folder.path(), "fleet/two", SMALL);
    let judged = || {
        let found = audited(folder.path(), &["fleet", "--state", "state", "--policy", policy.to_str().unwrap()]);
        (count(&found, "judged"), count(&found, "refused"))
    };
    assert_eq!(judged(), (2, 0));
    assert_eq!(judged(), (0, 0));
    git(&one, &["update-ref", "refs/heads/x", "refs/heads/master"]);
    assert_eq!(judged(), (1, 1));
    assert_eq!(judged(), (0, 1));
    write("[rules.unlisted-branch]\nlevel = \"warn\"\n");
    assert_eq!(judged(), (2, 0));
    // Whatever the path, it is the same repository.
    let arguments = [".", "--state", "../state", "--policy", policy.to_str().unwrap()];
    let moved = audited(&folder.path().join("fleet"), &arguments);
    assert_eq!((count(&moved, "known"), statuses(&moved)), (2, vec!["./one accepted".into(), "./two accepted".into()]));
    std::fs::write(folder.path().join("precious"), "x\n").unwrap();
    let refused = audit(folder.path(), &["fleet", "--state", "precious"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert_eq!(std::fs::read_to_string(folder.path().join("precious")).unwrap(), "x\n");
}

#[test]
fn in_a_clone_the_branches_of_the_remote_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "server.git", &format!("{SMALL}refs/heads/unlisted = A\n"));
    git(folder.path(), &["clone", "--quiet", "server.git", "clone"]);
    git(&folder.path().join("clone"), &["branch", "--quiet", "mine-alone"]);
    let found = audited(folder.path(), &["clone", "--policy", "preset:pybal"]);
    assert_eq!(findings(&repositories(&found)[0]), BTreeSet::from(["unlisted-branch heads/unlisted".to_owned()]));
    assert_eq!(repositories(&found)[0]["branches"], 2);
}
