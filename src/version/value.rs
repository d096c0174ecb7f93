//! A version: what it was written as, and what it can be asked.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::Date;

use super::crates::{read_pep440, read_semver};
use super::debian::Debian;
use super::error::Fault;
use super::numbered::Numbered;
use super::nvr::Nvr;
use super::parts::split_local;
use super::scan::Number;
use super::{MixedSchemes, Reason, Scheme, VersionError};

/// The longest version that is read, in bytes. Real ones have some twenty; dpkg and PyPI allow more than this.
pub const MAX_LEN: usize = 256;

/// A version of a scheme, with the spelling it was read from. Plain ASCII, so safe to show.
///
/// There is no `==` and no `Ord`: two spellings can be one version, and versions of two schemes have no
/// order. See [`compare`](Self::compare), [`same_as`](Self::same_as) and [`sort_by_version`].
#[derive(Clone, Debug)]
pub struct Version {
    scheme: Scheme,
    text: String,
    pub(super) key: Key,
}

/// What a version is compared by.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Semver(semver::Version),
    Pep440(pep440_rs::Version),
    Debian(Debian),
    /// Calendar and dotted versions.
    Numbered(Numbered),
    Nvr(Nvr),
}

impl Scheme {
    /// Reads a version of this scheme: the whole text, nothing before or after it.
    ///
    /// # Errors
    /// What is wrong and at which character. Among it: longer than [`MAX_LEN`] bytes; a release number above
    /// `u64::MAX`; anything that is not ASCII.
    pub fn read(&self, text: &str) -> Result<Version, VersionError> {
        let key = self.read_key(text).map_err(|fault| VersionError::new(self, text, fault))?;
        Ok(Version { scheme: self.clone(), text: text.to_owned(), key })
    }

    fn read_key(&self, text: &str) -> Result<Key, Fault> {
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
        match self {
            Self::Semver => read_semver(text).map(Key::Semver),
            Self::Pep440 => read_pep440(text).map(Key::Pep440),
            Self::Debian => Debian::read(text).map(Key::Debian),
            Self::Calver(layout) => layout.read(text).map(Key::Numbered),
            Self::Dotted(letters) => Numbered::read(text, *letters).map(Key::Numbered),
            Self::Nvr => Nvr::read(text).map(Key::Nvr),
        }
    }

    /// The names [`Version::component`] answers to, for checking the placeholders of a policy.
    pub fn component_names(&self) -> Vec<&'static str> {
        match self {
            Self::Semver | Self::Pep440 | Self::Dotted(_) => vec!["major", "minor", "patch", "micro"],
            Self::Debian => vec!["major", "minor", "patch", "micro", "revision"],
            Self::Nvr => vec!["major", "minor", "patch", "micro", "name", "release"],
            Self::Calver(layout) => layout.names().collect(),
        }
    }
}

impl Version {
    /// The scheme it was read as.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The spelling it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The order of two versions: that of semver.org (build metadata does not count), of PyPI's `packaging`,
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
        match (&self.key, &other.key) {
            (Key::Semver(left), Key::Semver(right)) => Ok(left.cmp_precedence(right)),
            (Key::Pep440(left), Key::Pep440(right)) => Ok(left.cmp(right)),
            (Key::Debian(left), Key::Debian(right)) => Ok(left.compare(right)),
            (Key::Numbered(left), Key::Numbered(right)) => Ok(left.compare(right)),
            (Key::Nvr(left), Key::Nvr(right)) => left.compare(right).ok_or_else(mixed),
            _ => Err(mixed()),
        }
    }

    /// Whether both are spellings of one version: `1.0` and `1.0.0` in PEP 440, `1.0` and `1.0-0` for dpkg.
    /// In SemVer versions that differ in build metadata alone are one.
    ///
    /// # Errors
    /// As [`compare`](Self::compare).
    pub fn same_as(&self, other: &Self) -> Result<bool, MixedSchemes> {
        self.compare(other).map(Ordering::is_eq)
    }

    /// Whether it comes before its release: a pre-release or a development version.
    pub fn is_prerelease(&self) -> bool {
        match &self.key {
            Key::Semver(version) => !version.pre.is_empty(),
            Key::Pep440(version) => version.any_prerelease(),
            Key::Debian(version) => version.is_prerelease() || self.is_dev(),
            Key::Numbered(version) => version.suffix.is_prerelease(),
            Key::Nvr(version) => version.is_prerelease(),
        }
    }

    /// Whether it is spelled as a development version: it has a `dev` or `snapshot` marker. SemVer, Debian and
    /// RPM do not define one, so there the word counts, in SemVer's pre-release and behind Debian's tilde.
    pub fn is_dev(&self) -> bool {
        match &self.key {
            Key::Semver(version) => has_dev_word(&version.pre),
            Key::Pep440(version) => version.is_dev(),
            Key::Debian(_) => split_local(&self.text).0.split('~').skip(1).any(has_dev_word),
            Key::Numbered(version) => version.suffix.dev.is_some(),
            Key::Nvr(version) => has_dev_word(&version.version) || version.release.as_deref().is_some_and(has_dev_word),
        }
    }

    /// The epoch, 0 where there is none.
    pub fn epoch(&self) -> u64 {
        match &self.key {
            Key::Semver(_) | Key::Numbered(_) => 0,
            Key::Pep440(version) => version.epoch(),
            Key::Debian(version) => version.epoch,
            Key::Nvr(version) => version.epoch,
        }
    }

    /// The numbers it begins with, at least one: 1, 2, 3 of `1.2.3-rc.1`. Padding is gone: 16, 7 of `16.07`.
    pub fn release(&self) -> Vec<u64> {
        let values = |numbers: &[Number]| numbers.iter().map(|number| number.value).collect();
        match &self.key {
            Key::Semver(version) => vec![version.major, version.minor, version.patch],
            Key::Pep440(version) => version.release().to_vec(),
            Key::Debian(version) => values(&version.numbers),
            Key::Numbered(version) => version.release(),
            Key::Nvr(version) => values(&version.numbers),
        }
    }

    /// One of [`release`](Self::release), counted from 0.
    pub fn release_component(&self, index: usize) -> Option<u64> {
        self.release().get(index).copied()
    }

    /// What a placeholder of a policy stands for, as written: `09` for `minor` of the dotted 1.09.
    ///
    /// The names are those of [`Scheme::component_names`]: `major`, `minor`, `patch` or `micro`; those of the
    /// layout for calendar versions (`year`, `quarter`, `month`, `week`, `day`, and counters); `revision` for
    /// Debian; `name` and `release` for RPM. `None` for another name, or where the version has no such part.
    pub fn component(&self, name: &str) -> Option<String> {
        let index = match name {
            "major" => Some(0),
            "minor" => Some(1),
            "patch" | "micro" => Some(2),
            _ => None,
        };
        let written = |numbers: &[Number], index: usize| {
            numbers.get(index).and_then(|number| self.text.get(number.span.clone())).map(str::to_owned)
        };
        match (&self.key, &self.scheme) {
            (Key::Numbered(version), Scheme::Calver(layout)) => {
                written(&version.numbers, layout.names().position(|known| known == name)?)
            }
            (Key::Numbered(version), _) => written(&version.numbers, index?),
            (Key::Debian(version), _) if name == "revision" => version.revision.clone(),
            (Key::Debian(version), _) => written(&version.numbers, index?),
            (Key::Nvr(version), _) if name == "name" => version.name.clone(),
            (Key::Nvr(version), _) if name == "release" => version.release.clone(),
            (Key::Nvr(version), _) => written(&version.numbers, index?),
            (Key::Semver(_) | Key::Pep440(_), _) => Some(self.release_component(index?)?.to_string()),
        }
    }

    /// The number behind a placeholder: 9 for `minor` of the dotted 1.09, 0 where numbers end before it, so that
    /// two spellings of one version have one. `None` for names that are no numbers of this scheme.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let names = self.scheme.component_names();
        let index = match (name, &self.scheme) {
            ("revision" | "name" | "release", _) => None,
            ("micro", Scheme::Calver(_)) => names.iter().position(|known| *known == name),
            ("micro", _) => Some(2),
            _ => names.iter().position(|known| *known == name),
        }?;
        Some(self.release_component(index).unwrap_or(0))
    }

    /// The placeholders that stand for numbers in this scheme.
    pub(super) fn number_names(&self) -> Vec<&'static str> {
        self.scheme.component_names().into_iter().filter(|name| self.number(name).is_some()).collect()
    }

    /// The first and the last day of the period that a calendar version names: a year, a quarter, a month, an
    /// ISO week or a day. `None` in other schemes.
    pub fn calendar_period(&self) -> Option<(Date, Date)> {
        match (&self.key, &self.scheme) {
            (Key::Numbered(version), Scheme::Calver(layout)) => layout.period(version),
            _ => None,
        }
    }
}

/// Whether a development marker is among the words of a text.
pub(super) fn has_dev_word(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .any(|word| word.eq_ignore_ascii_case("dev") || word.eq_ignore_ascii_case("snapshot"))
}

/// As it was written.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Sorts by version, lowest first; spellings of one version stay in the order they had.
///
/// # Errors
/// The items are left as they were when two of them have no order.
pub fn sort_by_version<T>(items: &mut [T], version: impl Fn(&T) -> &Version) -> Result<(), MixedSchemes> {
    // Order must hold between all pairs before anything moves. A package without a name has an order with
    // any, so the named ones are compared among themselves.
    let name = |version: &Version| matches!(&version.key, Key::Nvr(nvr) if nvr.name.is_some());
    if let Some(first) =
        items.iter().map(&version).find(|version| name(version)).or_else(|| items.first().map(&version))
    {
        for item in items.iter() {
            first.compare(version(item))?;
        }
    }
    items.sort_by(|left, right| version(left).compare(version(right)).unwrap_or(Ordering::Equal));
    Ok(())
}
