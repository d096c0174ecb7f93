//! What is known of the commits that a push brings.

use std::rc::Rc;

use bstr::BString;

use super::{Bindings, Change, FactError, Facts, Role};
use crate::git::Commit;
use crate::model::{Namespace, ObjectId};
use crate::policy::Described;

impl<'a> Facts<'a> {
    /// The commits that an update brings to its branch, newest first.
    ///
    /// On an update the whole range, however reachable it is from elsewhere: commits that were parked on a free branch
    /// first are judged when they come here. On a new branch those that no branch of a line but topic lines had
    /// before the push, and that are not on the line it is cut from after it: a branch and what it starts from may
    /// be pushed together.
    pub fn new_commits(&self, change: &Change<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
        if change.deletes() || change.namespace() == Namespace::Tag {
            return Ok(Vec::new());
        }
        if !change.creates() {
            return self.commits(&[change.new_id()], &[change.old()]);
        }
        let mut had = self.tips_before()?.to_vec();
        let cut_from = change.line().and_then(|place| place.line.cut_from.as_ref());
        for line in self.lines().iter().filter(|line| Some(&line.name) == cut_from) {
            had.extend(self.branches(line, &Bindings::new())?.into_iter().map(|(_, tip)| tip));
        }
        self.commits(&[change.new_id()], &had)
    }

    /// What the branches of all lines but topic lines held before the push.
    pub(super) fn tips_before(&self) -> Result<Rc<[ObjectId]>, FactError> {
        self.tips_before.get((), || {
            let mut tips = Vec::new();
            for line in self.lines().iter().filter(|line| line.role != Role::Topic) {
                for (name, _) in self.branches(line, &Bindings::new())? {
                    tips.extend(self.view.find(self.repository, &name)?);
                }
            }
            tips.sort_unstable();
            tips.dedup();
            Ok(tips.into())
        })
    }

    /// The kinds of change that a commit is.
    pub fn kinds_of(&self, commit: &Commit) -> Result<Vec<&'a str>, FactError> {
        let trailers: Vec<(BString, BString)> =
            commit.trailers().into_iter().map(|trailer| (trailer.token, trailer.value)).collect();
        let subject = commit.subject();
        let described = Described { subject, message: commit.message.as_ref(), trailers: &trailers };
        self.policy.kinds_of(&described, || self.touched(commit))
    }

    /// The paths that a commit touches against its first parent.
    pub fn touched(&self, commit: &Commit) -> Result<Vec<BString>, FactError> {
        self.in_time()?;
        let changes = self.repository.diff_trees(commit.parents.first().copied(), Some(commit.id))?;
        Ok(changes.into_iter().map(|change| change.path).collect())
    }
}
