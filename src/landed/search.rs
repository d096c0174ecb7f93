//! The search: pairs of a branch's changes and the mainline's commits that they may be, and what these have in common.
//!
//! Titles, authors and timestamps come first, because they decide most and need no tree; the content of those pairs is
//! then compared; trees of the whole mainline are read only for what is left.

use std::collections::{BTreeMap, BTreeSet};

use super::assign::{self, Pair};
use super::candidates::{self, Sought};
use super::exclude::{Asked, Excluded};
use super::explicit::{Claims, Lookup};
use super::features::{Features, Surroundings, Weights};
use super::index::{At, Index};
use super::mainline_files::MainlineFiles;
use super::metadata::{self, ByChange, Candidates, Without};
use super::options::Caching;
use super::patch::{Patch, PathsKey};
use super::reading::{Patches, Reading};
use super::reverts::Reverts;
use super::same_files::SameFiles;
use super::{Error, tiers};
use crate::model::ObjectId;

/// What is searched, and for what.
pub(super) struct Search<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) asked: &'a Asked,
    pub(super) excluded: &'a Excluded,
    pub(super) index: &'a Index<'a>,
    pub(super) reverts: &'a Reverts,
    pub(super) without: Without,
}

/// What a search found.
pub(super) struct Found {
    /// All pairs that were compared, one to many.
    pub(super) pairs: Vec<Pair>,
    /// What the message of each change of the branch names.
    pub(super) claims: Vec<Claims>,
    /// What answers depend on besides the two lines.
    pub(super) lookups: Vec<Lookup>,
    /// What was read of the mainline and is not compared with anything.
    pub(super) searched: Vec<(ObjectId, Patch)>,
    /// The files of mainline commits, where they were looked at.
    pub(super) files: Vec<(At, PathsKey)>,
}

impl Search<'_> {
    pub(super) fn run(&self, own: &mut Patches<'_>, there: &mut Patches<'_>) -> Result<Found, Error> {
        let reading = self.reading;
        let around = (self.index, self.reverts);
        let said = metadata::candidates(reading, self.asked, self.excluded, around, &self.without)?;
        let mut candidates = said.candidates;
        reading.tell("comparing patches", candidates.len());
        metadata::confirm(reading, &mut candidates, own, there)?;
        read(reading, &candidates, own, there)?;
        let comparing = Comparing { search: self, claims: &said.claims };
        let mut pairs = comparing.pairs(&candidates, own, there);

        let sought = self.unsettled(&pairs);
        let mut searched = Vec::new();
        if !sought.is_empty() {
            reading.tell("searching the mainline", self.index.commits.len());
            let mut wider = self.by_files(&sought, own, there, &mut searched)?;
            for (at, own) in &mut wider {
                let known = candidates.get(at).cloned().unwrap_or_default();
                own.found.extend(known.found);
                own.listed = known.listed;
            }
            read(reading, &wider, own, there)?;
            let is_sought: BTreeSet<At> = sought.into_iter().collect();
            pairs.retain(|pair| !is_sought.contains(&pair.branch));
            pairs.extend(comparing.pairs(&wider, own, there));
            candidates.extend(wider);
        }

        let (last, files) = self.with_same_files(&self.unsettled(&pairs), &candidates, own, there)?;
        read(reading, &last, own, there)?;
        let found = comparing.pairs(&last, own, there).into_iter();
        pairs.extend(found.filter(|pair| pair.features.content.same_patch || pair.features.content.same_lines));
        Ok(Found { pairs, claims: said.claims, lookups: said.lookups, searched, files })
    }

    /// Returns the changes without a sure answer that are searched for by similarity. Chores of two lines are left out:
    /// they look alike without being the same.
    fn unsettled(&self, pairs: &[Pair]) -> Vec<At> {
        let is_settled = |pair: &Pair| match (pair.named, pair.tier) {
            // A message may name another commit of the same title.
            (Some(_), _) => !pair.features.content_differs(),
            (None, tier) => tier.is_some_and(|tier| !tier.is_wordy()),
        };
        let settled: BTreeSet<At> = assign::assign(pairs.to_vec())
            .into_iter()
            .filter(|(_, own)| own.first().is_some_and(|pair| pair.is_sure() && is_settled(pair)))
            .map(|(at, _)| at)
            .collect();
        let is_open = |at: &At| !settled.contains(at) && !self.excluded.is_chore(*at);
        (0..self.asked.branch.len()).filter(is_open).collect()
    }

    /// Finds candidates by the files that they touch.
    fn by_files(
        &self,
        sought: &[At],
        own: &mut Patches<'_>,
        there: &mut Patches<'_>,
        searched: &mut Vec<(ObjectId, Patch)>,
    ) -> Result<ByChange, Error> {
        own.read_outlines(self.reading, sought, false)?;
        let read = |wanted: &[At]| self.reading.outlines(self.index.commits, wanted, false);
        let found = candidates::by_files(&as_sought(sought, own), self.index.commits, &read)?;
        let compared: BTreeSet<At> = found.candidates.values().flatten().copied().collect();
        let keeps = self.reading.options.cache == Caching::Keep;
        // Commits that are compared are not read again; the others are read only for the cache.
        for (at, patch) in found.outlines {
            if there.get(at).is_none() && compared.contains(&at) {
                there.put(at, patch);
            } else if there.get(at).is_none() && keeps {
                searched.extend(self.index.commits.get(at).map(|change| (change.id, patch)));
            }
        }
        let mut by_change: ByChange = sought.iter().map(|at| (*at, Candidates::default())).collect();
        for (at, found) in found.candidates {
            by_change.entry(at).or_default().found.extend(found);
        }
        Ok(by_change)
    }

    /// Finds candidates that change the same files, for changes for which nothing was found so far; and returns all
    /// files that were looked at.
    fn with_same_files(
        &self,
        sought: &[At],
        known: &ByChange,
        own: &mut Patches<'_>,
        there: &Patches<'_>,
    ) -> Result<(ByChange, Vec<(At, PathsKey)>), Error> {
        own.read_outlines(self.reading, sought, false)?;
        let wanted = as_sought(sought, own);
        if wanted.is_empty() {
            return Ok((ByChange::new(), Vec::new()));
        }
        let same = SameFiles::new(&wanted);
        let Reading { repository, options, cache, readers } = self.reading;
        let files = MainlineFiles {
            repository,
            mainline: there.changes,
            cache,
            readers,
            keeps: options.cache == Caching::Keep && cache.may_write(),
        };
        let files = files.find(&same, own)?;
        let found = same.candidates(there.changes, files.known.iter().chain(&files.filtered));
        let new = |(at, found): (At, Vec<At>)| {
            let known = known.get(&at).map(|known| &known.found);
            let found = found.into_iter().filter(|other| known.is_none_or(|known| !known.contains(other))).collect();
            (at, Candidates { found, ..Candidates::default() })
        };
        Ok((found.into_iter().map(new).collect(), files.known))
    }
}

/// Returns the unmatched changes, as far as they could be read.
fn as_sought<'p>(sought: &[At], own: &'p Patches<'_>) -> Vec<Sought<'p>> {
    let read =
        sought.iter().filter_map(|at| Some(Sought { at: *at, change: own.changes.get(*at)?, patch: own.get(*at)? }));
    read.collect()
}

/// Reads the lines of all that is compared, save where trees are enough.
fn read(
    reading: &Reading<'_>,
    candidates: &ByChange,
    own: &mut Patches<'_>,
    there: &mut Patches<'_>,
) -> Result<(), Error> {
    let by_lines = || candidates.iter().filter(|(_, own)| own.plain.is_none() && !own.found.is_empty());
    own.read_lines(reading, by_lines().map(|(at, _)| *at))?;
    let found: BTreeSet<At> = by_lines().flat_map(|(_, own)| &own.found).copied().collect();
    there.read_lines(reading, found)
}

/// What pairs are judged by.
struct Comparing<'a> {
    search: &'a Search<'a>,
    claims: &'a [Claims],
}

impl Comparing<'_> {
    /// Compares changes with their candidates.
    fn pairs(&self, candidates: &ByChange, own: &Patches<'_>, there: &Patches<'_>) -> Vec<Pair> {
        let Search { index, excluded, without, .. } = self.search;
        let weights = Weights::new(there.iter().map(|(_, patch)| patch), index.commits.len());
        let around = Surroundings { weights: &weights, index };
        let mut pairs = Vec::new();
        for (at, candidates) in candidates {
            let Some((change, patch)) = own.changes.get(*at).zip(own.get(*at)) else { continue };
            for mainline in candidates.compared() {
                let Some((other, theirs)) = there.changes.get(mainline).zip(there.get(mainline)) else { continue };
                let marks = (candidates.listed.contains(&mainline), excluded.is_chore(*at));
                let features = Features::new((change, patch), (other, theirs), marks, &around);
                let mut claims = self.claims.get(*at).into_iter().flat_map(|claims| &claims.found);
                let claim = claims.find(|(at, _)| *at == mainline).map(|(_, evidence)| *evidence);
                pairs.push(Pair {
                    branch: *at,
                    mainline,
                    named: claim.filter(|_| tiers::agrees(&features)),
                    tier: tiers::judge(&features),
                    is_taken_away: without.contains(&(*at, mainline)),
                    features,
                });
            }
        }
        pairs
    }
}

/// Returns the pairs of each change.
pub(super) fn by_change(pairs: &[Pair]) -> BTreeMap<At, Vec<Pair>> {
    let mut compared: BTreeMap<At, Vec<Pair>> = BTreeMap::new();
    for pair in pairs {
        compared.entry(pair.branch).or_default().push(pair.clone());
    }
    compared
}
