//! What dotted and calendar versions have in common: dotted numbers, then the suffixes of [`suffix`](super::suffix).

use std::cmp::Ordering;

use super::fault::Fault;
use super::scan::{Number, Scan, compare_padded};
use super::suffix::{Letters, Post, Suffix};
use super::words::{before_dev, raise_last_number};

/// The numbers and the suffix of a dotted or calendar version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    /// At least one.
    pub(super) numbers: Vec<Number>,
    pub(super) suffix: Suffix,
}

impl Numbered {
    /// Reads a dotted version.
    pub(super) fn read(text: &str, letters: Letters) -> Result<Self, Fault> {
        let mut scan = Scan::new(text);
        let numbers = scan.dotted()?;
        Ok(Self { numbers, suffix: Suffix::read(scan, letters)? })
    }

    /// Returns the numbers, without how they were padded.
    pub(super) fn release(&self) -> Vec<u64> {
        self.numbers.iter().map(|number| number.value).collect()
    }

    /// Compares two releases; missing numbers count as zeros.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        compare_padded(&self.release(), &other.release()).then_with(|| self.suffix.compare(&other.suffix))
    }

    /// Returns where the numbers end.
    fn numbers_end(&self) -> usize {
        self.numbers.last().map_or(0, |last| last.span.end)
    }

    /// Returns the text without a local version, which neither scheme has, up to its development marker.
    pub(super) fn without_dev(&self, text: &str) -> String {
        let stem = before_dev(text);
        // `1.0r-dev` is of the post-release `1.0r0`. The `1.0r` that would be left ends in a lone letter: another
        // version, or not one at all.
        let letter = stem.get(self.numbers_end()..).is_some_and(|rest| rest.len() == 1);
        format!("{stem}{}", if letter { "0" } else { "" })
    }

    /// Returns the version after this one: the last number goes up, and a lone letter to the next letter.
    pub(super) fn raised(&self, text: &str) -> Option<String> {
        if !matches!(self.suffix.post, Some(Post::Letter(_))) {
            return raise_last_number(text);
        }
        let letter = text.bytes().last().filter(|letter| !matches!(letter, b'z' | b'Z'))?;
        Some(format!("{}{}", text.get(..text.len() - 1)?, char::from(letter + 1)))
    }

    /// Returns the release it is for.
    pub(super) fn final_release(&self, text: &str) -> String {
        if self.suffix.pre.is_some() {
            text.get(..self.numbers_end()).unwrap_or_default().to_owned()
        } else if self.suffix.dev.is_some() {
            self.without_dev(text)
        } else {
            text.to_owned()
        }
    }
}

/// Returns the digits of a number as they stand in the text.
pub(super) fn written(numbers: &[Number], text: &str, index: usize) -> Option<String> {
    numbers.get(index).and_then(|number| text.get(number.span.clone())).map(str::to_owned)
}
