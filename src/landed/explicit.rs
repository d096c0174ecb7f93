//! Follows what messages say about their originals: trailers, Change-Ids, numbers of pull requests. Whether to believe
//! it is decided elsewhere.

use bstr::BString;
use std::collections::BTreeSet;

use super::Error;
use super::change::Change;
use super::grammar::Grammar;
use super::index::{At, Index};
use super::named::{Named, Prefix};
use super::verdict::Evidence;
use crate::git::{self, Kind, Repository};
use crate::model::ObjectId;

/// How many messages are followed from a pick of a pick of a pick to its original.
const MAX_DEPTH: usize = 3;

/// How many other commits are read for one change: what each of them names could name as many again.
const MAX_FOLLOWED: usize = 64;

/// How many of the commits that share a Change-Id or a number, or that name the same one, are compared: the newest.
const MAX_SAME: usize = 24;

/// What a branch commit's message leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    /// Commits of the mainline, and how they were named.
    pub(super) found: Vec<(At, Evidence)>,
    /// An id that is in this repository, but not on the mainline.
    pub(super) off_line: Option<Prefix>,
    /// An id that no commit of this repository has.
    pub(super) unknown: Option<Prefix>,
}

/// What was looked for beyond the mainline, and the commit that was found.
pub(super) type Lookup = (Prefix, Option<ObjectId>);

/// Follows what messages name.
pub(super) struct Follower<'a> {
    pub(super) repository: &'a Repository,
    pub(super) index: &'a Index<'a>,
    pub(super) grammar: &'a Grammar,
    /// What answers depend on besides the two lines.
    pub(super) lookups: Vec<Lookup>,
}

impl Follower<'_> {
    /// Returns what a commit of the branch claims, and which commits of the mainline claim it.
    pub(super) fn claims(&mut self, branch: &Change) -> Result<Claims, Error> {
        Error::unless_in_time(self.repository, "following what messages name")?;
        let mut claims = Claims::default();
        let mut followed = BTreeSet::new();
        self.follow(&branch.named, MAX_DEPTH, &mut claims, &mut followed)?;
        for at in self.index.naming(branch.id).into_iter().take(MAX_SAME) {
            claims.found.push((at, Evidence::Trailer));
        }
        if let Some(id) = &branch.change_id {
            let same = self.index.with_change_id(id).iter().take(MAX_SAME);
            claims.found.extend(same.map(|at| (*at, Evidence::ChangeId)));
        }
        let mut seen = BTreeSet::new();
        claims.found.retain(|(at, _)| seen.insert(*at));
        Ok(claims)
    }

    fn follow(
        &mut self,
        named: &[Named],
        depth: usize,
        claims: &mut Claims,
        followed: &mut BTreeSet<Prefix>,
    ) -> Result<(), Error> {
        for named in named {
            match named {
                Named::PullRequest(number) => {
                    let merged = self.index.of_pull_request(*number).iter().take(MAX_SAME);
                    claims.found.extend(merged.map(|at| (*at, Evidence::PullRequest)));
                }
                // A revision of another line leads nowhere, and is not a lie.
                Named::Revision(number) => {
                    claims.found.extend(self.index.of_revision(*number).map(|at| (at, Evidence::Trailer)));
                }
                Named::Commit(prefix) => match self.index.with_id(prefix) {
                    Some(at) => claims.found.push((at, Evidence::Trailer)),
                    // Messages can name each other in a ring.
                    None if followed.len() < MAX_FOLLOWED && followed.insert(prefix.clone()) => {
                        self.elsewhere(prefix, depth, claims, followed)?;
                    }
                    None => {}
                },
            }
        }
        Ok(())
    }

    /// Follows an id that is not on the mainline: a commit of another branch may name its own original.
    fn elsewhere(
        &mut self,
        prefix: &Prefix,
        depth: usize,
        claims: &mut Claims,
        followed: &mut BTreeSet<Prefix>,
    ) -> Result<(), Error> {
        let found = lookup(self.repository, prefix)?;
        self.lookups.push((prefix.clone(), found));
        match found {
            None => claims.unknown = Some(prefix.clone()),
            Some(id) => {
                // The first is what the message itself names; the others are what that leads to.
                claims.off_line.get_or_insert_with(|| prefix.clone());
                if depth > 0 {
                    let commit = match self.repository.commit(id) {
                        Ok(commit) => commit,
                        Err(git::Error::WrongKind { .. } | git::Error::Malformed { .. }) => return Ok(()),
                        Err(error) => return Err(error.into()),
                    };
                    let named = self.grammar.named(commit.subject(), commit.body());
                    self.follow(&named, depth - 1, claims, followed)?;
                }
            }
        }
        Ok(())
    }
}

/// Returns the commit that an id, maybe abbreviated, stands for in the whole repository.
///
/// # Errors
/// The objects cannot be searched.
pub(crate) fn lookup(repository: &Repository, prefix: &BString) -> Result<Option<ObjectId>, git::Error> {
    let Ok(id) = ObjectId::from_hex(prefix) else {
        return repository.abbreviated(prefix);
    };
    match repository.kind(id) {
        Ok(kind) => Ok(kind.filter(|kind| *kind == Kind::Commit).map(|_| id)),
        // A partial clone cannot know; it does not have the object in any case.
        Err(git::Error::Promised { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
