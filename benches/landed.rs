//! Measures `refgate landed` next to `git cherry`: `cargo bench --bench landed -- REPO:FROM:TO…`.
//!
//! Each argument (or word of `REFGATE_BENCH`) names a repository's directory, a release branch and a mainline,
//! separated by colons. `git log` of the mainline, `git cherry TO FROM` and `refgate landed` take turns: a busy machine
//! slows all of them down. What it takes git to show the files, and the patches, of the changes that are asked about and of
//! what they were found to be tells what there is to read, whoever compares them.
//! Both are asked about the whole branch and its ten newest commits, cold (without a cache), later (the cache is from
//! before the last ten commits of either line) and again (the same was asked before). The table has medians; what
//! counts is the ratio. Processor time and peak memory come from GNU time, where there is one. After that comes how the
//! cost grows with a history that is made for the purpose.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on is over; its output is its purpose"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const REFGATE: &str = env!("CARGO_BIN_EXE_refgate");

/// Runs of each command.
const ROUNDS: usize = 5;

/// What a command cost.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    /// Seconds of all processors, and the peak in MB; 0 where that is not known.
    cpu: f64,
    memory: f64,
}

fn main() {
    let is_bench = std::env::args().any(|word| word == "--bench");
    let rounds = if is_bench { ROUNDS } else { 1 };
    let given = std::env::var("REFGATE_BENCH").unwrap_or_default();
    let words = std::env::args().skip(1).chain(given.split_whitespace().map(str::to_owned));
    for word in words.filter(|word| !word.starts_with('-')) {
        let [path, from, to] = word.split(':').collect::<Vec<_>>()[..] else {
            println!("`{word}` is not REPO:FROM:TO");
            continue;
        };
        compare(Path::new(path), from, to, rounds);
    }
    let folder = tempfile::tempdir().unwrap();
    for commits in if is_bench { [1000, 4000, 16_000].as_slice() } else { [50].as_slice() } {
        let path = folder.path().join(commits.to_string());
        history(&path, *commits);
        compare(&path, "release", "main", rounds);
    }
}

/// Measures one pair of lines and prints a table.
fn compare(path: &Path, from: &str, to: &str, rounds: usize) {
    let count = |range: String| output(path, &["rev-list", "--no-merges", "--count", &range]);
    let (own, there) = (count(format!("{to}..{from}")), count(format!("{from}..{to}")));
    println!("\n{}: {own} commits of {from}, {there} of {to}, {rounds} runs", path.display());
    let newest = output(path, &["rev-list", "--no-merges", "--skip=10", "--max-count=1", &format!("{to}..{from}")]);
    let mut cherry = vec!["cherry", to, from];
    let whole = [cherry.clone(), {
        if !newest.is_empty() {
            cherry.push(&newest)
        }
        cherry
    }];
    let landed = ["landed", "--from", from, "--to", to, "--format", "json"];
    let metadata = format!("{from}..{to}");
    let compared = compared(path, &[landed.as_slice(), &["--no-cache"]].concat());
    let shown = |how: &'static str| {
        let shown = ["log", "--no-walk=unsorted", "--no-renames", "--format=%H", how].into_iter();
        shown.chain(compared.iter().map(String::as_str)).collect::<Vec<&str>>()
    };
    let (cold, last) = (["--no-cache"].as_slice(), ["--last", "10"].as_slice());
    let ago = |line: &str| format!("{line}~10");
    let (from_ago, to_ago) = (ago(from), ago(to));
    let earlier = ["landed", "--from", &from_ago, "--to", &to_ago, "--format", "json"];
    // What is done before a run and does not count: nothing, filling the cache earlier, asking the same.
    let commands: Vec<(&str, &str, Vec<&str>, Before<'_>)> = vec![
        ("git log, metadata", "git", vec!["log", "--format=%H%an%at%s", &metadata], Before::Nothing),
        ("git log, their files", "git", shown("--raw"), Before::Nothing),
        ("git log, their patches", "git", shown("--patch"), Before::Nothing),
        ("git cherry", "git", whole[0].clone(), Before::Nothing),
        ("whole branch, cold", REFGATE, [landed.as_slice(), cold].concat(), Before::Nothing),
        ("whole branch, later", REFGATE, landed.to_vec(), Before::Asking(&earlier)),
        ("whole branch, again", REFGATE, landed.to_vec(), Before::AskingTheSame),
        ("git cherry, last ten", "git", whole[1].clone(), Before::Nothing),
        ("last ten, cold", REFGATE, [landed.as_slice(), cold, last].concat(), Before::Nothing),
        ("last ten, later", REFGATE, [landed.as_slice(), last].concat(), Before::Asking(&earlier)),
        ("last ten, again", REFGATE, [landed.as_slice(), last].concat(), Before::AskingTheSame),
    ];
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); commands.len()];
    // The first round fills the system's caches and does not count.
    for round in 0..=rounds {
        for (costs, (_, program, arguments, before)) in costs.iter_mut().zip(&commands) {
            match before {
                Before::Nothing => {}
                Before::Asking(earlier) => {
                    forget(path);
                    run(path, REFGATE, earlier);
                }
                Before::AskingTheSame => drop(run(path, REFGATE, arguments)),
            }
            let cost = run(path, program, arguments);
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    forget(path);
    println!("| | wall s | CPU s | MB | wall, of git's | CPU | memory |\n|---|---|---|---|---|---|---|");
    let mut base = None;
    for ((name, program, _, _), costs) in commands.iter().zip(&costs) {
        let cost = Cost {
            wall: median(costs, |cost| cost.wall),
            cpu: median(costs, |cost| cost.cpu),
            memory: median(costs, |cost| cost.memory),
        };
        if *program == "git" {
            base = Some(cost);
        }
        let base = base.unwrap();
        let times = |git: f64, own: f64| if own > 0.0 { format!("1/{:.1}", git / own) } else { "-".to_owned() };
        println!(
            "| {name} | {:.3} | {:.2} | {:.0} | {} | {} | {} |",
            cost.wall,
            cost.cpu,
            cost.memory,
            times(base.wall, cost.wall),
            times(base.cpu, cost.cpu),
            times(base.memory, cost.memory),
        );
    }
}

/// What is read of `refgate.landed/v1`.
#[derive(serde::Deserialize)]
struct Answer {
    commits: Vec<Asked>,
}

/// A change, and the commits that it was found to be.
#[derive(serde::Deserialize)]
struct Asked {
    commit: String,
    matches: Vec<String>,
}

/// Returns the changes that a question is about, and the commits that they were found to be.
fn compared(path: &Path, question: &[&str]) -> Vec<String> {
    let output = Command::new(REFGATE).args(question).current_dir(path).output().unwrap();
    let answer: Answer = serde_json::from_slice(&output.stdout).unwrap();
    let ids = answer.commits.into_iter().flat_map(|asked| [asked.commit].into_iter().chain(asked.matches));
    ids.collect::<BTreeSet<String>>().into_iter().collect()
}

/// What is done before each run.
enum Before<'a> {
    Nothing,
    Asking(&'a [&'a str]),
    AskingTheSame,
}

/// Removes what refgate has cached.
fn forget(path: &Path) {
    let kept = path.join(output(path, &["rev-parse", "--git-common-dir"])).join("refgate");
    let _absent = std::fs::remove_file(kept.join("landed"));
    let _absent = std::fs::remove_dir_all(kept.join("answers"));
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Runs a command below GNU time, or by itself where that is missing. What `git cherry` misses for want of an object is
/// not a reason to stop: it is then cheaper than it should be.
fn run(path: &Path, program: &str, arguments: &[&str]) -> Cost {
    let report = tempfile::NamedTempFile::new().unwrap();
    let gnu_time = Path::new("/usr/bin/time");
    let mut command = if gnu_time.exists() {
        let mut command = Command::new(gnu_time);
        command.args(["--quiet", "-f", "%U %S %M", "-o"]).arg(report.path()).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir(path).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    command.status().unwrap();
    let wall = start.elapsed().as_secs_f64();
    let text = std::fs::read_to_string(report.path()).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [user, system, memory] => Cost { wall, cpu: user + system, memory: memory / 1024.0 },
        _ => Cost { wall, cpu: 0.0, memory: 0.0 },
    }
}

fn output(path: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a mainline of so many commits on 200 files in 20 directories, and a release branch onto which every tenth of
/// them was picked: half with the author timestamp kept, a fifth with another title.
fn history(path: &Path, commits: usize) {
    std::fs::create_dir(path).unwrap();
    let mut stream = String::from("feature done\n");
    let mut versions = vec![0usize; 200];
    let content = |file: usize, version: usize| {
        let lines = (0..120).map(|line| {
            // The latest version of each line that some commit touched.
            let touched = (0..=version).rev().find(|version| (version * 7) % 120 == line && *version > 0);
            format!("line {line} of file {file}, {}\n", touched.unwrap_or_default())
        });
        lines.collect::<String>()
    };
    let commit = |stream: &mut String, branch: &str, author: i64, now: i64, title: &str, files: &[(usize, String)]| {
        let from = if stream.contains(&format!("commit refs/heads/{branch}\n")) || branch == "main" {
            ""
        } else {
            "from refs/heads/base\n"
        };
        let _ = write!(
            stream,
            "commit refs/heads/{branch}\nauthor A <a@x> {author} +0000\ncommitter C <c@x> {now} +0000\ndata {}\n{title}\n{from}",
            title.len()
        );
        for (file, content) in files {
            let _ = write!(stream, "M 100644 inline d{}/f{file}\ndata {}\n{content}\n", file % 20, content.len());
        }
    };
    let first = 1_600_000_000;
    let base: Vec<(usize, String)> = (0..versions.len()).map(|file| (file, content(file, 0))).collect();
    commit(&mut stream, "main", first, first, "base", &base);
    stream.push_str("reset refs/heads/base\nfrom refs/heads/main\n\n");
    let mut picks = String::new();
    for at in 1..=commits {
        let (file, now) = ((at * 37) % versions.len(), first + 600 * i64::try_from(at).unwrap());
        let version = versions.get_mut(file).unwrap();
        *version += 1;
        let change = [(file, content(file, *version))];
        let title = format!("part {}: make change number {at} of the many", file % 20);
        commit(&mut stream, "main", now, now, &title, &change);
        if at % 10 == 0 {
            let author = if at % 20 == 0 { now } else { now + 60 };
            let title = if at % 50 == 0 { format!("the {at}th, on the release") } else { title };
            commit(&mut picks, "release", author, now + 120, &title, &change);
        }
    }
    // The branch begins at the base: `commit` cannot know that of another stream, and it is said here.
    stream.push_str(&picks);
    stream.push_str("done\n");
    output(path, &["init", "--quiet", "--bare", "--template=", "."]);
    let mut import =
        Command::new("git").args(["fast-import", "--quiet"]).current_dir(path).stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    output(path, &["commit-graph", "write", "--reachable"]);
}
