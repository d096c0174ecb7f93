//! From two lines to an answer for each change: read, exclude, search, reverts, assign, judge.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Answers;
use super::assign::{self, Pair};
use super::cache::{Cache, Fresh};
use super::change::Change;
use super::coverage::{self, Coverage, Measured, Measuring};
use super::exclude::{self, Asked, Excluded};
use super::explicit::Lookup;
use super::index::{At, Index};
use super::options::{Caching, Options};
use super::patch::{Patch, Readers};
use super::reading::{Patches, Reading};
use super::reverts::Reverts;
use super::search::{self, Found, Search};
use super::verdict::{Comparison, Verdict};
use super::{Error, metadata, parallel, reasons};
use crate::git::Repository;
use crate::model::ObjectId;

/// With more commits than this on either side, the question cannot be answered while somebody waits.
const MAX_COMMITS: usize = 500_000;

/// A branch that took more of the other line than this many times is compared with what it does not have alone.
const MAX_STARTS: usize = 64;

/// With more commits than this, by good evidence, the lines of a change are not compared.
const MAX_MEASURED: usize = 8;

/// Compares the commits that are reachable from `from` and from none of `to` with those that are reachable from `to`
/// and not from `from`. Merges of `from` are passed over: what they brought in is judged on its own.
///
/// # Errors
/// Commits or trees are missing or malformed, or the deadline passes. Missing files are not an error: see
/// [`Comparison::unread`].
pub(crate) fn compare(
    repository: &Repository,
    from: ObjectId,
    to: &[ObjectId],
    options: &Options<'_>,
) -> Result<Comparison, Error> {
    let _time = tracing::info_span!("landed", %from, to = to.len()).entered();
    let answers = Answers::new(repository, from, to, options);
    if let Some(known) = answers.as_ref().and_then(|answers| answers.known(repository)) {
        tracing::debug!(changes = known.verdicts().len(), "the answer was kept");
        return Ok(known);
    }
    let (compared, lookups) = compare_now(repository, from, to, options)?;
    if let Some(answers) = answers.filter(|_| options.cache == Caching::Keep) {
        answers.keep(&compared, &lookups);
    }
    Ok(compared)
}

/// Returns the changes of a branch that need not be on another line, each with the reason, without comparing any: those
/// that say so, that change nothing, that were reverted or are reverts, and chores.
///
/// # Errors
/// As [`compare`].
pub(crate) fn exempt(
    repository: &Repository,
    from: ObjectId,
    to: &[ObjectId],
    options: &Options<'_>,
) -> Result<BTreeMap<ObjectId, String>, Error> {
    let repository = &repository.for_many_reads();
    let cache = open_cache(repository, options);
    let reading = Reading { repository, options, cache: &cache, readers: Readers::default() };
    let all = reading.changes(&repository.commits(&[from], to, MAX_COMMITS)?)?;
    let asked = Asked::of(all, options, &mut |merge| reading.brought(merge))?;
    let excluded = exclude::exclude(&reading, &asked, &mut Patches::of(&asked.branch))?;
    let reason =
        |(at, why): (At, exclude::Exclusion)| Some((asked.branch.get(at)?.id, why.reason(options.exempt_trailer)));
    Ok(excluded.iter().filter_map(reason).collect())
}

fn open_cache<'s>(repository: &Repository, options: &Options<'s>) -> Cache<'s> {
    let cache = match options.cache {
        Caching::Off => Cache::none(),
        Caching::Read | Caching::Keep => Cache::open(repository, &options.grammar.forms()),
    };
    cache.and(options.seen)
}

/// Does the same without looking for an earlier answer, and returns also what the answer depends on besides the two
/// lines.
fn compare_now(
    repository: &Repository,
    from: ObjectId,
    to: &[ObjectId],
    options: &Options<'_>,
) -> Result<(Comparison, Vec<Lookup>), Error> {
    let repository = &repository.for_many_reads();
    let cache = open_cache(repository, options);
    let reading = Reading { repository, options, cache: &cache, readers: Readers::default() };

    let own = repository.commits(&[from], to, MAX_COMMITS)?;
    let (there, shared) = there(repository, &own, from, to)?;
    reading.tell("reading commits", own.len() + there.len());
    let asked = Asked::of(reading.changes(&own)?, options, &mut |merge| reading.brought(merge))?;
    let mainline = reading.changes(&there)?;

    let mut patches = Patches::of(&asked.branch);
    let excluded = exclude::exclude(&reading, &asked, &mut patches)?;

    let index = Index::new(&mainline);
    let reverts = Reverts::new(&index, &mut |merge| reading.brought(merge))?;
    let mut mainline_patches = Patches::of(&mainline);
    let without = metadata::taken_away(&reading, &asked.branch, &mainline)?;
    let search = Search {
        reading: &reading,
        asked: &asked,
        excluded: &excluded,
        index: &index,
        reverts: &reverts,
        without,
        shared: &shared,
    };
    let mut found = search.run(&mut patches, &mut mainline_patches)?;
    leave_out_ancestors(repository, &mut found, &asked.branch, &mainline, &shared)?;

    let judging = Judging {
        reading: &reading,
        asked: &asked,
        excluded: &excluded,
        found: &found,
        mainline: &mainline,
        reverts: &reverts,
        patches: (&patches, &mainline_patches),
        tips: to,
    };
    let (verdicts, measured) = judging.verdicts()?;
    let read = [&patches, &mainline_patches];
    let mut unread: Vec<ObjectId> =
        read.iter().flat_map(|patches| patches.iter()).filter_map(|(_, patch)| patch.unread).collect();
    unread.sort_unstable();
    unread.dedup();
    if options.cache == Caching::Keep {
        keep(&cache, &asked, &mainline, read, &found, &measured);
    }
    if let Some(seen) = options.seen {
        seen.add(patches.into_read().chain(mainline_patches.into_read()));
    }
    Ok((Comparison { verdicts, unread }, found.lookups))
}

/// Returns the commits of the other line with which the branch's are compared, and those among them that the branch has
/// as well. Those came to it by a merge of the other line after it had left that: the original of a change that was picked
/// before the merge is one of them.
fn there(
    repository: &Repository,
    own: &[ObjectId],
    from: ObjectId,
    to: &[ObjectId],
) -> Result<(Vec<ObjectId>, BTreeSet<ObjectId>), Error> {
    let is_own: BTreeSet<ObjectId> = own.iter().copied().collect();
    let mut starts = BTreeSet::new();
    for id in own {
        starts.extend(repository.parents(*id)?.into_iter().filter(|parent| !is_own.contains(parent)));
    }
    let mut rest = starts.iter().copied();
    let mut base = rest.next().filter(|_| (2..=MAX_STARTS).contains(&starts.len()));
    for start in rest {
        base = match base {
            Some(base) => repository.merge_base(base, start)?,
            None => None,
        };
    }
    let Some(base) = base else { return Ok((repository.commits(to, &[from], MAX_COMMITS)?, BTreeSet::new())) };
    let starts: Vec<ObjectId> = starts.into_iter().collect();
    let shared = repository.commits(&starts, &[base], MAX_COMMITS)?.into_iter().collect();
    Ok((repository.commits(to, &[base], MAX_COMMITS)?, shared))
}

/// Leaves out of what messages name what a change of the branch stands on: it cannot be where the change comes from.
fn leave_out_ancestors(
    repository: &Repository,
    found: &mut Found,
    branch: &[Change],
    mainline: &[Change],
    shared: &BTreeSet<ObjectId>,
) -> Result<(), Error> {
    if shared.is_empty() {
        return Ok(());
    }
    let stands_on = |own: At, there: At| match (branch.get(own), mainline.get(there)) {
        (Some(own), Some(there)) if shared.contains(&there.id) => repository.is_ancestor(there.id, own.id),
        _ => Ok(false),
    };
    for (at, claims) in found.claims.iter_mut().enumerate() {
        let mut named = Vec::with_capacity(claims.found.len());
        for (there, evidence) in std::mem::take(&mut claims.found) {
            if !stands_on(at, there)? {
                named.push((there, evidence));
            }
        }
        claims.found = named;
    }
    Ok(())
}

/// What was measured of changes and was not known before.
type NewlyMeasured = Vec<(ObjectId, Measured)>;

/// What answers are given from.
struct Judging<'a> {
    reading: &'a Reading<'a>,
    asked: &'a Asked,
    excluded: &'a Excluded,
    found: &'a Found,
    mainline: &'a [Change],
    reverts: &'a Reverts,
    patches: (&'a Patches<'a>, &'a Patches<'a>),
    /// The tips of the other line.
    tips: &'a [ObjectId],
}

impl Judging<'_> {
    /// Returns the answers, newest change first, behind those for commits that are there themselves; and what was measured
    /// for them and was not known.
    fn verdicts(&self) -> Result<(Vec<Verdict>, NewlyMeasured), Error> {
        let Self { reading, asked, found, .. } = self;
        let compared = search::by_change(&found.pairs);
        let settled = assign::assign(&asked.branch, &found.pairs, &found.holders);
        let (coverages, fresh) = self.coverages(&settled)?;
        let mut verdicts = Vec::with_capacity(asked.present.len() + asked.branch.len());
        for id in &asked.present {
            verdicts.push(reasons::ancestor(&reading.repository.commit(*id)?));
        }
        for (at, change) in asked.branch.iter().enumerate() {
            let all = compared.get(&at).map_or(&[][..], Vec::as_slice);
            let facts = reasons::Facts {
                change,
                claims: found.claims.get(at),
                settled: settled.get(&at).map_or(&[], Vec::as_slice),
                all,
                mainline: self.mainline,
                reverts: self.reverts,
                asked,
                holders: &found.holders,
                squash: assign::squashed(change, all, &found.holders, self.patches),
                coverage: coverages.get(&at),
                is_taken_back: asked.taken_back.contains_key(&change.id),
                excluded: self.excluded.get(at),
                exempt_trailer: reading.options.exempt_trailer,
            };
            verdicts.push(facts.verdict());
        }
        Ok((verdicts, fresh))
    }

    /// Measures how much of a change is there, for those whose lines are not plainly all in the commit that they are. What
    /// was not known is returned as well.
    fn coverages(&self, settled: &BTreeMap<At, Vec<Pair>>) -> Result<(BTreeMap<At, Coverage>, NewlyMeasured), Error> {
        let mut coverages = BTreeMap::new();
        let mut measured: Vec<(At, Vec<At>)> = Vec::new();
        for at in 0..self.asked.branch.len() {
            let there = self.measured(at, settled.get(&at).map_or(&[][..], Vec::as_slice));
            let Some(patch) = self.patches.0.get(at) else { continue };
            let patches: Vec<&Patch> = there.iter().filter_map(|at| self.patches.1.get(*at)).collect();
            let compared = coverage::by_lines(patch, &patches).filter(|_| !patches.is_empty());
            let Some(compared) = compared else { continue };
            if !coverage::is_whole(&compared) {
                measured.push((at, there));
            }
            coverages.insert(at, compared);
        }
        let (Reading { repository, cache, readers, .. }, branch) = (self.reading, &self.asked.branch);
        let start = |repository: Repository| (readers.lend(repository.clone()), Measuring::new(repository, self.tips));
        let read =
            parallel::map(repository, &measured, "comparing lines", start, |(reader, measuring), (at, there)| {
                let commits: Vec<&Change> = there.iter().filter_map(|at| self.mainline.get(*at)).collect();
                let Some(change) = branch.get(*at) else { return Ok(None) };
                if let Some(known) = cache.measured(change.id)
                    && measuring.still_holds(&known, &commits)?
                {
                    return Ok(Some((known, false)));
                }
                Ok(measuring.of(reader.reader(), change, &commits)?.map(|measured| (measured, true)))
            })?;
        let mut fresh = Vec::new();
        for ((at, _), read) in measured.iter().zip(read) {
            let Some((measured, is_fresh)) = read else { continue };
            coverages.extend(measured.coverage.clone().map(|coverage| (*at, coverage)));
            if let Some(change) = branch.get(*at).filter(|_| is_fresh) {
                fresh.push((change.id, measured));
            }
        }
        Ok((coverages, fresh))
    }

    /// Returns the commits in which the lines of a change are looked for; none where it plainly is one of them.
    fn measured(&self, at: At, pairs: &[Pair]) -> Vec<At> {
        let measured = |pair: &&Pair| pair.is_measured();
        match pairs.first() {
            Some(first) if first.is_same() => Vec::new(),
            Some(_) => pairs.iter().filter(measured).map(|pair| pair.mainline).take(MAX_MEASURED).collect(),
            // What a message names may have been adapted until no line is the same.
            None => {
                let named = self.found.claims.get(at).map_or(&[][..], |claims| &claims.found);
                named.iter().map(|(there, _)| *there).take(MAX_MEASURED).collect()
            }
        }
    }
}

/// Keeps what was read for the next time.
fn keep(
    cache: &Cache<'_>,
    asked: &Asked,
    mainline: &[Change],
    read: [&Patches<'_>; 2],
    found: &Found,
    measured: &[(ObjectId, Measured)],
) {
    let patches = read.into_iter().flat_map(|patches| patches.iter()).map(|(change, patch)| (change.id, patch));
    cache.keep(&Fresh {
        changes: asked.branch.iter().chain(mainline).chain(&asked.passed).collect(),
        patches: patches.chain(found.searched.iter().map(|(id, patch)| (*id, patch))).collect(),
        paths: found.files.iter().filter_map(|(at, key)| Some((mainline.get(*at)?.id, *key))).collect(),
        measured: measured.iter().map(|(id, measured)| (*id, measured)).collect(),
    });
}
