//! Refuses to merge a line into the branches that were cut from it.

use std::collections::BTreeSet;

use super::rule::NoOptions;
use super::{CommitRule, Meta, OptionError, Rule, Sink};
use crate::facts::{Bindings, Commit, FactError, Update};
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
    fn concerns(&self, change: &Update<'_, '_>) -> bool {
        // A new branch has no merges of its own to speak of: what it starts from is where it was cut.
        !change.creates() && change.line().is_some_and(|place| place.line.cut_from.is_some())
    }

    fn check(&self, change: &Update<'_, '_>, commit: &Commit, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some((own, merged)) = commit.parents.split_first().filter(|(_, merged)| !merged.is_empty()) else {
            return Ok(());
        };
        for (branch, tip) in origins(change)? {
            let Some(first) = mainline_commit(change, merged, *own, tip)? else { continue };
            sink.report(format!(
                "{} merges `{branch}` into `{}`, which was cut from it",
                commit.id.short(),
                change.name()
            ))
            .commit(commit.id)
            .help("pick what the branch needs, and leave the rest")
            .command(
                quote(change.name().short())
                    .map(|name| format!("git reset --hard origin/{name} && git cherry-pick -x COMMIT")),
            )
            .evidence(format!("{} comes with it", first.short()));
            return Ok(());
        }
        Ok(())
    }
}

/// The branches of the line that this one is cut from.
fn origins(change: &Update<'_, '_>) -> Result<Vec<(RefName, ObjectId)>, FactError> {
    let facts = change.facts();
    let cut_from = change.line().and_then(|place| place.line.cut_from.as_ref());
    let mut found = Vec::new();
    for line in facts.project().lines().iter().filter(|line| Some(&line.name) == cut_from) {
        found.extend(facts.after().branches(line, &Bindings::new())?);
    }
    Ok(found)
}

/// A commit that was made on the mainline itself, not merged into it from elsewhere, and that the merge brings along.
/// A fix made on a branch of its own and merged into both lines is not one.
fn mainline_commit(
    change: &Update<'_, '_>,
    merged: &[ObjectId],
    own: ObjectId,
    tip: ObjectId,
) -> Result<Option<ObjectId>, FactError> {
    let facts = change.facts();
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
