//! How changes travel between lines: what of the newest release branches is on the mainline, and how it came there.

use regex::bytes::Regex;
use std::collections::BTreeSet;

use super::branches::{Line, Lines};
use super::proposal::{Proposal, Support};
use super::seen::Seen;
use super::tags::RECENT;
use crate::landed::{self, Evidence, Options, Status};
use crate::model::ObjectId;
use crate::policy::Role;
use crate::project::{FactError, Project};

/// As many of the newest branches of a line are looked at.
const BRANCHES: usize = 3;

/// With more commits of its own a branch is not compared.
const MAX_OWN: usize = 400;

/// With more commits of the mainline since, neither.
const MAX_MAINLINE: usize = 20_000;

/// As many first parents of the mainline are looked at for merges.
const MAX_MERGES: usize = 5_000;

/// So many of a hundred changes have to be on the mainline.
const ARRIVED: usize = 75;

/// Fewer changes show nothing.
const FEW: usize = 3;

/// Proposes the flows from release lines to the mainline.
///
/// # Errors
/// History that cannot be read.
pub(super) fn flows(
    project: &Project,
    seen: &Seen,
    lines: &Lines<'_>,
    release: Option<&Regex>,
) -> Result<Vec<Proposal>, FactError> {
    let Some(mainline) = lines.all.iter().find(|line| line.role == Role::Mainline) else { return Ok(Vec::new()) };
    let Some(main) = mainline.branches.first().map(|branch| branch.tip) else { return Ok(Vec::new()) };
    let merged = merged(project, main)?;
    let trunk: BTreeSet<ObjectId> = first_parents(project, main, MAX_MERGES)?.into_iter().collect();
    let merged: Vec<ObjectId> = merged.into_iter().filter(|commit| !trunk.contains(commit)).collect();
    let mut proposals = Vec::new();
    for line in lines.all.iter().filter(|line| line.role == Role::Release) {
        let main = (mainline.name.as_str(), main);
        proposals.extend(flow(project, seen, line, main, &merged, release)?);
    }
    Ok(proposals)
}

/// Returns the commits that the newest merges of the mainline brought.
pub(super) fn merged(project: &Project, main: ObjectId) -> Result<Vec<ObjectId>, FactError> {
    let (mut merged, mut next) = (Vec::new(), Some(main));
    for _ in 0..MAX_MERGES {
        project.step()?;
        let Some(id) = next else { break };
        let parents = project.repository().parents(id)?;
        next = parents.first().copied();
        merged.extend(parents.into_iter().skip(1));
    }
    Ok(merged)
}

fn flow(
    project: &Project,
    seen: &Seen,
    line: &Line<'_>,
    (name, main): (&str, ObjectId),
    merged: &[ObjectId],
    release: Option<&Regex>,
) -> Result<Option<Proposal>, FactError> {
    let repository = project.repository();
    let (mut picked, mut missing): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut own: BTreeSet<ObjectId> = BTreeSet::new();
    let newest = line.branches.iter().filter(|branch| branch.time >= seen.newest - RECENT);
    for branch in newest.take(BRANCHES) {
        own.extend(first_parents(project, branch.tip, MAX_OWN)?);
        let ahead = repository.commits(&[branch.tip], &[main], MAX_OWN);
        let behind = repository.commits(&[main], &[branch.tip], MAX_MAINLINE);
        let (Ok(ahead), Ok(_)) = (ahead, behind) else { continue };
        if ahead.is_empty() {
            continue;
        }
        let Ok(compared) = landed::compare(repository, branch.tip, &[main], &Options::default()) else { continue };
        for verdict in compared.verdicts() {
            // What makes a version stays where it is.
            if release.is_some_and(|release| release.is_match(&verdict.subject)) {
                continue;
            }
            match verdict.status {
                Status::Landed | Status::Partial | Status::Probable if verdict.evidence != Some(Evidence::Ancestor) => {
                    picked.push(verdict.commit.to_string());
                }
                Status::Missing => missing.push(verdict.commit.short()),
                _ => {}
            }
        }
    }
    let merges = merged.iter().filter(|commit| own.contains(*commit)).count();
    let all = picked.iter().map(|name| (name, true)).chain(missing.iter().map(|name| (name, false)));
    let support = Support::of(all, "changes of the newest branches are there");
    let (is_picked, is_merged) = (picked.len() >= FEW && support.reaches(ARRIVED), merges > 0);
    let by: Vec<toml::Value> = [(is_picked, "pick"), (is_merged, "merge")]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, way)| (*way).into())
        .collect();
    // Where some branches were merged once and what is on others stays there, nothing is owed.
    let owes = is_picked || (merges >= FEW && missing.len() <= merges);
    if !owes || by.is_empty() {
        return Ok(None);
    }
    let due = if is_merged { "next-tag" } else { "before" };
    let mut proposal = Proposal::new("flow")
        .key("from", line.name.as_str())
        .key("to", name)
        .key("by", toml::Value::Array(by))
        .key("due", due)
        .arms(&["unlanded-fix"]);
    if release.is_some() {
        proposal = proposal.key("exempt-changes", "release");
    }
    if support.is_some() {
        proposal = proposal.because(support);
    }
    if is_merged {
        proposal = proposal.because(format!("{merges} merges of its branches into `{name}`"));
    }
    Ok(Some(proposal))
}

/// Returns the newest commits of a branch along its first parents.
fn first_parents(project: &Project, tip: ObjectId, limit: usize) -> Result<Vec<ObjectId>, FactError> {
    let (mut commits, mut next) = (Vec::new(), Some(tip));
    for _ in 0..limit {
        project.step()?;
        let Some(id) = next else { break };
        commits.push(id);
        next = project.repository().parents(id)?.first().copied();
    }
    Ok(commits)
}
