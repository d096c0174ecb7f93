//! Debian versions, read and ordered as dpkg does (deb-version(7)).
//!
//! Own code, since the crate for it orders an absent number below 0 where dpkg takes it for 0 (`1.0~rc` and
//! `1.0~rc0` are one version), and brings a calendar and a regex engine along.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::version::Spelling;
use crate::version::fault::{Fault, Reason};
use crate::version::form::{Entry, Form, Reading, plain};
use crate::version::numbered::written;
use crate::version::parts::{BAD_LOCAL, Parts, Why, local_parts};
use crate::version::scan::{Number, Scan, compare_digits, span_len};
use crate::version::tilde::{dev_marker, tilde_suffix};
use crate::version::words::{dotted, has_dev_word, raise_last_number};

pub(super) static ENTRY: Entry = Entry {
    name: "debian",
    usage: "debian",
    summary: "Debian's `[epoch:]upstream[-revision]` (deb-version(7)), ordered as dpkg does.",
    docs: "Only a tilde sorts before the release, so a pre-release is `1.0~rc1`: `1.0rc1` comes after `1.0`. A tilde in the \
           revision marks a backport, which is not a pre-release. The upstream version begins with a digit, as Debian's \
           policy asks. `1.2` comes before `1.2.0`. In tags it is written as DEP-14 \
           (<https://dep-team.pages.debian.net/deps/dep14/>) has it: `debian/4%4.6.6-5` is 4:4.6.6-5, and `debian/1.0_rc1-1` \
           is 1.0~rc1-1.",
    examples: &["debian"],
    rising: &["1.0~~dev1", "1.0~rc1-1", "1.0-1~bpo12+1", "1.0-1", "1.0+b1", "1.0.1", "1:0.1"],
    pattern: "debian",
    parameters: &[],
    parse: |parameter| plain(Debian, parameter),
};

/// The scheme.
#[derive(Debug)]
pub(in crate::version) struct Debian;

impl Form for Debian {
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        Ok(Arc::new(Package::read(text)?))
    }

    /// As DEP-14 has it: `%` for the colon, `_` for the tilde, and a `#` behind a dot that a ref cannot have there.
    fn of_ref<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.contains(['%', '_', '#']) {
            text.replace('%', ":").replace('_', "~").replace('#', "").into()
        } else {
            text.into()
        }
    }

    fn words(&self) -> &'static [&'static str] {
        &["revision"]
    }

    fn native(&self) -> Spelling {
        Spelling::Debian
    }

    fn is_verbatim(&self) -> bool {
        true
    }

    fn write(&self, parts: &Parts) -> Result<String, Why> {
        let epoch = if parts.epoch > 0 { format!("{}:", parts.epoch) } else { String::new() };
        let pre = parts.pre.map(|(stage, number)| format!("~{}{number}", stage.short())).unwrap_or_default();
        let post = parts.post.map(|number| format!("+post{number}")).unwrap_or_default();
        let marker = dev_marker(parts.pre.is_some() || parts.post.is_some());
        let dev = parts.dev.map(|number| format!("{marker}{number}")).unwrap_or_default();
        Ok(format!("{epoch}{}{pre}{post}{dev}{}", dotted(&parts.release), write_local(&parts.local)))
    }
}

/// The 0 keeps a local version of 1.0 below 1.0+post1.
fn write_local(local: &[String]) -> String {
    if local.is_empty() { String::new() } else { format!("+0{}", local.join(".")) }
}

/// Parts a version from the local version that [`write_local`] puts behind `+0`. What else is behind a `+0`, as in
/// `1.0+0~a`, is the upstream version's own.
fn split_local(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once("+0") {
        Some((public, local)) if local_parts(local).is_some_and(|parts| !parts.is_empty()) => (public, Some(local)),
        _ => (text, None),
    }
}

/// A version in its three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    epoch: u64,
    upstream: String,
    revision: Option<String>,
    /// The dotted numbers the upstream version begins with.
    numbers: Vec<Number>,
}

impl Reading for Package {
    fn compare(&self, other: &dyn Reading) -> Option<Ordering> {
        Some(Self::compare(self, other.of()?))
    }

    /// A tilde in the revision marks a backport, which is not a pre-release.
    fn is_prerelease(&self, text: &str) -> bool {
        self.upstream.contains('~') || self.is_dev(text)
    }

    /// Debian defines no marker, so the word counts, behind a tilde.
    fn is_dev(&self, text: &str) -> bool {
        split_local(text).0.split('~').skip(1).any(has_dev_word)
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
        self.revision.clone().filter(|_| name == "revision")
    }

    fn public<'t>(&self, text: &'t str) -> &'t str {
        split_local(text).0
    }

    fn raised(&self, text: &str) -> Option<String> {
        // A local version as this scheme writes it is not counted from.
        raise_last_number(if self.revision.is_none() { self.public(text) } else { text })
    }

    fn final_release(&self, text: &str) -> String {
        let upstream = self.upstream.split('~').next().unwrap_or_default();
        let epoch = if text.contains(':') { format!("{}:", self.epoch) } else { String::new() };
        // A tilde in a revision is a backport's, unless it is a development version's.
        let cut = |revision: &str| match revision.split_once('~') {
            // The last dash splits: an upstream version with a dash of its own needs a revision behind it.
            Some(("", _)) if has_dev_word(revision) && upstream.contains('-') => "-0".to_owned(),
            Some(("", _)) if has_dev_word(revision) => String::new(),
            Some((stem, _)) if has_dev_word(revision) => format!("-{stem}"),
            _ => format!("-{revision}"),
        };
        let revision = self.revision.as_deref().map(cut).unwrap_or_default();
        format!("{epoch}{upstream}{revision}")
    }

    fn parts(&self) -> Result<Parts, Why> {
        if self.revision.is_some() {
            return Err("a Debian revision belongs to the package alone");
        }
        let rest = self.upstream.get(span_len(&self.numbers)..).unwrap_or_default();
        let (rest, local) = split_local(rest);
        let suffix = tilde_suffix(rest).ok_or("its upstream version ends in words of its own")?;
        let local = local.map(local_parts).map_or(Ok(Vec::new()), |local| local.ok_or(BAD_LOCAL))?;
        Ok(Parts { epoch: self.epoch, local, ..Parts::of_suffix(self.release(), &suffix)? })
    }

    /// A tag keeps whatever stands before the number that goes up.
    fn own_dev(&self, text: &str, next: Option<&str>, number: u64, local: &[String]) -> Option<String> {
        let local = write_local(local);
        if (self as &dyn Reading).is_dev_zero(text) {
            // Its own marker, since `~dev` and `~~dev` do not sort alike.
            let marker = self.public(text).trim_end_matches(|c: char| c.is_ascii_digit());
            return Some(format!("{marker}{number}{local}"));
        }
        let next = next?;
        let parts = Self::read(next).ok().and_then(|next| next.parts().ok());
        let marker = dev_marker(parts.is_some_and(|parts| parts.pre.is_some() || parts.post.is_some()));
        Some(format!("{next}{marker}{number}{local}"))
    }
}

impl Package {
    /// Reads a version. Stricter than dpkg in one thing that the policy manual asks for: the upstream version
    /// begins with a digit (dpkg only warns). The dotted numbers it begins with must fit 64 bits; numbers
    /// further on may be of any length.
    fn read(text: &str) -> Result<Self, Fault> {
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

    /// dpkg's order.
    fn compare(&self, other: &Self) -> Ordering {
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
