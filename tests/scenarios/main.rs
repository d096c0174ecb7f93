//! Every rule's scenarios, one test each: `cargo test misplaced_tag` runs those of a rule.
//!
//! Only the rule that a file is named after is on. `REFGATE_BLESS=1 cargo test --test scenarios` writes what came out
//! into the files; read the difference before you commit it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the other test binary uses the rest")]
mod support;

mod places;

#[path = "../threads.rs"]
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, Mutex};

use libtest_mimic::{Failed, Trial};
use places::{Known, Places, Seen, Update};
use support::scenario::{self, Scenario};
use support::{REFGATE, command, history, run, run_here, stderr};

/// What came out, by file, to be written once all tests have run.
type Blessed = Arc<Mutex<BTreeMap<PathBuf, Vec<(Range<usize>, i32, String)>>>>;

fn main() -> ExitCode {
    let bless = std::env::var_os("REFGATE_BLESS").is_some();
    let blessed = Blessed::default();
    let known = Arc::new(Known::read());
    let (mut trials, mut titles) = (Vec::new(), BTreeSet::new());
    for path in scenario::files() {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path).display().to_string();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let scenarios = match scenario::read(&name, &std::fs::read_to_string(&path).unwrap()) {
            Ok(scenarios) => scenarios,
            Err(wrong) => {
                trials.push(Trial::test(format!("{stem}::can_be_read"), move || Err(wrong.into())));
                continue;
            }
        };
        for scenario in scenarios {
            titles.insert(format!("{stem}: {}", scenario.title));
            let known = Arc::clone(&known);
            let (blessed, path, stem, name) = (Arc::clone(&blessed), path.clone(), stem.clone(), name.clone());
            let title: String =
                scenario.title.chars().map(|char| if char.is_alphanumeric() { char } else { '_' }).collect();
            trials.push(Trial::test(format!("{stem}::{title}"), move || {
                let Judged { exit, shown, elsewhere } = judged(&stem.replace('_', "-"), &scenario)
                    .map_err(|wrong| format!("{name}:{}: {wrong}", scenario.line))?;
                let came = compare(&scenario, exit, &shown, bless);
                let title = format!("{stem}: {}", scenario.title);
                let came = came.and_then(|()| known.compare(&title, &elsewhere));
                if bless && came.is_ok() && (scenario.expect.exit, &scenario.expect.text) != (Some(exit), &shown) {
                    blessed.lock().unwrap().entry(path).or_default().push((scenario.expect.lines, exit, shown));
                }
                came.map_err(|wrong| Failed::from(format!("{name}:{}: {wrong}", scenario.line)))
            }));
        }
    }
    trials.push(Trial::test("places::the_known_differences_are_about_scenarios", move || {
        let stale = known.about_nothing(&titles);
        if stale.is_empty() {
            Ok(())
        } else {
            Err(format!("places.txt: no scenario has this title: {stale:#?}").into())
        }
    }));
    let conclusion = libtest_mimic::run(&threads::arguments(), trials);
    for (path, outcomes) in std::mem::take(&mut *blessed.lock().unwrap()) {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, scenario::blessed(&text, outcomes)).unwrap();
    }
    conclusion.exit_code()
}

/// Compares what came out with what was expected; the error says what is wrong.
fn compare(scenario: &Scenario, exit: i32, shown: &str, bless: bool) -> Result<(), String> {
    if exit != scenario.verdict.exit() {
        return Err(format!("`{}` came to exit {exit}\n{shown}", scenario.title));
    }
    if bless || (scenario.expect.exit, scenario.expect.text.as_str()) == (Some(exit), shown) {
        return Ok(());
    }
    let Some(expected) = scenario.expect.exit else {
        let fill = "its `expect` block is empty; `REFGATE_BLESS=1 cargo test --test scenarios` fills it with";
        return Err(format!("{fill} exit={exit}\n{shown}"));
    };
    let difference = difference(&scenario.expect.text, shown);
    Err(format!("`{}` came out differently (exit {expected}, now {exit})\n{difference}", scenario.title))
}

/// Returns the lines of two texts, those that only one has marked with `-` and `+`.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[same..], &new[same..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let mut text = String::new();
    let (removed, added) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let marked = [(' ', &old[..same]), ('-', removed), ('+', added), (' ', &new_rest[new_rest.len() - tail..])];
    for (mark, lines) in marked {
        for line in lines {
            let _ = writeln!(text, "{mark} {line}");
        }
    }
    text
}

/// Returns the policy with every rule but one turned off.
fn arm_only(policy: &str, rule: &str) -> String {
    static RULES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let rules = support::json(&run_here(command(REFGATE, Path::new("/")).args(["rules", "--format", "json"]), b""));
        rules["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap().to_owned()).collect()
    });
    let mut text = policy.to_owned();
    for other in RULES.iter().filter(|other| *other != rule && !policy.contains(&format!("[rules.{other}]"))) {
        let _ = write!(text, "\n[rules.{other}]\nlevel = \"off\"\n");
    }
    text
}

/// The result of a scenario.
struct Judged {
    exit: i32,
    /// The text for people.
    shown: String,
    /// What places other than pre-receive say differently.
    elsewhere: String,
}

/// Judges the scenario's push in pre-receive, and then wherever else it can be asked about.
fn judged(rule: &str, scenario: &Scenario) -> Result<Judged, String> {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("srv.git");
    std::fs::create_dir(&repository).unwrap();
    let ids = history::build(&repository, &scenario.repo, &[]);
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, arm_only(&scenario.policy, rule)).unwrap();
    let (mut input, mut settings, mut updates) = (String::new(), String::new(), Vec::new());
    let mut program = command(REFGATE, &repository);
    let log = folder.path().join("log");
    program.args(["hook", "pre-receive", "--log"]).arg(&log);
    let mut named = None;
    for line in scenario.push.lines() {
        if let Some(actor) = line.strip_prefix("actor ") {
            settings.push_str("[refgate]\n\tidentity = env:WHO\n");
            program.env("WHO", actor);
            continue;
        }
        if let Some(source) = line.strip_prefix("policy ref:") {
            named = Some(source.split_once(':').ok_or_else(|| format!("`{line}` is not `policy ref:REF:PATH`"))?);
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, old, "->", new] = words.as_slice() else {
            return Err(format!("`{line}` is not one of `REF OLD -> NEW`, `actor NAME` and `policy ref:REF:PATH`"));
        };
        let id = |label: &str| match label {
            "0" => Ok("0".repeat(40)),
            label => ids.get(label).cloned().ok_or_else(|| format!("`{line}`: there is no object `{label}`")),
        };
        let update = Update { name: (*name).to_owned(), old: id(old)?, new: id(new)? };
        let _ = writeln!(input, "{} {} {name}", update.old, update.new);
        updates.push(update);
    }
    let source = named.map_or_else(|| policy.display().to_string(), |(name, path)| format!("ref:{name}:{path}"));
    let _ = writeln!(settings, "[refgate]\n\tpolicy = \"{source}\"");
    let config = repository.join("config");
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(config, before + &settings).unwrap();
    let output = run(&mut program, input.as_bytes());
    assert!(output.stdout.is_empty(), "text for people belongs on standard error");
    let exit = output.status.code().ok_or("a signal ended refgate")?;
    let cut = |line: &str| line.starts_with("missing ") || line.starts_with("shallow ");
    let elsewhere = if scenario.repo.lines().any(cut) {
        String::new()
    } else {
        let line = std::fs::read_to_string(log).map_err(|_| format!("there is no report: {}", stderr(&output)))?;
        let report: serde_json::Value = serde_json::from_str(&line).unwrap();
        let places = Places {
            folder: folder.path(),
            server: &repository,
            script: &scenario.repo,
            ids: &ids,
            updates: &updates,
            policy: named.map_or(Ok(policy.as_path()), Err),
        };
        places.differences(&Seen::of(&report["report"]))
    };
    Ok(Judged { exit, shown: stderr(&output), elsewhere })
}
