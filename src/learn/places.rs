//! Where tags stand: on which lines, and in which series.

use std::collections::{BTreeMap, HashMap};

use super::branches::{Line, Lines};
use super::names::Numbered;
use super::proposal::{Proposal, Support};
use super::seen::Branch;
use super::tags::{Class, Member};
use crate::model::{ObjectId, listed};
use crate::policy::Role;
use crate::project::{FactError, Project};
use crate::version::Version;

/// As many of the newest tags are looked for.
const LOOKED_FOR: usize = 63;

/// As many branches of a line are looked at, the newest.
const MAX_BRANCHES: usize = 256;

/// As many commits are looked at for what was made on branches.
const MAX_TRUNKS: usize = 1 << 18;

/// As many commits a tag may hang off its branch for that to be a habit and not an accident.
const OFF_BRANCH: usize = 3;

/// So many of a hundred tags have to stand on a line for the next one to have to.
const AT_HOME: usize = 90;

/// With fewer, they say at least which lines the class has to do with.
const SOME: usize = 50;

/// One of so many tags on the mainline is a habit and not an accident; two are one in any case.
const RARE: usize = 20;

/// Adds to a class where its tags stand.
///
/// # Errors
/// History that cannot be read.
pub(super) fn place(
    project: &Project,
    class: &Class<'_>,
    lines: &Lines<'_>,
    proposal: Proposal,
) -> Result<Proposal, FactError> {
    let newest: Vec<&Member<'_>> =
        class.members.iter().rev().filter(|member| member.tag.commit.is_some()).take(LOOKED_FOR).collect();
    let candidates: Vec<&Line<'_>> = lines.all.iter().filter(|line| line.role != Role::Topic).collect();
    let (standing, is_anywhere) = standing(project, &candidates, &newest)?;
    let (chosen, is_on) = greedy(&candidates, &standing, newest.len());
    let all = support(&newest, &is_on, |_| true);
    if !all.reaches(SOME) {
        return Ok(series(class, &[], proposal));
    }
    let chosen: Vec<&Line<'_>> = chosen.iter().filter_map(|at| candidates.get(*at).copied()).collect();
    // A tag that is on no branch at all can have lost its own: it says nothing.
    let known = support(&newest, &is_on, |at| is_anywhere.get(at) == Some(&true));
    let mut proposal = proposal;
    if known.reaches(AT_HOME) {
        let names: Vec<String> = chosen.iter().map(|line| line.name.clone()).collect();
        proposal = proposal.texts("line", &names).because(all).arms(&["misplaced-tag"]);
        let lost = newest.iter().zip(&is_anywhere).filter(|(_, is_anywhere)| !**is_anywhere);
        let lost: Vec<&Member<'_>> = lost.map(|(member, _)| *member).collect();
        if let Some((count, support)) = off_branch(project, &chosen, &lost)? {
            proposal = proposal.key("off-branch-commits", i64::try_from(count).unwrap_or(1)).because(support);
        }
    } else {
        let names: Vec<&str> = chosen.iter().map(|line| line.name.as_str()).collect();
        proposal = proposal.because(known.on(&listed(&names, "or"))).because("they need not: there is no `line`");
    }
    Ok(series(class, &chosen, proposal))
}

fn support(newest: &[&Member<'_>], is_on: &[bool], counts: impl Fn(usize) -> bool) -> Support {
    let what = if newest.len() == LOOKED_FOR { "of the newest stand there" } else { "of them stand there" };
    let counted = newest.iter().zip(is_on).enumerate().filter(|(at, _)| counts(*at));
    Support::of(counted.map(|(_, (member, is_on))| (&member.tag.name, *is_on)), what)
}

/// Returns for each line which of some tags stood on it when they were made: on the branch of their version, where its
/// branches are of versions; and which are on any branch. What a branch got along its first parents was made on it. What it
/// got by a merge was not, unless no branch is left that it was made on.
fn standing(
    project: &Project,
    lines: &[&Line<'_>],
    members: &[&Member<'_>],
) -> Result<(Vec<Vec<bool>>, Vec<bool>), FactError> {
    let commits: Vec<ObjectId> = members.iter().filter_map(|member| member.tag.commit).collect();
    let tips: Vec<ObjectId> = lines.iter().flat_map(|line| branches(line)).map(|branch| branch.tip).collect();
    let none = vec![false; members.len()];
    let Some(there) = containing(project, &tips, &commits)? else { return Ok((vec![none.clone(); lines.len()], none)) };
    let made = made_on(project, &tips, &commits)?;
    let any = |found: &[Vec<bool>]| -> Vec<bool> {
        (0..members.len()).map(|at| found.iter().any(|found| found.get(at) == Some(&true))).collect()
    };
    let (is_anywhere, is_made) = (any(&there), any(&made));
    let mut found = there.into_iter().zip(made).map(|(there, made)| -> Vec<bool> {
        let both = there.into_iter().zip(made).zip(&is_made);
        both.map(|((there, made), is_made)| made || (there && !is_made)).collect()
    });
    let of_line = |line: &&Line<'_>| {
        let found: Vec<Vec<bool>> = found.by_ref().take(branches(line).count()).collect();
        at_home(line, members, &found)
    };
    Ok((lines.iter().map(of_line).collect(), is_anywhere))
}

/// Returns the branches of a line that are looked at.
fn branches<'l>(line: &'l Line<'_>) -> impl Iterator<Item = &'l Branch> {
    line.branches.iter().take(MAX_BRANCHES).copied()
}

/// Returns for each tip which commits it contains; `None` in a shallow clone, where nothing is known of it.
fn containing(project: &Project, tips: &[ObjectId], commits: &[ObjectId]) -> Result<Option<Vec<Vec<bool>>>, FactError> {
    match project.repository().containing(tips, commits) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_undecided() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns for each tip which of some commits, 63 at most, are it or were tips of its branch before.
fn made_on(project: &Project, tips: &[ObjectId], commits: &[ObjectId]) -> Result<Vec<Vec<bool>>, FactError> {
    let mut own: HashMap<ObjectId, u64> = HashMap::new();
    for (at, commit) in commits.iter().enumerate().take(LOOKED_FOR) {
        *own.entry(*commit).or_default() |= 1 << at;
    }
    // What each commit has of them along its first parents.
    let mut known: HashMap<ObjectId, u64> = HashMap::new();
    let mut found = Vec::with_capacity(tips.len());
    for tip in tips {
        let (mut path, mut next, mut has) = (Vec::new(), Some(*tip), 0);
        while let Some(id) = next.filter(|_| known.len() + path.len() < MAX_TRUNKS) {
            project.step()?;
            if let Some(known) = known.get(&id) {
                has = *known;
                break;
            }
            path.push(id);
            next = project.repository().parents(id)?.first().copied();
        }
        for id in path.into_iter().rev() {
            has |= own.get(&id).copied().unwrap_or_default();
            known.insert(id, has);
        }
        found.push((0..commits.len()).map(|at| has & (1 << at) != 0).collect());
    }
    Ok(found)
}

/// Returns which tags are on the branch of a line that is theirs, out of what each of its branches has.
fn at_home(line: &Line<'_>, members: &[&Member<'_>], found: &[Vec<bool>]) -> Vec<bool> {
    let mut is_home = vec![false; members.len()];
    let has_scope = line.patterns.iter().any(|pattern| pattern.contains("{scope}"));
    for (branch, found) in branches(line).zip(found) {
        let numbers =
            Numbered::of(&branch.name).map(|numbered| numbered.numbers).filter(|_| line.is_bound && line.numbers > 0);
        for ((member, found), is_home) in members.iter().zip(found).zip(&mut is_home) {
            let is_its = numbers.as_ref().is_none_or(|numbers| member.version.release().starts_with(numbers));
            let is_of_scope = !has_scope || branch.name.contains(&member.scope);
            *is_home |= *found && is_its && is_of_scope;
        }
    }
    is_home
}

/// Returns which tags would be on a line if its branches had so many commits more.
fn near(project: &Project, line: &Line<'_>, members: &[&Member<'_>], off: usize) -> Result<Vec<bool>, FactError> {
    let mut commits = Vec::with_capacity(members.len());
    for mut commit in members.iter().filter_map(|member| member.tag.commit) {
        for _ in 0..off {
            commit = project.repository().parents(commit)?.first().copied().unwrap_or(commit);
        }
        commits.push(commit);
    }
    let tips: Vec<ObjectId> = branches(line).map(|branch| branch.tip).collect();
    let found = containing(project, &tips, &commits)?;
    Ok(found.map_or_else(|| vec![false; members.len()], |found| at_home(line, members, &found)))
}

/// Chooses lines until every tag that stands on one stands on a chosen one, those first that most stand on.
fn greedy(lines: &[&Line<'_>], standing: &[Vec<bool>], count: usize) -> (Vec<usize>, Vec<bool>) {
    let (mut chosen, mut is_on) = (Vec::new(), vec![false; count]);
    loop {
        let gain = |found: &Vec<bool>| found.iter().zip(&is_on).filter(|(found, is_on)| **found && !**is_on).count();
        // Between equals, the line counts whose branches are of versions.
        let is_release = |at: usize| lines.get(at).is_some_and(|line| line.role == Role::Release && line.is_bound);
        let best = standing.iter().enumerate().map(|(at, found)| (gain(found), is_release(at), std::cmp::Reverse(at)));
        let Some((1.., _, std::cmp::Reverse(best))) = best.max() else { break };
        chosen.push(best);
        for (is_on, found) in is_on.iter_mut().zip(standing.get(best).into_iter().flatten()) {
            *is_on |= found;
        }
    }
    // What stands on the mainline as well as on a release branch was tagged before that branch was made, as candidates often
    // are: then the next one will be, too. Of a branch that says no version, one tag shows as much.
    let is_open = |at: &usize| lines.get(*at).is_some_and(|line| line.role == Role::Release && !line.is_bound);
    let on_mainline = lines.first().zip(standing.first()).filter(|(line, _)| line.role == Role::Mainline);
    let on_mainline = on_mainline.map_or(0, |(_, found)| found.iter().filter(|is_on| **is_on).count());
    let enough = if chosen.iter().any(is_open) { 1 } else { (count / RARE).clamp(1, 2) };
    if !chosen.is_empty() && !chosen.contains(&0) && on_mainline >= enough {
        chosen.push(0);
    }
    chosen.sort_unstable_by_key(|at| (lines.get(*at).is_none_or(|line| line.role != Role::Release), *at));
    (chosen, is_on)
}

/// Returns how many commits tags that are on no branch hang off those of some lines, where that is what most of them do.
fn off_branch(
    project: &Project,
    lines: &[&Line<'_>],
    off: &[&Member<'_>],
) -> Result<Option<(usize, Support)>, FactError> {
    if off.len() < 2 {
        return Ok(None);
    }
    for commits in 1..=OFF_BRANCH {
        let mut found = vec![false; off.len()];
        for line in lines {
            for (found, is_on) in found.iter_mut().zip(near(project, line, off, commits)?) {
                *found |= is_on;
            }
        }
        let what = format!("of the others hang off a branch by {commits} or fewer commits");
        let support = Support::of(off.iter().zip(&found).map(|(member, found)| (&member.tag.name, *found)), what);
        if support.reaches(80) {
            return Ok(Some((commits, support)));
        }
    }
    Ok(None)
}

/// Adds which versions form a series: those of a branch; where branches say nothing of it, those between which a project
/// goes back.
fn series(class: &Class<'_>, lines: &[&Line<'_>], proposal: Proposal) -> Proposal {
    let places = class.places();
    let (Some(first), second) = (places.first(), places.get(1)) else { return proposal };
    let template = |numbers: usize| match (numbers, second) {
        (1, _) | (_, None) => format!("{{{first}}}"),
        (_, Some(second)) => format!("{{{first}}}.{{{second}}}"),
    };
    let by_branch =
        lines.iter().filter(|line| line.role == Role::Release && line.is_bound).map(|line| line.numbers).max();
    let back = |numbers: usize| went_back(&class.members, numbers);
    let numbers = match by_branch.filter(|numbers| *numbers > 0) {
        Some(numbers) => Some((numbers.min(2), "the branches are of such series".to_owned())),
        None => back(0).map(|example| {
            let numbers = if back(1).is_none() { 1 } else { 2 };
            (
                numbers,
                format!("`{}` was made when there was a higher version", crate::model::Untrusted::new(&example.0)),
            )
        }),
    };
    let Some((numbers, reason)) = numbers else { return proposal };
    let mut proposal = proposal.key("series", template(numbers)).because(reason);
    if let Some((example, version)) = back(numbers)
        && numbers == 2
        && version.release().len() > 3
        && let Some(third) = places.get(2)
    {
        let reason = format!(
            "`{}` was made when there was a higher version of its series",
            crate::model::Untrusted::new(&example)
        );
        proposal = proposal.key("hotfix-series", format!("{}.{{{third}}}", template(2))).because(reason);
    }
    proposal
}

/// Returns the newest final version that was made when there was a higher one of the same series, as the first `numbers` of
/// a version tell it.
fn went_back(members: &[Member<'_>], numbers: usize) -> Option<(String, Version)> {
    let mut highest: BTreeMap<(&str, Vec<u64>), &Version> = BTreeMap::new();
    let mut found = None;
    for member in members.iter().filter(|member| !member.version.is_prerelease()) {
        let release = member.version.release();
        let series: Vec<u64> = (0..numbers).map(|at| release.get(at).copied().unwrap_or_default()).collect();
        let known = highest.entry((&member.scope, series)).or_insert(&member.version);
        match member.version.compare(known) {
            Ok(std::cmp::Ordering::Less) => found = Some((member.tag.name.clone(), member.version.clone())),
            Ok(_) => *known = &member.version,
            Err(_) => {}
        }
    }
    found
}
