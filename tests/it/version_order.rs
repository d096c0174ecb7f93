//! The order of versions is the ecosystem's own: dpkg, RPM, PyPI's `packaging` and npm's `semver` were asked about
//! thousands of pairs of generated versions, and setuptools_scm what comes next. Their answers are in
//! `tests/data/version_order`, and these tests need neither them nor the network.
//!
//! `tests/oracles/ask.sh`, which `tests/run.sh` runs, asks again whoever is installed and compares. For other questions
//! change the patterns here, then `REFGATE_BLESS=1 cargo test version_order` writes the questions and
//! `tests/oracles/ask.sh --record` the answers.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use refgate::testing::version::{Level, Scheme, Spelling, Version, sort_by, spell_dev};

/// Generates texts that match a pattern, the same ones in every run.
fn generate(pattern: &str, count: usize) -> Vec<String> {
    let strategy = proptest::string::string_regex(pattern).unwrap();
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Pairs each text with the next.
fn pairs(texts: &[String]) -> Vec<String> {
    texts.windows(2).map(|pair| format!("{}\t{}", pair[0], pair[1])).collect()
}

/// Returns the recorded questions with their answers: lines of `A<TAB>B<TAB>ANSWER`.
fn recorded(name: &str, questions: impl FnOnce() -> Vec<String>) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/version_order/{name}.tsv"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let row = |line: &str| {
        let (at, _) = line.match_indices('\t').nth(1).unwrap_or_else(|| panic!("{name}: {line:?} has no answer"));
        (line[..at].to_owned(), line[at + 1..].to_owned())
    };
    let known: Vec<(String, String)> = text.lines().map(row).collect();
    if std::env::var_os("REFGATE_BLESS").is_none() {
        return known;
    }
    let answers: BTreeMap<&str, &str> = known.iter().map(|(question, answer)| (&**question, &**answer)).collect();
    let answer = |question: String| {
        let answer = answers.get(&*question).copied().unwrap_or("?").to_owned();
        (question, answer)
    };
    let fresh: Vec<(String, String)> = questions().into_iter().map(answer).collect();
    let text: String = fresh.iter().map(|(question, answer)| format!("{question}\t{answer}\n")).collect();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    fresh
}

/// Asserts that refgate gives the recorded answers, and that they say something.
fn agree(recorded: &[(String, String)], ours: impl Fn(&str, &str) -> String) {
    assert!(recorded.len() >= 800, "{} questions", recorded.len());
    assert!(recorded.iter().all(|(_, answer)| answer != "?"), "run `tests/oracles/ask.sh --record`");
    let differ: Vec<String> = recorded
        .iter()
        .filter_map(|(question, theirs)| {
            let (left, right) = question.split_once('\t').unwrap();
            let ours = ours(left, right);
            (ours != *theirs).then(|| format!("{question:?}: refgate {ours}, oracle {theirs}"))
        })
        .collect();
    let shown = differ[..differ.len().min(20)].join("\n");
    assert!(differ.is_empty(), "{} of {} differ:\n{shown}", differ.len(), recorded.len());
    let refused = recorded.iter().filter(|(_, answer)| answer.starts_with('!')).count();
    assert!(refused < recorded.len() / 2, "most of the texts are not versions");
}

/// Returns what refgate says about two versions, in the oracles' words.
fn order(scheme: &Scheme, left: &str, right: &str) -> String {
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

/// Versions in every spelling that PEP 440 normalises, close to each other, and a few that it refuses.
const PEP440: &str = r"v?([12]!)?(0|1|2|01|10)(\.(0|1|2|10)){0,3}([-._]?(a|b|c|rc|RC|alpha|beta|pre|preview)([-._]?[0-2])?)?(([-._]?(post|rev|r)([-._]?[0-2])?)|-[0-2])?([-._]?dev([-._]?[0-2])?)?(\+[a-b0-2]{1,2}([-._][a-b0-2]{1,2})?)?";

#[test]
fn pep440_orders_as_packaging_does() {
    let recorded = recorded("pep440", || {
        let mut lines = pairs(&generate(PEP440, 2_000));
        // Texts of the right letters that are versions once in a while.
        lines.extend(pairs(&generate(r"[12][-.!+a-dr0-2v]{0,6}", 1_000)));
        lines
    });
    let scheme = Scheme::pep440();
    agree(&recorded, |left, right| order(&scheme, left, right));
}

#[test]
fn development_versions_are_those_of_setuptools_scm() {
    let scheme = Scheme::pep440();
    let recorded = recorded("scm", || {
        let texts = generate(PEP440, 1_000).into_iter().enumerate();
        // No commits after the tag would be the tag itself.
        texts.filter(|(_, text)| scheme.read(text).is_ok()).map(|(at, text)| format!("{text}\t{}", at + 1)).collect()
    });
    agree(&recorded, |tag, distance| {
        let spelled = spell_dev(&scheme.read(tag).unwrap(), distance.parse().unwrap(), Spelling::Pep440, None);
        // The local version of the tag is put back by another part of setuptools_scm.
        spelled.map_or("!".to_owned(), |version| version.split('+').next().unwrap().to_owned())
    });
}

#[test]
fn semver_orders_and_raises_as_npm_does() {
    let recorded = recorded("semver", || {
        let identifier = r"(0|1|2|10|100|a|b|rc|rc1|rc10|beta|-|A|00|x-y)";
        let valid = format!(r"[0-2]\.[0-2]\.[0-2](-{identifier}(\.{identifier}){{0,3}})?(\+[a-b0-2]{{1,2}})?");
        let mut lines = pairs(&generate(&valid, 2_000));
        lines.extend(pairs(&generate(r"[012][-.+a0-2v]{4,8}", 500)));
        lines
    });
    let scheme = Scheme::semver();
    agree(&recorded, |left, right| {
        let order = order(&scheme, left, right);
        if order == "!" {
            return order;
        }
        let left = scheme.read(left).unwrap();
        let raised = [Level::Major, Level::Minor, Level::Patch].map(|level| format!("\t{}", left.bump(level).unwrap()));
        order + &raised.concat()
    });
}

#[test]
fn debian_versions_order_as_dpkg_does() {
    let scheme = Scheme::debian();
    let recorded = recorded("debian", || {
        let pattern = r"([012]:)?[0-2](\.(0|1|01|10))?([-.+~:]{0,2}(a|b|rc|dev|A)?(0|1|00|10)?){0,3}(-[a0-2+~.]{1,3})?";
        let mut versions: Vec<Version> =
            generate(pattern, 1_300).iter().filter_map(|text| scheme.read(text).ok()).take(900).collect();
        // dpkg compares one pair a process, so it is asked about neighbours in refgate's order: if every one of them is
        // as refgate says, so are all 404,550 pairs, since both orders are transitive.
        sort_by(&mut versions, Version::compare).unwrap();
        pairs(&versions.iter().map(ToString::to_string).collect::<Vec<_>>())
    });
    assert_eq!(recorded.len(), 899);
    assert!(recorded.windows(2).all(|pair| pair[0].0.split('\t').nth(1) == pair[1].0.split('\t').next()));
    agree(&recorded, |left, right| order(&scheme, left, right));
}

#[test]
fn rpm_versions_order_as_rpm_does() {
    let recorded = recorded("nvr", || {
        pairs(&generate(r"[0-2](\.(0|1|01|10))?([.+_~^]{0,2}(a|b|rc|git|A)?(0|1|00|10)?){0,3}", 2_000))
    });
    let scheme = Scheme::parse("nvr").unwrap();
    agree(&recorded, |left, right| order(&scheme, left, right));
}
