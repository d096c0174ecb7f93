//! Semantic Versioning 2.0.0, read and ordered by the `semver` crate.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::version::Spelling;
use crate::version::fault::Fault;
use crate::version::form::{Entry, Form, Levels, Reading, plain};
use crate::version::locate::locate;
use crate::version::parts::{BAD_LOCAL, Parts, Why, local_parts};
use crate::version::suffix::Stage;
use crate::version::words::{before_dev, dotted, has_dev_word, raise_last_number};

pub(super) static ENTRY: Entry = Entry {
    name: "semver",
    usage: "semver",
    summary: "Semantic Versioning 2.0.0 (<https://semver.org>), strictly: three numbers and no `v`.",
    docs: "Pre-releases are ordered identifier by identifier: numbers by value, words by their letters, so that `rc10` \
           comes before `rc9`; write `rc.9` and `rc.10`. Build metadata does not count. SemVer knows no development \
           versions: one is a pre-release with the word `dev` or `snapshot`.",
    examples: &["semver"],
    rising: &["1.2.0-alpha", "1.2.0-rc.1", "1.2.0-rc.2", "1.2.0", "1.10.0"],
    pattern: "semver",
    parameters: &[],
    parse: |parameter| plain(Semver, parameter),
};

/// The scheme.
#[derive(Debug)]
pub(in crate::version) struct Semver;

impl Form for Semver {
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        match semver::Version::parse(text) {
            Ok(version) => Ok(Arc::new(version)),
            Err(_) => {
                let tails = ["", "0", ".0", ".0.0", "0.0", "0.0.0"];
                Err(locate(text, &tails, |text| semver::Version::parse(text).is_ok()))
            }
        }
    }

    fn native(&self) -> Spelling {
        Spelling::Semver
    }

    fn is_verbatim(&self) -> bool {
        true
    }

    fn write(&self, parts: &Parts) -> Result<String, Why> {
        if parts.epoch > 0 {
            return Err("SemVer has no epochs");
        }
        if parts.post.is_some() {
            return Err("SemVer has no post-releases");
        }
        if parts.release.iter().skip(3).any(|number| *number != 0) {
            return Err("SemVer has three numbers");
        }
        let mut release: Vec<u64> = parts.release.iter().copied().take(3).collect();
        release.resize(3, 0);
        let pre = match (parts.pre, parts.dev) {
            (None, None) => String::new(),
            (None, Some(dev)) => format!("-0.dev.{dev}"),
            (Some((stage, number)), None) => format!("-{}.{number}", stage.long()),
            // Between the pre-releases before and after it.
            (Some((stage, number)), Some(dev)) => {
                let before = number.checked_sub(1).ok_or("SemVer has nothing before the pre-release number 0")?;
                format!("-{}.{before}.dev.{dev}", stage.long())
            }
        };
        let build = if parts.local.is_empty() { String::new() } else { format!("+{}", parts.local.join(".")) };
        Ok(format!("{}{pre}{build}", dotted(&release)))
    }
}

impl Reading for semver::Version {
    fn compare(&self, other: &dyn Reading) -> Option<Ordering> {
        Some(self.cmp_precedence(other.of()?))
    }

    fn is_prerelease(&self, _text: &str) -> bool {
        !self.pre.is_empty()
    }

    fn is_dev(&self, _text: &str) -> bool {
        has_dev_word(&self.pre)
    }

    fn release(&self) -> Vec<u64> {
        vec![self.major, self.minor, self.patch]
    }

    fn raised(&self, _text: &str) -> Option<String> {
        if self.pre.is_empty() {
            return Some(dotted(&[self.major, self.minor, self.patch.checked_add(1)?]));
        }
        let separator = if self.pre.ends_with(|c: char| c.is_ascii_digit()) { "" } else { "." };
        raise_last_number(&format!("{}-{}{separator}", dotted(&self.release()), self.pre))
    }

    fn without_dev(&self, text: &str) -> String {
        let stem = before_dev(self.public(text));
        // `1.2.4-0.dev.0`: the zero belongs to the marker.
        stem.strip_suffix("-0").unwrap_or(stem).to_owned()
    }

    /// The pre-release after the one it is a development version of, since `rc.1.dev.0` comes after `rc.1`.
    fn after_dev(&self, text: &str) -> Option<String> {
        let stem = self.without_dev(text);
        if stem.contains('-') { raise_last_number(&stem) } else { Some(stem) }
    }

    fn final_release(&self, _text: &str) -> String {
        dotted(&self.release())
    }

    fn levels(&self, _text: &str) -> Option<Levels> {
        Some(Levels::default())
    }

    /// Takes pre-releases apart that mean something outside SemVer: a stage with an optional number behind a dot, and
    /// the development versions that this scheme writes (`-0.dev.5`, `-rc.1.dev.2`).
    ///
    /// Nothing else is read, for SemVer orders words by their letters: `rc10` comes before `rc9`, `a.2` before
    /// `alpha.1`, `RC.1` before `alpha`, and `dev` after `beta`.
    fn parts(&self) -> Result<Parts, Why> {
        let local = local_parts(&self.build).ok_or(BAD_LOCAL)?;
        let parts = Parts { local, ..Parts::of_release(self.release()) };
        if self.pre.is_empty() {
            return Ok(parts);
        }
        let unknown = "its pre-release is more than `alpha`, `beta`, `pre` or `rc` and a number behind a dot";
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| unknown);
        let stage = |word: &str| Stage::ALL.into_iter().find(|stage| stage.long() == word).ok_or(unknown);
        match self.pre.split('.').collect::<Vec<_>>().as_slice() {
            ["0", "dev", dev] => Ok(Parts { dev: Some(number(dev)?), ..parts }),
            [word] => Ok(Parts { pre: Some((stage(word)?, 0)), ..parts }),
            [word, digits] => Ok(Parts { pre: Some((stage(word)?, number(digits)?)), ..parts }),
            // `rc.1.dev.2` comes after rc.1: it counts towards rc.2.
            [word, digits, "dev", dev] => {
                let counts_towards = number(digits)?.checked_add(1).ok_or(unknown)?;
                Ok(Parts { pre: Some((stage(word)?, counts_towards)), dev: Some(number(dev)?), ..parts })
            }
            _ => Err(unknown),
        }
    }

    /// A tag keeps its pre-release as it is, since `rc1` and `rc.1` do not sort alike.
    fn own_dev(&self, text: &str, next: Option<&str>, number: u64, local: &[String]) -> Option<String> {
        let same = dotted(&self.release());
        let (release, pre) = if (self as &dyn Reading).is_dev_zero(text) {
            (same, format!("{}.{number}", self.pre.strip_suffix(".0").unwrap_or(&self.pre)))
        } else if self.is_dev(text) {
            return None;
        } else if self.pre.is_empty() {
            (next?.to_owned(), format!("0.dev.{number}"))
        } else {
            let zero = if self.pre.ends_with(|c: char| c.is_ascii_digit()) { "" } else { ".0" };
            (same, format!("{}{zero}.dev.{number}", self.pre))
        };
        let own = Some(self.build.as_str()).filter(|build| !build.is_empty());
        let build: Vec<&str> = own.into_iter().chain(local.iter().map(String::as_str)).collect();
        let build = if build.is_empty() { String::new() } else { format!("+{}", build.join(".")) };
        Some(format!("{release}-{pre}{build}"))
    }
}
