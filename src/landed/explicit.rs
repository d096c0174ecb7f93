//! What messages say of themselves: trailers, Change-Ids, numbers of pull requests. Followed here, believed elsewhere.

use std::collections::BTreeSet;

use super::Error;
use super::change::Change;
use super::index::{At, Index};
use super::trailers::{Grammar, Named, Prefix};
use super::verdict::Evidence;
use crate::git::{self, Kind, Repository};
use crate::model::ObjectId;

/// A pick of a pick of a pick names its original through that many messages.
const MAX_DEPTH: usize = 3;

/// What a branch commit's message leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    /// Commits of the mainline, and how they were named.
    pub(super) found: Vec<(At, Evidence)>,
    /// An id that is in this repository, but not on the mainline.
    pub(super) off_line: Option<Prefix>,
    /// An id that is not in this repository.
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
    /// What a commit of the branch claims, and which commits of the mainline claim it.
    pub(super) fn claims(&mut self, branch: &Change) -> Result<Claims, Error> {
        let mut claims = Claims::default();
        self.follow(branch, MAX_DEPTH, &mut claims)?;
        for at in self.index.naming(branch.id) {
            claims.found.push((at, Evidence::Trailer));
        }
        if let Some(id) = &branch.change_id {
            claims.found.extend(self.index.with_change_id(id).iter().map(|at| (*at, Evidence::ChangeId)));
        }
        let mut seen = BTreeSet::new();
        claims.found.retain(|(at, _)| seen.insert(*at));
        Ok(claims)
    }

    fn follow(&mut self, change: &Change, depth: usize, claims: &mut Claims) -> Result<(), Error> {
        for named in &change.named {
            match named {
                Named::PullRequest(number) => {
                    let merged = self.index.of_pull_request(*number).iter();
                    claims.found.extend(merged.map(|at| (*at, Evidence::PullRequest)));
                }
                Named::Commit(prefix) => match self.index.with_id(prefix) {
                    Some(at) => claims.found.push((at, Evidence::Trailer)),
                    None => self.elsewhere(prefix, depth, claims)?,
                },
            }
        }
        Ok(())
    }

    /// An id that is not on the mainline: a commit of another branch may name its own original.
    fn elsewhere(&mut self, prefix: &Prefix, depth: usize, claims: &mut Claims) -> Result<(), Error> {
        let found = lookup(self.repository, prefix)?;
        self.lookups.push((prefix.clone(), found));
        match found {
            None => claims.unknown = Some(prefix.clone()),
            Some(id) => {
                claims.off_line = Some(prefix.clone());
                if depth > 0 {
                    let commit = match self.repository.commit(id) {
                        Ok(commit) => commit,
                        Err(git::Error::WrongKind { .. } | git::Error::Malformed { .. }) => return Ok(()),
                        Err(error) => return Err(error.into()),
                    };
                    self.follow(&Change::new(&commit, self.grammar), depth - 1, claims)?;
                }
            }
        }
        Ok(())
    }
}

/// The commit that an id, maybe abbreviated, stands for in the whole repository.
pub(super) fn lookup(repository: &Repository, prefix: &Prefix) -> Result<Option<ObjectId>, git::Error> {
    let Ok(id) = ObjectId::from_hex(prefix) else {
        return repository.abbreviated(prefix);
    };
    match repository.kind(id) {
        Ok(kind) => Ok(kind.filter(|kind| *kind == Kind::Commit).map(|_| id)),
        // A partial clone cannot tell; it does not have it in any case.
        Err(git::Error::Promised { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
