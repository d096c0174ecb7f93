//! What is remembered of commits: it does not depend on refs, and the next push asks the same.

use bstr::BString;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::places::KnownPlaces;
use super::repairs::Unrepaired;
use super::wanted::fixes;
use super::{FactError, Project};
use crate::git::Commit;
use crate::landed::{self, Told};
use crate::model::{ObjectId, Recent};

/// What the messages of commits are remembered of, in commits; what they touch, in files; of what was repaired, in changes.
const MAX_SAID: usize = 1 << 16;
const MAX_TOUCHED: usize = 1 << 17;
const MAX_REPAIRS: usize = 1 << 14;

/// What a commit says of earlier ones.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) told: Told,
    /// Whether it says that it takes one back, or fixes one.
    pub(super) names_another: bool,
}

/// A commit of a branch, the tip of the branch, and that of another line.
pub(super) type Pair = (ObjectId, ObjectId, ObjectId);

/// What is remembered of commits.
pub(super) struct Known {
    said: Recent<ObjectId, Rc<Said>>,
    touched: Recent<ObjectId, Rc<[BString]>>,
    pub(super) unrepaired: Recent<Pair, Rc<[Unrepaired]>>,
    pub(super) places: KnownPlaces,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            said: Recent::with_room(MAX_SAID, |_| 1),
            touched: Recent::with_room(MAX_TOUCHED, |paths| paths.len() + 1),
            unrepaired: Recent::with_room(MAX_REPAIRS, |found| found.len() + 1),
            places: KnownPlaces::default(),
        }
    }
}

impl Project {
    /// Returns what a commit says of earlier ones.
    pub(super) fn said(&self, id: ObjectId) -> Result<Rc<Said>, FactError> {
        self.step()?;
        self.known.said.get(&id, || {
            let commit = self.commit(id)?;
            let told = Told::of(&commit);
            let names_another = !told.takes_back().is_nothing() || !fixes(&commit).is_empty();
            Ok(Rc::new(Said { told, names_another }))
        })
    }

    /// Returns the paths that a commit touches against its first parent.
    ///
    /// # Errors
    /// Trees that cannot be read.
    pub fn touched(&self, commit: &Commit) -> Result<Rc<[BString]>, FactError> {
        self.touched_since(commit.id, || Ok(commit.parents.first().copied()))
    }

    /// Does the same for a commit that need not be read for it.
    pub(super) fn touched_by(&self, id: ObjectId) -> Result<Rc<[BString]>, FactError> {
        self.touched_since(id, || Ok(self.repository().parents(id)?.first().copied()))
    }

    fn touched_since(
        &self,
        id: ObjectId,
        parent: impl FnOnce() -> Result<Option<ObjectId>, FactError>,
    ) -> Result<Rc<[BString]>, FactError> {
        self.known.touched.get(&id, || {
            let changes = self.repository().diff_trees(parent()?, Some(id))?;
            Ok(changes.into_iter().map(|change| change.path).collect())
        })
    }

    /// Returns the commits of a line, without those of another, that a later one of them took back.
    pub(super) fn taken_back_in(&self, tip: ObjectId, without: ObjectId) -> Result<BTreeSet<ObjectId>, FactError> {
        let ids = self.commits(&[tip], &[without])?;
        let said: Vec<Rc<Said>> = ids.iter().map(|id| self.said(*id)).collect::<Result<_, _>>()?;
        let gone = landed::taken_back(&said.iter().map(|said| &said.told).collect::<Vec<&Told>>());
        Ok(ids.into_iter().zip(gone).filter(|(_, is_gone)| *is_gone).map(|(id, _)| id).collect())
    }
}
