//! Where one change is: on which branches, and since which versions.
//!
//! Ancestry first, in one walk for all branches and tags. What does not contain the commit is searched for another
//! commit with the same change, all of it at once; where one is found, ancestry again tells which branches and tags
//! have it. A change that was reverted is distinguished from one that is still there by the reverts that name it.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::builtin::Reading;
use super::presence::{Occurrence, Presence};
use super::reverts::History;
use super::tags::Component;
use crate::git::{self, Repository};
use crate::landed::{Evidence, Grammar, Options, Status, compare, own_pull_request};
use crate::model::{Namespace, ObjectId, RefName};
use crate::policy::Role;
use crate::project::Snapshot;
use crate::version::Version;

/// More searches than these are not made: each finds at least one more commit of the same change.
const MAX_SEARCHES: usize = 15;

/// Commits that one search finds besides the best.
const MAX_ALSO: usize = 3;

/// Merges that brought a commit to a branch and are searched for themselves, and first parents among which such a merge
/// is looked for.
const MAX_MERGES: usize = 2;
const MAX_CHAIN: usize = 50_000;

/// Commits of the same change whose own counterparts are searched for.
const MAX_SEEDS: usize = 3;

/// More changes than these are not looked for at once.
const MAX_CHANGES: usize = 250;

/// What is searched.
pub(crate) struct Places<'a, 'p> {
    /// The refs, and the policy whose lines and tag classes group the answer.
    pub refs: &'a Snapshot<'p>,
    /// The forms in which messages name originals.
    pub grammar: Grammar,
    /// Called with what is being done, and with how many commits.
    pub progress: Option<&'a (dyn Fn(&'static str, usize) + Sync)>,
}

/// A branch.
#[derive(Clone, Debug)]
pub(crate) struct OnBranch {
    /// Its name.
    pub name: RefName,
    /// Its line in the policy.
    pub line: Option<String>,
    /// Whether it has the change.
    pub presence: Presence,
}

/// The versions of one series.
#[derive(Clone, Debug)]
pub(crate) struct InSeries {
    /// The component whose versions these are.
    pub component: Option<String>,
    /// What they have in common: `1.15`.
    pub series: String,
    /// The lowest version that has the change.
    pub first: (RefName, Version, Occurrence),
    /// All versions that have it, lowest first.
    pub with: Vec<RefName>,
    /// How many others than the first have it.
    pub others: usize,
    /// How many versions the series has.
    pub total: usize,
}

/// Where a change is.
#[derive(Clone, Debug)]
pub(crate) struct Whereabouts {
    /// The branches; those of topic lines only where they have the change.
    pub branches: Vec<OnBranch>,
    /// The series that have a version with it, lowest first.
    pub versions: Vec<InSeries>,
    /// Tags that do not name a version and have it.
    pub other_tags: Vec<RefName>,
}

/// A branch or tag with its commit.
struct Tip {
    name: RefName,
    commit: ObjectId,
    /// Whether the change is searched for where it is not by ancestry.
    is_searched: bool,
    line: Option<String>,
    version: Option<Named>,
}

/// The component, the era and the name of a series.
type SeriesOf = (Option<String>, u32, String);

/// What a tag's name says.
struct Named {
    series: SeriesOf,
    version: Version,
}

impl Whereabouts {
    /// Finds a commit's change.
    ///
    /// # Errors
    /// Refs or objects that cannot be read, a history that is cut off where that matters, or versions of two schemes in
    /// one series.
    pub(crate) fn find(commit: ObjectId, places: &Places<'_, '_>) -> Result<Self, Error> {
        let repository = places.refs.project().repository();
        let tips = tips(places)?;
        let commits: Vec<ObjectId> = tips.iter().map(|tip| tip.commit).collect();
        let copies = copies(repository, commit, &tips, &commits, places)?;
        let history = History::new(repository, copies, &commits)?;
        let mut answer = Self { branches: Vec::new(), versions: Vec::new(), other_tags: Vec::new() };
        let mut series: BTreeMap<SeriesOf, Vec<(RefName, Version, Presence)>> = BTreeMap::new();
        for (at, tip) in tips.into_iter().enumerate() {
            let presence = merged_and_lost(history.presence(at), &tip, places)?;
            match tip.version {
                Some(Named { series: own, version }) => {
                    series.entry(own).or_default().push((tip.name, version, presence));
                }
                None if tip.name.namespace() == Namespace::Tag => {
                    if matches!(presence, Presence::Here(_)) {
                        answer.other_tags.push(tip.name);
                    }
                }
                None if tip.is_searched || presence != Presence::Absent => {
                    answer.branches.push(OnBranch { name: tip.name, line: tip.line, presence });
                }
                None => {}
            }
        }
        for ((component, _, series), versions) in series {
            answer.versions.extend(first_of(component, series, versions)?);
        }
        // Series of one component are sorted by their versions; those without an order stay sorted by name.
        answer.versions.sort_by(|a, b| {
            let versions = a.first.1.compare(&b.first.1).unwrap_or_else(|_| a.series.cmp(&b.series));
            a.component.cmp(&b.component).then(versions)
        });
        Ok(answer)
    }
}

/// Returns the changes of a pull request: the commits of the oldest merge of it, or else the oldest commit that it was
/// squashed to, on the mainlines of the policy, or on any branch where it has none; newest first.
///
/// # Errors
/// Refs or history that cannot be read, or more commits in a merge than anybody asks about.
pub(crate) fn of_pull_request(number: u64, places: &Places<'_, '_>) -> Result<Vec<ObjectId>, Error> {
    let (refs, project) = (places.refs, places.refs.project());
    let is_searched = |name: &RefName| match project.policy().line_of(name) {
        Some(place) => place.line.role == Role::Mainline,
        None => !project.policy().lines.iter().any(|line| line.role == Role::Mainline),
    };
    let branches = refs.refs(Namespace::Branch, "")?;
    let tips: Vec<ObjectId> = branches.iter().filter(|(name, _)| is_searched(name)).map(|(_, tip)| *tip).collect();
    for id in project.commits(&tips, &[])?.into_iter().rev() {
        let commit = project.commit(id)?;
        if own_pull_request(commit.subject()) != Some(number) {
            continue;
        }
        let [first, others @ ..] = commit.parents.as_slice() else { return Ok(vec![id]) };
        return if others.is_empty() { Ok(vec![id]) } else { changes(others, &[*first], places) };
    }
    Ok(Vec::new())
}

/// Returns the commits that are reachable from some and not from others, newest first, merges left out.
///
/// # Errors
/// History that cannot be read, or more commits than anybody asks about.
pub(crate) fn changes(
    tips: &[ObjectId],
    without: &[ObjectId],
    places: &Places<'_, '_>,
) -> Result<Vec<ObjectId>, Error> {
    let project = places.refs.project();
    let mut changes = Vec::new();
    for id in project.commits(tips, without)? {
        if project.commit(id)?.parents.len() < 2 {
            changes.push(id);
        }
        if changes.len() > MAX_CHANGES {
            return Err(git::Error::Limit { what: "changes that are asked about at once", limit: MAX_CHANGES }.into());
        }
    }
    Ok(changes)
}

/// Returns a presence, with the doubt that there is where a merge brought the commit to a branch and did not keep its change.
fn merged_and_lost(presence: Presence, tip: &Tip, places: &Places<'_, '_>) -> Result<Presence, Error> {
    let is_itself = |copy: &Occurrence| copy.evidence == Evidence::Ancestor && tip.is_searched && tip.version.is_none();
    let Presence::Here(copy) = &presence else { return Ok(presence) };
    let Some(lost) = Some(copy.commit).filter(|_| is_itself(copy)) else { return Ok(presence) };
    match places.refs.discarding_merge(lost, tip.commit)? {
        Some(lost) => Ok(Presence::Here(Occurrence { reason: lost.reason(), is_probable: true, ..copy.clone() })),
        None => Ok(presence),
    }
}

fn tips(places: &Places<'_, '_>) -> Result<Vec<Tip>, Error> {
    let project = places.refs.project();
    let policy = project.policy();
    let mut tips = Vec::new();
    for (name, commit) in places.refs.refs(Namespace::Branch, "")?.iter().cloned() {
        let line = policy.line_of(&name).map(|place| place.line);
        let is_searched = policy.lines.is_empty() || line.is_some_and(|line| line.role != Role::Topic);
        tips.push(Tip { name, commit, is_searched, line: line.map(|line| line.name.clone()), version: None });
    }
    let mut tagged = Vec::new();
    for (name, id) in places.refs.refs(Namespace::Tag, "")?.iter().cloned() {
        if let Some(commit) = project.commit_of(id)? {
            let reading = Component { refs: places.refs, scope: None }.read(&name);
            tagged.push((name, commit, reading));
        }
    }
    let depths = depths(tagged.iter().filter_map(|(.., reading)| reading.as_ref()));
    let mut highest: BTreeMap<SeriesOf, usize> = BTreeMap::new();
    for (name, commit, reading) in tagged {
        let version = reading.map(|reading| {
            let declared = policy.tag_of(&name).and_then(|place| place.series());
            let depth = depths.get(&reading.component).copied().unwrap_or(1);
            let series = declared.unwrap_or_else(|| {
                let numbers: Vec<String> = reading.version.release().iter().take(depth).map(u64::to_string).collect();
                numbers.join(".")
            });
            Named { series: (reading.component, reading.era, series), version: reading.version }
        });
        if let Some(own) = &version {
            let last = highest.entry(own.series.clone()).or_insert(tips.len());
            let below = tips.get(*last).and_then(|tip: &Tip| tip.version.as_ref());
            if below.is_some_and(|below| below.version.compare(&own.version).is_ok_and(|order| order.is_lt())) {
                *last = tips.len();
            }
        }
        tips.push(Tip { name, commit, is_searched: false, line: None, version });
    }
    // The branch of an old series may be gone: its last version stands for it.
    for at in highest.into_values() {
        if let Some(tip) = tips.get_mut(at) {
            tip.is_searched = true;
        }
    }
    Ok(tips)
}

/// Returns how many numbers name a series, by component, where no policy says it: `1.15` of 1.15.3, but `252` where a
/// project never has more than the two numbers of 252.30.
fn depths<'r>(readings: impl Iterator<Item = &'r Reading>) -> BTreeMap<Option<String>, usize> {
    let mut depths = BTreeMap::new();
    for reading in readings {
        let own = (reading.version.release().len().saturating_sub(1)).clamp(1, 2);
        let depth = depths.entry(reading.component.clone()).or_insert(own);
        *depth = own.max(*depth);
    }
    depths
}

/// Returns the commits that are the change, itself first.
fn copies(
    repository: &Repository,
    commit: ObjectId,
    tips: &[Tip],
    commits: &[ObjectId],
    places: &Places<'_, '_>,
) -> Result<Vec<Occurrence>, Error> {
    let reason = "the commit itself is there".to_owned();
    let mut copies = vec![Occurrence {
        commit,
        evidence: Evidence::Ancestor,
        score: 1.0,
        reason,
        is_probable: false,
        is_partial: false,
    }];
    let (mut seed, mut is_last) = (0, false);
    for _ in 0..MAX_SEARCHES {
        let sought: Vec<ObjectId> = copies.iter().map(|copy| copy.commit).collect();
        let contained = repository.containing(commits, &sought)?;
        let without: BTreeSet<ObjectId> = tips
            .iter()
            .zip(contained)
            .filter(|(tip, contained)| tip.is_searched && !contained.contains(&true))
            .map(|(tip, _)| tip.commit)
            .collect();
        let without: Vec<ObjectId> = without.into_iter().collect();
        let found = match copies.get(seed).filter(|_| !without.is_empty() && seed < MAX_SEEDS) {
            Some(from) => search(repository, from.commit, &without, places)?,
            // Only merges are left that may have been picked whole.
            None if !without.is_empty() && !is_last => {
                is_last = true;
                picks_of_merges(repository, commit, commits, &without, places)?
            }
            None => return Ok(sure_first(copies)),
        };
        let new: Vec<Occurrence> =
            found.into_iter().filter(|new| copies.iter().all(|known| known.commit != new.commit)).collect();
        if new.is_empty() {
            seed += 1;
        }
        copies.extend(new);
    }
    // An incomplete search is not a reason to say that it is missing.
    Err(git::Error::Limit { what: "searches for one change", limit: MAX_SEARCHES }.into())
}

/// Returns the commits below `without` that are picks of a merge that brought a commit to some of the tips.
fn picks_of_merges(
    repository: &Repository,
    commit: ObjectId,
    tips: &[ObjectId],
    without: &[ObjectId],
    places: &Places<'_, '_>,
) -> Result<Vec<Occurrence>, Error> {
    let contained = repository.containing(tips, &[commit])?;
    let holding = tips.iter().zip(contained).filter(|(_, contained)| contained.contains(&true)).map(|(tip, _)| *tip);
    let holding: BTreeSet<ObjectId> = holding.collect();
    let mut merges = BTreeSet::new();
    for tip in holding {
        merges.extend(merge_that_brought(repository, commit, tip)?);
        if merges.len() == MAX_MERGES {
            break;
        }
    }
    let mut found = Vec::new();
    for merge in merges {
        let picks = search(repository, merge, without, places)?.into_iter().filter(|pick| {
            // That the two merges are alike says little of a part of either.
            !pick.is_probable && (pick.evidence.is_said() || pick.evidence == Evidence::PatchId)
        });
        found.extend(picks.map(|pick| {
            let reason = format!("landed as {}, a pick of {} that brought it", pick.commit.short(), merge.short());
            Occurrence { reason, ..pick }
        }));
    }
    Ok(found)
}

/// Returns the merge by which a commit came to a branch: of the first parents the oldest that has it.
fn merge_that_brought(repository: &Repository, commit: ObjectId, tip: ObjectId) -> Result<Option<ObjectId>, Error> {
    let mut chain = vec![tip];
    while let Some(last) = chain.last().filter(|_| chain.len() < MAX_CHAIN) {
        match repository.parents(*last)?.first() {
            Some(parent) if *last != commit => chain.push(*parent),
            _ => break,
        }
    }
    // All that are above it have it, and none below.
    let (mut has, mut lacks) = (0, chain.len());
    while lacks - has > 1 {
        let middle = has.midpoint(lacks);
        let Some(id) = chain.get(middle) else { break };
        if repository.is_ancestor(commit, *id)? { has = middle } else { lacks = middle }
    }
    let Some(found) = chain.get(has).copied().filter(|found| *found != commit) else { return Ok(None) };
    Ok((repository.parents(found)?.len() > 1).then_some(found))
}

/// Sorts what is sure before what a person should look at.
fn sure_first(mut copies: Vec<Occurrence>) -> Vec<Occurrence> {
    copies.sort_by_key(|copy| copy.is_probable);
    copies
}

/// Returns the commits below `tips` that are the change of `from`.
fn search(
    repository: &Repository,
    from: ObjectId,
    tips: &[ObjectId],
    places: &Places<'_, '_>,
) -> Result<Vec<Occurrence>, Error> {
    let options = Options {
        only: Some(vec![from]),
        // A release is a change like any other to somebody who asks where it is.
        owes_chores: true,
        grammar: places.grammar.clone(),
        progress: places.progress,
        ..Options::default()
    };
    let comparison = compare(repository, from, tips, &options)?;
    let mut found = Vec::new();
    for verdict in comparison.verdicts().iter().filter(|verdict| verdict.commit == from) {
        let (Some(matched), Some(evidence)) = (verdict.matched, verdict.evidence) else { continue };
        let copy = |commit, reason| Occurrence {
            commit,
            evidence,
            score: verdict.score,
            reason,
            is_probable: matches!(verdict.status, Status::Probable | Status::Partial),
            is_partial: verdict.status == Status::Partial,
        };
        found.push(copy(matched, verdict.reason.clone()));
        let again =
            |id: &ObjectId| copy(*id, format!("landed as {}, the same change as {}", id.short(), matched.short()));
        // Those that are left out are found again where they are the only ones.
        found.extend(verdict.also.iter().take(MAX_ALSO).map(again));
    }
    Ok(found)
}

/// Returns the lowest version of a series that has the change; `None` where none has.
fn first_of(
    component: Option<String>,
    series: String,
    mut versions: Vec<(RefName, Version, Presence)>,
) -> Result<Option<InSeries>, Error> {
    // Sorting needs an answer for every pair: the first pair without one is kept and reported afterwards.
    let mut mixed = None;
    versions.sort_by(|(_, a, _), (_, b, _)| {
        a.compare(b).unwrap_or_else(|error| {
            mixed = Some(error);
            std::cmp::Ordering::Equal
        })
    });
    if let Some(error) = mixed {
        return Err(error.into());
    }
    let total = versions.len();
    let with = versions.into_iter().filter_map(|(name, version, presence)| match presence {
        Presence::Here(copy) => Some((name, version, copy)),
        Presence::Reverted(..) | Presence::Absent => None,
    });
    let with: Vec<(RefName, Version, Occurrence)> = with.collect();
    let names: Vec<RefName> = with.iter().map(|(name, ..)| name.clone()).collect();
    let others = with.len().saturating_sub(1);
    let Some(first) = with.into_iter().next() else { return Ok(None) };
    Ok(Some(InSeries { component, series, first, with: names, others, total }))
}
