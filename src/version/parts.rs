//! What the spellings have in common: a version taken apart the way PEP 440 does.

use super::scan::Scan;
use super::suffix::{Post, Stage, Suffix};
use super::value::Key;
use super::{NextError, Version};

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
                let rest = debian.upstream.get(debian.numbers_len()..).unwrap_or_default();
                let (rest, local) = split_local(rest);
                let suffix = tilde_suffix(rest).ok_or("its upstream version ends in words of its own")?;
                let local = local.map(local_parts).map_or(Ok(Vec::new()), |local| local.ok_or(BAD_LOCAL))?;
                Ok(Self { epoch: debian.epoch, local, ..of_suffix(version.release(), &suffix)? })
            }
            Key::Numbered(numbered) => of_suffix(numbered.release(), &numbered.suffix),
            Key::Nvr(nvr) => {
                let rest = nvr.version.get(nvr.numbers_len()..).unwrap_or_default();
                // RPM has post-releases in the release alone: its order puts every `1.0-2` before `1.0+post1`.
                let suffix = tilde_suffix(rest).filter(|suffix| suffix.post.is_none());
                let suffix = suffix.ok_or("its version ends in words of its own")?;
                let parts = Self { epoch: nvr.epoch, ..of_suffix(version.release(), &suffix)? };
                match nvr.release.as_deref().map(str::parse) {
                    None => Ok(parts),
                    Some(Ok(release)) if parts.dev.is_none() => Ok(Self { post: Some(release), ..parts }),
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

/// Parts a Debian version from the local version that this module spells behind `+0`. What else is behind a `+0`,
/// as in `1.0+0~a`, is the upstream version's own.
pub(super) fn split_local(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once("+0") {
        Some((public, local)) if local_parts(local).is_some_and(|parts| !parts.is_empty()) => (public, Some(local)),
        _ => (text, None),
    }
}

/// Reads what follows the numbers of a Debian or RPM version as this module spells it: only a tilde sorts before the
/// release there, so pre-releases and development versions stand behind one (two for a development version of the
/// release itself), post-releases behind a plus.
///
/// Nothing else is read, for both order words by their letters and `~` by how often it is there: all of `~a2`, `~alpha1`
/// and `~RC1`, or of `~dev1` and `~~dev1`, have an order of their own, which numbers for a stage would not keep.
fn tilde_suffix(text: &str) -> Option<Suffix> {
    let mut scan = Scan::new(text);
    let stages = [("~a", Stage::Alpha), ("~b", Stage::Beta), ("~pre", Stage::Pre), ("~rc", Stage::Rc)];
    let pre = stages.into_iter().find_map(|(word, stage)| Some((stage, vec![marked(&mut scan, word)?])));
    let post = marked(&mut scan, "+post").map(|number| Post::Numbers(vec![number]));
    let dev = marked(&mut scan, dev_marker(pre.is_some() || post.is_some()));
    scan.is_done().then_some(Suffix { pre, post, dev })
}

/// The marker of Debian's development versions. A bare one must come before `~a1`, one of a pre-release or
/// post-release only before that.
pub(super) const fn dev_marker(of_pre_or_post: bool) -> &'static str {
    if of_pre_or_post { "~dev" } else { "~~dev" }
}

/// Takes a marker and its number. The number may only be missing at the end, where dpkg has it for 0: further on,
/// `~rc+post1` comes after every `~rc1`.
fn marked(scan: &mut Scan<'_>, marker: &str) -> Option<u64> {
    let mut ahead = scan.clone();
    if !ahead.take(marker) {
        return None;
    }
    let number = if ahead.is_done() { 0 } else { ahead.number().ok()?.value };
    *scan = ahead;
    Some(number)
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
        Some(post) => Some(single(&post.numbers())?),
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

/// Takes pre-releases apart that mean something outside SemVer: a stage with an optional number behind a dot, and the
/// development versions that this module spells (`-0.dev.5`, `-rc.1.dev.2`).
///
/// Nothing else is read, for SemVer orders words by their letters: `rc10` comes before `rc9`, `a.2` before `alpha.1`, `RC.1`
/// before `alpha`, and `dev` after `beta`.
fn of_semver(version: &semver::Version) -> Result<Parts, Why> {
    let release = vec![version.major, version.minor, version.patch];
    let local = local_parts(&version.build).ok_or(BAD_LOCAL)?;
    let parts = Parts { epoch: 0, release, pre: None, post: None, dev: None, local };
    if version.pre.is_empty() {
        return Ok(parts);
    }
    let unknown = "its pre-release is more than `alpha`, `beta`, `pre` or `rc` and a number behind a dot";
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| unknown);
    let stage = |word: &str| match word {
        "alpha" => Ok(Stage::Alpha),
        "beta" => Ok(Stage::Beta),
        "pre" => Ok(Stage::Pre),
        "rc" => Ok(Stage::Rc),
        _ => Err(unknown),
    };
    match version.pre.split('.').collect::<Vec<_>>().as_slice() {
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

/// A local version's parts, in lower case; `None` if PEP 440 could not write them. Empty for an empty text.
fn local_parts(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let parts = text.split(['.', '-', '_']).map(str::to_ascii_lowercase);
    parts.map(|part| (!part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(part)).collect()
}
