//! Pushes with what a policy has to say of each, tried without a repository at hand.
//!
//! | file | what is in it |
//! |---|---|
//! | `page`, `table` | cases as they are written, in Markdown and in TOML |
//! | `script` | the history of a case: objects and refs in a few lines |
//! | `run` | judging a case, and holding what comes out against what it expects |

mod page;
mod run;
mod script;
mod table;

use std::path::Path;

pub use page::{Expect, Section, sections};
pub(crate) use run::{Error, Ran, Terms, run};

use crate::git::Made;

/// Lines of a file, each with its 1-based number there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<(usize, String)>);

impl Text {
    /// Returns the whole text.
    pub fn whole(&self) -> String {
        self.0.iter().map(|(_, line)| format!("{line}\n")).collect()
    }

    /// Returns the lines that say something: neither empty ones nor those that begin with `#`.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.0.iter().map(|(at, line)| (*at, line.trim()));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    }

    fn push(&mut self, at: usize, line: &str) {
        self.0.push((at, line.to_owned()));
    }

    fn append(&mut self, more: Self) {
        self.0.push((0, String::new()));
        self.0.extend(more.0);
    }
}

/// What is wrong in a file of cases.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {cause}")]
pub struct Wrong {
    /// The 1-based line.
    pub line: usize,
    /// What is wrong there.
    pub cause: String,
}

/// A push, what is there before it, and what has to come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Its title.
    pub title: String,
    /// The 1-based line where it begins.
    pub line: usize,
    /// Its own policy.
    policy: Option<String>,
    history: Text,
    push: Text,
    expect: Text,
}

/// Reads the cases of a file, by its name in TOML or in Markdown.
///
/// # Errors
/// The first thing that is not a case.
pub(crate) fn read(file: &Path, text: &str) -> Result<Vec<Case>, Wrong> {
    let is_toml = file.extension().is_some_and(|extension| extension == "toml");
    let cases = if is_toml {
        table::read(text)?
    } else {
        sections(text)?.into_iter().map(of_section).collect::<Result<_, _>>()?
    };
    if cases.is_empty() {
        let begins = if is_toml { "`[[case]]`" } else { "a `## ` title" };
        return Err(Wrong { line: 1, cause: format!("there are no cases: each begins with {begins}") });
    }
    Ok(cases)
}

fn of_section(section: Section) -> Result<Case, Wrong> {
    let Section { title, line, policy, history, push, expect } = section;
    let missing = |what: &str| Wrong { line, cause: format!("`{title}` has no `{what}` block") };
    Ok(Case {
        policy: policy.map(|policy| policy.whole()),
        history: history.ok_or_else(|| missing("repo"))?,
        push: push.ok_or_else(|| missing("push"))?,
        expect: expect.ok_or_else(|| missing("expect"))?.text,
        title,
        line,
    })
}

/// Writes a history into a bare repository, its refs only where they are files of their own, and returns what each label
/// stands for.
///
/// # Errors
/// A line that cannot be read, or what cannot be written.
pub fn write(directory: &Path, script: &str, with_refs: bool) -> Result<Vec<(String, String)>, Wrong> {
    let made = Made::open(directory).map_err(|error| Wrong { line: 0, cause: error.to_string() })?;
    let mut text = Text::default();
    for (at, line) in script.lines().enumerate() {
        text.push(at + 1, line);
    }
    let ids = script::write(&made, &text, with_refs)?;
    Ok(ids.into_iter().map(|(label, id)| (label, id.to_string())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of files of cases, in any order.
    fn pieces() -> impl Strategy<Value = String> {
        let words = [
            "# one\n",
            "## two\n",
            "```repo\n",
            "```repo more\n",
            "```toml policy\n",
            "```push\n",
            "```expect\n",
            "```\n",
            "A = commit \"x\"",
            " parents A",
            " file a/b \"c",
            " file a \"c\"",
            "T = tag",
            " of ",
            "refs/heads/main",
            " = ",
            " -> ",
            "A\n",
            "0",
            "\"",
            "'''",
            "[[case]]\n",
            "name = \"n\"\n",
            "repo = ",
            "push = [",
            "]\n",
            "\u{202e}\0",
            "\\n",
            "expect = [\"accepted\"]\n",
        ];
        proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused_at_one_of_its_lines(text in pieces()) {
            for name in ["cases.md", "cases.toml"] {
                if let Err(wrong) = read(Path::new(name), &text) {
                    // What is missing at the end of a file is behind its last line.
                    prop_assert!((1..=text.lines().count() + 1).contains(&wrong.line), "{wrong}");
                }
            }
        }

        #[test]
        fn any_history_is_written_or_refused(script in pieces()) {
            let folder = tempfile::tempdir()?;
            Made::create(folder.path())?;
            let _either = write(folder.path(), &script, true);
            // Nothing is written but what is below the repository's own folders.
            prop_assert!(!folder.path().join("main").exists());
        }
    }
}
