//! Refuses to merge a line into the branches that were cut from it.

use std::collections::BTreeSet;

use super::rule::NoOptions;
use super::rule::Report;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing, commands};
use crate::facts::{BranchUpdate, Commit, FactError};
use crate::model::{Level, ObjectId, RefName};

pub(super) struct WrongWayMerge;

impl Rule for WrongWayMerge {
    const META: Meta = Meta {
        id: "wrong-way-merge",
        summary: "Refuses merges of the mainline into a branch that was cut from it.",
        task: "reading the merges on",
        docs: include_str!("wrong_way_merge.md"),
        default: Level::Refuse,
        standing: Standing::Grown,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for WrongWayMerge {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        // A new branch has no merges of its own: what it starts from is where it was cut.
        let Some(old) = branch.known_old()?.filter(|_| branch.place().line.cut_from.is_some()) else { return Ok(()) };
        let brought = branch.new_commits()?;
        let origins = branch.origins(branch.facts().after())?;
        let mut is_told = false;
        for id in &brought {
            let commit = branch.project().commit(*id)?;
            is_told |= merges(branch, old, &commit, &origins, sink)?;
        }
        if is_told { Ok(()) } else { moves_onto(branch, old, &brought.into_iter().collect(), sink) }
    }
}

/// Reports a merge that brings one of the origins.
fn merges(
    branch: &BranchUpdate<'_, '_, '_>,
    old: ObjectId,
    commit: &Commit,
    origins: &[(RefName, ObjectId)],
    sink: &mut Sink<'_>,
) -> Result<bool, FactError> {
    let Some((own, merged)) = commit.parents.split_first().filter(|(_, merged)| !merged.is_empty()) else {
        return Ok(false);
    };
    let brought = branch.project().commits(merged, &[*own])?.into_iter().collect();
    for (origin, tip) in origins {
        let Some(first) = own_commit(branch, *tip, old, &brought)? else { continue };
        let message =
            format!("{} merges `{origin}` into `{}`, which was cut from it", commit.id.short(), branch.name());
        tell(sink.report(message).commit(commit.id), first)
            .command_instead(|| commands::take_merge_out(branch, commit));
        return Ok(true);
    }
    Ok(false)
}

/// Reports commits of an origin that come by a fast-forward, or by a merge whose first parent is the origin's: the
/// branch then continues where the origin was before the push. Commits that reach both in one push are on neither yet.
fn moves_onto(
    branch: &BranchUpdate<'_, '_, '_>,
    old: ObjectId,
    brought: &BTreeSet<ObjectId>,
    sink: &mut Sink<'_>,
) -> Result<(), FactError> {
    for (origin, tip) in branch.origins(branch.facts().before())? {
        let Some(first) = own_commit(branch, tip, old, brought)? else { continue };
        let message = format!("`{}` moves onto `{origin}`, which it was cut from", branch.name());
        tell(sink.report(message).commit(first), first).command_instead(|| commands::take_off(branch, tip));
        return Ok(());
    }
    Ok(())
}

fn tell(report: Report<'_>, first: ObjectId) -> Report<'_> {
    report.help("pick what the branch needs, and leave the rest").evidence(format!("{} comes with it", first.short()))
}

/// Returns a commit that was made on an origin itself, was not merged into it from elsewhere, and is new to the branch
/// with this push. A fix made on a branch of its own and merged into both lines is not one.
fn own_commit(
    branch: &BranchUpdate<'_, '_, '_>,
    origin: ObjectId,
    old: ObjectId,
    brought: &BTreeSet<ObjectId>,
) -> Result<Option<ObjectId>, FactError> {
    for id in branch.along(origin, old, brought)? {
        if !branch.takes(id)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
