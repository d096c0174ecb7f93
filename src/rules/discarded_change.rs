//! Refuses merges that drop the changes which they bring.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing};
use crate::facts::{BranchUpdate, FactError};
use crate::model::{Level, ObjectId};

pub(super) struct DiscardedChange;

impl Rule for DiscardedChange {
    const META: Meta = Meta {
        id: "discarded-change",
        summary: "Refuses merges of a flow that bring commits and leave their changes behind.",
        task: "asking what was kept by the merges on",
        docs: include_str!("discarded_change.md"),
        default: Level::Refuse,
        standing: Standing::Edited,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for DiscardedChange {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let project = branch.project();
        let mut flows = project.flows().iter().filter(|flow| flow.to == branch.place().line.name).peekable();
        // A new branch has no merges of its own: what it starts from stands already.
        let (Some(old), Some(_)) = (branch.known_old()?, flows.peek()) else { return Ok(()) };
        let merges = merges(branch, old)?;
        for flow in flows {
            for discarded in branch.facts().after().discarded(flow, &merges, branch.tip())? {
                let (commit, merge) = (discarded.commit.id.short(), discarded.merge.short());
                let message = if discarded.is_whole {
                    format!("{merge} merges {commit} and keeps nothing of it")
                } else {
                    format!("{merge} merges {commit} and keeps less than half of its lines")
                };
                let report = sink.report(message).commit(discarded.commit.id).asked_by(&flow.origin).help(format!(
                    "merge it again and keep what it does, or make up for it in a commit on top; what stays on `{}` says \
                     `{}: REASON` in a trailer",
                    flow.from, flow.exempt_trailer
                ));
                // Whoever resolves a conflict may have good reasons to write the lines anew.
                if !discarded.is_whole {
                    report.only_warns();
                }
            }
        }
        Ok(())
    }
}

/// Returns the merges of a branch's own history that an update brings, newest first.
fn merges(branch: &BranchUpdate<'_, '_, '_>, old: ObjectId) -> Result<Vec<ObjectId>, FactError> {
    let mut merges = Vec::new();
    for id in branch.project().mainline_ahead(branch.tip(), old)?.commits {
        if branch.project().commit(id)?.parents.len() > 1 {
            merges.push(id);
        }
    }
    Ok(merges)
}
