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
//! A version whose order a spelling would not keep cannot be written in it. That is why pre-releases of SemVer, Debian
//! and RPM are converted to other spellings only from the words that this module uses itself: `rc.1`, but not `rc1`,
//! for SemVer has `rc10` before `rc9`; the schemes `pep440` and `dotted` read such tags as they are meant. PEP 440 has
//! no `pre` stage.
//!
//! Two versions become one where they differ in a number that is missing in one and 0 in the other (SemVer's `alpha` and
//! `alpha.0`), or in letters against numbers (`1.0a` and `1.0-1`, which the dotted scheme has for one already).
//! The Docker spelling merges more: `1.0.0+a` and `1.0.0-a` are both `1.0.0-a`.

use std::cmp::Ordering;

use super::parts::Parts;
use super::{NextError, Scheme, SpellError, Spelling, Version};
use crate::model::ObjectId;

/// The longest tag Docker has.
const DOCKER_MAX: usize = 128;

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
    if spelling == Spelling::Docker {
        return docker(version, |spelling| spell_release(version, spelling));
    }
    if stands_as_it_is(version, spelling) {
        Ok(version.to_string())
    } else {
        write(version, &parts(version, spelling)?, spelling)
    }
}

/// Returns whether a version of its scheme is written in this spelling in its own words.
fn stands_as_it_is(version: &Version, spelling: Spelling) -> bool {
    version.scheme().form().is_verbatim() && version.scheme().native() == spelling
}

/// Writes the development version `distance` commits after `base`, the highest release that is an ancestor:
/// the next version (see [`Version::next`]) with the distance as its number. `local` adds commit and state
/// behind a `+`, which no order counts.
///
/// # Errors
/// As for [`spell_release`]; and `base` has no next version, mostly because it is itself a development version other
/// than `.dev0`.
pub fn spell_dev(
    base: &Version,
    distance: u64,
    spelling: Spelling,
    local: Option<Local>,
) -> Result<String, SpellError> {
    let local: Vec<String> = local.into_iter().flat_map(Local::parts).collect();
    match spelling {
        Spelling::Docker => docker(base, |spelling| spell_dev_with(base, distance, spelling, &local)),
        _ => spell_dev_with(base, distance, spelling, &local),
    }
}

/// Writes the development version that counts towards a version which no tag leads to: the first of a project, or that of
/// the next series. `number` is its number.
///
/// # Errors
/// As for [`spell_release`].
pub(crate) fn spell_towards(
    version: &Version,
    number: u64,
    spelling: Spelling,
    local: Option<Local>,
) -> Result<String, SpellError> {
    let local: Vec<String> = local.into_iter().flat_map(Local::parts).collect();
    let spell = |spelling| {
        let parts = Parts { dev: Some(number), local: local.clone(), ..parts(version, spelling)? };
        write(version, &parts, spelling)
    };
    if spelling == Spelling::Docker { docker(version, spell) } else { spell(spelling) }
}

fn spell_dev_with(base: &Version, distance: u64, spelling: Spelling, local: &[String]) -> Result<String, SpellError> {
    let next = base.next();
    if !stands_as_it_is(base, spelling) {
        let mut dev = parts(&next?, spelling)?;
        dev.dev = Some(distance);
        dev.local = parts(base, spelling)?.local;
        for part in local {
            if !dev.local.contains(part) {
                dev.local.push(part.clone());
            }
        }
        return write(base, &dev, spelling);
    }
    let own = base.reading().own_dev(base.as_str(), next.as_ref().ok().map(Version::as_str), distance, local);
    let own = match (own, &next) {
        (Some(own), _) => own,
        (None, Err(error)) => return Err(error.clone().into()),
        (None, Ok(next)) => {
            let (version, next) = (base.to_string(), next.to_string());
            return Err(NextError::Order { version, next }.into());
        }
    };
    // The words of such a tag are its project's own: only the order itself can show whether there is room.
    let dev = base.scheme().read(&own).map_err(|_| inexpressible(base, spelling, TOO_LARGE))?;
    let rises = |low: &Version, high: &Version| low.compare(high).is_ok_and(Ordering::is_lt);
    if rises(base, &dev) && next.as_ref().map_or(true, |next| rises(&dev, next)) {
        Ok(own)
    } else {
        Err(NextError::Order { version: base.to_string(), next: own }.into())
    }
}

/// Returns the first of SemVer, PEP 440 and the version's own text that can express it, made legal.
fn docker(version: &Version, spell: impl Fn(Spelling) -> Result<String, SpellError>) -> Result<String, SpellError> {
    let mut spellings = vec![Spelling::Semver, Spelling::Pep440];
    spellings.extend(Some(version.scheme().native()).filter(|own| !spellings.contains(own)));
    let mut spelled = Err(inexpressible(version, Spelling::Docker, NOT_IN_DOCKER));
    for spelling in spellings {
        match spell(spelling) {
            Err(SpellError::Inexpressible { .. }) => {}
            found => {
                spelled = found;
                break;
            }
        }
    }
    let tag: String = spelled?.chars().map(|c| if is_docker(c) { c } else { '-' }).collect();
    if tag.len() > DOCKER_MAX { Err(SpellError::TooLong(version.to_string())) } else { Ok(tag) }
}

fn is_docker(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn inexpressible(version: &Version, spelling: Spelling, why: &'static str) -> SpellError {
    SpellError::Inexpressible { version: version.to_string(), spelling, why }
}

const NOT_IN_DOCKER: &str = "neither SemVer nor PEP 440 has words for it, and an image tag is written as one of them";

const TOO_LARGE: &str = "it would be too long, or its epoch is too large";

fn parts(version: &Version, spelling: Spelling) -> Result<Parts, SpellError> {
    version.reading().parts().map_err(|why| inexpressible(version, spelling, why))
}

fn write(version: &Version, parts: &Parts, spelling: Spelling) -> Result<String, SpellError> {
    let scheme = match spelling {
        Spelling::Pep440 => Scheme::pep440(),
        Spelling::Debian => Scheme::debian(),
        Spelling::Semver | Spelling::Docker => Scheme::semver(),
    };
    let text = scheme.form().write(parts).map_err(|why| inexpressible(version, spelling, why))?;
    scheme.read(&text).map_err(|_| inexpressible(version, spelling, TOO_LARGE))?;
    Ok(text)
}
