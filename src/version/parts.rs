//! What the spellings have in common: a version taken apart the way PEP 440 does.

use super::numbered::Numbered;
use super::suffix::{Post, Stage, Suffix};
use super::value::Key;
use super::{Letters, NextError, Version};

/// A version apart from how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) epoch: u64,
    pub(super) release: Vec<u64>,
    pub(super) pre: Option<(Stage, u64)>,
    pub(super) post: Option<u64>,
    pub(super) dev: Option<u64>,
    /// Parts between the dots, alphanumeric and in lower case.
    pub(super) local: Vec<String>,
}

/// Why a version does not come apart like this.
type Why = &'static str;

impl Parts {
    pub(super) fn of(version: &Version) -> Result<Self, Why> {
        match &version.key {
            Key::Semver(semver) => of_semver(semver),
            Key::Pep440(pep440) => Ok(of_pep440(pep440)),
            Key::Debian(debian) if debian.revision.is_some() => Err("a Debian revision belongs to the package alone"),
            Key::Debian(debian) => {
                let numbers = version.release();
                let rest = debian.upstream.get(debian.numbers_len()..).unwrap_or_default();
                let (rest, local) = rest.split_once("+0").map_or((rest, None), |(rest, local)| (rest, Some(local)));
                let suffix = tilde_suffix(rest).ok_or("its upstream version ends in words of its own")?;
                let local = local.map_or(Ok(Vec::new()), |local| local_parts(local).ok_or(BAD_LOCAL))?;
                Ok(Self { epoch: debian.epoch, local, ..of_suffix(numbers, &suffix)? })
            }
            Key::Numbered(numbered) => of_suffix(numbered.release(), &numbered.suffix),
            Key::Nvr(nvr) => {
                let numbers = version.release();
                let rest = nvr.version.get(nvr.numbers_len()..).unwrap_or_default();
                let suffix = tilde_suffix(rest).ok_or("its version ends in words of its own")?;
                let parts = Self { epoch: nvr.epoch, ..of_suffix(numbers, &suffix)? };
                match nvr.release.as_deref().map(str::parse) {
                    None => Ok(parts),
                    Some(Ok(release)) if parts.post.is_none() && parts.dev.is_none() => {
                        Ok(Self { post: Some(release), ..parts })
                    }
                    Some(_) => Err("its release is no plain number"),
                }
            }
        }
    }

    /// The version that the commits after this one count towards: the last number goes up by one, the post-release's
    /// before the pre-release's before the release's. Commits after `.dev0` count towards what it is a `.dev0` of.
    /// This is the rule `guess-next-dev` of setuptools_scm.
    pub(super) fn next(mut self, shown: &str) -> Result<Self, NextError> {
        match self.dev.take() {
            Some(0) => return Ok(self),
            Some(_) => return Err(NextError::Dev(shown.to_owned())),
            None => {}
        }
        let last = match (&mut self.post, &mut self.pre) {
            (Some(post), _) => Some(post),
            (None, Some((_, number))) => Some(number),
            (None, None) => self.release.last_mut(),
        };
        let overflow = || NextError::Overflow(shown.to_owned());
        let last = last.ok_or_else(overflow)?;
        *last = last.checked_add(1).ok_or_else(overflow)?;
        Ok(self)
    }
}

const BAD_LOCAL: Why = "its build metadata is more than letters, digits and single separators";

/// Reads a suffix in which every word is a known marker.
fn read_suffix(text: &str) -> Option<Suffix> {
    let read = Numbered::read(&format!("0{text}"), Letters::Pre).ok()?;
    (read.numbers.len() == 1).then_some(read.suffix)
}

/// Reads what follows the numbers of a Debian or RPM version: only a tilde sorts before the release there, so
/// pre-releases and development versions stand behind one (two for development versions), post-releases behind a plus.
fn tilde_suffix(mut text: &str) -> Option<Suffix> {
    let mut whole = Suffix::default();
    while !text.is_empty() {
        let (sign, rest) = text.split_at_checked(1)?;
        let rest = if sign == "~" { rest.strip_prefix('~').unwrap_or(rest) } else { rest };
        let (word, after) = rest.split_at_checked(rest.find(['~', '+']).unwrap_or(rest.len()))?;
        let read = read_suffix(&format!(".{word}"))?;
        match (sign, read.pre, read.post, read.dev) {
            ("~", pre @ Some(_), None, None) if whole == Suffix::default() => whole.pre = pre,
            ("~", None, None, dev @ Some(_)) if whole.dev.is_none() => whole.dev = dev,
            ("+", None, post @ Some(_), None) if whole.post.is_none() && whole.dev.is_none() => whole.post = post,
            _ => return None,
        }
        text = after;
    }
    Some(whole)
}

fn of_suffix(release: Vec<u64>, suffix: &Suffix) -> Result<Parts, Why> {
    let single = |numbers: &[u64]| match numbers {
        [number] => Ok(*number),
        _ => Err("its marker has more than one number"),
    };
    let pre = match &suffix.pre {
        Some((stage, numbers)) => Some((*stage, single(numbers)?)),
        None => None,
    };
    let post = match &suffix.post {
        Some(Post::Letter(letter)) => Some(u64::from(*letter)),
        Some(Post::Numbers(numbers)) => Some(single(numbers)?),
        None => None,
    };
    Ok(Parts { epoch: 0, release, pre, post, dev: suffix.dev, local: Vec::new() })
}

fn of_pep440(version: &pep440_rs::Version) -> Parts {
    let pre = version.pre().map(|pre| {
        let stage = match pre.kind {
            pep440_rs::PrereleaseKind::Alpha => Stage::Alpha,
            pep440_rs::PrereleaseKind::Beta => Stage::Beta,
            pep440_rs::PrereleaseKind::Rc => Stage::Rc,
        };
        (stage, pre.number)
    });
    Parts {
        epoch: version.epoch(),
        release: version.release().to_vec(),
        pre,
        post: version.post(),
        dev: version.dev(),
        local: version.local().iter().map(ToString::to_string).collect(),
    }
}

/// Takes pre-releases apart that mean something outside SemVer: a stage with an optional number, and the
/// development versions that this module spells (`-0.dev.5`, `-rc.1.dev.2`).
fn of_semver(version: &semver::Version) -> Result<Parts, Why> {
    let release = vec![version.major, version.minor, version.patch];
    let local = local_parts(&version.build).ok_or(BAD_LOCAL)?;
    let parts = Parts { epoch: 0, release, pre: None, post: None, dev: None, local };
    if version.pre.is_empty() {
        return Ok(parts);
    }
    let unknown = "its pre-release is more than a stage and a number";
    if let Some(number) = version.pre.strip_prefix("0.dev.") {
        return Ok(Parts { dev: Some(number.parse().map_err(|_| unknown)?), ..parts });
    }
    let (stage, dev) =
        version.pre.split_once(".dev.").map_or((version.pre.as_str(), None), |(stage, dev)| (stage, Some(dev)));
    let suffix = read_suffix(&format!("-{stage}")).filter(|suffix| suffix.post.is_none()).ok_or(unknown)?;
    let suffix = of_suffix(Vec::new(), &suffix)?;
    match (dev, suffix.pre) {
        // `rc.1.dev.2` comes after rc.1: it counts towards rc.2.
        (Some(dev), Some((stage, number))) if suffix.dev.is_none() => {
            let pre = Some((stage, number.checked_add(1).ok_or(unknown)?));
            Ok(Parts { pre, dev: Some(dev.parse().map_err(|_| unknown)?), ..parts })
        }
        (Some(_), _) => Err(unknown),
        (None, pre) => Ok(Parts { pre, dev: suffix.dev, ..parts }),
    }
}

/// A local version's parts, in lower case; `None` if PEP 440 could not write them. Empty for an empty text.
fn local_parts(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let parts = text.split(['.', '-', '_']).map(str::to_ascii_lowercase);
    parts.map(|part| (!part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(part)).collect()
}
