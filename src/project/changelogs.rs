//! Which entries of a changelog are on one line and not on another.

use bstr::{BStr, BString};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use super::{FactError, Project};
use crate::manifest::changelog::Entry;
use crate::model::{ObjectId, Untrusted};
use crate::policy::{Bindings, ChangelogFormat, Flow, Notes};
use crate::version::without_v;

/// What distinguishes the entries of released versions: one version for two distributions is two releases.
///
/// Two are one release however they are written: `v1.15.3` is `1.15.3`, and `stretch jessie` is `jessie stretch`.
#[derive(Clone, Debug)]
pub struct Released {
    /// The version.
    pub version: String,
    /// For Debian, the distributions it is for; else empty.
    pub distribution: String,
}

impl Released {
    /// Makes it from an entry; `None` where that has no version or is not released yet.
    pub fn of(entry: &Entry) -> Option<Self> {
        let distribution = entry.distribution.clone().unwrap_or_default();
        entry.version.clone().filter(|_| !entry.is_open).map(|version| Self { version, distribution })
    }

    /// Returns what two ways to write one release have in common.
    fn key(&self) -> (&str, BTreeSet<&str>) {
        (without_v(&self.version), self.distribution.split_whitespace().collect())
    }
}

impl PartialEq for Released {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Released {}

impl PartialOrd for Released {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Released {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", Untrusted::new(&self.version))?;
        if self.distribution.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", Untrusted::new(&self.distribution))
    }
}

impl Project {
    /// Returns the entries of a changelog, newest first; none where there is no such file.
    ///
    /// # Errors
    /// Besides what cannot be read: a file that is not a changelog.
    pub fn all_entries(
        &self,
        commit: ObjectId,
        path: &BStr,
        format: &ChangelogFormat,
    ) -> Result<Vec<Entry>, FactError> {
        match self.entries(commit, path, format)? {
            None => Ok(Vec::new()),
            Some(Ok(entries)) => Ok(entries),
            Some(Err(error)) => Err(FactError::undecided(format!(
                "the changelog `{}` at {} cannot be read: {error}",
                Untrusted::new(path),
                commit.short()
            ))),
        }
    }

    /// Returns those of some entries at `commit` that were made since its line left that of `tip`, and are missing
    /// there.
    pub fn lacking(
        &self,
        wanted: &[Released],
        path: &BStr,
        format: &ChangelogFormat,
        commit: ObjectId,
        tip: ObjectId,
    ) -> Result<Vec<Released>, FactError> {
        let mut known: BTreeSet<Released> =
            self.all_entries(tip, path, format)?.iter().filter_map(Released::of).collect();
        if wanted.iter().all(|entry| known.contains(entry)) {
            return Ok(Vec::new());
        }
        // An entry that both once had may have been dropped by the other line since.
        if let Some(fork) = self.merge_base(commit, tip)? {
            known.extend(self.all_entries(fork, path, format)?.iter().filter_map(Released::of));
        }
        Ok(wanted.iter().filter(|entry| !known.contains(entry)).cloned().collect())
    }

    /// Returns the entries of the changelogs at `commit` that a flow has to bring along and `tip` lacks, by file.
    pub fn stranded(
        &self,
        flow: &Flow,
        commit: ObjectId,
        tip: ObjectId,
    ) -> Result<Vec<(BString, Vec<Released>)>, FactError> {
        let mut stranded = Vec::new();
        for changelog in self.changelogs() {
            let (Notes::Entries(pattern, format), Some(back)) = (&changelog.place, &changelog.reintegrate) else {
                continue;
            };
            if back.from != flow.from || back.to != flow.to {
                continue;
            }
            for path in self.files_like(commit, pattern, &Bindings::new())? {
                let entries = self.all_entries(commit, path.as_ref(), format)?;
                let wanted: Vec<Released> = entries.iter().filter_map(Released::of).collect();
                stranded.push((path.clone(), self.lacking(&wanted, path.as_ref(), format, commit, tip)?));
            }
        }
        Ok(stranded)
    }
}
