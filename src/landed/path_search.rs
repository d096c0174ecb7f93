//! Finds the commits of a line that change one of some paths, without reading the trees of all of them.
//!
//! Where a path is the same in two trees, the commits between them are assumed not to have changed it (those that did
//! were reverted exactly). A line is bisected down to single commits, and what a merge brought in is looked at only
//! where the merge changed something, as `git log -- PATH` follows histories.

use bstr::BString;
use std::collections::{BTreeMap, HashMap};

use super::Error;
use super::change::Change;
use super::index::At;
use super::patch::Reader;
use crate::git::{self, Repository};
use crate::model::ObjectId;

/// How many parts a chain is cut into, which are searched separately.
const PARTS: usize = 32;

/// The commits of a line, each in the chain of first parents that it belongs to.
pub(super) struct Chains<'c> {
    commits: &'c [Change],
    chains: Vec<Chain>,
    /// The chain and the place in it, for each commit.
    places: Vec<(usize, usize)>,
    /// What merges brought in: the commits that are their other parents.
    brought: HashMap<At, Vec<At>>,
}

/// Commits, each the first parent of the one before it.
struct Chain {
    commits: Vec<At>,
    /// The first parent of the last one.
    base: Option<ObjectId>,
    /// Whether nothing that was merged leads here.
    is_own: bool,
}

/// A part of a chain: from the newest of these commits to just before the oldest one.
#[derive(Clone, Copy)]
pub(super) struct Part {
    chain: usize,
    newest: usize,
    end: usize,
}

impl<'c> Chains<'c> {
    /// Makes a search over `commits`, which are newest first and never before their children.
    pub(super) fn new(repository: &Repository, commits: &'c [Change]) -> Result<Self, git::Error> {
        let by_id: HashMap<ObjectId, At> = commits.iter().enumerate().map(|(at, change)| (change.id, at)).collect();
        let mut chains: Vec<Chain> = Vec::new();
        let mut places: Vec<Option<(usize, usize)>> = vec![None; commits.len()];
        let mut brought: HashMap<At, Vec<At>> = HashMap::new();
        for (at, change) in commits.iter().enumerate() {
            if change.is_merge {
                let parents = repository.parents(change.id)?;
                brought.insert(at, parents.iter().skip(1).filter_map(|id| by_id.get(id)).copied().collect());
            }
            let mut chain = Chain { commits: Vec::new(), base: Some(change.id), is_own: true };
            while let Some(at) = chain.base.and_then(|id| by_id.get(&id)).copied() {
                let Some(place @ None) = places.get_mut(at) else { break };
                *place = Some((chains.len(), chain.commits.len()));
                chain.commits.push(at);
                chain.base = commits.get(at).and_then(|change| change.parent);
            }
            if !chain.commits.is_empty() {
                chains.push(chain);
            }
        }
        let places: Vec<(usize, usize)> = places.into_iter().flatten().collect();
        for (chain, _) in brought.values().flatten().filter_map(|at| places.get(*at)).filter(|(_, place)| *place == 0) {
            if let Some(chain) = chains.get_mut(*chain) {
                chain.is_own = false;
            }
        }
        Ok(Self { commits, chains, places, brought })
    }

    /// Returns the parts to begin with: all that no merge leads to.
    pub(super) fn parts(&self) -> Vec<Part> {
        let own = self.chains.iter().enumerate().filter(|(_, chain)| chain.is_own);
        let parts = own.flat_map(|(chain, Chain { commits, .. })| {
            let length = commits.len().div_ceil(PARTS).max(1);
            (0..commits.len()).step_by(length).map(move |newest| {
                let end = commits.len().min(newest + length);
                Part { chain, newest, end }
            })
        });
        parts.collect()
    }

    /// Returns the commits of a part, and of what was merged there, that may change some of these paths, without
    /// merges: all that do, and their neighbours.
    pub(super) fn touching(&self, reader: &mut Reader, part: Part, paths: &[BString]) -> Result<Vec<At>, Error> {
        let mut found = Vec::new();
        // The newest commit of each chain that was looked at; older merges are looked at before newer ones, and what
        // came with an older one is not looked at again.
        let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
        let mut pending: Vec<(Part, Vec<usize>)> = vec![(part, (0..paths.len()).collect())];
        while let Some((part, wanted)) = pending.pop() {
            let at = self.at(part.chain, part.newest);
            // The caller reads the trees of what is found; of single commits that may be all of them.
            let is_single = part.end - part.newest <= 1;
            if let Some(at) = at.filter(|at| is_single && !self.brought.contains_key(at)) {
                found.push(at);
                continue;
            }
            let Some(differing) = self.differing(reader, part, paths, wanted)? else { continue };
            if !is_single {
                let middle = part.newest.midpoint(part.end);
                pending.push((Part { end: middle, ..part }, differing.clone()));
                pending.push((Part { newest: middle, ..part }, differing));
                continue;
            }
            let brought = at.and_then(|at| self.brought.get(&at));
            for (chain, newest) in brought.into_iter().flatten().filter_map(|at| self.places.get(*at)) {
                let length = self.chains.get(*chain).map_or(0, |chain| chain.commits.len());
                let end = seen.insert(*chain, *newest).unwrap_or(length);
                if *newest < end {
                    pending.push((Part { chain: *chain, newest: *newest, end }, differing.clone()));
                } else {
                    seen.insert(*chain, end);
                }
            }
        }
        Ok(found)
    }

    /// Returns which of the wanted paths a part of a chain changes; `None` if it changes none. Where that cannot be
    /// read, all of them may be changed, unless the part is a single commit.
    fn differing(
        &self,
        reader: &mut Reader,
        part: Part,
        paths: &[BString],
        wanted: Vec<usize>,
    ) -> Result<Option<Vec<usize>>, Error> {
        let Some(newest) = self.at(part.chain, part.newest).and_then(|at| self.commits.get(at)) else {
            return Ok(None);
        };
        let before = match self.at(part.chain, part.end).and_then(|at| self.commits.get(at)) {
            Some(change) => Some(change.id),
            None => self.chains.get(part.chain).and_then(|chain| chain.base),
        };
        match reader.differing(before, newest.tree, paths, &wanted) {
            Ok(differing) => Ok(Some(differing).filter(|differing| !differing.is_empty())),
            Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => {
                Ok(Some(wanted).filter(|_| part.end - part.newest > 1))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn at(&self, chain: usize, place: usize) -> Option<At> {
        self.chains.get(chain)?.commits.get(place).copied()
    }
}
