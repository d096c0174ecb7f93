//! Finds out whether a change that reached a branch is still there: the commits that say they revert it, and those that
//! revert these.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Error;
use super::presence::{Occurrence, Presence};
use crate::git::{self, Repository};
use crate::landed::{self, TakesBack};
use crate::model::ObjectId;

/// How many reverts of one change, and of each other, are followed; no real history has more.
const MAX_REVERTS: usize = 60;

/// How many commits are searched for reverts.
const MAX_COMMITS: usize = 500_000;

/// Which of the copies, and of the commits that reverted them, every tip contains.
pub(super) struct History {
    copies: Vec<Occurrence>,
    /// Pairs of a revert and what it reverts.
    reverts: Vec<(ObjectId, ObjectId)>,
    /// The commits asked about, and for each tip which of them it contains.
    asked: Vec<ObjectId>,
    contained: Vec<Vec<bool>>,
    /// The same commits, each after all that revert it.
    reverts_first: Vec<ObjectId>,
}

impl History {
    /// Reads what came after any of the copies.
    ///
    /// # Errors
    /// Objects that cannot be read, a history that is cut off, or more reverts than anybody makes.
    pub(super) fn new(repository: &Repository, copies: Vec<Occurrence>, tips: &[ObjectId]) -> Result<Self, Error> {
        let mut asked: Vec<ObjectId> = copies.iter().map(|copy| copy.commit).collect();
        let contained = repository.containing(tips, &asked)?;
        let later = Later::read(repository, tips, &asked, &contained)?;
        let mut reverts: Vec<(ObjectId, ObjectId)> = Vec::new();
        let mut at = 0;
        while let Some(id) = asked.get(at).copied() {
            for revert in later.reverts_of(repository, id)? {
                reverts.push((revert, id));
                if !asked.contains(&revert) {
                    asked.push(revert);
                }
                if asked.len() > MAX_REVERTS {
                    let limit = MAX_REVERTS;
                    return Err(git::Error::Limit { what: "commits that revert it and each other", limit }.into());
                }
            }
            at += 1;
        }
        let contained = if reverts.is_empty() { contained } else { repository.containing(tips, &asked)? };
        let reverts_first = reverts_first(&asked, &reverts);
        Ok(Self { copies, reverts, asked, contained, reverts_first })
    }

    /// Returns whether the tip at this place has the change.
    pub(super) fn presence(&self, tip: usize) -> Presence {
        let standing = self.standing(tip);
        if let Some(here) = self.copies.iter().find(|copy| standing.contains(&copy.commit)) {
            return Presence::Here(here.clone());
        }
        let was = self.copies.iter().find(|copy| self.has(tip, copy.commit));
        let by = |copy: &Occurrence| {
            let mut reverts = self.reverts.iter().filter(|(_, reverted)| *reverted == copy.commit);
            reverts.find(|(revert, _)| standing.contains(revert)).map(|(revert, _)| *revert)
        };
        let reverted = was.and_then(|copy| Some((copy, by(copy)?)));
        reverted.map_or(Presence::Absent, |(copy, by)| Presence::Reverted(copy.clone(), by))
    }

    fn has(&self, tip: usize, commit: ObjectId) -> bool {
        let at = self.asked.iter().position(|asked| *asked == commit);
        at.and_then(|at| self.contained.get(tip)?.get(at).copied()).unwrap_or_default()
    }

    /// Returns the commits that a tip has and that no other commit there reverts; a revert is decided before what it
    /// names.
    fn standing(&self, tip: usize) -> BTreeSet<ObjectId> {
        let mut standing = BTreeSet::new();
        for commit in &self.reverts_first {
            let mut by = self.reverts.iter().filter(|(_, reverted)| reverted == commit);
            if self.has(tip, *commit) && !by.any(|(revert, _)| standing.contains(revert)) {
                standing.insert(*commit);
            }
        }
        standing
    }
}

/// Returns the commits in an order in which each comes after all that revert it. Such an order exists, since a revert
/// descends from what it names.
fn reverts_first(commits: &[ObjectId], reverts: &[(ObjectId, ObjectId)]) -> Vec<ObjectId> {
    let mut order: Vec<ObjectId> = Vec::with_capacity(commits.len());
    let mut open = commits.to_vec();
    while !open.is_empty() {
        let before = open.len();
        open.retain(|commit| {
            let mut by = reverts.iter().filter(|(_, reverted)| reverted == commit);
            let waits = by.any(|(revert, _)| !order.contains(revert));
            if !waits {
                order.push(*commit);
            }
            waits
        });
        if open.len() == before {
            break;
        }
    }
    order
}

/// What came after the copies of a change, as far as it matters for reverts.
#[derive(Default)]
struct Later {
    /// Commits that revert something, according to their messages.
    reverts: BTreeMap<ObjectId, Revert>,
    /// The commits of each title, and when they were committed; of the copies too.
    titles: HashMap<BString, Vec<(i64, ObjectId)>>,
}

/// A commit that reverts something.
struct Revert {
    takes_back: TakesBack,
    is_merge: bool,
    /// Whether it names a merge, which it reverts with everything that the merge brought.
    names_merge: bool,
}

impl Later {
    /// Reads the reverts. `contained` says for each tip which of the copies it has.
    fn read(
        repository: &Repository,
        tips: &[ObjectId],
        copies: &[ObjectId],
        contained: &[Vec<bool>],
    ) -> Result<Self, Error> {
        let mut later = Self::default();
        let mut read: BTreeSet<ObjectId> = BTreeSet::new();
        for (at, copy) in copies.iter().enumerate() {
            let with = |contained: &Vec<bool>| contained.get(at) == Some(&true);
            let tips: Vec<ObjectId> =
                tips.iter().zip(contained).filter(|(_, contained)| with(contained)).map(|(tip, _)| *tip).collect();
            let ids = repository.commits(&tips, &[*copy], MAX_COMMITS)?;
            for id in ids.into_iter().chain([*copy]).filter(|id| read.insert(*id)) {
                let commit = repository.commit(id)?;
                let (committed, is_merge) = (commit.committer.seconds, commit.parents.len() > 1);
                later.titles.entry(landed::key_of(&commit)).or_default().push((committed, id));
                let takes_back = TakesBack::of(&commit);
                if !takes_back.is_nothing() {
                    let mut names_merge = false;
                    for prefix in takes_back.ids() {
                        let named = landed::lookup(repository, prefix)?;
                        names_merge |= named.is_some_and(|id| repository.parents(id).is_ok_and(|all| all.len() > 1));
                    }
                    later.reverts.insert(id, Revert { takes_back, is_merge, names_merge });
                }
            }
        }
        Ok(later)
    }

    /// Returns the commits that revert this one: by its id or title, or with a merge that brought it in.
    fn reverts_of(&self, repository: &Repository, id: ObjectId) -> Result<Vec<ObjectId>, Error> {
        let name = id.to_string();
        let title = landed::key_of(&repository.commit(id)?);
        let mut found = Vec::new();
        for (revert, said) in &self.reverts {
            let may_name = said.names_merge || said.takes_back.may_name(name.as_bytes(), title.as_bstr());
            if *revert == id || !may_name {
                continue;
            }
            for target in self.targets(repository, *revert, said)? {
                if target == id || brought_in(repository, target, id)? {
                    found.push(*revert);
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Returns what a commit reverts of its own history.
    fn targets(&self, repository: &Repository, id: ObjectId, said: &Revert) -> Result<Vec<ObjectId>, git::Error> {
        // A few digits may name a different commit: only an older one can be reverted.
        let older = |other: ObjectId| Ok((other != id && repository.is_ancestor(other, id)?).then_some(other));
        let by_id = |prefix: &BString| landed::lookup(repository, prefix)?.map_or(Ok(None), older);
        let by_title = |title: &BStr| {
            if said.is_merge {
                return Ok(None);
            }
            let mut titled: Vec<(i64, ObjectId)> = self.titles.get(title.as_bytes()).cloned().unwrap_or_default();
            titled.sort_unstable();
            let mut newest = None;
            for (_, other) in titled.into_iter().rev() {
                let Some(other) = older(other)? else { continue };
                // Clocks differ: of two commits, the descendant is newer.
                let is_newer = newest.map_or(Ok(true), |newest| repository.is_ancestor(newest, other))?;
                newest = if is_newer { Some(other) } else { newest };
            }
            Ok(newest)
        };
        said.takes_back.targets(by_id, by_title)
    }
}

/// Returns whether a commit came to the first parent's line by a merge.
fn brought_in(repository: &Repository, merge: ObjectId, commit: ObjectId) -> Result<bool, git::Error> {
    let parents = repository.parents(merge)?;
    let (Some(first), true) = (parents.first(), parents.len() > 1) else { return Ok(false) };
    Ok(repository.is_ancestor(commit, merge)? && !repository.is_ancestor(commit, *first)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: u8) -> ObjectId {
        ObjectId::from_hex(&[digit; 40]).unwrap()
    }

    #[test]
    fn reverts_are_settled_first_and_a_circle_ends() {
        let (a, b, c) = (id(b'a'), id(b'b'), id(b'c'));
        assert_eq!(reverts_first(&[a, b, c], &[(b, a), (c, b)]), [c, b, a]);
        assert_eq!(reverts_first(&[a, b, c], &[(b, a), (a, b)]), [c]);
    }
}
