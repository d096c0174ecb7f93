//! The scopes of rules: the same guards, written once.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use super::{Ahead, Commit, FactError, Kind, LineMatch, Peeled, Snapshot, TagKind, TagMatch, Update};
use crate::model::{ObjectId, RefName};
use crate::version::Version;

/// So many commits are looked for one by one.
const FEW: usize = 32;

/// An update that brings something to a branch of a line, new ones included.
pub(crate) struct BranchUpdate<'u, 'f, 'p> {
    update: &'u Update<'f, 'p>,
    place: &'u LineMatch<'p>,
}

impl<'u, 'f, 'p> BranchUpdate<'u, 'f, 'p> {
    /// Returns the update as one of a branch; `None` where the ref is of no line, goes away or stays as it is.
    pub(crate) fn of(update: &'u Update<'f, 'p>) -> Option<Self> {
        let place = update.line()?;
        (!update.new_id().is_null() && !update.changes_nothing()).then_some(Self { update, place })
    }

    /// Returns the branch's place in the policy.
    pub(crate) fn place(&self) -> &'u LineMatch<'p> {
        self.place
    }

    /// Returns what the branch holds afterwards.
    pub(crate) fn tip(&self) -> ObjectId {
        self.update.new_id()
    }

    /// Returns the branches of the line that this one is cut from, with their tips at a moment; none where the policy
    /// does not name such a line.
    ///
    /// # Errors
    /// Refs that cannot be read.
    pub(crate) fn origins(&self, moment: &Snapshot<'p>) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        self.place.line.cut_from.as_deref().map_or_else(|| Ok(Vec::new()), |name| moment.branches_of(name))
    }

    /// Returns the first-parent history of an origin above what a commit has below it.
    ///
    /// # Errors
    /// History that cannot be read.
    pub(crate) fn ahead(&self, origin: ObjectId, of: ObjectId) -> Result<Rc<Ahead>, FactError> {
        let facts = self.update.facts();
        facts.ahead.get((origin, of), || facts.project().mainline_ahead(origin, of).map(Rc::new))
    }

    /// Returns those of some commits that are on the first-parent history of an origin above what a commit has below it, the
    /// newest first.
    ///
    /// # Errors
    /// History that cannot be read.
    pub(crate) fn along(
        &self,
        origin: ObjectId,
        of: ObjectId,
        commits: &BTreeSet<ObjectId>,
    ) -> Result<Vec<ObjectId>, FactError> {
        // Most pushes bring a few commits, none of them from there; an origin can be thousands of commits ahead.
        let repository = self.update.facts().project().repository();
        if commits.len() <= FEW && !repository.may_be_along(origin, commits)? {
            return Ok(Vec::new());
        }
        let ahead = self.ahead(origin, of)?;
        Ok(ahead.commits.iter().filter(|id| commits.contains(id)).copied().collect())
    }

    /// Returns whether the policy lets this branch take a commit, whatever it is (`takes`). Only tags count that were there
    /// before the push.
    ///
    /// # Errors
    /// Refs or history that cannot be read.
    pub(crate) fn takes(&self, commit: ObjectId) -> Result<bool, FactError> {
        self.update.facts().before().takes(self.update.name(), commit)
    }

    /// Returns where a commit was cut from the origins: the commits at which their first-parent histories enter its
    /// own. Everything below those came to the branch from there.
    ///
    /// # Errors
    /// Refs or history that cannot be read.
    pub(crate) fn cut_at(&self, commit: ObjectId) -> Result<Vec<ObjectId>, FactError> {
        let mut points = Vec::new();
        for (_, tip) in self.origins(self.update.facts().after())? {
            points.extend(self.ahead(tip, commit)?.enters);
        }
        Ok(points)
    }

    /// Returns the commits that the update brings, newest first; see [`super::Facts::new_commits`].
    ///
    /// # Errors
    /// History that cannot be read.
    pub(crate) fn new_commits(&self) -> Result<Vec<ObjectId>, FactError> {
        self.update.facts().new_commits(self.update)
    }
}

impl<'f, 'p> Deref for BranchUpdate<'_, 'f, 'p> {
    type Target = Update<'f, 'p>;

    fn deref(&self) -> &Self::Target {
        self.update
    }
}

/// A version tag that is made, or moved, and names a commit.
pub(crate) struct VersionTag<'u, 'f, 'p> {
    update: &'u Update<'f, 'p>,
    place: &'u TagMatch<'p>,
    version: &'u Version,
    target: Peeled,
}

impl<'u, 'f, 'p> VersionTag<'u, 'f, 'p> {
    /// Returns the update as one of a version tag; `None` for any other ref, for a tag that goes away or stays as it is,
    /// and for one of a tree or a file.
    ///
    /// # Errors
    /// The tag object, or what it names, cannot be read.
    pub(crate) fn of(update: &'u Update<'f, 'p>) -> Result<Option<Self>, FactError> {
        let Some(place) = update.tag().filter(|place| place.class.kind == TagKind::Version) else { return Ok(None) };
        let Some(version) = place.version.as_ref().filter(|_| !update.changes_nothing()) else { return Ok(None) };
        let target = update.peeled()?.filter(|target| target.kind == Kind::Commit);
        Ok(target.map(|target| Self { update, place, version, target }))
    }

    /// Returns the tag's place in the policy.
    pub(crate) fn place(&self) -> &'u TagMatch<'p> {
        self.place
    }

    /// Returns the version that its name has.
    pub(crate) fn version(&self) -> &'u Version {
        self.version
    }

    /// Returns what it names, with the tag objects on the way.
    pub(crate) fn target(&self) -> &Peeled {
        &self.target
    }

    /// Returns the commit that it names.
    pub(crate) fn commit(&self) -> ObjectId {
        self.target.id
    }

    /// Returns the commit that it names, read.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read_commit(&self) -> Result<Commit, FactError> {
        self.update.project().commit(self.target.id)
    }
}

impl<'f, 'p> Deref for VersionTag<'_, 'f, 'p> {
    type Target = Update<'f, 'p>;

    fn deref(&self) -> &Self::Target {
        self.update
    }
}
