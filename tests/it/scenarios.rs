//! Every rule's scenarios: `tests/scenarios/RULE.md`, each a policy, a history, a push and what comes of it.
//!
//! Only the rule that the file is named after is on. `REFGATE_BLESS=1 cargo test` writes what came out into the
//! files; read the difference before you commit it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::{REFGATE, command, history, refgate, run, stderr};

/// One `## ` section.
#[derive(Debug, Default)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    policy: String,
    repo: String,
    push: String,
    /// The exit code and the text for people.
    expect: (i32, String),
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// The scenarios of a file.
pub(crate) fn read(text: &str) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.to_owned(), String::new())),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    scenarios.push(Scenario { title: title.to_owned(), ..Scenario::default() });
                }
            }
            (Some((_, content)), None) => content.push_str(&format!("{line}\n")),
            (Some(_), Some(_)) => {
                let (kind, content) = block.take().unwrap();
                let scenario = scenarios.last_mut().expect("a block stands under a `## ` title");
                match kind.split_once(" exit=") {
                    Some(("expect", code)) => scenario.expect = (code.parse().unwrap(), content),
                    _ => match kind.as_str() {
                        "toml policy" => scenario.policy = content,
                        "repo" => scenario.repo = content,
                        "push" => scenario.push = content,
                        other => panic!("`{other}` is no kind of block"),
                    },
                }
            }
        }
    }
    scenarios
}

/// The policy with every rule but one turned off.
fn arm_only(policy: &str, rule: &str) -> String {
    let rules = refgate(Path::new("/"), &["rules", "--format", "json"], b"");
    let rules = crate::support::json(&rules);
    let mut text = policy.to_owned();
    for other in rules["rules"].as_array().unwrap() {
        let id = other["id"].as_str().unwrap();
        if id != rule && !policy.contains(&format!("[rules.{id}]")) {
            let _ = write!(text, "\n[rules.{id}]\nlevel = \"off\"\n");
        }
    }
    text
}

fn outcome(rule: &str, scenario: &Scenario) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("srv.git");
    std::fs::create_dir(&repository).unwrap();
    let ids = history::build(&repository, &scenario.repo, &[]);
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, arm_only(&scenario.policy, rule)).unwrap();
    let mut input = String::new();
    let mut program = command(REFGATE, &repository);
    for line in scenario.push.lines() {
        if let Some(actor) = line.strip_prefix("actor ") {
            crate::support::git(&repository, &["config", "refgate.identity", "env:WHO"]);
            program.env("WHO", actor);
            continue;
        }
        if let Some(source) = line.strip_prefix("policy ") {
            crate::support::git(&repository, &["config", "refgate.policy", source]);
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, old, "->", new] = words.as_slice() else { panic!("`{line}` is not `REF OLD -> NEW`") };
        let id = |label: &str| match label {
            "0" => "0".repeat(40),
            label => ids.get(label).unwrap_or_else(|| panic!("no object `{label}`")).clone(),
        };
        let _ = writeln!(input, "{} {} {name}", id(old), id(new));
    }
    program.args(["hook", "pre-receive"]);
    if !scenario.push.contains("policy ") {
        program.arg("--policy").arg(&policy);
    }
    let output = run(&mut program, input.as_bytes());
    assert!(output.stdout.is_empty(), "text for people belongs on standard error");
    (output.status.code().unwrap(), stderr(&output))
}

#[test]
fn every_scenario_comes_out_as_written() {
    let bless = std::env::var_os("REFGATE_BLESS").is_some();
    let mut wrong = String::new();
    let mut count = 0;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let rule = file.file_stem().unwrap().to_str().unwrap().replace('_', "-");
        let text = std::fs::read_to_string(&file).unwrap();
        let mut blessed = text.clone();
        for scenario in read(&text) {
            count += 1;
            let (code, shown) = outcome(&rule, &scenario);
            let refuses = scenario.title.starts_with("refuses");
            assert!(refuses || scenario.title.starts_with("accepts"), "{rule}: `{}` says neither", scenario.title);
            assert_eq!(code != 0, refuses, "{rule}: {}: exit {code}\n{shown}", scenario.title);
            if (code, &shown) != (scenario.expect.0, &scenario.expect.1) {
                let _ = writeln!(wrong, "{rule}: {}\nexit {code}\n{shown}", scenario.title);
                let (title, rest) = blessed.split_once(&format!("## {}\n", scenario.title)).unwrap();
                let (before, after) = rest.split_once("```expect exit=").unwrap();
                let (_, after) = after.split_once("```").unwrap();
                blessed = format!("{title}## {}\n{before}```expect exit={code}\n{shown}```{after}", scenario.title);
            }
        }
        if bless && blessed != text {
            std::fs::write(&file, blessed).unwrap();
        }
    }
    assert!(count > 0, "there are no scenarios");
    assert!(bless || wrong.is_empty(), "{wrong}");
}
