//! Refuses to merge a line into the branches that were cut from it.

use std::collections::BTreeSet;

use super::rule::NoOptions;
use super::{CommitRule, Meta, OptionError, Rule, Sink};
use crate::facts::{Bindings, BranchUpdate, Commit, FactError};
use crate::model::{Level, ObjectId, RefName, quote};

pub(super) struct WrongWayMerge;

impl Rule for WrongWayMerge {
    const META: Meta = Meta {
        id: "wrong-way-merge",
        summary: "Refuses merges of the mainline into a branch that was cut from it.",
        task: "reading the merges on",
        docs: include_str!("wrong_way_merge.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl CommitRule for WrongWayMerge {
    fn concerns(&self, branch: &BranchUpdate<'_, '_, '_>) -> bool {
        // A new branch has no merges of its own to speak of: what it starts from is where it was cut.
        !branch.creates() && branch.place().line.cut_from.is_some()
    }

    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, commit: &Commit, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some((own, merged)) = commit.parents.split_first().filter(|(_, merged)| !merged.is_empty()) else {
            return Ok(());
        };
        for (origin, tip) in origins(branch)? {
            let Some(first) = mainline_commit(branch, merged, *own, tip)? else { continue };
            sink.report(format!(
                "{} merges `{origin}` into `{}`, which was cut from it",
                commit.id.short(),
                branch.name()
            ))
            .commit(commit.id)
            .help("pick what the branch needs, and leave the rest")
            .command(
                quote(branch.name().short())
                    .map(|name| format!("git reset --hard origin/{name} && git cherry-pick -x COMMIT")),
            )
            .evidence(format!("{} comes with it", first.short()));
            return Ok(());
        }
        Ok(())
    }
}

/// The branches of the line that this one is cut from.
fn origins(branch: &BranchUpdate<'_, '_, '_>) -> Result<Vec<(RefName, ObjectId)>, FactError> {
    let facts = branch.facts();
    let cut_from = branch.place().line.cut_from.as_ref();
    let mut found = Vec::new();
    for line in facts.project().lines().iter().filter(|line| Some(&line.name) == cut_from) {
        found.extend(facts.after().branches(line, &Bindings::new())?);
    }
    Ok(found)
}

/// A commit that was made on the mainline itself, not merged into it from elsewhere, and that the merge brings along.
/// A fix made on a branch of its own and merged into both lines is not one.
fn mainline_commit(
    branch: &BranchUpdate<'_, '_, '_>,
    merged: &[ObjectId],
    own: ObjectId,
    tip: ObjectId,
) -> Result<Option<ObjectId>, FactError> {
    let facts = branch.facts();
    let brought: BTreeSet<ObjectId> = facts.project().commits(merged, &[own])?.into_iter().collect();
    let ahead: BTreeSet<ObjectId> = facts.project().commits(&[tip], &[own])?.into_iter().collect();
    let mut next = Some(tip);
    while let Some(id) = next.filter(|id| ahead.contains(id)) {
        if brought.contains(&id) {
            return Ok(Some(id));
        }
        next = facts.project().commit(id)?.parents.first().copied();
    }
    Ok(None)
}
