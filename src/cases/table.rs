//! Cases in TOML.

use serde::Deserialize;
use toml::Spanned;

use super::{Case, Text, Wrong};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The policy of all cases that have none of their own.
    policy: Option<String>,
    /// The history of all cases; their own come after it.
    repo: Option<Spanned<String>>,
    #[serde(default)]
    case: Vec<Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    policy: Option<String>,
    repo: Option<Spanned<String>>,
    /// Who pushes.
    actor: Option<String>,
    push: Vec<Spanned<String>>,
    expect: Vec<Spanned<String>>,
}

pub(super) fn read(text: &str) -> Result<Vec<Case>, Wrong> {
    let line_at = |offset: usize| text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
    let file: File = toml::from_str(text).map_err(|error| Wrong {
        line: error.span().map_or(1, |span| line_at(span.start)),
        cause: error.message().to_owned(),
    })?;
    let block = |script: &Spanned<String>| {
        let written = text.get(script.span()).unwrap_or_default();
        // The lines of a string in three quotes stand where they are read; its first may be on the next line.
        let skipped = usize::from(written.starts_with("\"\"\"\n") || written.starts_with("'''\n"));
        let begins = line_at(script.span().start) + skipped;
        Text(script.get_ref().lines().enumerate().map(|(at, line)| (begins + at, line.to_owned())).collect())
    };
    let list = |items: &[Spanned<String>]| {
        Text(items.iter().map(|item| (line_at(item.span().start), item.get_ref().clone())).collect())
    };
    let shared = file.repo.as_ref().map(block).unwrap_or_default();
    let cases = file.case.iter().map(|entry| {
        let line = line_at(entry.span().start);
        let entry = entry.get_ref();
        let mut history = shared.clone();
        history.0.extend(entry.repo.as_ref().map(block).unwrap_or_default().0);
        let mut push = list(&entry.push);
        push.0.extend(entry.actor.iter().map(|actor| (line, format!("actor {actor}"))));
        Case {
            title: entry.name.clone(),
            line,
            policy: entry.policy.clone().or_else(|| file.policy.clone()),
            history,
            push,
            expect: list(&entry.expect),
        }
    });
    Ok(cases.collect())
}
