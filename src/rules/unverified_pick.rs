//! Refuses picks that name an original that does not exist, or that is a different change.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing};
use crate::facts::{BranchUpdate, FactError, Way};
use crate::model::Level;

/// The rule's id, for other code that asks the same question.
pub(super) const ID: &str = "unverified-pick";

pub(super) struct UnverifiedPick;

impl Rule for UnverifiedPick {
    const META: Meta = Meta {
        id: ID,
        summary: "Refuses picks whose message names an original that does not exist or does something else.",
        task: "comparing the picks with their originals on",
        docs: include_str!("unverified_pick.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for UnverifiedPick {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let facts = branch.facts();
        for flow in facts
            .project()
            .flows_from(&branch.place().line.name)
            .filter(|flow| flow.by.contains(&Way::Pick) && flow.from != flow.to)
        {
            for dispute in facts.after().disputed(flow, branch.name(), branch.tip(), &branch.new_commits()?)? {
                let is = if dispute.is_doubt { "may not be" } else { "is not" };
                let message = format!("{} {is} the pick that it says it is: {}", dispute.commit.short(), dispute.wrong);
                let report = sink.report(message).commit(dispute.commit).asked_by(&flow.origin).help(format!(
                    "name the commit of the line `{}` that it was picked from (`git cherry-pick -x` does), or none",
                    flow.to
                ));
                if dispute.is_doubt {
                    report.only_warns();
                }
            }
        }
        Ok(())
    }
}
