//! `debian/changelog`.
//!
//! <https://manpages.debian.org/deb-changelog.5>.

use regex::Regex;
use std::sync::LazyLock;

use super::{Entry, MAX_BYTES, end_last, has_words, is_indented, located};
use crate::manifest::lines::lines;
use crate::manifest::source::{Encoding, Source};
use crate::manifest::{Error, Field};

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

/// The name of the version where an entry before it is not released.
pub(crate) const LAST_RELEASE: &str = "version of the last release";

/// Returns the version of the first entry that is released. One for `UNRELEASED` collects changes: its version counts
/// once it has a distribution. An entry for `UNRELEASED` in a file of nothing else is a version as well.
pub(in crate::manifest) fn first_version(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let entries = debian_entries(source, 1)?;
    let name = match entries.as_slice() {
        [_, .., last] if !last.is_open => LAST_RELEASE,
        _ => "version",
    };
    let entry = entries.iter().find(|entry| !entry.is_open).or(entries.first());
    let version = |entry: &Entry| Some(Field::new(name, entry.version.as_ref()?, entry.span.clone()));
    Ok(entry.and_then(version).into_iter().collect())
}

/// Returns whether a list of distributions says that an entry is not released.
fn is_unreleased(distributions: &str) -> bool {
    distributions.split_whitespace().any(|word| word.eq_ignore_ascii_case("unreleased"))
}

/// Reads entries, until `most` of them are released.
fn debian_entries(source: &Source<'_>, most: usize) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut ended = false;
    let mut released = 0;
    for line in lines(source.text()) {
        let text = line.text;
        if let Some(trailer) = text.strip_prefix(" -- ") {
            let date = trailer.rsplit_once('>').map(|(_, date)| date.trim().to_owned());
            if let Some(entry) = entries.last_mut() {
                entry.date = date.filter(|date| !date.is_empty());
            }
        } else if text.trim().is_empty() || ended || is_comment(text) {
            continue;
        } else if let Some(entry) = entries.last_mut().filter(|_| is_indented(text)) {
            entry.is_empty = entry.is_empty && !has_words(text);
        } else if let Some(heading) = HEADING.captures(text) {
            end_last(&mut entries, line.start);
            if released == most {
                return Ok(entries);
            }
            let part = |group| heading.get(group).map_or("", |part| part.as_str());
            let range = heading.get(2).map_or(0..0, |version| version.range());
            let is_open = is_unreleased(part(3));
            released += usize::from(!is_open);
            entries.push(Entry {
                package: Some(part(1).into()),
                version: Some(part(2).into()),
                distribution: Some(part(3).split_whitespace().collect::<Vec<_>>().join(" ")),
                date: None,
                span: line.start + range.start..line.start + range.end,
                whole: line.start..source.text().len(),
                is_open,
                is_empty: true,
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

/// Returns whether this is a line that dpkg skips wherever it is.
fn is_comment(text: &str) -> bool {
    let keyword = text.starts_with('$') && text.trim_end().ends_with('$');
    text.starts_with('#') || keyword || (text.starts_with("/*") && text.trim_end().ends_with("*/"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_entry_with_nothing_under_it_is_empty() {
        let says_nothing = |text: &str| debian(text.as_bytes()).unwrap()[0].is_empty;
        assert!(says_nothing("a (1) x; u=l\n\n -- A <a@b>  Mon, 01 Jan 2018 00:00:00 +0000\n"));
        assert!(says_nothing("a (1) x; u=l\n\n  *\n\n -- A <a@b>  Mon, 01 Jan 2018 00:00:00 +0000\n"));
        assert!(!says_nothing("a (1) x; u=l\n\n  * y\n"));
    }
}
