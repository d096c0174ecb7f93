//! Whether a change that got somewhere is still there: the commits that say they revert it, and those that revert these.

use bstr::{BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::whereabouts::{Occurrence, Presence};
use crate::git::{self, Repository};
use crate::model::ObjectId;

/// More reverts than these of one change, and of each other, are no history that somebody asks about.
const MAX_REVERTS: usize = 60;

/// More commits than these are not read for reverts.
const MAX_COMMITS: usize = 500_000;

/// What every tip contains of the copies, and of the commits that took them back.
pub(super) struct History {
    copies: Vec<Occurrence>,
    /// Pairs of a revert and what it reverts.
    reverts: Vec<(ObjectId, ObjectId)>,
    /// The commits asked about, and for each tip which of them it contains.
    asked: Vec<ObjectId>,
    contained: Vec<Vec<bool>>,
    /// The same commits, each behind all that revert it.
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
        // Who reverts what, of all that came after any of them.
        let mut said: BTreeMap<ObjectId, Vec<BString>> = BTreeMap::new();
        let mut read: BTreeSet<ObjectId> = BTreeSet::new();
        for (at, copy) in copies.iter().enumerate() {
            let with = |contained: &Vec<bool>| contained.get(at) == Some(&true);
            let later: Vec<ObjectId> =
                tips.iter().zip(&contained).filter(|(_, contained)| with(contained)).map(|(tip, _)| *tip).collect();
            for id in repository.commits(&later, &[copy.commit], MAX_COMMITS)? {
                if read.insert(id) {
                    let reverted = reverted(repository.commit(id)?.message.as_ref());
                    if !reverted.is_empty() {
                        said.insert(id, reverted);
                    }
                }
            }
        }
        let mut reverts: Vec<(ObjectId, ObjectId)> = Vec::new();
        let mut at = 0;
        while let Some(id) = asked.get(at).copied() {
            let name = id.to_string();
            let by = said.iter().filter(|(_, named)| named.iter().any(|named| name.as_bytes().starts_with(named)));
            for revert in by.map(|(revert, _)| *revert) {
                // What is named by a few digits may be another commit: only what is older can be reverted.
                if revert == id || !repository.is_ancestor(id, revert)? {
                    continue;
                }
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

    /// Whether the tip at this place has the change.
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

    /// The commits that a tip has and that no other one there takes back; a revert is settled before what it names.
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

/// Commits in an order in which each stands behind all that revert it. There is one, since a revert descends from what it
/// names.
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

/// What a message says that it reverts, in git's own words: ids, possibly abbreviated.
fn reverted(message: &[u8]) -> Vec<BString> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some((_, after)) = rest.split_once_str("his reverts commit ") {
        let end = after.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(after.len());
        if let Some(id) = after.get(..end).filter(|id| id.len() >= 7) {
            found.push(BString::from(id.to_ascii_lowercase()));
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(digit: u8) -> ObjectId {
        ObjectId::from_hex(&[digit; 40]).unwrap()
    }

    #[test]
    fn reverts_are_settled_first_and_a_circle_ends() {
        let (a, b, c) = (id(b'a'), id(b'b'), id(b'c'));
        assert_eq!(reverts_first(&[a, b, c], &[(b, a), (c, b)]), [c, b, a]);
        assert_eq!(reverts_first(&[a, b, c], &[(b, a), (a, b)]), [c]);
    }

    #[test]
    fn what_a_message_reverts_is_named_by_git() {
        let message = b"Revert it\n\nThis reverts commit 0123ABC, reversing\nchanges. this reverts commit 12345.";
        assert_eq!(reverted(message), ["0123abc"]);
    }

    proptest! {
        #[test]
        fn no_message_panics(message in any::<Vec<u8>>()) {
            reverted(&message);
        }
    }
}
