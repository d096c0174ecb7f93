//! RPM's name, version and release, ordered as `rpmvercmp` does (rpm-version(7)).

use std::cmp::Ordering;

use super::error::{Fault, Reason};
use super::scan::{Number, Scan, compare_digits, span_len};

/// `[name-][epoch:]version[-release]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nvr {
    pub(super) name: Option<String>,
    pub(super) epoch: u64,
    pub(super) version: String,
    pub(super) release: Option<String>,
    /// The dotted numbers the version begins with.
    pub(super) numbers: Vec<Number>,
}

impl Nvr {
    /// Reads a tag such as tito makes. The version is the last but one part between dashes if that begins with
    /// a digit, else the last: `foo-2-1.0` is version 2, release 1.0 of `foo`, for RPM itself cannot tell
    /// either. The dotted numbers that the version begins with must fit 64 bits.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let mut scan = Scan::new(text);
        scan.run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '~' | '^' | '-' | ':'));
        scan.end()?;
        let last = text.rfind('-').map(|dash| dash + 1);
        let before = last.map(|last| text.get(..last - 1).unwrap_or_default());
        let second = before.map(|before| before.rfind('-').map_or(0, |dash| dash + 1));
        let digit_at = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let (start, end) = match (second, last) {
            (Some(second), Some(last)) if digit_at(second) => (second, Some(last)),
            (_, Some(last)) => (last, None),
            _ => (0, None),
        };
        let mut scan = Scan::at(text, start);
        let mut epoch = 0;
        let version_end = end.map_or(text.len(), |last| last - 1);
        if let Some(colon) = text.get(start..version_end).and_then(|version| version.find(':')) {
            let number = scan.number()?;
            if number.span.end != start + colon {
                return Err(scan.fault());
            }
            // RPM's epoch is 32 bits wide.
            if u32::try_from(number.value).is_err() {
                return Err(Fault::new(start, Reason::TooLarge));
            }
            epoch = number.value;
            scan = Scan::at(text, start + colon + 1);
        }
        let version_at = scan.offset();
        let numbers = scan.dotted()?;
        if let Some(colon) = text.get(version_at..).and_then(|rest| rest.find(':')) {
            return Err(Fault::new(version_at + colon, Reason::Unexpected));
        }
        if let Some(colon) = text.get(..start).and_then(|name| name.find(':')) {
            return Err(Fault::new(colon, Reason::Unexpected));
        }
        let release = end.map(|last| text.get(last..).unwrap_or_default().to_owned());
        if release.as_ref().is_some_and(String::is_empty) {
            return Err(Fault::new(text.len(), Reason::Incomplete));
        }
        let name = text.get(..start.saturating_sub(1)).filter(|_| start > 0).map(str::to_owned);
        if name.as_ref().is_some_and(String::is_empty) {
            return Err(Fault::new(0, Reason::Unexpected));
        }
        let version = text.get(version_at..version_end).unwrap_or_default().to_owned();
        Ok(Self { name, epoch, version, release, numbers })
    }

    /// How much of the version the dotted numbers take up.
    pub(super) fn numbers_len(&self) -> usize {
        span_len(&self.numbers)
    }

    /// Whether this comes before its release: a tilde in the version, or a release below 1 as Fedora had them
    /// before RPM knew tildes (`-0.1.rc1`).
    pub(super) fn is_prerelease(&self) -> bool {
        self.version.contains('~') || self.release.as_ref().is_some_and(|release| release.starts_with("0."))
    }

    /// RPM's order; `None` between differently named packages. Without a release comes before any release.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.name != other.name && self.name.is_some() && other.name.is_some() {
            return None;
        }
        let release = || match (&self.release, &other.release) {
            (Some(left), Some(right)) => compare_part(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        Some(self.epoch.cmp(&other.epoch).then_with(|| compare_part(&self.version, &other.version)).then_with(release))
    }
}

/// `rpmvercmp`: runs of digits and of letters, separators only separate, `~` before the end, `^` right after it.
fn compare_part(left: &str, right: &str) -> Ordering {
    let separates = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
    let (mut left, mut right) = (Scan::new(left), Scan::new(right));
    loop {
        left.run(separates);
        right.run(separates);
        let marks = |wanted: char| (left.peek() == Some(wanted), right.peek() == Some(wanted));
        let order = match (marks('~'), marks('^')) {
            ((true, true), _) | (_, (true, true)) => {
                left.take_if(|_| true);
                right.take_if(|_| true);
                continue;
            }
            ((true, false), _) => Ordering::Less,
            ((false, true), _) => Ordering::Greater,
            (_, (true, false)) if right.is_done() => Ordering::Greater,
            (_, (true, false)) => Ordering::Less,
            (_, (false, true)) if left.is_done() => Ordering::Less,
            (_, (false, true)) => Ordering::Greater,
            _ if left.is_done() || right.is_done() => return left.is_done().cmp(&right.is_done()).reverse(),
            _ => compare_run(&mut left, &mut right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Compares one run of digits or letters; digits are newer than letters.
fn compare_run(left: &mut Scan<'_>, right: &mut Scan<'_>) -> Ordering {
    let is_digit = |scan: &Scan<'_>| scan.peek().is_some_and(|c| c.is_ascii_digit());
    match (is_digit(left), is_digit(right)) {
        (true, true) => compare_digits(left.run(|c| c.is_ascii_digit()), right.run(|c| c.is_ascii_digit())),
        (false, false) => left.run(|c| c.is_ascii_alphabetic()).cmp(right.run(|c| c.is_ascii_alphabetic())),
        (left, right) => left.cmp(&right),
    }
}
