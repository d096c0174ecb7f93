//! Changelogs of a project's own form: a policy says what the heading of an entry looks like.

use regex::{Regex, RegexBuilder};

use super::dates::{DATE, says_not_yet};
use super::{Entry, MAX_BYTES, has_words, located};
use crate::manifest::Error;
use crate::manifest::source::{Encoding, Source};

/// Most memory a compiled heading may take.
const MAX_REGEX: usize = 1 << 20;

/// What the heading of an entry looks like, in a changelog of a project's own form.
#[derive(Clone, Debug)]
pub struct Headings(Regex);

impl Headings {
    /// Compiles an expression, which matches the heading of each entry. `^` and `$` match at the ends of lines.
    ///
    /// # Errors
    /// [`Error::Pattern`]: not a regular expression, too big, or without the one group `version`.
    pub fn new(regex: &str) -> Result<Self, Error> {
        let regex = RegexBuilder::new(regex).size_limit(MAX_REGEX).multi_line(true).crlf(true).build();
        let regex = regex.map_err(|error| Error::Pattern(format!("it is not a regular expression: {error}")))?;
        match regex.capture_names().flatten().collect::<Vec<_>>().as_slice() {
            ["version"] => Ok(Self(regex)),
            _ => Err(Error::Pattern("the heading needs exactly one named group, `version`".into())),
        }
    }
}

/// Returns the entries of a changelog whose headings an expression describes.
///
/// # Errors
/// As [`fields`](super::fields).
pub(crate) fn headed(bytes: &[u8], headings: &Headings) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let text = source.text();
    let mut entries: Vec<Entry> = Vec::new();
    let mut content = 0;
    let mut found = headings.0.captures_iter(text).peekable();
    while let Some(groups) = found.next() {
        let (Some(whole), Some(version)) = (groups.get(0), groups.name("version")) else { continue };
        if whole.is_empty() || version.is_empty() {
            continue;
        }
        let line_end = |at: usize| text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
        let end = found.peek().and_then(|next| next.get(0)).map_or(text.len(), |next| next.start());
        content = line_end(whole.end()).max(content).min(end);
        let rest = text.get(version.end()..line_end(version.end())).unwrap_or_default();
        entries.push(Entry {
            package: None,
            version: Some(version.as_str().into()),
            distribution: None,
            date: DATE.find_iter(rest).last().map(|date| date.as_str().into()),
            span: version.range(),
            whole: whole.start()..end,
            is_open: says_not_yet(rest),
            is_empty: !text.get(content..end).is_some_and(has_words),
        });
    }
    located(&source, entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_a_projects_own_form_are_those_of_the_policy() {
        let read = |pattern: &str, text: &str| {
            let entries = headed(text.as_bytes(), &Headings::new(pattern).unwrap()).unwrap();
            let say = |entry: Entry| (text[entry.span].to_owned(), entry.date, entry.is_open, entry.is_empty);
            entries.into_iter().map(say).collect::<Vec<_>>()
        };
        let entry = |version: &str, date: Option<&str>, is_open, is_empty| {
            (version.to_owned(), date.map(str::to_owned), is_open, is_empty)
        };
        assert_eq!(
            read(
                r"^Redis (?P<version>\S+) Released",
                "Redis 7.0.11 Released Mon Apr 17 2023\n=====\n\n* x\n\r\nRedis 7.0.10 Released TBD\n\nsee Redis 7.0.9 Released\n"
            ),
            [entry("7.0.11", None, false, false), entry("7.0.10", None, false, false)]
        );
        assert_eq!(
            read(
                r"^## Cargo (?P<version>[0-9.]+)",
                "# x\n## Cargo 1.98 (2026-10-01)\n\n## Cargo 1.97 (unreleased)\n- y"
            ),
            [entry("1.98", Some("2026-10-01"), false, true), entry("1.97", None, true, false)]
        );
        for wrong in ["(", "x", "(?P<v>x)", "(?P<version>x)(?P<date>y)", r"(?P<version>\w{1000}{1000})"] {
            assert!(matches!(Headings::new(wrong), Err(Error::Pattern(_))), "{wrong}");
        }
    }
}
