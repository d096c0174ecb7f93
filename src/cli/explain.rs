//! `refgate explain`: the page of a rule, or what a key of the policy means.

use super::context::Context;
use crate::model::{Exit, Failure, did_you_mean};
use crate::rules::{REGISTRY, find};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The id of a rule, a table of the policy (`line`), a key in it (`line.branch`), or what a text means (`pattern`).
    #[arg(value_name = "RULE|KEY")]
    word: String,
}

/// The reference of the policy. A test keeps it current.
const REFERENCE: &str = include_str!("../../docs/policy.md");

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let word = arguments.word.as_str();
    if let Some(entry) = find(word) {
        return context.print(entry.meta.docs).map(|()| Exit::Accepted);
    }
    let text = section(word).ok_or_else(|| {
        let rules = REGISTRY.iter().map(|entry| entry.meta.id);
        let keys: Vec<&str> = headings().map(|heading| heading.name).collect();
        let hint = did_you_mean(word, rules.chain(keys.iter().copied()));
        Failure::new(Exit::Usage, "looking it up", format!("there is neither a rule nor a key `{word}`{hint}"))
            .help("`refgate rules` lists the rules, `refgate policy schema` has every key")
    })?;
    context.print(&text).map(|()| Exit::Accepted)
}

/// A heading of the reference.
struct Heading {
    /// How deep it is: the number of `#`.
    level: usize,
    /// What it is about, without marks.
    name: &'static str,
    /// Where it begins in the text.
    at: usize,
}

fn headings() -> impl Iterator<Item = Heading> {
    let mut is_code = false;
    let mut at = 0;
    REFERENCE.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        is_code ^= line.starts_with("```");
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let title = line.get(level..)?.trim().trim_matches('`').trim_matches(['[', ']']);
        (level > 1 && !is_code).then_some(Heading { level, name: title, at: start })
    })
}

/// Returns the part of the reference that is about a key, those about its own keys included.
fn section(word: &str) -> Option<String> {
    let word = word.trim_matches(['[', ']']);
    // What every rule has is described once.
    let common =
        word.strip_prefix("rules.").and_then(|rest| rest.split_once('.')).map(|(_, key)| format!("rules.ID.{key}"));
    let all: Vec<Heading> = headings().collect();
    let found = |word: &str| all.iter().position(|heading| heading.name == word);
    let place = found(word).or_else(|| found(&common?))?;
    let own = all.get(place)?;
    let end = all.iter().skip(place + 1).find(|heading| heading.level <= own.level).map(|heading| heading.at);
    let text = REFERENCE.get(own.at..end.unwrap_or(REFERENCE.len()))?;
    Some(format!(
        "{}\n",
        text.lines().filter(|line| !line.starts_with("<!--")).collect::<Vec<_>>().join("\n").trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_explained_with_its_type_and_its_example() {
        let branch = section("line.branch").unwrap();
        assert!(
            branch.starts_with("### `line.branch`\n") && branch.contains("- type: ") && branch.contains("- example: ")
        );
        assert!(!branch.contains("line.role"), "{branch}");
        let line = section("[[line]]").unwrap();
        assert!(line.contains("### `line.branch`") && line.contains("### `line.role`") && !line.contains("[[tag]]\n"));
        assert_eq!(section("line"), Some(line));
        assert!(section("rules.misplaced-tag.since").unwrap().starts_with("### `rules.ID.since`"));
        assert!(section("pattern").unwrap().contains("`{major}`"));
        assert_eq!(section("line.brnach"), None);
    }
}
