//! One ref update as rules see it.

use super::{FactError, Facts, Kind, LineMatch, TagMatch};
use crate::git::{Commit, Peeled};
use crate::model::{Namespace, ObjectId, RefName, RefUpdate};

/// What an update does to its ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// The ref is new.
    Create,
    /// The old commit is an ancestor of the new one.
    FastForward,
    /// The old commit is not: history is replaced, a tag is moved.
    Rewrite,
    /// The ref goes away.
    Delete,
}

impl Movement {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::FastForward => "fast-forward",
            Self::Rewrite => "rewrite",
            Self::Delete => "delete",
        }
    }
}

/// One update of the push with its place in the policy.
pub struct Change<'f, 'a> {
    facts: &'f Facts<'a>,
    index: usize,
    update: &'a RefUpdate,
    line: Option<LineMatch<'a>>,
    tag: Option<TagMatch<'a>>,
}

impl<'f, 'a> Change<'f, 'a> {
    pub(super) fn new(facts: &'f Facts<'a>, index: usize) -> Option<Self> {
        let update = facts.push.updates.get(index)?;
        Some(Self { facts, index, update, line: facts.line_of(&update.name), tag: facts.tag_of(&update.name) })
    }

    /// The facts of the whole push.
    pub fn facts(&self) -> &'f Facts<'a> {
        self.facts
    }

    /// The place of the update in the push.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The ref.
    pub fn name(&self) -> &'a RefName {
        &self.update.name
    }

    /// Branch, tag or other.
    pub fn namespace(&self) -> Namespace {
        self.update.name.namespace()
    }

    /// What the ref held; null when it is new.
    pub fn old(&self) -> ObjectId {
        self.update.old
    }

    /// What it shall hold; null when it goes away.
    pub fn new_id(&self) -> ObjectId {
        self.update.new
    }

    /// The line of the branch.
    pub fn line(&self) -> Option<&LineMatch<'a>> {
        self.line.as_ref()
    }

    /// The class of the tag.
    pub fn tag(&self) -> Option<&TagMatch<'a>> {
        self.tag.as_ref()
    }

    /// Whether the ref is new.
    pub fn creates(&self) -> bool {
        self.update.creates()
    }

    /// Whether the ref goes away.
    pub fn deletes(&self) -> bool {
        self.update.deletes()
    }

    /// What the update does to its ref. Nothing in a push says "force": it is computed from history.
    pub fn movement(&self) -> Result<Movement, FactError> {
        if self.deletes() {
            return Ok(Movement::Delete);
        }
        if self.creates() {
            return Ok(Movement::Create);
        }
        if self.old() == self.new_id() {
            return Ok(Movement::FastForward);
        }
        let (old, new) = (self.facts.peel(self.old())?, self.facts.peel(self.new_id())?);
        let commits = old.kind == Kind::Commit && new.kind == Kind::Commit;
        if commits && old.tags.is_empty() && new.tags.is_empty() && self.facts.is_ancestor(old.id, new.id)? {
            return Ok(Movement::FastForward);
        }
        Ok(Movement::Rewrite)
    }

    /// What the ref shall hold, unwrapped; `None` when it goes away.
    pub fn peeled(&self) -> Result<Option<Peeled>, FactError> {
        if self.deletes() { Ok(None) } else { self.facts.peel(self.new_id()).map(Some) }
    }

    /// The commit the ref shall hold, unwrapped; `None` when it goes away or holds something else.
    pub fn commit(&self) -> Result<Option<Commit>, FactError> {
        match self.peeled()? {
            Some(peeled) if peeled.kind == Kind::Commit => self.facts.commit(peeled.id).map(Some),
            _ => Ok(None),
        }
    }
}
