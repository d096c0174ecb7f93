//! Debian versions, read and ordered as dpkg does (deb-version(7)).
//!
//! Own code, since the crate for it orders an absent number below 0 where dpkg takes it for 0 (`1.0~rc` and
//! `1.0~rc0` are one version), and brings a calendar and a regex engine along.

use std::cmp::Ordering;

use super::error::{Fault, Reason};
use super::scan::{Number, Scan, compare_digits, span_len};

/// A version in its three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Debian {
    pub(super) epoch: u64,
    pub(super) upstream: String,
    pub(super) revision: Option<String>,
    /// The dotted numbers the upstream version begins with.
    pub(super) numbers: Vec<Number>,
}

impl Debian {
    /// Reads a version. Stricter than dpkg in one thing that the policy manual asks for: the upstream version
    /// begins with a digit (dpkg only warns). The dotted numbers it begins with must fit 64 bits; numbers
    /// further on may be of any length.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let mut scan = Scan::new(text);
        let mut epoch = 0;
        if let Some(colon) = text.find(':') {
            let number = scan.number()?;
            if number.span.end != colon {
                return Err(scan.fault());
            }
            epoch = number.value;
            if i32::try_from(epoch).is_err() {
                return Err(Fault::new(0, Reason::TooLarge));
            }
            scan = Scan::at(text, colon + 1);
        }
        let upstream_at = scan.offset();
        let numbers = scan.clone().dotted()?;
        let upstream_end = text.rfind('-').filter(|dash| *dash >= upstream_at).unwrap_or(text.len());
        scan.run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '~' | ':'));
        scan.end()?;
        let revision = text.get(upstream_end + 1..).filter(|_| upstream_end < text.len());
        if let Some(revision) = revision {
            let mut scan = Scan::at(text, upstream_end + 1);
            if revision.is_empty() {
                return Err(scan.fault());
            }
            scan.run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '~'));
            scan.end()?;
        }
        let upstream = text.get(upstream_at..upstream_end).unwrap_or_default().to_owned();
        Ok(Self { epoch, upstream, revision: revision.map(str::to_owned), numbers })
    }

    /// How much of the upstream version the dotted numbers take up.
    pub(super) fn numbers_len(&self) -> usize {
        span_len(&self.numbers)
    }

    /// Whether the upstream version is one that comes before its release: it has a tilde. A tilde in the
    /// revision marks a backport, which is not a pre-release.
    pub(super) fn is_prerelease(&self) -> bool {
        self.upstream.contains('~')
    }

    /// dpkg's order.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let revision = |version: &Self| version.revision.clone().unwrap_or_default();
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(&self.upstream, &other.upstream))
            .then_with(|| compare_part(&revision(self), &revision(other)))
    }
}

/// Compares alternating runs of other characters and of digits, beginning with other characters.
fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_word, left_rest) = split(left, |c| !c.is_ascii_digit());
        let (right_word, right_rest) = split(right, |c| !c.is_ascii_digit());
        let (left_digits, left_rest) = split(left_rest, |c| c.is_ascii_digit());
        let (right_digits, right_rest) = split(right_rest, |c| c.is_ascii_digit());
        let order = compare_words(left_word, right_word).then_with(|| compare_digits(left_digits, right_digits));
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

fn split(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

/// A tilde before the end, the end before letters, letters before everything else.
fn compare_words(left: &str, right: &str) -> Ordering {
    let weights = |word: &str| {
        word.bytes()
            .map(|byte| match byte {
                b'~' => -1,
                letter if letter.is_ascii_alphabetic() => i32::from(letter),
                other => i32::from(other) + 256,
            })
            // The end, heavier than a tilde.
            .chain([0])
            .collect::<Vec<i32>>()
    };
    weights(left).cmp(&weights(right))
}
