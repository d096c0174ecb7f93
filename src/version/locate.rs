//! Where a text goes wrong that a crate refuses.

use super::fault::{Fault, Reason};

/// Finds where a text goes wrong, which neither crate says: at the end of the longest prefix that one of the tails
/// would complete to a version that `reads`.
pub(super) fn locate(text: &str, tails: &[&str], reads: impl Fn(&str) -> bool) -> Fault {
    let completes = |end: usize| {
        let start = text.get(..end).unwrap_or_default();
        tails.iter().any(|tail| reads(&format!("{start}{tail}")))
    };
    // Whatever begins a beginning that can be completed can be completed too, so halving finds the longest.
    let (mut offset, mut beyond) = (0, text.len() + 1);
    while beyond - offset > 1 {
        let middle = offset + (beyond - offset) / 2;
        if completes(middle) {
            offset = middle;
        } else {
            beyond = middle;
        }
    }
    let rest = text.get(offset..).unwrap_or_default();
    let before = text.get(..offset).unwrap_or_default();
    let digits_before = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = before.get(before.len() - digits_before..).unwrap_or_default();
    let digit = rest.starts_with(|c: char| c.is_ascii_digit());
    if rest.is_empty() {
        Fault::new(offset, Reason::Incomplete)
    } else if digit && number == "0" {
        Fault::new(offset - 1, Reason::LeadingZero)
    } else if digit && digits_before >= 19 {
        Fault::new(offset - digits_before, Reason::TooLarge)
    } else {
        Fault::new(offset, Reason::Unexpected)
    }
}
