//! A version: what it was written as, and what it can be asked.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::fault::{Fault, MAX_LEN, Reason};
use super::form::Reading;
use super::{MixedSchemes, Scheme, VersionError};

/// A version of a scheme, with the spelling it was read from. Plain ASCII, so safe to show.
///
/// There is no `==` and no `Ord`: two spellings can be one version, and versions of two schemes have no
/// order. See [`compare`](Self::compare), [`same_as`](Self::same_as) and [`sort_by`](super::sort_by).
#[derive(Clone, Debug)]
pub struct Version {
    scheme: Scheme,
    text: String,
    reading: Arc<dyn Reading>,
}

impl Scheme {
    /// Reads a version of this scheme: the whole text, nothing before or after it.
    ///
    /// # Errors
    /// What is wrong and at which character. This includes: longer than [`MAX_LEN`] bytes; a release number above
    /// `u64::MAX`; anything that is not ASCII.
    pub fn read(&self, text: &str) -> Result<Version, VersionError> {
        let reading = self.reading(text).map_err(|fault| VersionError::new(self, text, fault))?;
        Ok(Version { scheme: self.clone(), text: text.to_owned(), reading })
    }

    /// Reads a version out of a ref's name, where some schemes write what no ref can hold in another way.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_ref(&self, text: &str) -> Result<Version, VersionError> {
        self.read(&self.form().of_ref(text))
    }

    fn reading(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        if text.is_empty() {
            return Err(Fault::new(0, Reason::Empty));
        }
        if text.len() > MAX_LEN {
            return Err(Fault::new(MAX_LEN, Reason::TooLong));
        }
        // PEP 440 drops white space around a version; a tag or a field that has some is a mistake.
        if let Some(at) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(Fault::new(at, Reason::Unexpected));
        }
        self.form().read(text)
    }
}

impl Version {
    /// Returns the scheme it was read as.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Returns the spelling it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Compares two versions: in the order of semver.org (build metadata does not count), of PyPI's `packaging`,
    /// of dpkg, of RPM; calendar and dotted versions by number, a missing one counting as 0, then as
    /// PEP 440 has it.
    ///
    /// # Errors
    /// Versions of different schemes, and differently named RPM packages, have no order.
    pub fn compare(&self, other: &Self) -> Result<Ordering, MixedSchemes> {
        let mixed = || MixedSchemes {
            left: self.text.clone(),
            left_scheme: self.scheme.clone(),
            right: other.text.clone(),
            right_scheme: other.scheme.clone(),
        };
        if self.scheme != other.scheme {
            return Err(mixed());
        }
        self.reading.compare(other.reading.as_ref()).ok_or_else(mixed)
    }

    /// Returns whether both are spellings of one version: `1.0` and `1.0.0` in PEP 440, `1.0` and `1.0-0` for dpkg. In
    /// SemVer versions that differ in build metadata alone are one.
    ///
    /// # Errors
    /// As [`compare`](Self::compare).
    pub fn same_as(&self, other: &Self) -> Result<bool, MixedSchemes> {
        self.compare(other).map(Ordering::is_eq)
    }

    /// Returns whether it comes before its release: a pre-release or a development version.
    pub fn is_prerelease(&self) -> bool {
        self.reading.is_prerelease(&self.text)
    }

    /// Returns whether it is spelled as a development version: it has a `dev` or `snapshot` marker. SemVer, Debian and
    /// RPM do not define one, so there the word counts, in SemVer's pre-release and behind Debian's tilde.
    pub fn is_dev(&self) -> bool {
        self.reading.is_dev(&self.text)
    }

    /// Returns whether it comes after its release and has the same numbers: `2.6.10-1`, `2.6.10.post1`. The revisions of
    /// Debian's and RPM's packages are not such.
    pub fn is_post_release(&self) -> bool {
        self.reading.is_post_release()
    }

    /// Returns the epoch, 0 where there is none.
    pub fn epoch(&self) -> u64 {
        self.reading.epoch()
    }

    /// Returns the numbers it begins with, at least one: 1, 2, 3 of `1.2.3-rc.1`. Padding is gone: 16, 7 of `16.07`.
    pub fn release(&self) -> Vec<u64> {
        self.reading.release()
    }

    /// Returns one of [`release`](Self::release), counted from 0.
    pub fn release_component(&self, index: usize) -> Option<u64> {
        self.release().get(index).copied()
    }

    /// Returns what a placeholder of a policy stands for, as written: `09` for `minor` of the dotted 1.09.
    ///
    /// The names are those of [`Scheme::component_names`]: `major`, `minor`, `patch` or `micro`; those of the
    /// layout for calendar versions (`year`, `quarter`, `month`, `week`, `day`, and counters); `revision` for
    /// Debian; `name` and `release` for RPM. `None` for another name, or where the version has no such part.
    pub fn component(&self, name: &str) -> Option<String> {
        match self.index(name) {
            Some(index) => self.reading.written(&self.text, index),
            None => self.reading.word(name),
        }
    }

    /// Returns the position of the number that a placeholder stands for.
    fn index(&self, name: &str) -> Option<usize> {
        self.scheme.form().numbers().into_iter().find(|(known, _)| *known == name).map(|(_, index)| index)
    }

    /// Returns the number behind a placeholder: 9 for `minor` of the dotted 1.09, 0 where numbers end before it: two
    /// spellings of one version have one number. `None` for names that do not stand for numbers in this scheme.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        Some(self.release_component(self.index(name)?).unwrap_or(0))
    }

    /// Returns the placeholders that stand for numbers in this scheme.
    pub(super) fn number_names(&self) -> Vec<&'static str> {
        self.scheme.form().numbers().into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the first and the last day of the period that a calendar version names: a year, a quarter, a month, an
    /// ISO week or a day. `None` in other schemes.
    pub fn calendar_period(&self) -> Option<(Date, Date)> {
        self.reading.calendar_period()
    }

    pub(super) fn reading(&self) -> &dyn Reading {
        self.reading.as_ref()
    }
}

/// As it was written.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
