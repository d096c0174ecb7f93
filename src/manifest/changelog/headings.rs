//! Changelogs in Markdown or reStructuredText, with a heading for each version.
//!
//! <https://keepachangelog.com/en/1.1.0/>.

use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

use super::dates::{DATE, is_date, says_not_yet};
use super::{Entry, MAX_BYTES, end_last, has_words, is_indented, located};
use crate::manifest::Error;
use crate::manifest::lines::{Line, lines};
use crate::manifest::source::{Encoding, Source};

/// A heading's version: `[1.2.3]`, `1.2.3`, `v1.2.3`, `[1.2.3](link)`, `Version 1.2.3`; in brackets also with a
/// component's name.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let version = r"(?x)^
        (?:<a\s[^>]*></a>\s*)?                                    # an anchor of its own
        (?:\*\*|__)?
        (?:(?i:version|release|ver|rel)\.?\s+)?
        (?:\[([^\]\s]*\d[^\]\s]*|(?i:unreleased))\] | ([vV]?\d[^\s(:\]*,]*|(?i:unreleased)\b))";
    Regex::new(version).expect("a constant")
});

/// Where a link leads, right after its text.
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\]\([^)\s]*\)").expect("a constant"));

/// What stands in an entry and says nothing: a link's definition, an anchor.
static SILENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:\[[^\]]+\]:\s*\S+|<a\s[^>]*></a>)\s*$").expect("a constant"));

/// A heading: its level, and its text without the marks.
struct Heading<'t> {
    level: usize,
    line: Line<'t>,
}

/// Returns the heading that a line is: `## Text`, or a text with a line of punctuation under it.
fn heading<'t>(line: Line<'t>, next: Option<&Line<'_>>) -> Option<Heading<'t>> {
    let text = line.text;
    let marks = text.len() - text.trim_start_matches('#').len();
    if (1..=6).contains(&marks) {
        let rest = Line { text: text.get(marks..)?, start: line.start + marks };
        let closed = Line { text: rest.text.trim_end().trim_end_matches('#'), ..rest };
        return rest.text.starts_with([' ', '\t']).then(|| Heading { level: marks, line: closed.trimmed() });
    }
    let underline = next?.text.trim_end();
    let mark = underline.chars().next().filter(|mark| "=-~^\"+*".contains(*mark))?;
    let is_underline = underline.len() >= 3 && underline.chars().all(|c| c == mark);
    let level = match mark {
        '=' => 1,
        '-' => 2,
        _ => 3,
    };
    (is_underline && has_words(text) && !is_indented(text)).then(|| Heading { level, line: line.trimmed() })
}

/// Returns the bytes of the version that a heading names, or of the word `Unreleased`, and what follows it.
///
/// Up to the second level a heading may go on after the version. Below it, where the sections of an entry are, it may
/// not: `### 5.2.1 (2026-08-19)` begins an entry, `### 2.0 support` does not.
fn named<'t>(heading: &Heading<'t>) -> Option<(Range<usize>, &'t str)> {
    let text = heading.line.text;
    let found = VERSION.captures(text)?;
    let version = found.get(1).or_else(|| found.get(2))?;
    let rest = text.get(version.end()..).unwrap_or_default();
    let rest = LINK.find(rest).map_or(rest, |link| rest.get(link.end()..).unwrap_or_default());
    // A section may be called `3D` or `404`.
    let is_number = found.get(1).is_none() && version.as_str().starts_with(|c: char| c.is_ascii_digit());
    let is_version = !is_number || version.as_str().contains('.');
    let is_alone = is_date(rest) && is_version;
    (heading.level <= 2 || is_alone).then(|| (version.range(), rest))
}

/// Returns the entries of a Markdown or reStructuredText changelog: headings of any level with a version, such as
/// `## [1.2.3] - 2026-01-31`, `# [1.2.3](link) (2026-01-31)` or `1.2.3 / 2026-01-31` over a line of `=`, or with
/// `Unreleased`. Other headings belong to the entry that they are in; code blocks and comments are skipped.
///
/// # Errors
/// As [`fields`](super::fields).
pub(crate) fn keep_a_changelog(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let mut entries: Vec<Entry> = Vec::new();
    parts(source.text(), |part| {
        let found = part.heading.as_ref().and_then(named);
        let (Some(heading), Some((version, rest))) = (&part.heading, found) else {
            if let Some(entry) = entries.last_mut() {
                entry.is_empty = entry.is_empty && !part.says_something;
            }
            return;
        };
        end_last(&mut entries, part.start);
        let name = heading.line.text.get(version.clone()).unwrap_or_default();
        let is_unreleased = name.eq_ignore_ascii_case("unreleased");
        entries.push(Entry {
            package: None,
            version: (!is_unreleased).then(|| name.into()),
            distribution: None,
            date: DATE.find_iter(rest).last().map(|date| date.as_str().into()),
            span: heading.line.start + version.start..heading.line.start + version.end,
            whole: part.start..source.text().len(),
            is_open: is_unreleased || says_not_yet(rest),
            is_empty: true,
        });
    });
    located(&source, entries)
}

/// Returns whether there is anything in a file of notes besides headings and what nobody sees.
pub(crate) fn says_something(bytes: &[u8]) -> Result<bool, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let mut something = false;
    parts(source.text(), |part| something = something || part.says_something);
    Ok(something)
}

/// A line of a text with headings.
struct Part<'t> {
    /// Where it begins.
    start: usize,
    /// The heading that it is.
    heading: Option<Heading<'t>>,
    /// Whether there is anything in it to read, besides headings.
    says_something: bool,
}

/// Calls `visit` with each line outside of comments.
fn parts<'t>(text: &'t str, mut visit: impl FnMut(Part<'t>)) {
    let mut fence: Option<&str> = None;
    let mut comment = false;
    let mut lines = lines(text).peekable();
    while let Some(line) = lines.next() {
        let text = line.text.trim_start();
        if let Some(open) = fence {
            if text.starts_with(open) {
                fence = None;
            }
            visit(Part { start: line.start, heading: None, says_something: has_words(text) });
            continue;
        }
        if comment || text.starts_with("<!--") {
            comment = !text.contains("-->");
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence));
        let heading = heading(line, lines.peek());
        // A text over a line of dashes may be a paragraph before a rule.
        let says_something = !text.starts_with('#') && has_words(text) && !SILENT.is_match(text);
        visit(Part { start: line.start, heading, says_something });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Vec<String> {
        let entries = keep_a_changelog(text.as_bytes()).unwrap();
        let say = |entry: &Entry| {
            let marks = [(entry.is_open, " open"), (entry.is_empty, " empty")];
            let marks: String = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
            format!("{}{marks}", &text[entry.span.clone()])
        };
        entries.iter().map(say).collect()
    }

    #[test]
    fn a_heading_of_any_level_and_form_begins_an_entry() {
        for heading in [
            "# [5.2.0](https://example.org/a) (2026-08-19)",
            "### [5.2.0](https://example.org/a) (2026-08-19)",
            "#### 5.2.0 (2026-08-19)",
            "## 5.2.0 / 19 August 2026 ##",
            "## <a name=\"5.2.0\"></a>5.2.0 (2026-08-19)",
            "## **5.2.0**",
            "## Version 5.2.0",
            "# Release 5.2.0: many fixes",
            "5.2.0 / 2026-08-19\n==================",
            "5.2.0\n-----",
            "=====\n5.2.0\n=====",
            "5.2.0 (2026-08-19)\n~~~~~~~~~~~~~~~~~~",
            "### 5.2.0 - Aug 19th, 2026 [YANKED]",
        ] {
            assert_eq!(says(&format!("# Changes\n\n{heading}\n\n- x\n")), ["5.2.0"], "{heading}");
        }
    }

    #[test]
    fn sections_of_an_entry_are_not_entries() {
        let text = "# [5.2.0](a) (2026-08-19)\n\n### Bug Fixes\n\n* x\n\n### 2.0 support\n\n### 404\n\n### 3D\n\n### Node 18.0\n\n\
                    #5.1.0\n\n    5.0.0\n    -----\n";
        assert_eq!(says(text), ["5.2.0"]);
    }

    #[test]
    fn an_entry_that_is_not_released_says_so() {
        for heading in [
            "## [5.2.0] - Unreleased",
            "## 5.2.0 (unreleased)",
            "# [5.2.0](https://example.org/compare) - UNRELEASED",
            "## [5.2.0] - TBD",
            "## 5.2.0 (not yet released)",
            "## 5.2.0 - YYYY-MM-DD",
            "## 5.2.0 (2026-XX-XX)",
            "## 5.2.0, in development",
            "5.2.0 (unreleased)\n------------------",
        ] {
            assert_eq!(says(&format!("{heading}\n- x\n")), ["5.2.0 open"], "{heading}");
        }
        assert_eq!(says("## 5.2.0 Fixes what is pending\n- x\n## Unreleased\n- y\n"), ["5.2.0", "Unreleased open"]);
    }

    #[test]
    fn an_entry_with_nothing_under_it_is_empty() {
        let text = "## 1.4.0\n\n### Added\n\n<!-- - nothing -->\n\n## 1.3.0\n```\ncode\n```\n## 1.2.0\n[1.2.0]: https://x.org\n\
                    <a name=\"x\"></a>\n## 1.1.0\nA sentence.\n---\n## 1.0.0\n- item\n---\n";
        assert_eq!(says(text), ["1.4.0 empty", "1.3.0", "1.2.0 empty", "1.1.0", "1.0.0"]);
        assert_eq!(says_something(b"# 1.2.0\n\n## Added\n<!-- x -->\n"), Ok(false));
        assert_eq!(says_something(b"# 1.2.0\n\nNew.\n"), Ok(true));
    }

    #[test]
    fn keep_a_changelog_headings() {
        let text = "# Changelog\n<!--\n## [0.0.1]\n-->\n## [Unreleased]\n### Added\n```\n## 9.9\n```\n## [1.2.0](http://x) \
                    (2026-01-31)\n## v1.1.0 - 2025-01-01 [YANKED]\n## Notes for 3\n## [skaha-1.0] \r\n## 0.9\n";
        let entries = keep_a_changelog(text.as_bytes()).unwrap();
        let read: Vec<_> = entries.iter().map(|e| (&text[e.span.clone()], e.date.as_deref())).collect();
        assert_eq!(
            read,
            [
                ("Unreleased", None),
                ("1.2.0", Some("2026-01-31")),
                ("v1.1.0", Some("2025-01-01")),
                ("skaha-1.0", None),
                ("0.9", None)
            ]
        );
        assert_eq!(entries[0].version, None);
        assert!(text[entries[2].whole.clone()].ends_with("## Notes for 3\n"));
    }
}
