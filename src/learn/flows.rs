//! How changes travel between lines: what of the newest release branches is on the mainline, and how it came there.

use regex::bytes::Regex;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::branches::{Line, Lines};
use super::groups::RECENT;
use super::kinds;
use super::proposal::{Proposal, Support};
use super::seen::Seen;
use crate::landed::{self, Evidence, Options, Status};
use crate::model::{ObjectId, counted};
use crate::policy::{FlowDue, Role};
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

/// As long as branches are compared.
const TAKES: Duration = Duration::from_secs(30);

/// Fewer changes show nothing.
const FEW: usize = 3;

/// The days that a flow may leave for a change to arrive: those of security, for one, are on the branches first.
const DAYS: [u16; 5] = [1, 7, 14, 30, 90];

/// So many of a hundred changes have to arrive within them.
const IN_TIME: usize = 99;

/// Proposes the flows from release lines to the mainline. Returns also what was not looked at, as a sentence.
///
/// # Errors
/// History that cannot be read.
pub(super) fn flows(
    project: &Project,
    seen: &Seen,
    lines: &Lines<'_>,
    release: Option<&Regex>,
) -> Result<(Vec<Proposal>, Option<String>), FactError> {
    let mainline = lines.all.iter().find(|line| line.role == Role::Mainline);
    let Some((mainline, main)) = mainline.and_then(|line| Some((line, line.branches.first()?.tip))) else {
        return Ok((Vec::new(), None));
    };
    let merged = merged(project, main)?;
    let trunk: BTreeSet<ObjectId> = first_parents(project, main, MAX_MERGES)?.into_iter().collect();
    let merged: Vec<ObjectId> = merged.into_iter().filter(|commit| !trunk.contains(commit)).collect();
    let releases: Vec<&Line<'_>> = lines.all.iter().filter(|line| line.role == Role::Release).collect();
    let mut changes = Vec::new();
    let until = Instant::now() + TAKES;
    for line in &releases {
        changes.push(Changes::of(project, seen, line, (main, until), release)?);
    }
    let unread: usize = changes.iter().map(|changes| changes.unread).sum();
    let unread = (unread > 0).then(|| {
        let branches = counted(unread, "release branch was", "release branches were");
        format!("{branches} not compared with the mainline: too many commits are between them, or it took too long")
    });
    let bumps = Support::of(
        changes.iter().flat_map(|changes| changes.told(true)),
        "updates of what the project depends on are on the mainline, too: they are made for each branch",
    );
    let owes_bumps = bumps.without() < FEW || bumps.reaches(ARRIVED);
    let mut proposals: Vec<Proposal> = releases
        .iter()
        .zip(&changes)
        .filter_map(|(line, changes)| flow(line, &mainline.name, changes, &merged, (release.is_some(), owes_bumps)))
        .collect();
    if !proposals.is_empty() && !owes_bumps {
        proposals.insert(0, kinds::bump(&bumps));
    }
    Ok((proposals, unread))
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

/// What is on the newest branches of a line.
#[derive(Default)]
struct Changes {
    /// Their changes, with whether the mainline has them and whether they move a dependency.
    all: Vec<(String, bool, bool)>,
    /// By how many seconds what the mainline has of them was made there later than on the branch.
    lags: Vec<i64>,
    /// Their commits along first parents.
    own: BTreeSet<ObjectId>,
    /// How many branches were not compared.
    unread: usize,
}

impl Changes {
    fn of(
        project: &Project,
        seen: &Seen,
        line: &Line<'_>,
        (main, until): (ObjectId, Instant),
        release: Option<&Regex>,
    ) -> Result<Self, FactError> {
        let repository = project.repository();
        let mut changes = Self::default();
        let newest = line.branches.iter().filter(|branch| branch.time >= seen.newest - RECENT);
        for branch in newest.take(BRANCHES) {
            changes.own.extend(first_parents(project, branch.tip, MAX_OWN)?);
            let ahead = repository.commits(&[branch.tip], &[main], MAX_OWN);
            let behind = repository.commits(&[main], &[branch.tip], MAX_MAINLINE);
            let (Ok(ahead), Ok(_)) = (ahead, behind) else {
                changes.unread += 1;
                continue;
            };
            if ahead.is_empty() {
                continue;
            }
            let own = repository.deadline();
            repository.set_deadline(Some(own.map_or(until, |own| own.min(until))));
            let compared = landed::compare(repository, branch.tip, &[main], &Options::default());
            repository.set_deadline(own);
            let Ok(compared) = compared else {
                changes.unread += 1;
                continue;
            };
            for verdict in compared.verdicts() {
                // What makes a version stays where it is.
                if release.is_some_and(|release| release.is_match(&verdict.subject)) {
                    continue;
                }
                let is_bump = || kinds::is_bump(&verdict.subject);
                match verdict.status {
                    Status::Landed | Status::Partial | Status::Probable
                        if verdict.evidence != Some(Evidence::Ancestor) =>
                    {
                        changes.all.push((verdict.commit.to_string(), true, is_bump()));
                        if let Some(there) = verdict.matched {
                            changes.lags.push(made(project, there)?.saturating_sub(made(project, verdict.commit)?));
                        }
                    }
                    Status::Missing => changes.all.push((verdict.commit.short(), false, is_bump())),
                    _ => {}
                }
            }
        }
        Ok(changes)
    }

    /// Returns the changes that move a dependency, or all others, each with whether the mainline has it.
    fn told(&self, bumps: bool) -> impl Iterator<Item = (&str, bool)> {
        let wanted = self.all.iter().filter(move |(.., is_bump)| *is_bump == bumps);
        wanted.map(|(name, is_there, _)| (name.as_str(), *is_there))
    }
}

/// Returns when a commit was made.
fn made(project: &Project, id: ObjectId) -> Result<i64, FactError> {
    Ok(project.commit(id)?.committer.seconds)
}

/// Returns by when nearly all picked changes had arrived, as a policy writes it, with what shows that they came later than at
/// once.
fn due(lags: &[i64]) -> (FlowDue, Option<String>) {
    let within = |seconds: i64| lags.iter().filter(|lag| **lag <= seconds).count();
    let is_nearly_all = |count: usize| count * 100 >= lags.len() * IN_TIME;
    let at_once = within(0);
    if is_nearly_all(at_once) {
        return (FlowDue::Before, None);
    }
    let seconds = |days: u16| i64::from(days) * 86_400;
    let [.., longest] = DAYS;
    let days = DAYS.into_iter().find(|days| is_nearly_all(within(seconds(*days)))).unwrap_or(longest);
    let (all, late, in_time) = (lags.len(), lags.len() - at_once, within(seconds(days)));
    let in_days = counted(usize::from(days), "day", "days");
    (FlowDue::Days(days), Some(format!("{late} of {all} were made there later, {in_time} within {in_days}")))
}

fn flow(
    line: &Line<'_>,
    main: &str,
    changes: &Changes,
    merged: &[ObjectId],
    (has_release, owes_bumps): (bool, bool),
) -> Option<Proposal> {
    let merges = merged.iter().filter(|commit| changes.own.contains(*commit)).count();
    let bumps = changes.told(true).filter(|_| owes_bumps);
    let support = Support::of(changes.told(false).chain(bumps), "changes of the newest branches are there");
    let (is_picked, is_merged) = (support.with() >= FEW && support.reaches(ARRIVED), merges > 0);
    let by: Vec<toml::Value> = [(is_picked, "pick"), (is_merged, "merge")]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, way)| (*way).into())
        .collect();
    // Where some branches were merged once and what is on others stays there, nothing is owed.
    let owes = is_picked || (merges >= FEW && support.without() <= merges);
    if !owes || by.is_empty() {
        return None;
    }
    let (due, late) = if is_merged {
        (FlowDue::NextTag, None)
    } else if support.without() == 0 {
        due(&changes.lags)
    } else {
        // With days, what never arrives would hold up all later pushes, and not only the one that brings it.
        (FlowDue::Before, None)
    };
    let mut proposal = Proposal::new("flow")
        .key("from", line.name.as_str())
        .key("to", main)
        .key("by", toml::Value::Array(by))
        .key("due", due.to_string())
        .arms(&["unlanded-fix"]);
    let exempt: Vec<String> = [(has_release, "release"), (!owes_bumps, "bump")]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, kind)| (*kind).to_owned())
        .collect();
    if !exempt.is_empty() {
        proposal = proposal.texts("exempt-changes", &exempt);
    }
    if support.is_some() {
        proposal = proposal.because(support);
    }
    if let Some(late) = late {
        proposal = proposal.because(late);
    }
    if is_merged {
        proposal = proposal.because(format!("{merges} merges of its branches into `{main}`"));
    }
    Some(proposal)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_due_when_nearly_all_had_arrived() {
        const DAY: i64 = 86_400;
        let due_of = |lags: &[i64]| due(lags).0.to_string();
        assert_eq!(due_of(&[]), "before");
        assert_eq!(due_of(&[-DAY, 0, -1]), "before");
        assert_eq!(due_of(&[&[-1; 99][..], &[5 * DAY]].concat()), "before", "one in a hundred is an exception");
        assert_eq!(due_of(&[-DAY, 0, 1]), "1d");
        assert_eq!(due_of(&[-DAY, 0, DAY + 1]), "7d");
        assert_eq!(due_of(&[-DAY, 900 * DAY]), "90d");
        let why = due(&[-DAY, 0, 6 * DAY]).1;
        assert_eq!(why.as_deref(), Some("1 of 3 were made there later, 3 within 7 days"));
    }
}
