//! The scenario files, `tests/scenarios/RULE.md`, as data.
//!
//! A `## ` title starts a scenario; its blocks are `toml policy`, `repo`, `push` and `expect`. A policy or a repository
//! under a `# ` title, before any `## `, is for every scenario below that title; one under the first title of the file
//! is also for the titles that follow. A block `toml policy more` or `repo more` goes after what the scenario would
//! have without it.

#![allow(dead_code, reason = "each of the two test binaries uses a part of it")]

use std::ops::Range;
use std::path::{Path, PathBuf};

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

/// A policy and a repository, of a file, a `# ` title or a scenario.
#[derive(Clone, Debug, Default)]
struct Shared {
    policy: Option<String>,
    repo: Option<String>,
}

/// A scenario whose blocks have not all been read.
struct Draft {
    title: String,
    line: usize,
    shared: Shared,
    push: Option<String>,
    expect: Option<Expect>,
}

/// Reads a scenario file.
///
/// # Errors
/// `FILE:LINE: what is wrong there`, for the first thing that is.
pub(crate) fn read(file: &str, text: &str) -> Result<Vec<Scenario>, String> {
    let mut scenarios = Vec::new();
    let (mut titles, mut of_file, mut of_title) = (0, Shared::default(), Shared::default());
    let mut draft: Option<Draft> = None;
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let error = |cause: String| format!("{file}:{}: {cause}", at + 1);
        if let Some(title) = line.strip_prefix("## ") {
            scenarios.extend(draft.take().map(|draft| finish(file, draft)).transpose()?);
            let (title, shared) = (title.to_owned(), of_title.clone());
            draft = Some(Draft { title, line: at + 1, shared, push: None, expect: None });
        } else if line.starts_with("# ") {
            scenarios.extend(draft.take().map(|draft| finish(file, draft)).transpose()?);
            if titles == 1 {
                of_file = of_title;
            }
            titles += 1;
            of_title = of_file.clone();
        } else if let Some(kind) = line.strip_prefix("```") {
            let mut content = String::new();
            let end = loop {
                match lines.next() {
                    Some((end, "```")) => break end,
                    Some((_, line)) => content.push_str(&format!("{line}\n")),
                    None => return Err(error("the block that starts here has no end".to_owned())),
                }
            };
            let shared = draft.as_mut().map_or(&mut of_title, |draft| &mut draft.shared);
            match kind {
                "toml policy" => shared.policy = Some(content),
                "repo" => shared.repo = Some(content),
                "toml policy more" => append(&mut shared.policy, &content).map_err(error)?,
                "repo more" => append(&mut shared.repo, &content).map_err(error)?,
                _ => {
                    let draft = draft.as_mut().ok_or_else(|| error(unknown(kind, "above the first `## ` title")))?;
                    let exit = kind.strip_prefix("expect exit=");
                    if kind == "push" {
                        draft.push = Some(content);
                    } else if kind == "expect" || exit.is_some() {
                        let exit =
                            exit.map(|code| code.parse().map_err(|_| error(format!("`{code}` is not a number"))));
                        draft.expect = Some(Expect { lines: at..end + 1, exit: exit.transpose()?, text: content });
                    } else {
                        return Err(error(unknown(kind, "in a scenario")));
                    }
                }
            }
        }
    }
    scenarios.extend(draft.take().map(|draft| finish(file, draft)).transpose()?);
    Ok(scenarios)
}

fn unknown(kind: &str, place: &str) -> String {
    format!(
        "a block `{kind}` has no meaning {place}; the kinds are `toml policy`, `repo`, both also with ` more`, and in a \
         scenario `push` and `expect`"
    )
}

fn append(shared: &mut Option<String>, content: &str) -> Result<(), String> {
    let shared = shared.as_mut().ok_or("there is nothing to add this to")?;
    shared.push('\n');
    shared.push_str(content);
    Ok(())
}

fn finish(file: &str, draft: Draft) -> Result<Scenario, String> {
    let Draft { title, line, shared, push, expect } = draft;
    let missing = |what: &str| format!("{file}:{line}: `{title}` has no `{what}` block");
    let verdict = Verdict::ALL.iter().find(|(word, _)| title.starts_with(word)).map(|(_, verdict)| *verdict);
    let verdict = verdict.ok_or_else(|| {
        format!("{file}:{line}: the title `{title}` starts with none of `accepts`, `refuses` and `cannot decide`")
    })?;
    let policy = shared.policy.ok_or_else(|| missing("toml policy"))?;
    let repo = shared.repo.ok_or_else(|| missing("repo"))?;
    let push = push.ok_or_else(|| missing("push"))?;
    let expect = expect.ok_or_else(|| missing("expect"))?;
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
