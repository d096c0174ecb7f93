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
    pub(super) cache: &'a Cache<'a>,
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

    /// Returns the patches of pairs, with their lines unless the two are the very same change by their trees. Both sides
    /// of a pair are read one after the other: packs have what is in them as deltas against each other.
    fn pairs(&self, own: &[Change], there: &[Change], wanted: &[(At, At)]) -> Result<Vec<(Patch, Patch)>, Error> {
        let (readers, cache) = (&self.readers, self.cache);
        let start = |repository| readers.lend(repository);
        parallel::map(self.repository, wanted, "comparing patches", start, |lent, (at, plain)| {
            let Some((change, other)) = own.get(*at).zip(there.get(*plain)) else { return Ok(Default::default()) };
            let mut outline = |change: &Change| match cache.patch(change.id) {
                Some(patch) => Ok(patch),
                None => lent.reader().outline(change),
            };
            let (patch, theirs) = (outline(change)?, outline(other)?);
            if patch.is_exactly(&theirs) {
                return Ok((patch.into_outline(), theirs.into_outline()));
            }
            let mut whole = |change: &Change, patch: Patch| match patch.has_lines {
                true => Ok(patch),
                false => lent.reader().patch(change, Some(patch)),
            };
            Ok((whole(change, patch)?, whole(other, theirs)?))
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

    /// Returns those that were read, by commit.
    pub(super) fn into_read(self) -> impl Iterator<Item = (ObjectId, Patch)> {
        self.changes.iter().zip(self.read).filter_map(|(change, patch)| Some((change.id, patch?)))
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

    /// Reads pairs of changes on two lines, as far as they were not read yet: their lines, unless their trees say that
    /// they are the very same.
    pub(super) fn read_pairs(
        &mut self,
        reading: &Reading<'_>,
        there: &mut Patches<'_>,
        wanted: &[(At, At)],
    ) -> Result<(), Error> {
        let is_read = |patches: &Patches<'_>, at: At| patches.get(at).is_some_and(|patch| patch.has_lines);
        let missing: Vec<(At, At)> =
            wanted.iter().copied().filter(|(at, other)| !is_read(self, *at) || !is_read(there, *other)).collect();
        for ((at, other), (patch, theirs)) in
            missing.iter().zip(reading.pairs(self.changes, there.changes, &missing)?)
        {
            self.put_more(*at, patch);
            there.put_more(*other, theirs);
        }
        Ok(())
    }

    /// Puts a patch in its place, unless more is known of it already.
    fn put_more(&mut self, at: At, patch: Patch) {
        if patch.has_lines || self.get(at).is_none() {
            self.put(at, patch);
        }
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
