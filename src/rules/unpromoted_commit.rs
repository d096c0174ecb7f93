//! Refuses commits that skip the line they have to be on first.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing, commands};
use crate::facts::{Bindings, BranchUpdate, Commit, FactError, Update};
use crate::model::{Level, ObjectId};

pub(super) struct UnpromotedCommit;

impl Rule for UnpromotedCommit {
    const META: Meta = Meta {
        id: "unpromoted-commit",
        summary: "Refuses commits on a line that must come from another and are not there.",
        task: "asking where the commits come from on",
        docs: include_str!("unpromoted_commit.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for UnpromotedCommit {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let facts = branch.facts();
        let sources = &branch.place().line.intake.only_from;
        if sources.is_empty() {
            return Ok(());
        }
        let mut known: Vec<ObjectId> = branch.known_old()?.into_iter().collect();
        let mut branches = Vec::new();
        for line in facts.project().lines().iter().filter(|line| sources.contains(&line.name)) {
            for (name, tip) in facts.after().branches(line, &Bindings::new())? {
                known.push(tip);
                branches.push((name, tip));
            }
        }
        let from = sources.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        // Oldest first: the first that skipped is the one to look at.
        for id in facts.project().commits(&[branch.tip()], &known)?.into_iter().rev() {
            let commit = facts.project().commit(id)?;
            if adds_nothing(branch, &commit)? {
                continue;
            }
            sink.report(format!(
                "{} is not on {from}, where what comes to `{}` has to be first",
                id.short(),
                branch.name()
            ))
            .commit(id)
            .help("bring it there, and push both")
            .command(|| branches.first().and_then(|(source, tip)| commands::promote(branch, source, *tip)));
        }
        Ok(())
    }
}

/// Returns whether a commit is a merge with exactly the content of one of its parents: the promotion itself.
fn adds_nothing(change: &Update<'_, '_>, commit: &Commit) -> Result<bool, FactError> {
    if commit.parents.len() < 2 {
        return Ok(false);
    }
    for parent in &commit.parents {
        if change.facts().project().commit(*parent)?.tree == commit.tree {
            return Ok(true);
        }
    }
    Ok(false)
}
