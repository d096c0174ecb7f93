//! Where tags stand: on which lines, and in which series.

use std::collections::BTreeMap;

use super::branches::{Line, Lines};
use super::names::Numbered;
use super::proposal::{Proposal, Support};
use super::tags::{Class, Member};
use crate::model::ObjectId;
use crate::policy::Role;
use crate::project::{FactError, Project};
use crate::version::Version;

/// As many of the newest tags are looked for.
const LOOKED_FOR: usize = 63;

/// As many branches of a line are looked at, the newest.
const MAX_BRANCHES: usize = 256;

/// As many commits a tag may hang off its branch for that to be a habit and not an accident.
const OFF_BRANCH: usize = 3;

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
    let mut standing: Vec<Vec<bool>> = Vec::new();
    for line in &candidates {
        standing.push(on(project, line, &newest, 0)?);
    }
    let (chosen, is_on) = greedy(&candidates, &standing, newest.len());
    let (mut proposal, mut chosen_lines) = (proposal, Vec::new());
    let support = support(&newest, &is_on);
    if support.reaches(50) {
        chosen_lines = chosen.iter().filter_map(|at| candidates.get(*at).copied()).collect();
        let names: Vec<String> = chosen_lines.iter().map(|line| line.name.clone()).collect();
        proposal = proposal.texts("line", &names).because(support).arms(&["misplaced-tag"]);
        let off = off_branch(project, &chosen_lines, &newest, &is_on)?;
        if let Some((count, support)) = off {
            proposal = proposal.key("off-branch-commits", i64::try_from(count).unwrap_or(1)).because(support);
        }
    }
    Ok(series(class, &chosen_lines, proposal))
}

fn support(newest: &[&Member<'_>], is_on: &[bool]) -> Support {
    let what = if newest.len() == LOOKED_FOR { "of the newest stand there" } else { "of them stand there" };
    Support::of(newest.iter().zip(is_on).map(|(member, is_on)| (&member.tag.name, *is_on)), what)
}

/// Returns which of some tags stand on a line: on the branch of their version, where its branches are of versions. With
/// `off`, which would if their branch had so many commits more.
fn on(project: &Project, line: &Line<'_>, members: &[&Member<'_>], off: usize) -> Result<Vec<bool>, FactError> {
    let mut commits = Vec::with_capacity(members.len());
    for member in members {
        let mut commit = member.tag.commit;
        for _ in 0..off {
            commit = match commit {
                Some(commit) => project.repository().parents(commit)?.first().copied().or(Some(commit)),
                None => None,
            };
        }
        commits.extend(commit);
    }
    let branches: Vec<_> = line.branches.iter().take(MAX_BRANCHES).collect();
    let tips: Vec<ObjectId> = branches.iter().map(|branch| branch.tip).collect();
    let mut is_on = vec![false; members.len()];
    let found = match project.repository().containing(&tips, &commits) {
        Ok(found) => found,
        // In a shallow clone nothing is known of it.
        Err(error) if error.is_undecided() => return Ok(is_on),
        Err(error) => return Err(error.into()),
    };
    let has_scope = line.patterns.iter().any(|pattern| pattern.contains("{scope}"));
    for (branch, found) in branches.iter().zip(found) {
        let numbers =
            Numbered::of(&branch.name).map(|numbered| numbered.numbers).filter(|_| line.is_bound && line.numbers > 0);
        for ((member, found), is_on) in members.iter().zip(found).zip(&mut is_on) {
            let is_its = numbers.as_ref().is_none_or(|numbers| member.version.release().starts_with(numbers));
            let is_of_scope = !has_scope || branch.name.contains(&member.scope);
            *is_on |= found && is_its && is_of_scope;
        }
    }
    Ok(is_on)
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
    // A branch that says nothing of a version may have been made after the tag, which stood on the mainline until then.
    let is_open = |at: &usize| lines.get(*at).is_some_and(|line| line.role == Role::Release && !line.is_bound);
    if chosen.iter().any(is_open) && standing.first().is_some_and(|found| found.contains(&true)) && !chosen.contains(&0)
    {
        chosen.push(0);
    }
    chosen.sort_unstable_by_key(|at| (lines.get(*at).is_none_or(|line| line.role != Role::Release), *at));
    (chosen, is_on)
}

/// Returns how many commits tags hang off their branches, where that is what most do that are not on one.
fn off_branch(
    project: &Project,
    lines: &[&Line<'_>],
    newest: &[&Member<'_>],
    is_on: &[bool],
) -> Result<Option<(usize, Support)>, FactError> {
    let off: Vec<&Member<'_>> =
        newest.iter().zip(is_on).filter(|(_, is_on)| !**is_on).map(|(member, _)| *member).collect();
    if off.len() < 2 {
        return Ok(None);
    }
    for commits in 1..=OFF_BRANCH {
        let mut found = vec![false; off.len()];
        for line in lines {
            for (found, is_on) in found.iter_mut().zip(on(project, line, &off, commits)?) {
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
