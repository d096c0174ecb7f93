//! The commits that a push brings.

use std::rc::Rc;

use super::push::Dates;
use super::{Bindings, FactError, Facts, LineMatch, Role, Update};
use crate::git::Fresh;
use crate::model::{Namespace, ObjectId, RefName};

/// A push of more commits than this takes longer than any deadline.
const MAX_COMMITS: usize = 2_000_000;

impl<'p> Facts<'p> {
    /// Returns the commits that an update brings to its branch, newest first.
    ///
    /// For an update of a branch, that is the whole range, even if it is reachable from elsewhere: commits that were
    /// parked on a free branch first are judged when they come here. For a new branch, those are left out that are on
    /// the line that it is cut from after the push, on another branch of its own line before the push, or below a
    /// version tag of this branch: a branch and what it starts from may be pushed together, and a branch may be
    /// recreated from its own tag. Commits of another line are judged again here, since this line may accept less.
    /// On a topic line, and where the line is not cut from any other, they are those that no branch of a line had before
    /// the push, topic lines not counted.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn new_commits(&self, update: &Update<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
        if update.deletes() || update.namespace() == Namespace::Tag {
            return Ok(Vec::new());
        }
        if let Some(old) = update.known_old()? {
            return self.project().commits(&[update.new_id()], &[old]);
        }
        let mut had = Vec::new();
        if let Some(place) = update.line() {
            had.extend(self.tagged_before(place)?);
            if let Some(cut_from) = &place.line.cut_from {
                had.extend(self.after().tips_of(cut_from)?);
                // Of topic branches there can be a hundred thousand, and none of them takes less than another line.
                if place.line.role != Role::Topic {
                    had.extend(self.before().tips_of(&place.line.name)?);
                    return self.project().commits(&[update.new_id()], &had);
                }
            }
        }
        Ok(self.fresh()?.of(update.new_id(), &had)?)
    }

    /// Returns the commits of an update that no branch of a line had before the push, topic lines not counted, newest
    /// first. What was accepted on one line is not judged again where it is merged into another.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn unseen_commits(&self, update: &Update<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
        let old: Vec<ObjectId> = update.known_old()?.into_iter().collect();
        Ok(self.fresh()?.of(update.new_id(), &old)?)
    }

    /// Returns what the commits that an update brings start from: the parents of its [`Self::unseen_commits`] that are
    /// not among those themselves. A history that begins with the push starts from nothing.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn starting_points(&self, update: &Update<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
        let old: Vec<ObjectId> = update.known_old()?.into_iter().collect();
        Ok(self.fresh()?.boundary(update.new_id(), &old)?)
    }

    /// Returns when a commit was made, in seconds. A committer can write any date: no commit that an update brings is
    /// taken to be older than the newest of its ancestors, as in git's "corrected commit date". A commit that was there
    /// before the push is as old as it says: it was judged when it came.
    ///
    /// On an update that is what the branch did not have: commits that were parked on a free branch count as new here.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn date(&self, update: &Update<'_, '_>, commit: ObjectId) -> Result<i64, FactError> {
        let dates = self.dates.get(update.index(), || {
            let project = self.project();
            let mut dates = Dates::new();
            // Parents first.
            for id in self.brought(update)?.into_iter().rev() {
                let commit = project.commit(id)?;
                let mut date = commit.committer.seconds;
                for parent in commit.parents {
                    date = date.max(match dates.get(&parent) {
                        Some(known) => *known,
                        None => project.commit(parent)?.committer.seconds,
                    });
                }
                dates.insert(id, date);
            }
            Ok(Rc::new(dates))
        })?;
        match dates.get(&commit) {
            Some(date) => Ok(*date),
            None => Ok(self.project().commit(commit)?.committer.seconds),
        }
    }

    /// Returns the commits that a branch did not have before, newest first; for a new branch or a tag, those that no
    /// branch of a line had, topic lines not counted.
    fn brought(&self, update: &Update<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
        let Some(tip) = update.commit()?.map(|commit| commit.id) else { return Ok(Vec::new()) };
        match update.known_old()?.filter(|_| update.namespace() != Namespace::Tag) {
            Some(old) => self.project().commits(&[tip], &[old]),
            None => Ok(self.fresh()?.of(tip, &[])?),
        }
    }

    /// Returns the commits of all branches of the push that no branch of a line had before it, topic lines not counted,
    /// found in one walk.
    fn fresh(&self) -> Result<Rc<Fresh<'p>>, FactError> {
        self.fresh.get((), || {
            let branches = self.push().updates.iter().filter(|update| update.name.namespace() != Namespace::Tag);
            let tips: Vec<ObjectId> =
                branches.filter(|update| !update.new.is_null()).map(|update| update.new).collect();
            let mut known = self.before().line_tips()?.to_vec();
            // Whoever asks about a branch that was there leaves out what it had. Where no other ref of the push asks, that
            // need not be walked either: a branch that is never merged may be all of it ahead of every line.
            if self.push().updates.len() == 1
                && let Some(update) = self.updates().next().filter(|update| update.namespace() != Namespace::Tag)
            {
                known.extend(update.known_old()?);
            }
            let repository = self.project().repository();
            Ok(Rc::new(repository.fresh(&tips, &known, MAX_COMMITS)?))
        })
    }

    /// Returns the commits of the version tags that belong to a branch and were there before the push.
    fn tagged_before(&self, place: &LineMatch<'_>) -> Result<Vec<ObjectId>, FactError> {
        let tags = self.line_tags.get(place.line.name.clone(), || self.tags_of_line(&place.line.name))?;
        let is_own = |bound: &Bindings| place.bindings.iter().all(|(key, value)| bound.get(key) == Some(value));
        let mut commits = Vec::new();
        for (_, name) in tags.iter().filter(|(bound, _)| is_own(bound)) {
            commits.extend(self.before().tagged(name)?);
        }
        Ok(commits)
    }

    /// Returns the version tags before the push whose class belongs to a line, with what their names bind.
    fn tags_of_line(&self, line: &str) -> Result<Rc<[(Bindings, RefName)]>, FactError> {
        let project = self.project();
        if !project.tag_classes().iter().any(|class| class.lines.iter().any(|own| own == line)) {
            return Ok(Rc::default());
        }
        let refs = self.before().refs(Namespace::Tag, "")?;
        let tags = refs.iter().filter_map(|(name, _)| {
            let tag = project.tag_of(name).filter(|tag| tag.class.lines.iter().any(|own| own == line))?;
            Some((tag.bindings, name.clone()))
        });
        Ok(tags.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Memory;
    use crate::model::{HashKind, Push, RefUpdate, Stage};
    use crate::policy::testing::policy;
    use crate::project::{Project, View};

    const TOPICS: &str = "[[line]]\nname = 'topic'\nbranch = 'topic/**'\nrole = 'topic'\n";

    const MAIN: &str = "refs/heads/main";
    const RELEASE: &str = "refs/heads/1.0";
    const TOPIC: &str = "refs/heads/topic/x";
    const TAG: &str = "refs/tags/v1.0.0";

    /// One after the other, of which each has the one before as its parent; with another beside the third.
    struct Commits {
        memory: Memory,
        row: Vec<ObjectId>,
    }

    impl Commits {
        fn new() -> Self {
            let (mut memory, mut row) = (Memory::default(), Vec::new());
            for at in 0..5 {
                let parents: Vec<ObjectId> = row.last().copied().into_iter().collect();
                row.push(memory.commit(&parents, &format!("feat: {at}"), &[("file", &at.to_string())]));
            }
            Self { memory, row }
        }

        fn set(mut self, name: &str, at: usize) -> Self {
            self.memory.set(name, self.row[at]);
            self
        }

        /// Returns what the first of these updates brings: the commits that no line had, what they start from, and what its
        /// ref did not have; each as places in the row.
        fn ask(&self, offered: &[(&str, Option<usize>, usize)]) -> [Vec<usize>; 3] {
            let project = Project::new(self.memory.open(), policy(TOPICS), View::Own);
            let null = ObjectId::null(HashKind::Sha1);
            let updates = offered.iter().map(|(name, old, new)| RefUpdate {
                name: RefName::new(*name),
                old: old.map_or(null, |old| self.row[old]),
                new: self.row[*new],
                via: None,
            });
            let push = Push::anonymous(Stage::PreReceive, updates.collect());
            let facts = Facts::new(&project, &push);
            let update = facts.updates().next().unwrap();
            let places = |ids: Vec<ObjectId>| {
                ids.iter().filter_map(|id| self.row.iter().position(|own| own == id)).collect::<Vec<usize>>()
            };
            [facts.unseen_commits(&update), facts.starting_points(&update), facts.brought(&update)]
                .map(|ids| places(ids.unwrap()))
        }

        /// Asks the same about a push of one ref, and of that one with another that brings nothing to it.
        fn agrees(&self, offered: (&str, Option<usize>, usize), expected: [&[usize]; 3]) {
            assert_eq!(self.ask(&[offered]), expected, "{offered:?} alone");
            let other = ("refs/heads/topic/other", None, 0);
            assert_eq!(self.ask(&[offered, other]), expected, "{offered:?} with another");
        }
    }

    #[test]
    fn what_a_branch_had_is_not_brought_again() {
        let commits = Commits::new().set(MAIN, 1).set(TOPIC, 3);
        commits.agrees((TOPIC, Some(3), 4), [&[4], &[3], &[4]]);
        commits.agrees((MAIN, Some(1), 3), [&[3, 2], &[1], &[3, 2]]);
    }

    #[test]
    fn what_only_a_topic_had_is_new_to_a_line() {
        let commits = Commits::new().set(MAIN, 1).set(TOPIC, 4);
        commits.agrees((MAIN, Some(1), 4), [&[4, 3, 2], &[1], &[4, 3, 2]]);
        commits.agrees((RELEASE, None, 3), [&[3, 2], &[1], &[3, 2]]);
    }

    #[test]
    fn what_another_line_had_is_not_new() {
        let commits = Commits::new().set(MAIN, 1).set(RELEASE, 3);
        commits.agrees((MAIN, Some(1), 4), [&[4], &[3], &[4, 3, 2]]);
        commits.agrees((MAIN, Some(1), 3), [&[], &[], &[3, 2]]);
    }

    #[test]
    fn a_branch_that_goes_back_brings_nothing() {
        let commits = Commits::new().set(MAIN, 3);
        commits.agrees((MAIN, Some(3), 1), [&[], &[], &[]]);
    }

    #[test]
    fn a_tag_that_moves_brings_all_that_no_line_has() {
        let commits = Commits::new().set(MAIN, 1).set(TAG, 2);
        let [.., brought] = commits.ask(&[(TAG, Some(2), 4)]);
        assert_eq!(brought, [4, 3, 2], "that an old tag had a commit does not mean that a line had it");
    }

    #[test]
    fn two_branches_of_a_push_bring_the_same() {
        let commits = Commits::new().set(MAIN, 1);
        let both = [(MAIN, Some(1), 4), (TOPIC, None, 3)];
        assert_eq!(commits.ask(&both), [vec![4, 3, 2], vec![1], vec![4, 3, 2]]);
        let both = [(TOPIC, None, 3), (MAIN, Some(1), 4)];
        assert_eq!(commits.ask(&both), [vec![3, 2], vec![1], vec![3, 2]]);
    }
}
