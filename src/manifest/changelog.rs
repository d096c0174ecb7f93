//! Changelogs: the entries of `debian/changelog` and of Keep a Changelog.
//!
//! <https://manpages.debian.org/deb-changelog.5>, <https://keepachangelog.com/en/1.1.0/>.

use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

use super::lines::{Line, lines};
use super::source::{Encoding, Source};
use super::{Error, Field};

/// Most bytes that are read of a changelog.
pub(crate) const MAX_BYTES: usize = 8 << 20;

/// One entry of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The source package (Debian only).
    pub package: Option<String>,
    /// The version; `None` for the section of what is not released yet.
    pub version: Option<String>,
    /// The distribution, or several separated by spaces (Debian only). One version for two distributions is two
    /// releases, and `UNRELEASED` is not a release.
    pub distribution: Option<String>,
    /// The date, as it is written.
    pub date: Option<String>,
    /// The bytes of the version, or of the word that stands for it.
    pub span: Range<usize>,
    /// The bytes of the whole entry, from its heading to the next.
    pub whole: Range<usize>,
}

/// `package (version) distribution…; key=value`, as dpkg's own parser has it.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    let heading = r"(?i)^(\w[-+0-9a-z.]*) \(([^\(\) \t]+)\)((?:\s+[-+0-9a-z.]+)+);";
    Regex::new(heading).expect("a constant")
});

/// What ends the entries in old files: editor settings, and formats before the present one.
static END: LazyLock<Regex> = LazyLock::new(|| {
    let end = r"(?i)^(?:(?:;;\s*)?local variables:|vim:|old changelog:|changes (?:from version |for )|\w+\s+\w+\s+\d{1,2} \d{1,2}:\d{2}:\d{2}\s)";
    Regex::new(end).expect("a constant")
});

/// Returns the entries of a `debian/changelog`, newest first as in the file.
///
/// # Errors
/// A line that begins in column 1 and is not a heading: an entry that is not recognised would be missed silently. Also
/// as [`fields`](super::fields).
pub(crate) fn debian(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    located(&source, debian_entries(&source, usize::MAX)?)
}

/// Returns the version of the first entry; its distribution is in [`debian`].
pub(super) fn first_version(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let entries = debian_entries(source, 1)?;
    let version = |entry: Entry| Some(Field::new("version", &entry.version?, entry.span));
    Ok(entries.into_iter().filter_map(version).collect())
}

fn debian_entries(source: &Source<'_>, most: usize) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut ended = false;
    for line in lines(source.text()) {
        let text = line.text;
        if let Some(trailer) = text.strip_prefix(" -- ") {
            let date = trailer.rsplit_once('>').map(|(_, date)| date.trim().to_owned());
            if let Some(entry) = entries.last_mut() {
                entry.date = date.filter(|date| !date.is_empty());
            }
        } else if text.trim().is_empty() || ended || is_comment(text) || (is_indented(text) && !entries.is_empty()) {
            continue;
        } else if let Some(heading) = HEADING.captures(text) {
            end_last(&mut entries, line.start);
            if entries.len() == most {
                return Ok(entries);
            }
            let part = |group| heading.get(group).map_or("", |part| part.as_str());
            let range = heading.get(2).map_or(0..0, |version| version.range());
            entries.push(Entry {
                package: Some(part(1).into()),
                version: Some(part(2).into()),
                distribution: Some(part(3).split_whitespace().collect::<Vec<_>>().join(" ")),
                date: None,
                span: line.start + range.start..line.start + range.end,
                whole: line.start..source.text().len(),
            });
        } else if !entries.is_empty() && END.is_match(text) {
            ended = true;
            end_last(&mut entries, line.start);
        } else {
            return Err(source.syntax(line.start, "not the heading of an entry"));
        }
    }
    Ok(entries)
}

fn is_indented(text: &str) -> bool {
    text.starts_with([' ', '\t'])
}

/// Returns whether this is a line that dpkg skips wherever it is.
fn is_comment(text: &str) -> bool {
    let keyword = text.starts_with('$') && text.trim_end().ends_with('$');
    text.starts_with('#') || keyword || (text.starts_with("/*") && text.trim_end().ends_with("*/"))
}

fn end_last(entries: &mut [Entry], at: usize) {
    if let Some(last) = entries.last_mut().filter(|last| last.whole.end > at) {
        last.whole.end = at;
    }
}

/// A heading's version: `[1.2.3]`, `1.2.3`, `v1.2.3`, `[1.2.3](link)`; in brackets also with a component's name.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let version = r"^(?:\[([^\]\s]*\d[^\]\s]*|(?i:unreleased))\]|(v?\d[^\s(:\]]*|(?i:unreleased)\b))";
    Regex::new(version).expect("a constant")
});

/// A date after the version.
static DATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{4}-\d{2}-\d{2}\b").expect("a constant"));

/// Returns the entries of a Markdown changelog in the manner of Keep a Changelog: headings of level two with a version,
/// such as `## [1.2.3] - 2026-01-31`, or with `Unreleased`. Other headings belong to the entry that they are in; code
/// blocks and comments are skipped.
///
/// # Errors
/// As [`fields`](super::fields).
pub(crate) fn keep_a_changelog(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut comment = false;
    for line in lines(source.text()) {
        let text = line.text.trim_start();
        if let Some(open) = fence {
            if text.starts_with(open) {
                fence = None;
            }
            continue;
        }
        if comment || text.starts_with("<!--") {
            comment = !text.contains("-->");
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence));
        let Some(heading) = line.strip_prefix("## ").map(Line::trimmed) else { continue };
        let Some(found) = VERSION.captures(heading.text) else { continue };
        let Some(version) = found.get(1).or_else(|| found.get(2)) else { continue };
        end_last(&mut entries, line.start);
        let unreleased = version.as_str().eq_ignore_ascii_case("unreleased");
        let rest = heading.text.get(version.end()..).unwrap_or_default();
        entries.push(Entry {
            package: None,
            version: (!unreleased).then(|| version.as_str().into()),
            distribution: None,
            date: DATE.find_iter(rest).last().map(|date| date.as_str().into()),
            span: heading.start + version.start()..heading.start + version.end(),
            whole: line.start..source.text().len(),
        });
    }
    located(&source, entries)
}

fn located(source: &Source<'_>, entries: Vec<Entry>) -> Result<Vec<Entry>, Error> {
    let bom = source.span(0..0)?.start;
    let moved = |entry: Entry| {
        let whole = entry.whole.start + bom..entry.whole.end + bom;
        Ok(Entry { span: source.span(entry.span)?, whole, ..entry })
    };
    entries.into_iter().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEBIAN: &str = "pybal (1.15.3) stretch; urgency=medium\n\n  * Fix (really)\n\n -- A B <a@b>  Mon, 01 Jan 2018 \
                          00:00:00 +0000\n\npybal (1.15.3) jessie UNRELEASED; urgency=low\n\n  * Old\n\n -- A <a@b>\n\
                          # comment\nLocal variables:\nmode: debian-changelog\nEnd:\n";

    #[test]
    fn one_version_for_two_distributions_is_two_entries() {
        let entries = debian(DEBIAN.as_bytes()).unwrap();
        let read: Vec<_> = entries
            .iter()
            .map(|e| (e.package.as_deref().unwrap(), e.version.as_deref().unwrap(), e.distribution.as_deref().unwrap()))
            .collect();
        assert_eq!(read, [("pybal", "1.15.3", "stretch"), ("pybal", "1.15.3", "jessie UNRELEASED")]);
        assert_eq!(entries[0].date.as_deref(), Some("Mon, 01 Jan 2018 00:00:00 +0000"));
        assert_eq!(entries[1].date, None);
        assert_eq!(&DEBIAN[entries[1].span.clone()], "1.15.3");
        assert!(DEBIAN[entries[0].whole.clone()].ends_with("+0000\n\n"));
        assert!(DEBIAN[entries[1].whole.clone()].ends_with("# comment\n"));
    }

    #[test]
    fn a_heading_that_is_none_is_not_skipped() {
        for (text, line) in [
            ("pybal (1.15.4 stretch; urgency=low\n", 1),
            ("a (1) x; u=l\n\n  * y\n\npybal 1.15.4 stretch\n", 5),
            ("  * no heading\n", 1),
            ("a (1) x\n", 1),
        ] {
            let error = debian(text.as_bytes());
            assert!(matches!(error, Err(Error::Syntax { line: at, .. }) if at == line), "{text} {error:?}");
        }
        assert_eq!(debian(b""), Ok(Vec::new()));
        assert_eq!(debian(b"a (1\xff) x; u=l\n"), Err(Error::NotUtf8 { line: 1, column: 5 }));
    }

    #[test]
    fn a_latin1_name_is_no_obstacle() {
        let text = b"\xef\xbb\xbfa (1:2~rc1-3) x; u=l\r\n\r\n  * J\xf6rg\r\n";
        let entries = debian(text).unwrap();
        assert_eq!(&text[entries[0].span.clone()], b"1:2~rc1-3");
        assert_eq!(entries[0].whole, 3..text.len());
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

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for entries in [debian(&bytes), keep_a_changelog(&bytes)] {
                for entry in entries.into_iter().flatten() {
                    if let Some(version) = entry.version {
                        prop_assert_eq!(&bytes[entry.span], version.as_bytes());
                    }
                }
            }
        }

        #[test]
        fn entries_lie_behind_each_other(parts in proptest::collection::vec(0usize..5, 0..12)) {
            let lines = ["a (1.2) x y; u=l\n", "  * z\n", "\n", " -- A <b>  d\n", "## [1.0] - 2020-02-02\n"];
            let text: String = parts.iter().map(|part| lines[*part]).collect();
            for entries in [debian(text.as_bytes()), keep_a_changelog(text.as_bytes())].into_iter().flatten() {
                for pair in entries.windows(2) {
                    prop_assert_eq!(pair[0].whole.end, pair[1].whole.start);
                    prop_assert!(pair[0].span.end <= pair[0].whole.end);
                }
            }
        }
    }
}
