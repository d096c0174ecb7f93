//! Python's versions, read and ordered by the `pep440_rs` crate.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::version::fault::{Fault, Reason};
use crate::version::form::{Entry, Form, Levels, Reading, plain};
use crate::version::locate::locate;
use crate::version::parts::{Parts, Why};
use crate::version::scan::Scan;
use crate::version::suffix::Stage;
use crate::version::words::dotted;

pub(super) static ENTRY: Entry = Entry {
    name: "pep440",
    usage: "pep440",
    summary: "Python's versions \
              (<https://packaging.python.org/en/latest/specifications/version-specifiers/>).",
    docs: "Every spelling that the specification normalises is read, a `v` in front included: `v1.0-RC.1` and `1.0rc1` \
           are one version. Missing numbers count as zeros. Numbers above 2⁶⁴-1 are an error.",
    examples: &["pep440"],
    rising: &["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.10", "1!0.1"],
    pattern: "pep440",
    parameters: &[],
    parse: |parameter| plain(Pep440, parameter),
};

/// The scheme.
#[derive(Debug)]
pub(in crate::version) struct Pep440;

impl Form for Pep440 {
    /// Reads any of the spellings that the specification normalises. Numbers above `u64::MAX` are an error, in local
    /// versions too.
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        too_large(text)?;
        match text.parse::<pep440_rs::Version>() {
            Ok(version) => Ok(Arc::new(version)),
            Err(_) => {
                // What may be missing at the end: a number, or the rest of a marker.
                let tails = [
                    "", "0", "dev", "lpha", "pha", "ha", "a", "eta", "ta", "review", "eview", "view", "iew", "ew", "w",
                    "re", "e", "c", "ost", "st", "t", "ev", "v",
                ];
                Err(locate(text, &tails, |text| text.parse::<pep440_rs::Version>().is_ok()))
            }
        }
    }

    fn write(&self, parts: &Parts) -> Result<String, Why> {
        // PEP 440 reads `pre1` as another spelling of `rc1`, and that would sort after `rc0`.
        if matches!(parts.pre, Some((Stage::Pre, _))) {
            return Err("PEP 440 has no stage between beta and release candidate");
        }
        Ok(normal_form(parts))
    }
}

fn normal_form(parts: &Parts) -> String {
    let pre = parts.pre.map(|(stage, number)| format!("{}{number}", stage.short())).unwrap_or_default();
    let post = parts.post.map(|number| format!(".post{number}")).unwrap_or_default();
    let dev = parts.dev.map(|number| format!(".dev{number}")).unwrap_or_default();
    let local = if parts.local.is_empty() { String::new() } else { format!("+{}", parts.local.join(".")) };
    format!("{}{}{pre}{post}{dev}{local}", epoch(parts.epoch), dotted(&parts.release))
}

fn epoch(epoch: u64) -> String {
    if epoch > 0 { format!("{epoch}!") } else { String::new() }
}

impl Reading for pep440_rs::Version {
    fn compare(&self, other: &dyn Reading) -> Option<Ordering> {
        Some(self.cmp(other.of()?))
    }

    fn is_prerelease(&self, _text: &str) -> bool {
        self.any_prerelease()
    }

    fn is_dev(&self, _text: &str) -> bool {
        pep440_rs::Version::is_dev(self)
    }

    fn epoch(&self) -> u64 {
        pep440_rs::Version::epoch(self)
    }

    fn release(&self) -> Vec<u64> {
        pep440_rs::Version::release(self).to_vec()
    }

    /// The last number goes up by one, the post-release's before the pre-release's before the release's.
    fn raised(&self, _text: &str) -> Option<String> {
        let mut parts = taken_apart(self);
        let last = match (&mut parts.post, &mut parts.pre) {
            (Some(post), _) => post,
            (None, Some((_, number))) => number,
            (None, None) => parts.release.last_mut()?,
        };
        *last = last.checked_add(1)?;
        Some(normal_form(&Parts { local: Vec::new(), ..parts }))
    }

    fn final_release(&self, _text: &str) -> String {
        // A post-release of a pre-release goes with it.
        let post = self.post().filter(|_| self.pre().is_none());
        self.only_release().with_epoch(pep440_rs::Version::epoch(self)).with_post(post).to_string()
    }

    fn levels(&self, _text: &str) -> Option<Levels> {
        Some(Levels { before: epoch(pep440_rs::Version::epoch(self)), widths: Vec::new() })
    }

    fn parts(&self) -> Result<Parts, Why> {
        Ok(taken_apart(self))
    }
}

fn taken_apart(version: &pep440_rs::Version) -> Parts {
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

/// Fails at a number that does not fit, before the crate may take it for a word.
fn too_large(text: &str) -> Result<(), Fault> {
    let mut scan = Scan::new(text);
    while !scan.is_done() {
        let is_local = text.get(..scan.offset()).is_some_and(|before| before.contains('+'));
        // In a local version digits may be part of a word, such as a commit's name.
        let run = if is_local {
            scan.clone().run(|c| c.is_ascii_alphanumeric())
        } else {
            scan.clone().run(|c| c.is_ascii_digit())
        };
        if run.bytes().all(|byte| byte.is_ascii_digit()) && !run.is_empty() && run.parse::<u64>().is_err() {
            return Err(Fault::new(scan.offset(), Reason::TooLarge));
        }
        scan = Scan::at(text, scan.offset() + run.len().max(1));
    }
    Ok(())
}
