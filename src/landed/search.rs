//! The search: pairs of a branch's changes and the mainline's commits that they may be, and what these have in common.
//!
//! Titles, authors and timestamps come first, because they decide most and need no tree; the content of those pairs is
//! then compared; trees of the whole mainline are read only for what is left.

use std::collections::{BTreeMap, BTreeSet};

use super::assign::{self, Holders, PART_INSIDE, Pair};
use super::candidates::{self, Sought};
use super::change::Change;
use super::exclude::{Asked, Excluded};
use super::explicit::{Claims, Lookup};
use super::features::{Features, Marks};
use super::index::{At, Index};
use super::mainline_files::MainlineFiles;
use super::metadata::{self, ByChange, Candidates, Without};
use super::named::Named;
use super::options::Caching;
use super::patch::{Patch, PathsKey};
use super::reading::{Patches, Reading};
use super::reverts::Reverts;
use super::same_files::SameFiles;
use super::tier::{Reason, Tier};
use super::verdict::Evidence;
use super::{Error, judging, whole};
use crate::model::ObjectId;

/// What is searched, and for what.
pub(super) struct Search<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) asked: &'a Asked,
    pub(super) excluded: &'a Excluded,
    pub(super) index: &'a Index<'a>,
    pub(super) reverts: &'a Reverts,
    pub(super) without: Without,
    /// The commits of the mainline that the branch has as well.
    pub(super) shared: &'a BTreeSet<ObjectId>,
}

/// What a search found.
pub(super) struct Found {
    /// All pairs that were compared, one to many.
    pub(super) pairs: Vec<Pair>,
    /// Which changes of the branch, asked about or not, plainly are which commits of the mainline.
    pub(super) holders: Holders,
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
        let comparing =
            Comparing { search: self, excluded: self.excluded, claims: &said.claims, without: &self.without };
        let mut pairs = comparing.pairs(&candidates, own, there)?;
        let mut rivals = Rivals::new(self);
        rivals.holders.add(&self.asked.branch, self.index.commits, &pairs);
        rivals.meet(&pairs, there)?;

        let sought = self.unsettled(&pairs, &rivals.holders);
        let mut searched = Vec::new();
        if !sought.is_empty() {
            reading.tell("searching the mainline", self.index.commits.len());
            let mut wider = self.by_files(&sought, own, there, &mut searched)?;
            for (at, own) in &mut wider {
                let known = candidates.get(at).cloned().unwrap_or_default();
                own.found.extend(known.found);
                (own.listed, own.listing) = (known.listed, known.listing);
            }
            read(reading, &wider, own, there)?;
            let is_sought: BTreeSet<At> = sought.into_iter().collect();
            pairs.retain(|pair| !is_sought.contains(&pair.branch));
            pairs.extend(comparing.pairs(&wider, own, there)?);
            candidates.extend(wider);
            rivals.meet(&pairs, there)?;
        }
        let brought = self.with_merges(&self.unsettled(&pairs, &rivals.holders), &comparing, own, there)?;
        pairs.retain(|pair| brought.iter().all(|new| (new.branch, new.mainline) != (pair.branch, pair.mainline)));
        pairs.extend(brought);

        let unsettled = self.unsettled(&pairs, &rivals.holders);
        let (mut last, files) = self.with_same_files(&unsettled, &candidates, own, there)?;
        read(reading, &last, own, there)?;
        // What was compared before is looked at again where some of its files were not read.
        for at in unsettled {
            let known = candidates.get(&at).map(|known| known.found.clone()).unwrap_or_default();
            last.entry(at).or_default().found.extend(known);
        }
        let whole = whole::compare(reading, &last, own, there)?;
        for (at, own) in &mut last {
            let known = candidates.get(at).map(|known| &known.found);
            own.found
                .retain(|other| whole.contains(&(*at, *other)) || known.is_none_or(|known| !known.contains(other)));
        }
        pairs.retain(|pair| !whole.contains(&(pair.branch, pair.mainline)));
        let found = comparing.pairs(&last, own, there)?.into_iter();
        pairs.extend(found.filter_map(|pair| {
            let is_same = pair.features.content.same_patch || pair.features.content.same_lines;
            // By anybody under any title: what is not the very same is for a person to look at.
            let is_near = pair.tier == Some(Tier::Review(Reason::MostContent));
            (is_same || is_near).then_some(pair)
        }));
        rivals.meet(&pairs, there)?;
        Ok(Found { pairs, holders: rivals.holders, claims: said.claims, lookups: said.lookups, searched, files })
    }

    /// Returns the changes without a sure answer that are searched for by similarity. Chores of two lines are left out:
    /// they look alike without being the same.
    fn unsettled(&self, pairs: &[Pair], holders: &Holders) -> Vec<At> {
        let is_settled = |pair: &Pair| match (pair.named, pair.tier) {
            // A message may name another commit of the same title.
            (Some(_), _) => !pair.features.content_differs(),
            (None, tier) => tier.is_some_and(|tier| !tier.is_wordy()) && !pair.features.content.is_foreign,
        };
        let settled: BTreeSet<At> = assign::assign(&self.asked.branch, pairs, holders)
            .into_iter()
            .filter(|(_, own)| own.first().is_some_and(|pair| pair.is_sure() && is_settled(pair)))
            .map(|(at, _)| at)
            .collect();
        let is_open = |at: &At| !settled.contains(at) && !self.excluded.is_chore(*at);
        (0..self.asked.branch.len()).filter(is_open).collect()
    }

    /// Compares the merges that brought unsettled changes to the branch with what may be a pick of such a merge: what
    /// names it, or has its title. Where all of the merge is in that commit, so is each change that it brought.
    fn with_merges(
        &self,
        sought: &[At],
        comparing: &Comparing<'_>,
        own: &mut Patches<'_>,
        there: &mut Patches<'_>,
    ) -> Result<Vec<Pair>, Error> {
        let open: BTreeMap<ObjectId, At> =
            sought.iter().filter_map(|at| Some((self.asked.branch.get(*at)?.id, *at))).collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let mut merges: Vec<Change> = Vec::new();
        let mut picks: Vec<(Vec<At>, Vec<At>)> = Vec::new();
        for merge in self.asked.passed.iter().filter(|change| change.is_merge) {
            let mut found = self.index.naming(merge.id);
            found.extend(self.index.titled(&merge.key).take(MAX_OF_MERGE));
            found.extend(merge.named.iter().filter_map(|named| match named {
                Named::Commit(prefix) => self.index.with_id(prefix),
                Named::Revision(number) => self.index.of_revision(*number),
                Named::PullRequest(_) => None,
            }));
            found.sort_unstable();
            found.dedup();
            if found.is_empty() {
                continue;
            }
            let brought = self.reading.brought(merge)?;
            let brought: Vec<At> = brought.iter().filter_map(|id| open.get(id).copied()).collect();
            if !brought.is_empty() {
                merges.push(merge.clone());
                picks.push((found, brought));
            }
        }
        let mut pairs = Vec::new();
        let mut patches = Patches::of(&merges);
        patches.read_lines(self.reading, 0..merges.len())?;
        there.read_lines(self.reading, picks.iter().flat_map(|(found, _)| found.iter().copied()))?;
        own.read_lines(self.reading, picks.iter().flat_map(|(_, brought)| brought.iter().copied()))?;
        for (at, (merge, (found, brought))) in merges.iter().zip(&picks).enumerate() {
            for pick in found {
                let Some((other, theirs)) = there.changes.get(*pick).zip(there.get(*pick)) else { continue };
                let Some(patch) = patches.get(at) else { continue };
                let whole = Features::new((merge, patch), (other, theirs), Marks::default(), self.index);
                let is_named = other.names(merge) || merge.names(other);
                let is_whole = judging::is_all_of(&whole, is_named);
                for own_at in brought {
                    let marks = Marks { is_brought: is_whole, ..Marks::default() };
                    let Some(mut pair) = comparing.pair(*own_at, *pick, marks, own, there)? else { continue };
                    if is_named && judging::agrees(&pair.features) {
                        pair.named = Some(Evidence::Trailer);
                    }
                    pairs.push(pair);
                }
            }
        }
        Ok(pairs)
    }

    /// Finds candidates by the files that they touch.
    fn by_files(
        &self,
        sought: &[At],
        own: &mut Patches<'_>,
        there: &mut Patches<'_>,
        searched: &mut Vec<(ObjectId, Patch)>,
    ) -> Result<ByChange, Error> {
        own.read_outlines(self.reading, sought)?;
        let read = |wanted: &[At]| self.reading.outlines(self.index.commits, wanted);
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
        own.read_outlines(self.reading, sought)?;
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

/// Of the commits with the title of a merge, this many are compared with it.
const MAX_OF_MERGE: usize = 4;

/// Returns the unmatched changes, as far as they could be read.
fn as_sought<'p>(sought: &[At], own: &'p Patches<'_>) -> Vec<Sought<'p>> {
    let read =
        sought.iter().filter_map(|at| Some(Sought { at: *at, change: own.changes.get(*at)?, patch: own.get(*at)? }));
    read.collect()
}

/// Reads the lines of all that is compared, save where trees say the same.
fn read(
    reading: &Reading<'_>,
    candidates: &ByChange,
    own: &mut Patches<'_>,
    there: &mut Patches<'_>,
) -> Result<(), Error> {
    let is_exact = |(at, candidates): &(&At, &Candidates)| {
        let plain = candidates.plain.and_then(|plain| own.get(**at).zip(there.get(plain)));
        plain.is_some_and(|(patch, theirs)| patch.is_exactly(theirs))
    };
    let by_lines: Vec<(&At, &Candidates)> = candidates
        .iter()
        .filter(|(_, candidates)| !candidates.found.is_empty())
        .filter(|candidates| !is_exact(candidates))
        .collect();
    own.read_lines(reading, by_lines.iter().map(|(at, _)| **at))?;
    let found: BTreeSet<At> = by_lines.iter().flat_map(|(_, candidates)| candidates.compared()).collect();
    there.read_lines(reading, found)
}

/// What pairs are judged by.
struct Comparing<'a> {
    search: &'a Search<'a>,
    excluded: &'a Excluded,
    claims: &'a [Claims],
    without: &'a Without,
}

impl Comparing<'_> {
    /// Compares changes with their candidates.
    fn pairs(&self, candidates: &ByChange, own: &Patches<'_>, there: &Patches<'_>) -> Result<Vec<Pair>, Error> {
        let mut pairs = Vec::new();
        for (at, candidates) in candidates {
            for mainline in candidates.compared() {
                let marks = Marks {
                    is_listed: candidates.listed.contains(&mainline),
                    is_listing: candidates.listing.contains(&mainline),
                    ..Marks::default()
                };
                pairs.extend(self.pair(*at, mainline, marks, own, there)?);
            }
        }
        Ok(pairs)
    }

    /// Compares a change with a commit; `None` where the change stands on it, so that it does not come from it.
    fn pair(
        &self,
        at: At,
        mainline: At,
        marks: Marks,
        own: &Patches<'_>,
        there: &Patches<'_>,
    ) -> Result<Option<Pair>, Error> {
        let Some((change, patch)) = own.changes.get(at).zip(own.get(at)) else { return Ok(None) };
        let Some((other, theirs)) = there.changes.get(mainline).zip(there.get(mainline)) else { return Ok(None) };
        let Search { reading, shared, index, .. } = self.search;
        if shared.contains(&other.id) && reading.repository.is_ancestor(other.id, change.id)? {
            return Ok(None);
        }
        let marks = Marks { is_chore: self.excluded.is_chore(at), ..marks };
        let features = Features::new((change, patch), (other, theirs), marks, index);
        let mut claims = self.claims.get(at).into_iter().flat_map(|claims| &claims.found);
        let claim = claims.find(|(at, _)| *at == mainline).map(|(_, evidence)| *evidence);
        Ok(Some(Pair {
            branch: at,
            mainline,
            named: claim.filter(|_| judging::agrees(&features)),
            tier: judging::judge(&features),
            is_taken_away: self.without.contains(&(at, mainline)),
            features,
        }))
    }
}

/// The changes of the branch that are not asked about and may be commits that those are compared with.
struct Rivals<'a> {
    search: &'a Search<'a>,
    /// None where all are asked about.
    index: Option<Index<'a>>,
    holders: Holders,
    /// The commits of the mainline for which rivals were looked for, and the rivals that were compared.
    looked_for: BTreeSet<At>,
    met: BTreeSet<At>,
}

impl<'a> Rivals<'a> {
    fn new(search: &'a Search<'a>) -> Self {
        let index = search.reading.options.only.as_ref().map(|_| Index::new(&search.asked.passed));
        Self { search, index, holders: Holders::default(), looked_for: BTreeSet::new(), met: BTreeSet::new() }
    }

    /// Compares the rivals for commits that may be taken from a change, and for what took back a commit that it is: as
    /// they are where everything is asked about.
    fn meet(&mut self, pairs: &[Pair], there: &mut Patches<'_>) -> Result<(), Error> {
        let Some(index) = &self.index else { return Ok(()) };
        let Search { reading, asked, index: mainline, reverts, .. } = self.search;
        let yields = |pair: &Pair| pair.tier.is_some_and(|tier| tier.yields(&pair.features)) && pair.named.is_none();
        let accepted = || pairs.iter().filter(|pair| pair.named.is_some() || pair.tier.is_some());
        let mut wanted: BTreeSet<At> = accepted().filter(|pair| yields(pair)).map(|pair| pair.mainline).collect();
        wanted.extend(accepted().flat_map(|pair| reverts.of(pair.mainline)));
        // What may be a part of a squash.
        wanted.extend(
            pairs.iter().filter(|pair| pair.features.content.of_mainline >= PART_INSIDE).map(|pair| pair.mainline),
        );
        let mut rivals: BTreeSet<At> = BTreeSet::new();
        for at in wanted.difference(&self.looked_for) {
            rivals.extend(mainline.commits.get(*at).into_iter().flat_map(|change| index.related(change)));
        }
        self.looked_for.extend(wanted);
        let new: Vec<At> = rivals.difference(&self.met).copied().collect();
        let changes = new.iter().filter_map(|at| index.commits.get(*at)).filter(|change| !change.is_merge);
        let rivals = Asked { branch: changes.cloned().collect(), repeated: asked.repeated.clone(), ..Asked::default() };
        self.met.extend(new);
        if rivals.branch.is_empty() {
            return Ok(());
        }
        let mut own = Patches::of(&rivals.branch);
        let excluded = Excluded::of_chores(reading, &mut own)?;
        let without = metadata::taken_away(reading, &rivals.branch, mainline.commits)?;
        let said = metadata::candidates(reading, &rivals, &excluded, (mainline, reverts), &without)?;
        let mut candidates = said.candidates;
        metadata::confirm(reading, &mut candidates, &mut own, there)?;
        read(reading, &candidates, &mut own, there)?;
        let comparing = Comparing { search: self.search, excluded: &excluded, claims: &said.claims, without: &without };
        let pairs = comparing.pairs(&candidates, &own, there)?;
        self.holders.add(&rivals.branch, mainline.commits, &pairs);
        Ok(())
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
