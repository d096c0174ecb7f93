//! How versions are written where they are published: PyPI, SemVer registries, Docker, Debian.
//!
//! The spellings of development versions keep their order where the place has one: above the tag that the
//! commits follow, below the version they count towards.
//!
//! | | release | after a pre-release | order |
//! |---|---|---|---|
//! | PEP 440 | `1.2.4.dev5` | `1.3.0rc2.dev2` | kept |
//! | SemVer | `1.2.4-0.dev.5` | `1.3.0-rc.1.dev.2` | kept: a plain `-dev.5` would sort after `-alpha.1` |
//! | Debian | `1.2.4~~dev5` | `1.3.0~rc2~dev2` | kept among versions of one width: a plain `~dev5` would sort after `~a1`; dpkg has 1.2 below 1.2.0 |
//! | Docker | `1.2.4-0.dev.5` | `1.3.0-rc.1.dev.2` | none: a tag is a name |
//!
//! A version whose order a spelling would not keep has none there. So SemVer's, Debian's and RPM's pre-releases are taken
//! to other spellings only from the words that this module uses itself: `rc.1`, but not `rc1`, for SemVer has `rc10`
//! before `rc9`; the schemes `pep440` and `dotted` read such tags as they are meant. PEP 440 has no `pre` stage.
//!
//! Two versions become one where they differ in a number that is missing in one and 0 in the other (SemVer's `alpha` and
//! `alpha.0`), or in letters against numbers (`1.0a` and `1.0-1`, which the dotted scheme has for one already).
//! The Docker spelling merges more: `1.0.0+a` and `1.0.0-a` are both `1.0.0-a`.

use std::cmp::Ordering;
use std::fmt;

use super::parts::{Parts, dev_marker};
use super::suffix::Stage;
use super::value::Key;
use super::{NextError, Scheme, SpellError, Version};
use crate::model::ObjectId;

/// The longest tag Docker has.
const DOCKER_MAX: usize = 128;

/// A place to publish to, and the versions it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    /// The normal form of PEP 440.
    Pep440,
    /// SemVer 2.0.0.
    Semver,
    /// A tag of a container image: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
    Docker,
    /// An upstream version as dpkg orders it.
    Debian,
}

impl Spelling {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pep440, Self::Semver, Self::Docker, Self::Debian];

    /// The name used on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pep440 => "pep440",
            Self::Semver => "semver",
            Self::Docker => "docker",
            Self::Debian => "debian",
        }
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a local version says about the place a build was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The commit.
    pub commit: ObjectId,
    /// Whether the working tree differed from it.
    pub dirty: bool,
}

impl Local {
    fn parts(self) -> impl Iterator<Item = String> {
        std::iter::once(format!("g{}", self.commit.short())).chain(self.dirty.then(|| "dirty".to_owned()))
    }
}

/// Writes a released version. A version in its own scheme is written as it is, except for PEP 440's normal form.
///
/// # Errors
/// The spelling has no words for the version (SemVer: an epoch, a post-release, a fourth number; PEP 440: a
/// free pre-release of SemVer's, a Debian revision), or a Docker tag would be too long.
pub fn spell_release(version: &Version, spelling: Spelling) -> Result<String, SpellError> {
    match (&version.key, spelling) {
        (Key::Semver(_), Spelling::Semver) | (Key::Debian(_), Spelling::Debian) => Ok(version.to_string()),
        (_, Spelling::Docker) => docker(version, |spelling| spell_release(version, spelling)),
        _ => write(version, &parts(version, spelling)?, spelling),
    }
}

/// Writes the development version `distance` commits after `base`, the highest release that is an ancestor:
/// the next version (see [`Version::next`]) with the distance as its number. `local` adds commit and state
/// behind a `+`, which no order counts.
///
/// # Errors
/// As for [`spell_release`]; and `base` has no next version, most of all because it is itself a development
/// version other than `.dev0`.
pub fn spell_dev(
    base: &Version,
    distance: u64,
    spelling: Spelling,
    local: Option<Local>,
) -> Result<String, SpellError> {
    let local: Vec<String> = local.into_iter().flat_map(Local::parts).collect();
    match (&base.key, spelling) {
        (_, Spelling::Docker) => docker(base, |spelling| spell_dev_with(base, distance, spelling, &local)),
        _ => spell_dev_with(base, distance, spelling, &local),
    }
}

fn spell_dev_with(base: &Version, distance: u64, spelling: Spelling, local: &[String]) -> Result<String, SpellError> {
    let own = match (&base.key, spelling) {
        (Key::Semver(semver), Spelling::Semver) => semver_dev(base, semver, distance, local)?,
        (Key::Debian(_), Spelling::Debian) => debian_dev(base, distance, local)?,
        _ => {
            let mut next = parts(&base.next()?, spelling)?;
            next.dev = Some(distance);
            next.local = parts(base, spelling)?.local;
            for part in local {
                if !next.local.contains(part) {
                    next.local.push(part.clone());
                }
            }
            return write(base, &next, spelling);
        }
    };
    // The words of such a tag are its project's own, so that only the order itself can tell whether there is room.
    let dev = base.scheme().read(&own).map_err(|_| inexpressible(base, spelling, TOO_LARGE))?;
    let rises = |low: &Version, high: &Version| low.compare(high).is_ok_and(Ordering::is_lt);
    if rises(base, &dev) && base.next().map_or(true, |next| rises(&dev, &next)) {
        Ok(own)
    } else {
        Err(NextError::Order { version: base.to_string(), next: own }.into())
    }
}

/// SemVer's own tags keep their pre-release as it is, since `rc1` and `rc.1` do not sort alike.
fn semver_dev(base: &Version, semver: &semver::Version, distance: u64, local: &[String]) -> Result<String, SpellError> {
    let same = format!("{}.{}.{}", semver.major, semver.minor, semver.patch);
    let (release, pre) = if base.is_dev_zero() {
        (same, format!("{}.{distance}", semver.pre.strip_suffix(".0").unwrap_or(&semver.pre)))
    } else if base.is_dev() {
        return Err(NextError::Dev(base.to_string()).into());
    } else if semver.pre.is_empty() {
        (base.next()?.to_string(), format!("0.dev.{distance}"))
    } else {
        let number = if semver.pre.ends_with(|c: char| c.is_ascii_digit()) { "" } else { ".0" };
        (same, format!("{}{number}.dev.{distance}", semver.pre))
    };
    let own = Some(semver.build.as_str()).filter(|build| !build.is_empty());
    let build: Vec<&str> = own.into_iter().chain(local.iter().map(String::as_str)).collect();
    let build = if build.is_empty() { String::new() } else { format!("+{}", build.join(".")) };
    Ok(format!("{release}-{pre}{build}"))
}

/// Debian's own tags keep whatever stands before the number that goes up.
fn debian_dev(base: &Version, distance: u64, local: &[String]) -> Result<String, SpellError> {
    let local = debian_local(local);
    if base.is_dev_zero() {
        // Its own marker, since `~dev` and `~~dev` do not sort alike.
        let marker = base.public().trim_end_matches(|c: char| c.is_ascii_digit());
        return Ok(format!("{marker}{distance}{local}"));
    }
    let next = base.next()?;
    let marker = dev_marker(Parts::of(&next).is_ok_and(|parts| parts.pre.is_some() || parts.post.is_some()));
    Ok(format!("{next}{marker}{distance}{local}"))
}

/// The first of SemVer, PEP 440 and the version's own text that can express it, made legal.
fn docker(version: &Version, spell: impl Fn(Spelling) -> Result<String, SpellError>) -> Result<String, SpellError> {
    let spelled = match spell(Spelling::Semver) {
        Err(SpellError::Inexpressible { .. }) => spell(Spelling::Pep440),
        other => other,
    };
    let spelled = match (spelled, version.scheme()) {
        (Err(SpellError::Inexpressible { .. }), Scheme::Debian) => spell(Spelling::Debian),
        (spelled, _) => spelled,
    }?;
    let tag: String = spelled.chars().map(|c| if is_docker(c) { c } else { '-' }).collect();
    if tag.len() > DOCKER_MAX { Err(SpellError::TooLong(version.to_string())) } else { Ok(tag) }
}

fn is_docker(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn inexpressible(version: &Version, spelling: Spelling, why: &'static str) -> SpellError {
    SpellError::Inexpressible { version: version.to_string(), spelling, why }
}

const TOO_LARGE: &str = "it would be too long, or its epoch is too large";

fn parts(version: &Version, spelling: Spelling) -> Result<Parts, SpellError> {
    Parts::of(version).map_err(|why| inexpressible(version, spelling, why))
}

fn write(version: &Version, parts: &Parts, spelling: Spelling) -> Result<String, SpellError> {
    let (scheme, text) = match spelling {
        // It has `pre1` for another spelling of `rc1`, and that would sort after `rc0`.
        Spelling::Pep440 if matches!(parts.pre, Some((Stage::Pre, _))) => {
            return Err(inexpressible(version, spelling, "PEP 440 has no stage between beta and release candidate"));
        }
        Spelling::Pep440 => (Scheme::Pep440, pep440(parts)),
        Spelling::Debian => (Scheme::Debian, debian(parts)),
        Spelling::Semver | Spelling::Docker => {
            (Scheme::Semver, semver(parts).map_err(|why| inexpressible(version, spelling, why))?)
        }
    };
    scheme.read(&text).map_err(|_| inexpressible(version, spelling, TOO_LARGE))?;
    Ok(text)
}

/// The normal form of PEP 440.
pub(super) fn pep440(parts: &Parts) -> String {
    let epoch = if parts.epoch > 0 { format!("{}!", parts.epoch) } else { String::new() };
    let pre = parts.pre.map(|(stage, number)| format!("{}{number}", short(stage))).unwrap_or_default();
    let post = parts.post.map(|number| format!(".post{number}")).unwrap_or_default();
    let dev = parts.dev.map(|number| format!(".dev{number}")).unwrap_or_default();
    let local = if parts.local.is_empty() { String::new() } else { format!("+{}", parts.local.join(".")) };
    format!("{epoch}{}{pre}{post}{dev}{local}", dotted(&parts.release))
}

fn debian(parts: &Parts) -> String {
    let epoch = if parts.epoch > 0 { format!("{}:", parts.epoch) } else { String::new() };
    let pre = parts.pre.map(|(stage, number)| format!("~{}{number}", short(stage))).unwrap_or_default();
    let post = parts.post.map(|number| format!("+post{number}")).unwrap_or_default();
    let marker = dev_marker(parts.pre.is_some() || parts.post.is_some());
    let dev = parts.dev.map(|number| format!("{marker}{number}")).unwrap_or_default();
    format!("{epoch}{}{pre}{post}{dev}{}", dotted(&parts.release), debian_local(&parts.local))
}

/// The 0 keeps a local version of 1.0 below 1.0+post1.
fn debian_local(local: &[String]) -> String {
    if local.is_empty() { String::new() } else { format!("+0{}", local.join(".")) }
}

fn semver(parts: &Parts) -> Result<String, &'static str> {
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
        (Some((stage, number)), None) => format!("-{}.{number}", long(stage)),
        // Between the pre-releases before and after it.
        (Some((stage, number)), Some(dev)) => {
            let before = number.checked_sub(1).ok_or("SemVer has nothing before the pre-release number 0")?;
            format!("-{}.{before}.dev.{dev}", long(stage))
        }
    };
    let build = if parts.local.is_empty() { String::new() } else { format!("+{}", parts.local.join(".")) };
    Ok(format!("{}{pre}{build}", dotted(&release)))
}

fn dotted(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

const fn short(stage: Stage) -> &'static str {
    match stage {
        Stage::Alpha => "a",
        Stage::Beta => "b",
        Stage::Pre => "pre",
        Stage::Rc => "rc",
    }
}

const fn long(stage: Stage) -> &'static str {
    match stage {
        Stage::Alpha => "alpha",
        Stage::Beta => "beta",
        Stage::Pre => "pre",
        Stage::Rc => "rc",
    }
}
