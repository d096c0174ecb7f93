//! Cases in a page of Markdown: a title for each, and blocks under it.

use std::ops::Range;

use super::{Text, Wrong};

/// A case as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The title.
    pub title: String,
    /// The 1-based line of the title.
    pub line: usize,
    /// The policy, where the page has one.
    pub policy: Option<Text>,
    /// The history.
    pub history: Option<Text>,
    /// The push.
    pub push: Option<Text>,
    /// What comes out.
    pub expect: Option<Expect>,
}

/// An `expect` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// What stands after `expect` on the line where the block begins.
    pub rest: String,
    /// The lines of the block, both fences included, 0-based.
    pub place: Range<usize>,
    /// What is in it.
    pub text: Text,
}

/// A policy and a history that cases share.
#[derive(Clone, Debug, Default)]
struct Shared {
    policy: Option<Text>,
    history: Option<Text>,
}

/// Reads a page.
///
/// A `## ` title begins a case; its blocks are `toml policy`, `repo`, `push` and `expect`. A policy or a history under a
/// `# ` title, before any `## `, is for every case below that title; one under the first title of the page is also for
/// the titles that follow. A block `toml policy more` or `repo more` is added to what the case would have without it.
/// Blocks of other kinds are for people.
///
/// # Errors
/// The first block that has no end, no place or no case.
pub fn sections(text: &str) -> Result<Vec<Section>, Wrong> {
    let (mut titles, mut of_page, mut of_title) = (0, Shared::default(), Shared::default());
    let mut sections: Vec<Section> = Vec::new();
    let mut is_in_case = false;
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let wrong = |cause: String| Wrong { line: at + 1, cause };
        if let Some(title) = line.strip_prefix("## ") {
            let Shared { policy, history } = of_title.clone();
            let title = title.to_owned();
            sections.push(Section { title, line: at + 1, policy, history, push: None, expect: None });
            is_in_case = true;
        } else if line.starts_with("# ") {
            if titles == 1 {
                of_page = of_title;
            }
            titles += 1;
            of_title = of_page.clone();
            is_in_case = false;
        } else if let Some(kind) = line.strip_prefix("```") {
            let mut content = Text::default();
            let end = loop {
                match lines.next() {
                    Some((end, "```")) => break end,
                    Some((at, line)) => content.push(at + 1, line),
                    None => return Err(wrong("the block that starts here has no end".to_owned())),
                }
            };
            let section = if is_in_case { sections.last_mut() } else { None };
            match (kind, section) {
                ("toml policy", Some(section)) => section.policy = Some(content),
                ("toml policy", None) => of_title.policy = Some(content),
                ("repo", Some(section)) => section.history = Some(content),
                ("repo", None) => of_title.history = Some(content),
                ("toml policy more", Some(section)) => add(&mut section.policy, content).map_err(wrong)?,
                ("toml policy more", None) => add(&mut of_title.policy, content).map_err(wrong)?,
                ("repo more", Some(section)) => add(&mut section.history, content).map_err(wrong)?,
                ("repo more", None) => add(&mut of_title.history, content).map_err(wrong)?,
                ("push", Some(section)) => section.push = Some(content),
                (kind, section) => match (kind.strip_prefix("expect"), section) {
                    (Some(rest), Some(section)) if rest.is_empty() || rest.starts_with(' ') => {
                        let rest = rest.trim().to_owned();
                        section.expect = Some(Expect { rest, place: at..end + 1, text: content });
                    }
                    (_, section) if is_meant(kind) => {
                        let place = if section.is_some() { "in a case" } else { "above the first `## ` title" };
                        return Err(wrong(unknown(kind, place)));
                    }
                    _ => {}
                },
            }
        }
    }
    Ok(sections)
}

/// Returns whether a block is meant for a case, and not for people.
fn is_meant(kind: &str) -> bool {
    let first = kind.split(' ').next().unwrap_or_default();
    ["repo", "push", "expect", "policy"].iter().any(|word| strsim::levenshtein(first, word) < 2)
        || kind.starts_with("toml ")
}

fn unknown(kind: &str, place: &str) -> String {
    format!(
        "a block `{kind}` has no meaning {place}; the kinds are `toml policy`, `repo`, both also with ` more`, and in a \
         case `push` and `expect`"
    )
}

fn add(to: &mut Option<Text>, more: Text) -> Result<(), String> {
    to.as_mut().ok_or("there is nothing to add this to")?.append(more);
    Ok(())
}
