//! The scenario files, `tests/scenarios/RULE.md`, as data.
//!
//! They are written as the cases of `refgate policy test` are; the title says the verdict, and an `expect` block holds
//! the exit code and the whole text for people.

#![allow(dead_code, reason = "each of the two test binaries uses a part of it")]

use std::ops::Range;
use std::path::{Path, PathBuf};

use refgate::testing::cases::{Section, Wrong, sections};

/// The result that a scenario has to have, according to its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepts,
    Refuses,
    CannotDecide,
}

impl Verdict {
    const ALL: [(&'static str, Self); 3] =
        [("accepts ", Self::Accepts), ("refuses ", Self::Refuses), ("cannot decide ", Self::CannotDecide)];

    /// Returns the exit code of this verdict, and of no other.
    pub(crate) const fn exit(self) -> i32 {
        match self {
            Self::Accepts => 0,
            Self::Refuses => 1,
            Self::CannotDecide => 4,
        }
    }
}

/// A push that is judged, and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    /// The 1-based line of the title.
    pub(crate) line: usize,
    pub(crate) verdict: Verdict,
    pub(crate) policy: String,
    pub(crate) repo: String,
    pub(crate) push: String,
    pub(crate) expect: Expect,
}

/// The `expect` block of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expect {
    /// The lines of the block in the file, both fences included, 0-based.
    pub(crate) lines: Range<usize>,
    /// `None` in a block that nobody has filled yet.
    pub(crate) exit: Option<i32>,
    /// The text for people.
    pub(crate) text: String,
}

/// Returns the folder of the scenario files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// Returns the scenario files, sorted.
pub(crate) fn files() -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|found| found == "md")).collect();
    files.sort();
    files
}

/// Reads a scenario file.
///
/// # Errors
/// `FILE:LINE: what is wrong there`, for the first thing that is.
pub(crate) fn read(file: &str, text: &str) -> Result<Vec<Scenario>, String> {
    let sections = sections(text).map_err(|Wrong { line, cause }| format!("{file}:{line}: {cause}"))?;
    sections.into_iter().map(|section| finish(file, section)).collect()
}

fn finish(file: &str, section: Section) -> Result<Scenario, String> {
    let Section { title, line, policy, history, push, expect } = section;
    let missing = |what: &str| format!("{file}:{line}: `{title}` has no `{what}` block");
    let verdict = Verdict::ALL.iter().find(|(word, _)| title.starts_with(word)).map(|(_, verdict)| *verdict);
    let verdict = verdict.ok_or_else(|| {
        format!("{file}:{line}: the title `{title}` starts with none of `accepts`, `refuses` and `cannot decide`")
    })?;
    let policy = policy.ok_or_else(|| missing("toml policy"))?.whole();
    let repo = history.ok_or_else(|| missing("repo"))?.whole();
    let push = push.ok_or_else(|| missing("push"))?.whole();
    let expect = expect.ok_or_else(|| missing("expect"))?;
    let exit = expect
        .rest
        .strip_prefix("exit=")
        .map(|code| code.parse().map_err(|_| format!("{file}:{}: `{code}` is not a number", expect.place.start + 1)));
    let exit = exit.transpose()?;
    let expect = Expect { lines: expect.place, exit, text: expect.text.whole() };
    Ok(Scenario { title, line, verdict, policy, repo, push, expect })
}

/// Returns the text of a file with what came out in its `expect` blocks: their lines, the exit code and the text for
/// people.
pub(crate) fn blessed(text: &str, mut outcomes: Vec<(Range<usize>, i32, String)>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // From the last to the first, which leaves the places of the others unchanged.
    outcomes.sort_by_key(|(place, ..)| std::cmp::Reverse(place.start));
    for (place, exit, shown) in outcomes {
        let block = std::iter::once(format!("```expect exit={exit}"))
            .chain(shown.lines().map(str::to_owned))
            .chain(std::iter::once("```".to_owned()));
        lines.splice(place, block);
    }
    lines.join("\n") + "\n"
}
