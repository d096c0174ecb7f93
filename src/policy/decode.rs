//! From TOML tables to types, with every error of a table and not only serde's first.

use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{Problem, is_full};
use crate::model::{did_you_mean, listed};

/// Parses the text of a policy file, reporting every syntax error.
pub(super) fn parse(text: &str) -> (Spanned<DeTable<'_>>, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let problems = errors
        .iter()
        .map(|error| Problem::new(error.span().unwrap_or(0..0), format!("invalid TOML: {}", error.message())))
        .collect();
    (table, problems)
}

/// Decodes one table.
///
/// serde stops at the first error. The key at which the error points is removed and the rest is tried again: a table
/// with three mistakes yields three problems.
pub(super) fn decode<T: DeserializeOwned>(
    table: DeTable<'_>,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let mut table = table;
    let mut taken: Vec<String> = Vec::new();
    while !is_full(problems) {
        let value = Spanned::new(span.clone(), DeValue::Table(table.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(decoded) => return taken.is_empty().then_some(decoded),
            Err(error) => error,
        };
        let at = error.span().unwrap_or_else(|| span.clone());
        let culprit = table
            .iter()
            .find(|(key, value)| covers(&key.span(), &at) || covers(&value.span(), &at))
            .map(|(key, _)| key.clone());
        let Some(key) = culprit else {
            let message = sentence(error.message());
            // A field that was removed because it was wrong is then also missing; one report is enough.
            if !taken.iter().any(|key| message.contains(&format!("`{key}`"))) {
                problems.push(Problem::new(at, message));
            }
            return None;
        };
        problems.push(Problem::new(at, sentence(error.message())));
        taken.push(key.get_ref().to_string());
        table.remove(&key);
    }
    None
}

/// Decodes the value of a key.
pub(super) fn decode_value<T: DeserializeOwned>(
    value: Spanned<DeValue<'_>>,
    key: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value))
        .map_err(|error| {
            problems.push(Problem::new(error.span().unwrap_or(span), format!("`{key}`: {}", error.message())));
        })
        .ok()
}

/// Removes a key from a table and gives its value.
pub(super) fn take<'i>(table: &mut DeTable<'i>, key: &str) -> Option<Spanned<DeValue<'i>>> {
    take_entry(table, key).map(|(_, value)| value)
}

/// Removes a key from a table and gives both, each with its place.
pub(super) fn take_entry<'i>(
    table: &mut DeTable<'i>,
    key: &str,
) -> Option<(Spanned<Cow<'i, str>>, Spanned<DeValue<'i>>)> {
    let key = table.iter().map(|(key, _)| key).find(|found| found.get_ref() == key)?.clone();
    let value = table.remove(&key)?;
    Some((key, value))
}

/// Takes a value that has to be a table.
pub(super) fn table<'i>(
    value: Spanned<DeValue<'i>>,
    what: &str,
    problems: &mut Vec<Problem>,
) -> Option<(DeTable<'i>, Range<usize>)> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Some((table, span)),
        other => {
            problems.push(Problem::new(span, format!("{what} is a table, not {}", with_article(other.type_str()))));
            None
        }
    }
}

/// Takes a value that has to be an array of tables, `[[what]]`.
pub(super) fn tables<'i>(
    value: Spanned<DeValue<'i>>,
    what: &str,
    problems: &mut Vec<Problem>,
) -> Vec<(DeTable<'i>, Range<usize>)> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(items) => items.into_iter().filter_map(|item| table(item, what, problems)).collect(),
        other => {
            let message = format!("`{what}` is written `[[{what}]]`, this is {}", with_article(other.type_str()));
            problems.push(Problem::new(span, message));
            Vec::new()
        }
    }
}

/// Reports whatever keys are left in a table as unknown.
pub(super) fn no_more<'k>(
    table: &DeTable<'_>,
    known: impl Iterator<Item = &'k str> + Clone,
    problems: &mut Vec<Problem>,
) {
    for (key, _) in table {
        if is_full(problems) {
            break;
        }
        let found = key.get_ref().as_ref();
        let message = format!("unknown key `{found}`{}", did_you_mean(found, known.clone()));
        problems.push(Problem::new(key.span(), message));
    }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// Returns serde's message, with a suggestion where it lists what it expected:
/// `unknown field `brnach`, expected one of …`.
fn sentence(message: &str) -> String {
    let first = message.lines().next().unwrap_or(message);
    let words: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
    let Some((found, known)) = words.split_first().filter(|_| first.starts_with("unknown ")) else {
        return first.to_owned();
    };
    let what =
        if first.starts_with("unknown field") { Cow::Borrowed("unknown key") } else { Cow::Borrowed("unknown value") };
    let suggestion = did_you_mean(found, known.iter().copied());
    if suggestion.is_empty() && !known.is_empty() {
        return format!(
            "{what} `{found}`; there {} {}",
            if known.len() == 1 { "is" } else { "are" },
            listed(known, "and")
        );
    }
    format!("{what} `{found}`{suggestion}")
}
