//! The order of versions is the ecosystem's own: dpkg, PyPI's `packaging` and npm's `semver` are asked, live,
//! about thousands of pairs of generated versions, and setuptools_scm what comes next.
//!
//! `tests/oracles/setup.sh` installs the last three into `target/oracles`; RPM is asked where there is one. A test is
//! skipped only where python3, node, dpkg or rpm itself is not installed, and says so.
#![expect(clippy::disallowed_methods, reason = "the oracles are programs of other projects")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, which fail by panicking")]

use std::cmp::Ordering;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use refgate::version::{Level, Scheme, Spelling, Version, sort_by, spell_dev};

/// The directory of the oracles' scripts.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles")
}

/// Where `setup.sh` puts them.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oracles")
}

/// Says that a comparison was left out. Written past the test harness, which hides what passing tests print.
fn skipped(program: &str) {
    let line = format!("SKIPPED: no {program} here, so nothing was compared with its idea of versions\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Installs an oracle, once for the whole run. `false`, with a word on stderr, where its language is missing.
fn set_up(oracle: &str, language: &str) -> bool {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if Command::new(language).arg("--version").output().is_err() {
        skipped(language);
        return false;
    }
    let status = Command::new(scripts().join("setup.sh")).arg(oracle).status().unwrap();
    assert!(status.success(), "tests/oracles/setup.sh {oracle} failed");
    true
}

/// Hands all lines to one process and takes as many back.
fn ask(command: &mut Command, lines: &[String]) -> Vec<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?} failed");
    let answers: Vec<String> =
        String::from_utf8(output.stdout).unwrap().trim_end().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len(), "one answer for each line");
    answers
}

fn python(script: &str) -> Command {
    let mut command = Command::new(installed().join("python/bin/python"));
    command.arg(scripts().join(script));
    command
}

/// Texts that match a pattern, the same ones in every run.
fn generate(pattern: &str, count: usize) -> Vec<String> {
    let strategy = proptest::string::string_regex(pattern).unwrap();
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Pairs each text with the next.
fn pairs(texts: &[String]) -> Vec<String> {
    texts.windows(2).map(|pair| format!("{}\t{}", pair[0], pair[1])).collect()
}

/// What refgate says about `A<TAB>B`, in the oracles' words.
fn answer(scheme: &Scheme, pair: &str) -> String {
    let (left, right) = pair.split_once('\t').unwrap();
    match (scheme.read(left), scheme.read(right)) {
        (Ok(left), Ok(right)) => match left.compare(&right).unwrap() {
            Ordering::Less => "<",
            Ordering::Equal => "=",
            Ordering::Greater => ">",
        },
        _ => "!",
    }
    .to_owned()
}

/// Asserts that both give the same answers, and that they had something to say.
fn agree(lines: &[String], ours: &[String], theirs: &[String]) {
    let differ: Vec<String> = lines
        .iter()
        .zip(ours.iter().zip(theirs))
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|(line, (ours, theirs))| format!("{line:?}: refgate {ours}, oracle {theirs}"))
        .collect();
    assert!(
        differ.is_empty(),
        "{} of {} differ:\n{}",
        differ.len(),
        lines.len(),
        differ[..differ.len().min(20)].join("\n")
    );
    let said = |word: &str| theirs.iter().filter(|answer| answer.starts_with(word)).count();
    assert!(lines.len() < 100 || said("!") < lines.len() / 2, "most of the versions are none");
}

/// Versions in every spelling that PEP 440 normalises, close to each other, and a few that it refuses.
const PEP440: &str = r"v?([12]!)?(0|1|2|01|10)(\.(0|1|2|10)){0,3}([-._]?(a|b|c|rc|RC|alpha|beta|pre|preview)([-._]?[0-2])?)?(([-._]?(post|rev|r)([-._]?[0-2])?)|-[0-2])?([-._]?dev([-._]?[0-2])?)?(\+[a-b0-2]{1,2}([-._][a-b0-2]{1,2})?)?";

#[test]
fn pep440_orders_as_packaging_does() {
    if !set_up("python", "python3") {
        return;
    }
    let scheme = Scheme::parse("pep440").unwrap();
    let mut lines = pairs(&generate(PEP440, 20_000));
    // Texts of the right letters that are versions once in a while.
    lines.extend(pairs(&generate(r"[12][-.!+a-dr0-2v]{0,6}", 10_000)));
    let ours: Vec<String> = lines.iter().map(|line| answer(&scheme, line)).collect();
    agree(&lines, &ours, &ask(&mut python("packaging_order.py"), &lines));
}

#[test]
fn development_versions_are_those_of_setuptools_scm() {
    if !set_up("python", "python3") {
        return;
    }
    let scheme = Scheme::parse("pep440").unwrap();
    let lines: Vec<String> = generate(PEP440, 5_000)
        .iter()
        .enumerate()
        .filter(|(_, text)| scheme.read(text).is_ok())
        // No commits after the tag would be the tag itself.
        .map(|(distance, text)| format!("{text}\t{}", distance + 1))
        .collect();
    let ours: Vec<String> = lines
        .iter()
        .map(|line| {
            let (tag, distance) = line.split_once('\t').unwrap();
            let tag = scheme.read(tag).unwrap();
            let spelled = spell_dev(&tag, distance.parse().unwrap(), Spelling::Pep440, None);
            // The local version of the tag is put back by another part of setuptools_scm.
            spelled.map_or("!".to_owned(), |version| version.split('+').next().unwrap().to_owned())
        })
        .collect();
    agree(&lines, &ours, &ask(&mut python("scm_next.py"), &lines));
}

#[test]
fn semver_orders_and_raises_as_npm_does() {
    if !set_up("node", "node") {
        return;
    }
    let scheme = Scheme::parse("semver").unwrap();
    let identifier = r"(0|1|2|10|100|a|b|rc|rc1|rc10|beta|-|A|00|x-y)";
    let valid = format!(r"[0-2]\.[0-2]\.[0-2](-{identifier}(\.{identifier}){{0,3}})?(\+[a-b0-2]{{1,2}})?");
    let mut lines = pairs(&generate(&valid, 20_000));
    lines.extend(pairs(&generate(r"[012][-.+a0-2v]{4,8}", 10_000)));
    let levels = [Level::Major, Level::Minor, Level::Patch];
    let ours: Vec<String> = lines
        .iter()
        .map(|line| {
            let order = answer(&scheme, line);
            if order == "!" {
                return order;
            }
            let left = scheme.read(line.split_once('\t').unwrap().0).unwrap();
            let raised = levels.map(|level| format!("\t{}", left.bump(level).unwrap()));
            order + &raised.concat()
        })
        .collect();
    let mut node = Command::new("node");
    node.arg(scripts().join("semver_order.js")).arg(installed().join("node/node_modules/semver"));
    agree(&lines, &ours, &ask(&mut node, &lines));
}

#[test]
fn debian_versions_order_as_dpkg_does() {
    if Command::new("dpkg").arg("--version").output().is_err() {
        skipped("dpkg");
        return;
    }
    let scheme = Scheme::parse("debian").unwrap();
    let pattern = r"([012]:)?[0-2](\.(0|1|01|10))?([-.+~:]{0,2}(a|b|rc|dev|A)?(0|1|00|10)?){0,3}(-[a0-2+~.]{1,3})?";
    let mut versions: Vec<Version> =
        generate(pattern, 1_300).iter().filter_map(|text| scheme.read(text).ok()).take(900).collect();
    assert_eq!(versions.len(), 900);
    // dpkg compares one pair a process, so it is asked about neighbours in refgate's order: if every one of them is as
    // refgate says, so are all 404,550 pairs, since both orders are transitive.
    sort_by(&mut versions, Version::compare).unwrap();
    let script: String = versions
        .windows(2)
        .map(|pair| {
            let relation = if pair[0].same_as(&pair[1]).unwrap() { "eq" } else { "lt" };
            format!("dpkg --compare-versions '{0}' {relation} '{1}' || echo '{0} {relation} {1}'\n", pair[0], pair[1])
        })
        .collect();
    let differ = Command::new("sh").arg("-c").arg(script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&differ.stdout), "", "refgate's order, which dpkg does not share");
    assert_eq!(String::from_utf8_lossy(&differ.stderr), "", "versions that refgate reads and dpkg complains about");
}

#[test]
fn rpm_versions_order_as_rpm_does() {
    if Command::new("rpm").arg("--version").output().is_err() {
        skipped("rpm");
        return;
    }
    let scheme = Scheme::parse("nvr").unwrap();
    let lines = pairs(&generate(r"[0-2](\.(0|1|01|10))?([.+_~^]{0,2}(a|b|rc|git|A)?(0|1|00|10)?){0,3}", 20_000));
    let ours: Vec<String> = lines.iter().map(|line| answer(&scheme, line)).collect();
    let lua = r#"for line in io.lines() do
        local left, right = line:match("^(.*)\t(.*)$")
        io.stdout:write(({ "<", "=", ">" })[rpm.vercmp(left, right) + 2], "\n")
    end"#;
    agree(&lines, &ours, &ask(Command::new("rpm").arg("--eval").arg(format!("%{{lua:{lua}}}")), &lines));
}
