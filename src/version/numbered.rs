//! Dotted versions: any number of dotted numbers, then the suffixes of [`suffix`](super::suffix).
//!
//! No crate reads what real tags are: `1.2.3.4`, `16.07`, `0.99.9a`, `4.5.0-rc4`, `2.0.0_RC1`, `5.0.0.beta.2`,
//! `1.0.0rc2.1`, `1.1.9-3`.

use std::cmp::Ordering;

use super::Letters;
use super::error::Fault;
use super::scan::{Number, Scan, compare_padded};
use super::suffix::Suffix;

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

    /// The numbers, without how they were padded.
    pub(super) fn release(&self) -> Vec<u64> {
        self.numbers.iter().map(|number| number.value).collect()
    }

    /// The order; missing numbers count as zeros.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        compare_padded(&self.release(), &other.release()).then_with(|| self.suffix.compare(&other.suffix))
    }
}
