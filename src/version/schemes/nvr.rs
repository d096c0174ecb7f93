//! RPM's name, version and release, ordered as `rpmvercmp` does (rpm-version(7)).

use std::cmp::Ordering;
use std::sync::Arc;

use crate::version::fault::{Fault, Reason};
use crate::version::form::{Entry, Form, Reading, plain};
use crate::version::numbered::written;
use crate::version::parts::{Parts, Why};
use crate::version::scan::{Number, Scan, compare_digits, span_len};
use crate::version::tilde::tilde_suffix;
use crate::version::words::{has_dev_word, raise_last_number};

pub(super) static ENTRY: Entry = Entry {
    name: "nvr",
    usage: "nvr",
    summary: "RPM's `[name-][epoch:]version[-release]`, ordered as `rpmvercmp` does (rpm-version(7)).",
    docs: "Pre-releases stand behind a tilde (`1.0~rc1`), or have a release below 1 as Fedora's had before RPM knew tildes \
           (`1.0-0.1.rc1`). Differently named packages have no order. A version without a release comes before every \
           release of it.",
    examples: &["nvr"],
    rising: &["demo-1.0-0.1.rc1", "demo-1.0-1", "demo-1.0-2.el9", "demo-1.10-1", "demo-1:0.1-1"],
    pattern: "nvr",
    parameters: &[],
    parse: |parameter| plain(Rpm, parameter),
};

/// The scheme.
#[derive(Debug)]
struct Rpm;

impl Form for Rpm {
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        Ok(Arc::new(Nvr::read(text)?))
    }

    fn words(&self) -> &'static [&'static str] {
        &["name", "release"]
    }
}

/// `[name-][epoch:]version[-release]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Nvr {
    name: Option<String>,
    epoch: u64,
    version: String,
    release: Option<String>,
    /// The dotted numbers the version begins with.
    numbers: Vec<Number>,
}

impl Reading for Nvr {
    fn compare(&self, other: &dyn Reading) -> Option<Ordering> {
        Self::compare(self, other.of()?)
    }

    /// A tilde in the version, or a release below 1 as Fedora had them before RPM knew tildes (`-0.1.rc1`).
    fn is_prerelease(&self, _text: &str) -> bool {
        self.version.contains('~') || self.release.as_ref().is_some_and(|release| release.starts_with("0."))
    }

    /// RPM defines no marker, so the word counts.
    fn is_dev(&self, _text: &str) -> bool {
        has_dev_word(&self.version) || self.release.as_deref().is_some_and(has_dev_word)
    }

    /// Every package has a release, which counts how often it was built.
    fn is_post_release(&self) -> bool {
        false
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn release(&self) -> Vec<u64> {
        self.numbers.iter().map(|number| number.value).collect()
    }

    fn written(&self, text: &str, index: usize) -> Option<String> {
        written(&self.numbers, text, index)
    }

    fn word(&self, name: &str) -> Option<String> {
        match name {
            "name" => self.name.clone(),
            "release" => self.release.clone(),
            _ => None,
        }
    }

    fn public<'t>(&self, text: &'t str) -> &'t str {
        text
    }

    fn raised(&self, text: &str) -> Option<String> {
        raise_last_number(text)
    }

    /// The name stays; an RPM release below 1 becomes 1.
    fn final_release(&self, _text: &str) -> String {
        let name = self.name.as_ref().map(|name| format!("{name}-")).unwrap_or_default();
        let epoch = if self.epoch > 0 { format!("{}:", self.epoch) } else { String::new() };
        let stem = self.version.split('~').next().unwrap_or_default();
        let release = match &self.release {
            Some(release) if release.starts_with("0.") => "-1".to_owned(),
            Some(release) => format!("-{release}"),
            None => String::new(),
        };
        format!("{name}{epoch}{stem}{release}")
    }

    fn parts(&self) -> Result<Parts, Why> {
        let rest = self.version.get(span_len(&self.numbers)..).unwrap_or_default();
        // RPM has post-releases in the release alone: its order puts every `1.0-2` before `1.0+post1`.
        let suffix = tilde_suffix(rest).filter(|suffix| suffix.post.is_none());
        let suffix = suffix.ok_or("its version ends in words of its own")?;
        let numbers = self.numbers.iter().map(|number| number.value).collect();
        let parts = Parts { epoch: self.epoch, ..Parts::of_suffix(numbers, &suffix)? };
        match self.release.as_deref().map(str::parse) {
            None => Ok(parts),
            Some(Ok(release)) if parts.dev.is_none() => Ok(Parts { post: Some(release), ..parts }),
            Some(_) => Err("its release is not a plain number"),
        }
    }
}

impl Nvr {
    /// Reads a tag such as tito makes. The version is the last but one part between dashes if that begins with
    /// a digit, else the last: `foo-2-1.0` is version 2, release 1.0 of `foo`, for RPM itself cannot tell
    /// either. The dotted numbers that the version begins with must fit 64 bits.
    fn read(text: &str) -> Result<Self, Fault> {
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

    /// RPM's order; `None` between differently named packages. Without a release comes before any release.
    fn compare(&self, other: &Self) -> Option<Ordering> {
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
