//! Refuses branches that no line of the policy has.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Change, FactError};
use crate::model::{Level, Namespace, did_you_mean, listed, quote};

pub(super) struct UnlistedBranch;

impl Rule for UnlistedBranch {
    const META: Meta = Meta {
        id: "unlisted-branch",
        summary: "Refuses branches that belong to no line of the policy.",
        task: "finding the line of",
        docs: include_str!("unlisted_branch.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for UnlistedBranch {
    fn check(&self, change: &Change<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let lines = change.facts().lines();
        // A branch that nobody lists may always go away.
        if change.namespace() != Namespace::Branch || change.line().is_some() || change.deletes() || lines.is_empty() {
            return Ok(());
        }
        let short = change.name().short().to_string();
        let patterns: Vec<&str> = lines.iter().flat_map(|line| &line.branches).map(|pattern| pattern.text()).collect();
        let hint = did_you_mean(&short, patterns.iter().copied());
        sink.report(format!("no line of the policy has a branch `{}`{hint}", change.name()))
            .commit(change.new_id())
            .help(format!("branches here are named {}; rename yours and push it again", listed(&patterns, "or")))
            .command(quote(change.name().short()).map(|name| format!("git branch -m -- {name} NEW-NAME")));
        Ok(())
    }
}
