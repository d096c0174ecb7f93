//! Manifests that are read line by line: RPM spec files and `VERSION` files.
//!
//! <https://rpm-software-management.github.io/rpm/manual/spec.html>.

use std::collections::BTreeMap;
use std::ops::Range;

use super::source::Source;
use super::{Error, Field};

/// A part of a line and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// The text, without the line end.
    pub(super) text: &'t str,
    /// Its offset.
    pub(super) start: usize,
}

impl<'t> Line<'t> {
    /// Without white space at its ends.
    pub(super) fn trimmed(self) -> Self {
        let start = self.start + (self.text.len() - self.text.trim_start().len());
        Self { text: self.text.trim(), start }
    }

    /// Its range.
    pub(super) fn range(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// What is left after a prefix.
    pub(super) fn strip_prefix(self, prefix: &str) -> Option<Line<'t>> {
        let text = self.text.strip_prefix(prefix)?;
        Some(Line { text, start: self.start + prefix.len() })
    }

    /// What is before the first of these characters, and what is after it.
    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        let start = self.start + self.text.len() - after.len();
        Some((Self { text: before, start: self.start }, Self { text: after, start }))
    }
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        let text = line.strip_suffix('\n').unwrap_or(line);
        Line { text: text.strip_suffix('\r').unwrap_or(text), start: at }
    })
}

/// The one line of a file that is nothing but a version.
pub(super) fn version_file(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let mut filled = lines(source.text()).map(Line::trimmed).filter(|line| !line.text.is_empty());
    let Some(line) = filled.next() else { return Ok(Vec::new()) };
    match filled.next() {
        Some(second) => Err(source.syntax(second.start, "a version file has one line, this has more")),
        None => Ok(vec![Field::new("version", line.text, line.range())]),
    }
}

/// Sections that end the preamble, which is where the package's own tags are.
const SECTIONS: [&str; 11] = [
    "%package",
    "%description",
    "%prep",
    "%generate_buildrequires",
    "%build",
    "%install",
    "%check",
    "%clean",
    "%files",
    "%changelog",
    "%pre",
];

/// `Version:` and `Release:` of the preamble. A version that is one macro is followed to the `%define` or `%global`
/// of this file; of a release, a `%{?dist}` at its end is no part of the value.
pub(super) fn rpm_spec(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let mut macros: BTreeMap<&str, Option<Line<'_>>> = BTreeMap::new();
    let mut tags = Vec::new();
    for line in lines(source.text()) {
        if SECTIONS.iter().any(|section| line.text.split_whitespace().next() == Some(section)) {
            break;
        }
        let line = line.trimmed();
        if let Some((name, value)) = definition(line) {
            macros.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
        } else if let Some((tag, value)) = line.split_once(':') {
            let name = ["Version", "Release"].into_iter().find(|name| tag.text.trim_end().eq_ignore_ascii_case(name));
            tags.extend(name.map(|name| (name, value.trimmed())));
        }
    }
    let mut fields = Vec::new();
    for (name, mut value) in tags {
        if name == "Release" {
            value.text = value.text.strip_suffix("%{?dist}").unwrap_or(value.text);
        }
        let called = value.text.strip_prefix("%{").and_then(|text| text.strip_suffix('}'));
        if let Some(Some(literal)) = called.or(value.text.strip_prefix('%')).and_then(|name| macros.get(name)) {
            value = *literal;
        }
        if !value.text.is_empty() {
            fields.push(Field::new(name, value.text, value.range()));
        }
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// The name and body of `%define name body` or `%global name body`; a macro with parameters is none.
fn definition(line: Line<'_>) -> Option<(&str, Line<'_>)> {
    let rest = line.strip_prefix("%define").or_else(|| line.strip_prefix("%global"))?;
    let rest = Some(rest).filter(|rest| rest.text.starts_with([' ', '\t']))?.trimmed();
    let end = rest.text.find([' ', '\t'])?;
    let (name, value) = rest.text.split_at_checked(end)?;
    Some((name, Line { text: value, start: rest.start + end }.trimmed()))
}
