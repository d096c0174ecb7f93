//! Changelogs: the entries of `debian/changelog`, of files with a heading for each version, and of files whose headings
//! a policy describes.

mod dates;
mod debian;
mod headings;
mod own_form;

pub(super) use debian::first_version;
pub(crate) use debian::{LAST_RELEASE, debian};
pub(crate) use headings::{keep_a_changelog, says_something};
pub(crate) use own_form::{Headings, headed};

use std::ops::Range;

use super::Error;
use super::source::Source;

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
    /// Whether it says that it is not released yet.
    pub is_open: bool,
    /// Whether nothing is written under its heading.
    pub is_empty: bool,
}

/// Returns whether a line has anything to read.
fn has_words(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

fn is_indented(text: &str) -> bool {
    text.starts_with([' ', '\t'])
}

fn end_last(entries: &mut [Entry], at: usize) {
    if let Some(last) = entries.last_mut().filter(|last| last.whole.end > at) {
        last.whole.end = at;
    }
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

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let headings = Headings::new(r"^. ?(?P<version>\S+)").unwrap();
            for entries in [debian(&bytes), keep_a_changelog(&bytes), headed(&bytes, &headings)] {
                for entry in entries.into_iter().flatten() {
                    if let Some(version) = entry.version {
                        prop_assert_eq!(&bytes[entry.span], version.as_bytes());
                    }
                }
            }
        }

        #[test]
        fn entries_lie_behind_each_other(parts in proptest::collection::vec(0usize..7, 0..12)) {
            let lines = ["a (1.2) x y; u=l\n", "  * z\n", "\n", " -- A <b>  d\n", "## [1.0] - 2020-02-02\n", "2.0\n", "===\n"];
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
