//! What comes after a version, and the release a pre-release is for.

use super::{NextError, Version, VersionError};

/// A number that a release raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The first number.
    Major,
    /// The second.
    Minor,
    /// The third.
    Patch,
}

impl Version {
    /// Returns the version that commits after this one count towards, in the same scheme.
    ///
    /// The last number goes up by one: 1.2.3, 1.2.4; 1.2.4rc1, 1.2.4rc2; 1.2.3.post1, 1.2.3.post2. Commits after a
    /// `.dev0` count towards the version of which it is the `.dev0`. That is `guess-next-dev` of setuptools_scm, with
    /// two additions: a lone letter goes to the next letter (0.99.9a, 0.99.9b), and the date of a calendar version to
    /// the next period (2025.4, 2026.1 in quarters). Build metadata and local versions are dropped. Numbers keep their
    /// padding (1.09, 1.10).
    ///
    /// # Errors
    /// For a development version other than `.dev0`, and where the next version has no place or would sort
    /// before this one (SemVer's `rc9`, `rc10`).
    pub fn next(&self) -> Result<Self, NextError> {
        let overflow = || NextError::Overflow(self.to_string());
        let reading = self.reading();
        let text = match (self.is_dev(), reading.is_dev_zero(self.as_str())) {
            (true, false) => return Err(NextError::Dev(self.to_string())),
            (true, true) => reading.after_dev(self.as_str()),
            (false, _) => reading.raised(self.as_str()),
        };
        let text = text.ok_or_else(overflow)?;
        let next = self.scheme().read(&text).map_err(|_| overflow())?;
        if self.compare(&next).is_ok_and(std::cmp::Ordering::is_lt) {
            Ok(next)
        } else {
            Err(NextError::Order { version: self.to_string(), next: text })
        }
    }

    /// Returns the release it is for: without pre-release, development and local parts. Post-releases stay, and so do a
    /// Debian revision and, for RPM, the name; an RPM release below 1 becomes 1.
    ///
    /// # Errors
    /// When PEP 440's normal form of it is longer than [`MAX_LEN`](super::MAX_LEN) bytes.
    pub fn final_release(&self) -> Result<Self, VersionError> {
        self.scheme().read(&self.reading().final_release(self.as_str()))
    }

    /// Returns the release that raises this level: the number goes up, those behind it become 0, and what is not the
    /// release is dropped. A pre-release becomes the release it is for if that is enough: 2.0.0-rc.1 becomes
    /// 2.0.0 at every level.
    ///
    /// # Errors
    /// In schemes whose numbers have no such levels: calendar, Debian and RPM versions.
    pub fn bump(&self, level: Level) -> Result<Self, NextError> {
        let overflow = || NextError::Overflow(self.to_string());
        let Some(levels) = self.reading().levels(self.as_str()) else {
            return Err(NextError::Level(self.scheme().clone()));
        };
        let mut release = self.release();
        let at = match level {
            Level::Major => 0,
            Level::Minor => 1,
            Level::Patch => 2,
        };
        let was_zero = release.iter().skip(at + 1).all(|number| *number == 0);
        if release.len() <= at {
            release.resize(at + 1, 0);
        }
        release.iter_mut().skip(at + 1).for_each(|number| *number = 0);
        if !(self.is_prerelease() && was_zero) {
            let number = release.get_mut(at).ok_or_else(overflow)?;
            *number = number.checked_add(1).ok_or_else(overflow)?;
        }
        let widths = levels.widths.into_iter().chain(std::iter::repeat(1));
        let numbers: Vec<String> = release.iter().zip(widths).map(|(n, width)| format!("{n:0width$}")).collect();
        self.scheme().read(&format!("{}{}", levels.before, numbers.join("."))).map_err(|_| overflow())
    }
}
