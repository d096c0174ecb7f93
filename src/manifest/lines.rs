//! Lines, for the manifests that are read line by line.

use std::ops::Range;

use super::source::step;

/// A part of a line and its position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// The text, without the line end.
    pub(super) text: &'t str,
    /// Its offset.
    pub(super) start: usize,
}

impl<'t> Line<'t> {
    /// Removes white space at its ends.
    pub(super) fn trimmed(self) -> Self {
        let start = self.start + (self.text.len() - self.text.trim_start().len());
        Self { text: self.text.trim(), start }
    }

    /// Returns its range.
    pub(super) fn range(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Returns what is left after a prefix.
    pub(super) fn strip_prefix(self, prefix: &str) -> Option<Line<'t>> {
        let text = self.text.strip_prefix(prefix)?;
        Some(Line { text, start: self.start + prefix.len() })
    }

    /// Returns what is before the first of these characters, and what is after it.
    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        let start = self.start + self.text.len() - after.len();
        Some((Self { text: before, start: self.start }, Self { text: after, start }))
    }
}

/// Returns the lines of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        step();
        let at = start;
        start += line.len();
        let text = line.strip_suffix('\n').unwrap_or(line);
        Line { text: text.strip_suffix('\r').unwrap_or(text), start: at }
    })
}
