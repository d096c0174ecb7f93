//! What is read of commits: what they say, their trees, and the lines of those whose content is compared.

use super::cache::Cache;
use super::change::Change;
use super::index::At;
use super::options::Options;
use super::patch::{self, Patch, Readers};
use super::patch_id::PatchId;
use super::telling::Line;
use super::{Error, parallel};
use crate::git::{self, Repository};
use crate::model::ObjectId;

/// The shared reader of all stages.
pub(super) struct Reading<'a> {
    pub(super) repository: &'a Repository,
    pub(super) options: &'a Options<'a>,
    pub(super) cache: &'a Cache,
    pub(super) readers: Readers,
}

impl Reading<'_> {
    /// Says what is being done, and with how many commits.
    pub(super) fn tell(&self, what: &'static str, count: usize) {
        if let Some(progress) = self.options.progress {
            progress(what, count);
        }
    }

    /// Returns what commits say.
    pub(super) fn changes(&self, ids: &[ObjectId]) -> Result<Vec<Change>, Error> {
        let (cache, grammar) = (self.cache, &self.options.grammar);
        let read = |repository: &mut Repository, id: &ObjectId| match cache.change(*id) {
            Some(change) => Ok(change),
            None => Ok(Change::new(&repository.commit(*id)?, grammar)),
        };
        parallel::map(self.repository, ids, "reading commits", |repository| repository, read)
    }

    /// Returns the commits that a merge brought in; none where there are more than anybody would revert at once.
    ///
    /// # Errors
    /// The history cannot be read: without it nobody knows whether what the merge brought was reverted with it.
    pub(super) fn brought(&self, merge: &Change) -> Result<Vec<ObjectId>, Error> {
        const MAX_BROUGHT: usize = 10_000;
        let Some(parent) = merge.parent else { return Ok(Vec::new()) };
        match self.repository.commits(&[merge.id], &[parent], MAX_BROUGHT) {
            Err(git::Error::Limit { .. }) => Ok(Vec::new()),
            other => Ok(other?),
        }
    }

    /// Returns outlines: answers are the same with a cache and without.
    pub(super) fn outlines(&self, changes: &[Change], wanted: &[At]) -> Result<Vec<Patch>, Error> {
        let (readers, cache) = (&self.readers, self.cache);
        let start = |repository| readers.lend(repository);
        parallel::map(self.repository, wanted, "comparing files", start, |lent, at| {
            let Some(change) = changes.get(*at) else { return Ok(Patch::default()) };
            match cache.patch(change.id) {
                Some(patch) => Ok(patch.into_outline()),
                None => lent.reader().outline(change),
            }
        })
    }

    fn lines(&self, changes: &[Change], known: &[Option<Patch>], wanted: &[At]) -> Result<Vec<Patch>, Error> {
        let (readers, cache) = (&self.readers, self.cache);
        let start = |repository| readers.lend(repository);
        parallel::map(self.repository, wanted, "comparing patches", start, |lent, at| {
            let Some(change) = changes.get(*at) else { return Ok(Patch::default()) };
            match cache.patch(change.id).filter(|patch| patch.has_lines) {
                Some(patch) => Ok(patch),
                None => lent.reader().patch(change, known.get(*at).cloned().flatten()),
            }
        })
    }
}

/// The patches of a line, as far as they were read.
pub(super) struct Patches<'c> {
    pub(super) changes: &'c [Change],
    read: Vec<Option<Patch>>,
}

impl<'c> Patches<'c> {
    /// Makes a list of none so far.
    pub(super) fn of(changes: &'c [Change]) -> Self {
        Self { changes, read: vec![None; changes.len()] }
    }

    pub(super) fn get(&self, at: At) -> Option<&Patch> {
        self.read.get(at)?.as_ref()
    }

    /// Returns those that were read.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'c Change, &Patch)> {
        self.changes.iter().zip(&self.read).filter_map(|(change, patch)| Some((change, patch.as_ref()?)))
    }

    pub(super) fn put(&mut self, at: At, patch: Patch) {
        if let Some(slot) = self.read.get_mut(at) {
            *slot = Some(patch);
        }
    }

    /// Gives a patch the patch-id and the lines that were found when it was read as a whole.
    pub(super) fn identify(&mut self, at: At, id: PatchId, lines: &[Line]) {
        if let Some(Some(patch)) = self.read.get_mut(at) {
            patch.id = Some(id);
            if !lines.is_empty() {
                patch.lines = patch::counted(lines.to_vec());
            }
        }
    }

    /// Reads the outlines of those that were not read yet.
    pub(super) fn read_outlines(&mut self, reading: &Reading<'_>, wanted: &[At]) -> Result<(), Error> {
        let missing: Vec<At> = wanted.iter().copied().filter(|at| self.get(*at).is_none()).collect();
        for (at, patch) in missing.iter().zip(reading.outlines(self.changes, &missing)?) {
            self.put(*at, patch);
        }
        Ok(())
    }

    /// Reads the lines of those whose lines were not read yet.
    pub(super) fn read_lines(
        &mut self,
        reading: &Reading<'_>,
        wanted: impl IntoIterator<Item = At>,
    ) -> Result<(), Error> {
        let has_lines = |at: At| self.get(at).is_some_and(|patch| patch.has_lines);
        let missing: Vec<At> = wanted.into_iter().filter(|at| *at < self.read.len() && !has_lines(*at)).collect();
        for (at, patch) in missing.iter().zip(reading.lines(self.changes, &self.read, &missing)?) {
            self.put(*at, patch);
        }
        Ok(())
    }
}
