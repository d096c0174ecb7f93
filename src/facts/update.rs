//! One ref update as rules see it.

use std::cell::OnceCell;

use super::{Commit, FactError, Facts, Kind, LineMatch, Peeled, Project, TagMatch};
use crate::model::{Movement, Namespace, ObjectId, RefName, RefUpdate, Stage};

/// One update of the push with its place in the policy.
pub struct Update<'f, 'p> {
    facts: &'f Facts<'p>,
    index: usize,
    update: &'p RefUpdate,
    line: Option<LineMatch<'p>>,
    tag: Option<TagMatch<'p>>,
    /// What it does, once history was asked.
    movement: OnceCell<Movement>,
}

impl<'f, 'p> Update<'f, 'p> {
    pub(super) fn new(facts: &'f Facts<'p>, index: usize) -> Option<Self> {
        let update = facts.push().updates.get(index)?;
        let project = facts.project();
        Some(Self {
            facts,
            index,
            update,
            line: project.line_of(&update.name),
            tag: project.tag_of(&update.name),
            movement: OnceCell::new(),
        })
    }

    /// Returns the facts of the whole push.
    pub fn facts(&self) -> &'f Facts<'p> {
        self.facts
    }

    /// Returns the project that is pushed to.
    pub fn project(&self) -> &'p Project {
        self.facts.project()
    }

    /// Returns the place of the update in the push.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the ref.
    pub fn name(&self) -> &'p RefName {
        &self.update.name
    }

    /// Returns whether the ref is a branch, a tag or something else.
    pub fn namespace(&self) -> Namespace {
        self.update.name.namespace()
    }

    /// Returns what the ref held; null when it is new.
    pub fn old(&self) -> ObjectId {
        self.update.old
    }

    /// Returns what the repository holds under this name now, whatever the push says; `None` where the ref does not
    /// exist.
    ///
    /// # Errors
    /// A ref that cannot be read.
    pub fn held(&self) -> Result<Option<ObjectId>, FactError> {
        self.project().view().find(self.project().repository(), self.name())
    }

    /// Returns what the ref held, as far as its history says something: `None` when the ref is new, and in CI when a
    /// forced push dropped the object and no clone has it any more.
    ///
    /// # Errors
    /// The object database cannot be read.
    pub fn known_old(&self) -> Result<Option<ObjectId>, FactError> {
        if self.update.old.is_null() || self.is_dropped()? { Ok(None) } else { Ok(Some(self.update.old)) }
    }

    /// Returns whether the old object is gone with the history that a forced push replaced. A complete clone has
    /// everything below the new object, which means that the old one is not below it.
    fn is_dropped(&self) -> Result<bool, FactError> {
        let repository = self.project().repository();
        let is_whole = !repository.is_shallow() && !repository.is_partial();
        Ok(self.facts.push().stage == Stage::Ci
            && is_whole
            && !self.update.old.is_null()
            && repository.kind(self.update.old)?.is_none())
    }

    /// Returns what the ref holds afterwards; null when it goes away.
    pub fn new_id(&self) -> ObjectId {
        self.update.new
    }

    /// Returns the line of the branch.
    pub fn line(&self) -> Option<&LineMatch<'p>> {
        self.line.as_ref()
    }

    /// Returns the class of the tag.
    pub fn tag(&self) -> Option<&TagMatch<'p>> {
        self.tag.as_ref()
    }

    /// Returns whether the ref is new.
    pub fn creates(&self) -> bool {
        self.update.creates()
    }

    /// Returns whether the ref goes away.
    pub fn deletes(&self) -> bool {
        self.update.deletes()
    }

    /// Returns whether the ref stays as it is; this includes the deletion of a ref that does not exist.
    pub fn changes_nothing(&self) -> bool {
        self.update.old == self.update.new
    }

    /// Returns what the update does to its ref. Nothing in a push says "force": it is computed from history.
    ///
    /// # Errors
    /// Objects or history that cannot be read.
    pub fn movement(&self) -> Result<Movement, FactError> {
        if let Some(known) = self.movement.get() {
            return Ok(*known);
        }
        let found = self.find_movement()?;
        Ok(*self.movement.get_or_init(|| found))
    }

    fn find_movement(&self) -> Result<Movement, FactError> {
        if self.update.new.is_null() {
            return Ok(Movement::Delete);
        }
        if self.creates() {
            return Ok(Movement::Create);
        }
        if self.changes_nothing() {
            return Ok(Movement::FastForward);
        }
        if self.is_dropped()? {
            return Ok(Movement::Rewrite);
        }
        let project = self.project();
        let (old, new) = (project.peel(self.old())?, project.peel(self.new_id())?);
        let commits = old.kind == Kind::Commit && new.kind == Kind::Commit;
        if commits && old.tags.is_empty() && new.tags.is_empty() && project.is_ancestor(old.id, new.id)? {
            return Ok(Movement::FastForward);
        }
        Ok(Movement::Rewrite)
    }

    /// Returns what the ref holds afterwards, unwrapped; `None` when it goes away.
    ///
    /// # Errors
    /// An object that cannot be read.
    pub fn peeled(&self) -> Result<Option<Peeled>, FactError> {
        if self.update.new.is_null() { Ok(None) } else { self.project().peel(self.new_id()).map(Some) }
    }

    /// Returns the commit the ref holds afterwards, unwrapped; `None` when it goes away or holds something else.
    ///
    /// # Errors
    /// An object that cannot be read.
    pub fn commit(&self) -> Result<Option<Commit>, FactError> {
        match self.peeled()? {
            Some(peeled) if peeled.kind == Kind::Commit => self.project().commit(peeled.id).map(Some),
            _ => Ok(None),
        }
    }
}
