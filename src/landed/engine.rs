//! The work of one comparison: which commits are compared, what is read of them, and what they have in common.
//!
//! Titles, authors and seconds come first, because they settle most and cost no tree; the content of those pairs is then
//! compared; trees of the whole mainline are read only for what is left.

mod by_metadata;
mod reading;

use bstr::BString;
use std::collections::{BTreeMap, BTreeSet};

use super::assign::{self, Pair};
use super::cache::{Cache, Fresh};
use super::candidates::{self, Sought};
use super::change::Change;
use super::comparison::{Caching, Options};
use super::explicit::{Claims, Lookup};
use super::features::{Features, Surroundings, Weights};
use super::index::{At, Index, Reverts};
use super::mainline_files::MainlineFiles;
use super::patch::{Patch, PathsKey, Readers};
use super::same_files::SameFiles;
use super::{Error, tiers};
use crate::git::Repository;
use crate::model::ObjectId;

fn put(patches: &mut [Option<Patch>], at: At, patch: Patch) {
    if let Some(slot) = patches.get_mut(at) {
        *slot = Some(patch);
    }
}

/// The work of one comparison.
pub(super) struct Engine<'a> {
    repository: &'a Repository,
    options: &'a Options<'a>,
    index: &'a Index<'a>,
    branch: &'a [Change],
    /// Titles that several of the branch have.
    repeated: &'a BTreeSet<BString>,
    claims: Vec<Claims>,
    branch_patches: Vec<Option<Patch>>,
    mainline_patches: Vec<Option<Patch>>,
    /// The mainline commits that each branch commit is compared with.
    candidates: BTreeMap<At, BTreeSet<At>>,
    /// Of these, pairs of the same author and title that no other is as near to: trees are enough for them if they name
    /// the same files.
    plain: BTreeMap<At, At>,
    readers: Readers,
    cache: &'a Cache,
    /// Pairs of which the mainline's title is a line of the branch's message.
    listed: BTreeSet<(At, At)>,
    /// What was read of the mainline and is compared with nothing.
    searched: Vec<(ObjectId, Patch)>,
    /// The files of mainline commits, where they were looked at.
    files: Vec<(At, PathsKey)>,
    /// What answers depend on besides the two lines.
    lookups: Vec<Lookup>,
    /// Pairs that are no answer.
    without: BTreeSet<(At, At)>,
}

impl<'a> Engine<'a> {
    /// Nothing compared yet. `repeated` are the titles that several of the branch have.
    pub(super) fn new(
        repository: &'a Repository,
        options: &'a Options<'a>,
        index: &'a Index<'a>,
        branch: &'a [Change],
        repeated: &'a BTreeSet<BString>,
        cache: &'a Cache,
    ) -> Self {
        Self {
            repository,
            options,
            index,
            branch,
            repeated,
            claims: vec![Claims::default(); branch.len()],
            branch_patches: vec![None; branch.len()],
            mainline_patches: vec![None; index.commits.len()],
            candidates: BTreeMap::new(),
            plain: BTreeMap::new(),
            readers: Readers::default(),
            cache,
            listed: BTreeSet::new(),
            searched: Vec::new(),
            files: Vec::new(),
            lookups: Vec::new(),
            without: BTreeSet::new(),
        }
    }

    /// All pairs that have been compared, one to many. `tell` is told what is being done, and with how many commits.
    pub(super) fn search(&mut self, reverts: &Reverts, tell: &dyn Fn(&'static str, usize)) -> Result<Vec<Pair>, Error> {
        self.by_metadata(reverts)?;
        tell("comparing patches", self.candidates.len());
        self.read_outlines()?;
        self.read_patches()?;
        let every: Vec<At> = self.candidates.keys().copied().collect();
        let mut pairs = self.pairs(&every);
        let sought = self.worth_a_search(self.unsettled(assign::assign(pairs.clone())));
        if !sought.is_empty() {
            tell("searching the mainline", self.index.commits.len());
            self.plain.retain(|at, _| !sought.contains(at));
            self.by_files(&sought)?;
            self.read_patches()?;
            let is_sought: BTreeSet<At> = sought.iter().copied().collect();
            pairs.retain(|pair| !is_sought.contains(&pair.branch));
            pairs.extend(self.pairs(&sought));
        }
        let sought = self.worth_a_search(self.unsettled(assign::assign(pairs.clone())));
        pairs.extend(self.with_same_files(&sought)?);
        Ok(pairs)
    }

    /// What the message of a branch commit names.
    pub(super) fn claims(&self, at: At) -> Option<&Claims> {
        self.claims.get(at)
    }

    /// Takes away what `without` names. A merge and what it brought in are the same change twice: they go together.
    pub(super) fn take_away(&mut self, brought: &mut dyn FnMut(&Change) -> Vec<ObjectId>) -> Result<(), Error> {
        if self.options.without.is_empty() {
            return Ok(());
        }
        let places: BTreeMap<ObjectId, At> =
            self.index.commits.iter().enumerate().map(|(at, change)| (change.id, at)).collect();
        // For each commit the merges that brought it in, and for each merge what it brought in.
        let mut related: BTreeMap<At, Vec<At>> = BTreeMap::new();
        for (at, merge) in self.index.commits.iter().enumerate().filter(|(_, change)| change.is_merge) {
            for part in brought(merge).iter().filter_map(|id| places.get(id)).filter(|part| **part != at) {
                related.entry(at).or_default().push(*part);
                related.entry(*part).or_default().push(at);
            }
        }
        for (branch, change) in self.branch.iter().enumerate() {
            let from = (change.id, ObjectId::null(change.id.kind()));
            for (_, id) in self.options.without.range(from..).take_while(|(id, _)| *id == change.id) {
                let Some(at) = places.get(id) else { continue };
                self.without.insert((branch, *at));
                self.without.extend(related.get(at).into_iter().flatten().map(|other| (branch, *other)));
            }
        }
        Ok(())
    }

    /// What is sought, as far as it could be read.
    fn sought(&self, sought: &[At]) -> Vec<Sought<'_>> {
        let read = sought.iter().filter_map(|at| {
            let (change, patch) = (self.branch.get(*at)?, self.branch_patches.get(*at)?.as_ref()?);
            Some(Sought { at: *at, change, patch })
        });
        read.collect()
    }

    /// Candidates by the files they touch.
    fn by_files(&mut self, sought: &[At]) -> Result<(), Error> {
        self.read_own_outlines(sought)?;
        let wanted = self.sought(sought);
        let read = |wanted: &[At]| self.outlines(self.index.commits, wanted, false);
        let found = candidates::by_files(&wanted, self.index.commits, &read)?;
        for (at, found) in found.candidates {
            self.candidates.entry(at).or_default().extend(found);
        }
        // Those that are compared are not read again; the others are only for the cache.
        let compared: BTreeSet<At> = self.candidates.values().flatten().copied().collect();
        for (at, patch) in found.outlines {
            match self.mainline_patches.get(at) {
                Some(None) if compared.contains(&at) => put(&mut self.mainline_patches, at, patch),
                Some(None) if self.options.cache == Caching::Keep => {
                    self.searched.extend(self.index.commits.get(at).map(|change| (change.id, patch)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Pairs with commits that change the same files in the same way, of what nothing was found for so far.
    fn with_same_files(&mut self, sought: &[At]) -> Result<Vec<Pair>, Error> {
        self.read_own_outlines(sought)?;
        let wanted = self.sought(sought);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let same = SameFiles::new(&wanted);
        let files = MainlineFiles {
            repository: self.repository,
            mainline: self.index.commits,
            cache: self.cache,
            readers: &self.readers,
            deadline: self.options.deadline,
            keeps: self.options.cache == Caching::Keep && self.cache.may_write(),
        };
        let files = files.find(&same, &self.branch_patches)?;
        let mut found = same.candidates(self.index.commits, files.known.iter().chain(&files.filtered));
        for (at, found) in &mut found {
            let known = self.candidates.get(at);
            found.retain(|other| known.is_none_or(|known| !known.contains(other)));
        }
        let before = std::mem::take(&mut self.candidates);
        self.candidates = found.into_iter().map(|(at, found)| (at, found.into_iter().collect())).collect();
        self.read_patches()?;
        let mut pairs = self.pairs(sought);
        pairs.retain(|pair| pair.features.same_patch || pair.features.same_lines);
        self.candidates = before;
        for pair in &pairs {
            self.candidates.entry(pair.branch).or_default().insert(pair.mainline);
        }
        self.files = files.known;
        Ok(pairs)
    }

    /// Compares these changes with their candidates.
    fn pairs(&self, branch: &[At]) -> Vec<Pair> {
        let weights = Weights::new(self.mainline_patches.iter().flatten(), self.index.commits.len());
        let around = Surroundings { weights: &weights, index: self.index };
        let mut pairs = Vec::new();
        for (branch, found) in branch.iter().filter_map(|at| self.candidates.get_key_value(at)) {
            let (Some(own), Some(Some(own_patch))) = (self.branch.get(*branch), self.branch_patches.get(*branch))
            else {
                continue;
            };
            let plain = self.plain.get(branch);
            let claims = self.claims.get(*branch);
            let is_chore = self.is_chore(*branch);
            for mainline in found.iter().filter(|at| plain.is_none_or(|plain| plain == *at)) {
                let there = (self.index.commits.get(*mainline), self.mainline_patches.get(*mainline));
                let (Some(other), Some(Some(patch))) = there else { continue };
                let is_listed = self.listed.contains(&(*branch, *mainline));
                let features = Features { is_listed, ..Features::new((own, own_patch), (other, patch), &around) };
                let claim = claims.and_then(|claims| claims.found.iter().find(|(at, _)| at == mainline));
                pairs.push(Pair {
                    branch: *branch,
                    mainline: *mainline,
                    named: claim.map(|(_, evidence)| *evidence).filter(|_| agrees(&features)),
                    tier: tiers::judge(&features, is_chore),
                    is_taken_away: self.without.contains(&(*branch, *mainline)),
                    features,
                });
            }
        }
        pairs
    }

    /// The changes without a sure answer.
    fn unsettled(&self, pairs: BTreeMap<At, Vec<Pair>>) -> Vec<At> {
        let is_settled = |pair: &Pair| match (pair.named, pair.tier) {
            // A message may name another commit of the same title.
            (Some(_), _) => !pair.features.content_differs(),
            (None, tier) => tier.is_some_and(|tier| !tier.is_wordy()),
        };
        let settled: BTreeSet<At> = pairs
            .into_iter()
            .filter(|(_, own)| own.first().is_some_and(|pair| pair.is_sure() && is_settled(pair)))
            .map(|(at, _)| at)
            .collect();
        (0..self.branch.len()).filter(|at| !settled.contains(at)).collect()
    }

    /// Those that are looked for by likeness: chores of two lines are alike without being the same.
    fn worth_a_search(&self, mut unsettled: Vec<At>) -> Vec<At> {
        unsettled.retain(|at| !self.is_chore(*at));
        unsettled
    }

    pub(super) fn is_chore(&self, at: At) -> bool {
        let Some(change) = self.branch.get(at) else { return false };
        let paths = self.branch_patches.get(at).and_then(Option::as_ref).map_or(&[][..], |patch| &patch.paths);
        self.options.chores.by_title(change.key.as_ref()) || self.options.chores.by_paths(paths)
    }

    /// Keeps what was read for the next time.
    pub(super) fn keep(&self, passed: &[Change]) {
        let branch = self.branch.iter().zip(&self.branch_patches);
        let patches = branch.chain(self.index.commits.iter().zip(&self.mainline_patches));
        let patches = patches.filter_map(|(change, patch)| Some((change.id, patch.as_ref()?)));
        self.cache.keep(&Fresh {
            changes: self.branch.iter().chain(self.index.commits).chain(passed).collect(),
            patches: patches.chain(self.searched.iter().map(|(id, patch)| (*id, patch))).collect(),
            paths: self.files.iter().filter_map(|(at, key)| Some((self.index.commits.get(*at)?.id, *key))).collect(),
        });
    }

    /// What was looked for beyond the mainline.
    pub(super) fn into_lookups(self) -> Vec<Lookup> {
        self.lookups
    }

    pub(super) fn unread(&self) -> Vec<ObjectId> {
        let patches = self.branch_patches.iter().chain(&self.mainline_patches).flatten();
        let unread: BTreeSet<ObjectId> = patches.filter_map(|patch| patch.unread).collect();
        unread.into_iter().collect()
    }
}

/// Whether the content bears out what a message says.
fn agrees(features: &Features) -> bool {
    features.same_title
        || features.same_patch
        || features.same_lines
        || features.both >= 0.1
        || features.larger_part() >= 0.4
        || (features.same_author && features.same_second)
}
