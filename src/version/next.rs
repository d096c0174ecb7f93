//! What comes after a version, and the release a pre-release is for.

use super::parts::{Parts, split_local};
use super::suffix::{Post, Suffix};
use super::value::{Key, has_dev_word};
use super::{NextError, Scheme, Version, VersionError, spelling};

/// What a release raises.
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
    /// The version that commits after this one count towards, in the same scheme.
    ///
    /// The last number goes up by one: 1.2.3, 1.2.4; 1.2.4rc1, 1.2.4rc2; 1.2.3.post1, 1.2.3.post2. What commits after a
    /// `.dev0` count towards is what it is the `.dev0` of. That is `guess-next-dev` of setuptools_scm, with two
    /// additions: a lone letter goes to the next letter (0.99.9a, 0.99.9b), and the date of a calendar version
    /// to the next period (2025.4, 2026.1 in quarters). Build metadata and local versions are dropped. Numbers
    /// keep their padding (1.09, 1.10).
    ///
    /// # Errors
    /// For a development version other than `.dev0`, and where the next version has no place or would sort
    /// before this one (SemVer's `rc9`, `rc10`).
    pub fn next(&self) -> Result<Self, NextError> {
        let text = match (self.is_dev(), self.is_dev_zero()) {
            (true, false) => return Err(NextError::Dev(self.to_string())),
            (true, true) => self.after_dev().ok_or_else(|| NextError::Overflow(self.to_string()))?,
            (false, _) => self.next_text()?,
        };
        let order_error = || NextError::Order { version: self.to_string(), next: text.clone() };
        let next = self.scheme().read(&text).map_err(|_| NextError::Overflow(self.to_string()))?;
        if self.compare(&next).is_ok_and(std::cmp::Ordering::is_lt) { Ok(next) } else { Err(order_error()) }
    }

    fn next_text(&self) -> Result<String, NextError> {
        let overflow = || NextError::Overflow(self.to_string());
        match (&self.key, self.scheme()) {
            (Key::Semver(version), _) if version.pre.is_empty() => {
                let patch = version.patch.checked_add(1).ok_or_else(overflow)?;
                Ok(format!("{}.{}.{patch}", version.major, version.minor))
            }
            (Key::Semver(version), _) => {
                let separator = if version.pre.ends_with(|c: char| c.is_ascii_digit()) { "" } else { "." };
                let text = format!("{}.{}.{}-{}{separator}", version.major, version.minor, version.patch, version.pre);
                raise_last_number(&text).ok_or_else(overflow)
            }
            (Key::Pep440(_), _) => {
                let parts = Parts::of(self).map_err(|_| overflow())?.next(self.as_str())?;
                Ok(spelling::pep440(&Parts { local: Vec::new(), ..parts }))
            }
            (Key::Numbered(version), Scheme::Calver(layout)) if version.suffix == Suffix::default() => {
                layout.next(version).ok_or_else(overflow)
            }
            (Key::Numbered(version), _) => match &version.suffix.post {
                Some(Post::Letter(_)) => {
                    let letter = self.as_str().bytes().last().filter(|letter| !matches!(letter, b'z' | b'Z'));
                    let letter = letter.ok_or_else(overflow)?;
                    let stem = self.as_str().get(..self.as_str().len() - 1).unwrap_or_default();
                    Ok(format!("{stem}{}", char::from(letter + 1)))
                }
                _ => raise_last_number(self.as_str()).ok_or_else(overflow),
            },
            (Key::Debian(version), _) if version.revision.is_none() => {
                // A local version as this module spells it is not counted from.
                raise_last_number(split_local(self.as_str()).0).ok_or_else(overflow)
            }
            (Key::Debian(_) | Key::Nvr(_), _) => raise_last_number(self.as_str()).ok_or_else(overflow),
        }
    }

    /// The text without build metadata or a local version.
    pub(super) fn public(&self) -> &str {
        match &self.key {
            Key::Semver(_) | Key::Pep440(_) | Key::Numbered(_) => self.as_str().split('+').next().unwrap_or_default(),
            Key::Debian(_) => split_local(self.as_str()).0,
            Key::Nvr(_) => self.as_str(),
        }
    }

    /// The public text before its last development marker, with what parts them, and behind it.
    fn around_dev(&self) -> (&str, &str) {
        let text = self.public();
        let lower = text.to_ascii_lowercase();
        let words = ["dev", "snapshot"].into_iter();
        let last = words.filter_map(|word| lower.rfind(word).map(|at| (at, at + word.len()))).max();
        let (start, end) = last.unwrap_or((text.len(), text.len()));
        (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default())
    }

    /// Whether it is spelled as a development version with the number 0, or with none: commits can be counted from it.
    pub(super) fn is_dev_zero(&self) -> bool {
        let number = self.around_dev().1;
        self.is_dev() && number.strip_prefix(['.', '-', '_']).unwrap_or(number).bytes().all(|byte| byte == b'0')
    }

    /// The text up to its development marker.
    fn without_dev(&self) -> String {
        let stem = self.around_dev().0.trim_end_matches(['.', '-', '_', '~']);
        // SemVer's `1.2.4-0.dev.0`: the zero belongs to the marker.
        let stem = if matches!(self.key, Key::Semver(_)) { stem.strip_suffix("-0").unwrap_or(stem) } else { stem };
        // `1.0r-dev` is of the post-release `1.0r0`; the `1.0r` that would be left is a lone letter, another version or none.
        let numbers_end = match &self.key {
            Key::Numbered(version) => version.numbers.last().map(|last| last.span.end),
            _ => None,
        };
        let letter = numbers_end.and_then(|end| stem.get(end..)).is_some_and(|rest| rest.len() == 1);
        format!("{stem}{}", if letter { "0" } else { "" })
    }

    /// What a development version counts towards: what it is a development version of, but in SemVer the pre-release
    /// after that, since `rc.1.dev.0` comes after `rc.1`.
    fn after_dev(&self) -> Option<String> {
        let stem = self.without_dev();
        if matches!(self.key, Key::Semver(_)) && stem.contains('-') { raise_last_number(&stem) } else { Some(stem) }
    }

    /// The release it is for: without pre-release, development and local parts. Post-releases stay, and so do a
    /// Debian revision and, for RPM, the name; an RPM release below 1 becomes 1.
    ///
    /// # Errors
    /// When PEP 440's normal form of it is longer than [`MAX_LEN`](super::MAX_LEN) bytes.
    pub fn final_release(&self) -> Result<Self, VersionError> {
        let text = match &self.key {
            Key::Semver(version) => format!("{}.{}.{}", version.major, version.minor, version.patch),
            Key::Pep440(version) => {
                // A post-release of a pre-release goes with it.
                let post = version.post().filter(|_| version.pre().is_none());
                version.only_release().with_epoch(version.epoch()).with_post(post).to_string()
            }
            Key::Numbered(version) if version.suffix.pre.is_some() => {
                let end = version.numbers.last().map_or(0, |last| last.span.end);
                self.as_str().get(..end).unwrap_or_default().to_owned()
            }
            Key::Numbered(version) if version.suffix.dev.is_some() => self.without_dev(),
            Key::Numbered(_) => self.as_str().to_owned(),
            Key::Debian(version) => {
                let upstream = version.upstream.split('~').next().unwrap_or_default();
                let epoch = if self.as_str().contains(':') { format!("{}:", version.epoch) } else { String::new() };
                // A tilde in a revision is a backport's, unless it is a development version's.
                let cut = |revision: &str| match revision.split_once('~') {
                    // The last dash splits: an upstream version with a dash of its own needs a revision behind it.
                    Some(("", _)) if has_dev_word(revision) && upstream.contains('-') => "-0".to_owned(),
                    Some(("", _)) if has_dev_word(revision) => String::new(),
                    Some((stem, _)) if has_dev_word(revision) => format!("-{stem}"),
                    _ => format!("-{revision}"),
                };
                let revision = version.revision.as_deref().map(cut).unwrap_or_default();
                format!("{epoch}{upstream}{revision}")
            }
            Key::Nvr(version) => {
                let name = version.name.as_ref().map(|name| format!("{name}-")).unwrap_or_default();
                let epoch = if version.epoch > 0 { format!("{}:", version.epoch) } else { String::new() };
                let stem = version.version.split('~').next().unwrap_or_default();
                let release = match &version.release {
                    Some(release) if release.starts_with("0.") => "-1".to_owned(),
                    Some(release) => format!("-{release}"),
                    None => String::new(),
                };
                format!("{name}{epoch}{stem}{release}")
            }
        };
        self.scheme().read(&text)
    }

    /// The release that raises this level: the number goes up, those behind it become 0, and what is not the
    /// release is dropped. A pre-release becomes the release it is for if that is enough: 2.0.0-rc.1 becomes
    /// 2.0.0 at every level.
    ///
    /// # Errors
    /// In schemes whose numbers have no such levels: calendar, Debian and RPM versions.
    pub fn bump(&self, level: Level) -> Result<Self, NextError> {
        let overflow = || NextError::Overflow(self.to_string());
        let (mut release, widths): (Vec<u64>, Vec<usize>) = match (&self.key, self.scheme()) {
            (Key::Semver(_) | Key::Pep440(_), _) => (self.release(), Vec::new()),
            (Key::Numbered(version), Scheme::Dotted(_)) => {
                let width = |at: &super::scan::Number| match self.as_str().get(at.span.clone()) {
                    Some(digits) if digits.len() > 1 && digits.starts_with('0') => digits.len(),
                    _ => 1,
                };
                (self.release(), version.numbers.iter().map(width).collect())
            }
            _ => return Err(NextError::Level(self.scheme().clone())),
        };
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
        let epoch = if self.epoch() > 0 { format!("{}!", self.epoch()) } else { String::new() };
        let widths = widths.into_iter().chain(std::iter::repeat(1));
        let numbers: Vec<String> = release.iter().zip(widths).map(|(n, width)| format!("{n:0width$}")).collect();
        self.scheme().read(&format!("{epoch}{}", numbers.join("."))).map_err(|_| overflow())
    }
}

/// Adds one to the number at the end, keeping its width; a text without one gets a 1, for its number is 0.
/// `None` past `u64::MAX`.
fn raise_last_number(text: &str) -> Option<String> {
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.get(stem.len()..)?;
    if digits.is_empty() {
        return Some(format!("{text}1"));
    }
    let next = digits.parse::<u64>().ok()?.checked_add(1)?;
    Some(format!("{stem}{next:0width$}", width = digits.len()))
}
