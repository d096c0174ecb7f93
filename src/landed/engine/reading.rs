//! What is read of commits: their trees, and the lines of those whose content is compared.

use std::collections::BTreeSet;

use super::{Engine, put};
use crate::landed::change::Change;
use crate::landed::index::At;
use crate::landed::patch::{self, Patch};
use crate::landed::{Error, parallel};

impl Engine<'_> {
    /// Reads the trees of the plain pairs, and nothing else of those that have the same files.
    pub(super) fn read_outlines(&mut self) -> Result<(), Error> {
        let own: Vec<At> = self.plain.keys().copied().collect();
        let there: BTreeSet<At> = self.plain.values().copied().collect();
        let there: Vec<At> = there.into_iter().collect();
        for (at, patch) in own.iter().zip(self.outlines(self.branch, &own, true)?) {
            put(&mut self.branch_patches, *at, patch);
        }
        for (at, patch) in there.iter().zip(self.outlines(self.index.commits, &there, true)?) {
            put(&mut self.mainline_patches, *at, patch);
        }
        let (own, there) = (&self.branch_patches, &self.mainline_patches);
        self.plain.retain(|branch, mainline| {
            let pair = own.get(*branch).and_then(Option::as_ref).zip(there.get(*mainline).and_then(Option::as_ref));
            let changes = self.branch.get(*branch).zip(self.index.commits.get(*mainline));
            pair.zip(changes).is_some_and(|((own, other), (change, there))| {
                let common = patch::common_paths(own, other);
                let enough = if change.seconds == there.seconds { f64::MIN_POSITIVE } else { patch::MOST_PATHS };
                // The next bump of the same dependency has the same title and files.
                let is_telling = change.seconds == there.seconds || !patch::is_mostly_generated(&own.paths);
                own.unread.is_none() && other.unread.is_none() && common >= enough && is_telling
            })
        });
        Ok(())
    }

    /// Outlines, or with `small` all of what is small: answers are the same with a cache and without.
    pub(super) fn outlines(&self, changes: &[Change], wanted: &[At], small: bool) -> Result<Vec<Patch>, Error> {
        let (deadline, readers, cache) = (self.options.deadline, &self.readers, self.cache);
        let start = |repository| readers.lend(repository);
        parallel::map(self.repository, wanted, deadline, "comparing files", start, |lent, at| {
            let Some(change) = changes.get(*at) else { return Ok(Patch::default()) };
            match cache.patch(change.id) {
                Some(patch) if !(small && patch.is_small) => Ok(patch.into_outline()),
                Some(patch) if patch.has_lines => Ok(patch),
                _ if small => lent.reader().outline_or_small(change),
                _ => lent.reader().outline(change),
            }
        })
    }

    /// Reads the outlines of branch commits of which nothing was read before.
    pub(super) fn read_own_outlines(&mut self, wanted: &[At]) -> Result<(), Error> {
        let is_missing = |at: &&At| self.branch_patches.get(**at).is_some_and(Option::is_none);
        let missing: Vec<At> = wanted.iter().filter(is_missing).copied().collect();
        for (at, patch) in missing.iter().zip(self.outlines(self.branch, &missing, false)?) {
            put(&mut self.branch_patches, *at, patch);
        }
        Ok(())
    }

    /// Reads the patches of all candidates that were not read before.
    pub(super) fn read_patches(&mut self) -> Result<(), Error> {
        let is_unread = |patches: &[Option<Patch>], at: At| {
            patches.get(at).is_some_and(|patch| patch.as_ref().is_none_or(|patch| !patch.has_lines))
        };
        let compared = || self.candidates.iter().filter(|(at, _)| !self.plain.contains_key(at));
        let own: Vec<At> = compared().map(|(at, _)| *at).filter(|at| is_unread(&self.branch_patches, *at)).collect();
        let there: BTreeSet<At> = compared().flat_map(|(_, found)| found).copied().collect();
        let there: Vec<At> = there.into_iter().filter(|at| is_unread(&self.mainline_patches, *at)).collect();
        for (at, patch) in own.iter().zip(self.read(self.branch, &self.branch_patches, &own)?) {
            put(&mut self.branch_patches, *at, patch);
        }
        for (at, patch) in there.iter().zip(self.read(self.index.commits, &self.mainline_patches, &there)?) {
            put(&mut self.mainline_patches, *at, patch);
        }
        Ok(())
    }

    fn read(&self, changes: &[Change], known: &[Option<Patch>], wanted: &[At]) -> Result<Vec<Patch>, Error> {
        let (deadline, readers, cache) = (self.options.deadline, &self.readers, self.cache);
        let start = |repository| readers.lend(repository);
        parallel::map(self.repository, wanted, deadline, "comparing patches", start, |lent, at| {
            let Some(change) = changes.get(*at) else { return Ok(Patch::default()) };
            match cache.patch(change.id).filter(|patch| patch.has_lines) {
                Some(patch) => Ok(patch),
                None => lent.reader().patch(change, known.get(*at).cloned().flatten()),
            }
        })
    }
}
