//! Who descends from whom.
//!
//! For two commits, it is enough to walk their histories down to the merge base. Many questions about one commit share
//! one walk, which may have to go further: a push of a mirror asks about a thousand tags.

use std::collections::btree_map::Entry;

use super::{FactError, Snapshot};
use crate::git::Ancestors;
use crate::model::ObjectId;

/// In pushes of more refs than this, questions share walks.
const MANY_UPDATES: usize = 16;

/// How many branches' histories are kept in memory, at a byte for each commit.
const MAX_WALKS: usize = 64;

/// What is below a commit, to be asked about many others.
pub struct Below<'f, 'a> {
    snapshot: &'f Snapshot<'a>,
    commit: ObjectId,
    walk: Option<Ancestors<'a>>,
}

impl Below<'_, '_> {
    /// Returns whether it is the commit or one of its ancestors.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn contains(&mut self, ancestor: ObjectId) -> Result<bool, FactError> {
        match &mut self.walk {
            None => self.snapshot.project().is_ancestor(ancestor, self.commit),
            Some(walk) => Ok(walk.contains(ancestor)?),
        }
    }
}

impl<'p> Snapshot<'p> {
    /// Returns what is below a commit.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn below(&self, commit: ObjectId) -> Result<Below<'_, 'p>, FactError> {
        let repository = self.project().repository();
        let walk = if self.asks_much() { Some(repository.ancestors(commit)?) } else { None };
        Ok(Below { snapshot: self, commit, walk })
    }

    /// Returns whether a commit is below the tip of a branch, where every tag of a push may be looked for.
    pub(super) fn is_below_branch(&self, ancestor: ObjectId, tip: ObjectId) -> Result<bool, FactError> {
        let walks = &mut *self.walks.borrow_mut();
        if !self.asks_much() || (!walks.contains_key(&tip) && walks.len() >= MAX_WALKS) {
            return self.project().is_ancestor(ancestor, tip);
        }
        let walk = match walks.entry(tip) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.project().repository().ancestors(tip)?),
        };
        Ok(walk.contains(ancestor)?)
    }

    /// Returns whether so much is asked that one pass over history for all of it is less work.
    pub(super) fn asks_much(&self) -> bool {
        self.changed() > MANY_UPDATES
    }
}
