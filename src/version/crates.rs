//! The two schemes that crates read: SemVer (`semver`) and PEP 440 (`pep440_rs`). Added here: where a text
//! goes wrong, and limits.

use super::error::{Fault, Reason};
use super::scan::Scan;

/// Reads a SemVer version. `1.2.3`, `1.2.3-rc.1+build`; no `v`, no fewer or more than three numbers.
pub(super) fn read_semver(text: &str) -> Result<semver::Version, Fault> {
    semver::Version::parse(text).map_err(|_| {
        let tails = ["", "0", ".0", ".0.0", "0.0", "0.0.0"];
        fault(text, &tails, |text| semver::Version::parse(text).is_ok())
    })
}

/// Reads a PEP 440 version, in any of the spellings that the specification normalises, a `v` in front
/// included. Numbers above `u64::MAX` are an error, in local versions too.
pub(super) fn read_pep440(text: &str) -> Result<pep440_rs::Version, Fault> {
    too_large(text)?;
    text.parse().map_err(|_| {
        // What may be missing at the end: a number, or the rest of a marker.
        let tails = [
            "", "0", "dev", "lpha", "pha", "ha", "a", "eta", "ta", "review", "eview", "view", "iew", "ew", "w", "re",
            "e", "c", "ost", "st", "t", "ev", "v",
        ];
        fault(text, &tails, |text| text.parse::<pep440_rs::Version>().is_ok())
    })
}

/// Neither crate says where a text goes wrong: that is where the longest beginning ends that some ending
/// would complete.
fn fault(text: &str, tails: &[&str], reads: impl Fn(&str) -> bool) -> Fault {
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

/// Fails at a number that does not fit, before the crate may take it for a word.
fn too_large(text: &str) -> Result<(), Fault> {
    let mut scan = Scan::new(text);
    while !scan.is_done() {
        let is_local = text.get(..scan.offset()).is_some_and(|before| before.contains('+'));
        // In a local version digits may be part of a word, such as a commit's name.
        let run = if is_local {
            scan.clone().run(|c| c.is_ascii_alphanumeric())
        } else {
            scan.clone().run(|c| c.is_ascii_digit())
        };
        if run.bytes().all(|byte| byte.is_ascii_digit()) && !run.is_empty() && run.parse::<u64>().is_err() {
            return Err(Fault::new(scan.offset(), Reason::TooLarge));
        }
        scan = Scan::at(text, scan.offset() + run.len().max(1));
    }
    Ok(())
}
