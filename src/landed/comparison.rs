//! From two lines to an answer for each change.

use bstr::BString;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::answers::Answers;
use super::assign::{self, Pair};
use super::cache::Cache;
use super::change::Change;
use super::chores::Chores;
use super::engine::Engine;
use super::explicit::Lookup;
use super::index::{At, Brought, Index, Reverts};
use super::trailers::Grammar;
use super::verdict::Verdict;
use super::{Error, parallel, reasons};
use crate::git::Repository;
use crate::model::ObjectId;

/// More commits than this on either side are no question that can be answered while somebody waits.
const MAX_COMMITS: usize = 500_000;

/// What is done with what earlier comparisons found out about commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// Nothing.
    Off,
    /// It is used.
    #[default]
    Read,
    /// It is used, and what is new is added, unless objects are in quarantine.
    Keep,
}

/// How to compare.
#[derive(Clone, Default)]
pub struct Options<'a> {
    /// Leave out what messages say: trailers, Change-Ids, numbers of pull requests.
    pub ignore_explicit: bool,
    /// Pairs of a branch commit and a mainline commit that it must not be compared with, for measuring.
    pub without: BTreeSet<(ObjectId, ObjectId)>,
    /// Only these changes of the branch, such as those of a push.
    pub only: Option<Vec<ObjectId>>,
    /// The forms in which messages name originals.
    pub grammar: Grammar,
    /// The changes that belong to their own line.
    pub chores: Chores,
    /// What is done with what earlier comparisons found out.
    pub cache: Caching,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Told what is being done, and with how many commits.
    pub progress: Option<&'a (dyn Fn(&'static str, usize) + Sync)>,
}

/// The answer for each change of one line that is not on another.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) unread: Vec<ObjectId>,
}

impl Comparison {
    /// Compares the commits that are reachable from `from` and from none of `to` with those that are reachable from `to`
    /// and not from `from`. Merges of `from` are passed over: what they brought in is judged by itself.
    ///
    /// # Errors
    /// Commits or trees are missing or malformed, or the deadline passes. Missing files are no error: see
    /// [`Self::unread`].
    pub fn new(repository: &Repository, from: ObjectId, to: &[ObjectId], options: &Options<'_>) -> Result<Self, Error> {
        let answers = Answers::new(repository, from, to, options);
        if let Some(known) = answers.as_ref().and_then(|answers| answers.known(repository)) {
            return Ok(known);
        }
        let (compared, lookups) = Self::compare(repository, from, to, options)?;
        if let Some(answers) = answers.filter(|_| options.cache == Caching::Keep) {
            answers.keep(&compared, &lookups);
        }
        Ok(compared)
    }

    /// The same, without looking for an earlier answer; and what the answer depends on besides the two lines.
    fn compare(
        repository: &Repository,
        from: ObjectId,
        to: &[ObjectId],
        options: &Options<'_>,
    ) -> Result<(Self, Vec<Lookup>), Error> {
        let repository = &repository.for_many_reads();
        let own = repository.commits(&[from], to, MAX_COMMITS)?;
        let there = repository.commits(to, &[from], MAX_COMMITS)?;
        let tell = |what, count| {
            if let Some(progress) = options.progress {
                progress(what, count);
            }
        };
        let cache = match options.cache {
            Caching::Off => Cache::none(),
            Caching::Read | Caching::Keep => Cache::open(repository, &options.grammar.forms()),
        };
        tell("reading commits", own.len() + there.len());
        let read = |ids: &[ObjectId]| {
            parallel::map(
                repository,
                ids,
                options.deadline,
                "reading commits",
                |repository| repository,
                |repository, id| match cache.change(*id) {
                    Some(change) => Ok(change),
                    None => Ok(Change::new(&repository.commit(*id)?, &options.grammar)),
                },
            )
        };
        let mut branch = read(&own)?;
        let mainline = read(&there)?;
        let mut brought = |merge: &Change| {
            let Some(parent) = merge.parent else { return Vec::new() };
            repository.commits(&[merge.id], &[parent], 10_000).unwrap_or_default()
        };
        // A revert of the branch cancels what it takes back even where that is not asked for.
        let taken_back = taken_back(&branch, &mut brought);
        let repeated = repeated_titles(&branch);
        let mut passed: Vec<Change> = Vec::new();
        let mut present = Vec::new();
        if let Some(only) = &options.only {
            let wanted: BTreeSet<ObjectId> = only.iter().copied().collect();
            let known: BTreeSet<ObjectId> = own.iter().copied().collect();
            passed.extend(branch.extract_if(.., |change| !wanted.contains(&change.id)));
            for id in only.iter().filter(|id| !known.contains(id)) {
                present.push(reasons::ancestor(&repository.commit(*id)?));
            }
        }
        passed.extend(branch.extract_if(.., |change| change.is_merge));
        let index = Index::new(&mainline);
        let mut engine = Engine::new(repository, options, &index, &branch, &repeated, &cache);
        engine.take_away(&mut brought)?;
        let reverts = Reverts::new(&index, &mut brought);
        let pairs = engine.search(&reverts, &tell)?;
        let mut compared: BTreeMap<At, Vec<Pair>> = BTreeMap::new();
        for pair in &pairs {
            compared.entry(pair.branch).or_default().push(pair.clone());
        }
        let settled = assign::assign(pairs);
        let picked = picked(&settled, &|at| branch.get(at).is_some_and(|change| !taken_back.contains_key(&change.id)));
        let mut verdicts = present;
        for (at, change) in branch.iter().enumerate() {
            let facts = reasons::Facts {
                at,
                change,
                claims: engine.claims(at),
                settled: settled.get(&at).map_or(&[], Vec::as_slice),
                all: compared.get(&at).map_or(&[], Vec::as_slice),
                mainline: &mainline,
                reverts: &reverts,
                picked: &picked,
                taken_back: taken_back.get(&change.id).copied(),
                is_chore: engine.is_chore(at),
            };
            verdicts.push(facts.verdict());
        }
        if options.cache == Caching::Keep {
            engine.keep(&passed);
        }
        let unread = engine.unread();
        Ok((Self { verdicts, unread }, engine.into_lookups()))
    }

    /// One for each change, newest first.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Files that are not in this repository, so that the changes in them could not be compared line by line.
    pub fn unread(&self) -> &[ObjectId] {
        &self.unread
    }
}

/// Which commits of the branch its own later commits take back.
fn taken_back(branch: &[Change], brought: Brought<'_>) -> BTreeMap<ObjectId, ObjectId> {
    let index = Index::new(branch);
    let reverts = Reverts::new(&index, brought);
    let target = |(at, change): (At, &Change)| Some((change.id, branch.get(reverts.standing(at)?)?.id));
    branch.iter().enumerate().filter_map(target).collect()
}

/// The newest commit of the branch that is surely some commit of the mainline, by that; what the branch took back is none.
fn picked(settled: &BTreeMap<At, Vec<Pair>>, is_standing: &dyn Fn(At) -> bool) -> BTreeMap<At, At> {
    let mut picked = BTreeMap::new();
    for pair in settled.values().flatten().filter(|pair| pair.is_sure() && is_standing(pair.branch)) {
        picked.entry(pair.mainline).or_insert(pair.branch);
    }
    picked
}

/// Titles that more than one of these has.
fn repeated_titles(branch: &[Change]) -> BTreeSet<BString> {
    let mut seen = BTreeSet::new();
    branch.iter().filter(|change| !seen.insert(&change.key)).map(|change| change.key.clone()).collect()
}
