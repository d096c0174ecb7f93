//! From two lines to an answer for each change: read, exclude, search, reverts, assign, judge.

use std::collections::BTreeMap;

use super::answers::Answers;
use super::assign::{self, Pair};
use super::cache::{Cache, Fresh};
use super::change::Change;
use super::exclude::{self, Asked, Excluded};
use super::explicit::Lookup;
use super::index::{At, Index};
use super::options::{Caching, Options};
use super::patch::Readers;
use super::reading::{Patches, Reading};
use super::reverts::Reverts;
use super::search::{self, Found, Search};
use super::verdict::{Comparison, Verdict};
use super::{Error, metadata, reasons};
use crate::git::Repository;
use crate::model::ObjectId;

/// With more commits than this on either side, the question cannot be answered while somebody waits.
const MAX_COMMITS: usize = 500_000;

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
    let answers = Answers::new(repository, from, to, options);
    if let Some(known) = answers.as_ref().and_then(|answers| answers.known(repository)) {
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

fn open_cache(repository: &Repository, options: &Options<'_>) -> Cache {
    match options.cache {
        Caching::Off => Cache::none(),
        Caching::Read | Caching::Keep => Cache::open(repository, &options.grammar.forms()),
    }
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
    let there = repository.commits(to, &[from], MAX_COMMITS)?;
    reading.tell("reading commits", own.len() + there.len());
    let asked = Asked::of(reading.changes(&own)?, options, &mut |merge| reading.brought(merge))?;
    let mainline = reading.changes(&there)?;

    let mut patches = Patches::of(&asked.branch);
    let excluded = exclude::exclude(&reading, &asked, &mut patches)?;

    let index = Index::new(&mainline);
    let reverts = Reverts::new(&index, &mut |merge| reading.brought(merge))?;
    let mut mainline_patches = Patches::of(&mainline);
    let without = metadata::taken_away(&reading, &asked.branch, &mainline)?;
    let search =
        Search { reading: &reading, asked: &asked, excluded: &excluded, index: &index, reverts: &reverts, without };
    let found = search.run(&mut patches, &mut mainline_patches)?;

    let verdicts = judge(&reading, &asked, &excluded, &found, (&mainline, &reverts))?;
    let read = [&patches, &mainline_patches];
    let mut unread: Vec<ObjectId> =
        read.iter().flat_map(|patches| patches.iter()).filter_map(|(_, patch)| patch.unread).collect();
    unread.sort_unstable();
    unread.dedup();
    if options.cache == Caching::Keep {
        keep(&cache, &asked, &mainline, read, &found);
    }
    Ok((Comparison { verdicts, unread }, found.lookups))
}

/// Returns the answers, newest change first, behind those for commits that are there themselves.
fn judge(
    reading: &Reading<'_>,
    asked: &Asked,
    excluded: &Excluded,
    found: &Found,
    (mainline, reverts): (&[Change], &Reverts),
) -> Result<Vec<Verdict>, Error> {
    let compared = search::by_change(&found.pairs);
    let settled = assign::assign(found.pairs.clone());
    let is_standing = |at: At| asked.branch.get(at).is_some_and(|change| !asked.taken_back.contains_key(&change.id));
    let picked = picked(&settled, &is_standing);
    let mut verdicts = Vec::with_capacity(asked.present.len() + asked.branch.len());
    for id in &asked.present {
        verdicts.push(reasons::ancestor(&reading.repository.commit(*id)?));
    }
    for (at, change) in asked.branch.iter().enumerate() {
        let facts = reasons::Facts {
            at,
            change,
            claims: found.claims.get(at),
            settled: settled.get(&at).map_or(&[], Vec::as_slice),
            all: compared.get(&at).map_or(&[], Vec::as_slice),
            mainline,
            reverts,
            picked: &picked,
            is_taken_back: asked.taken_back.contains_key(&change.id),
            excluded: excluded.get(at),
            exempt_trailer: reading.options.exempt_trailer,
        };
        verdicts.push(facts.verdict());
    }
    Ok(verdicts)
}

/// Returns the newest commit of the branch that is surely some commit of the mainline, by that commit; what the branch
/// reverted does not count.
fn picked(settled: &BTreeMap<At, Vec<Pair>>, is_standing: &dyn Fn(At) -> bool) -> BTreeMap<At, At> {
    let mut picked = BTreeMap::new();
    for pair in settled.values().flatten().filter(|pair| pair.is_sure() && is_standing(pair.branch)) {
        picked.entry(pair.mainline).or_insert(pair.branch);
    }
    picked
}

/// Keeps what was read for the next time.
fn keep(cache: &Cache, asked: &Asked, mainline: &[Change], read: [&Patches<'_>; 2], found: &Found) {
    let patches = read.into_iter().flat_map(|patches| patches.iter()).map(|(change, patch)| (change.id, patch));
    cache.keep(&Fresh {
        changes: asked.branch.iter().chain(mainline).chain(&asked.passed).collect(),
        patches: patches.chain(found.searched.iter().map(|(id, patch)| (*id, patch))).collect(),
        paths: found.files.iter().filter_map(|(at, key)| Some((mainline.get(*at)?.id, *key))).collect(),
    });
}
