//! Refuses pushes that take commits out of a branch.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{FactError, Movement, Update};
use crate::model::{Level, quote};

pub(super) struct RewrittenHistory;

impl Rule for RewrittenHistory {
    const META: Meta = Meta {
        id: "rewritten-history",
        summary: "Refuses pushes that take commits out of a branch.",
        task: "checking the history of",
        docs: include_str!("rewritten_history.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for RewrittenHistory {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(place) = change.line().filter(|place| !place.line.rewritable) else { return Ok(()) };
        if change.movement()? != Movement::Rewrite {
            return Ok(());
        }
        let lost = change.facts().project().commits(&[change.old()], &[change.new_id()])?;
        let (count, commits) = (lost.len(), if lost.len() == 1 { "commit" } else { "commits" });
        sink.report(format!(
            "the push takes {count} {commits} out of `{}`, a branch of the line `{}`",
            change.name(),
            place.line.name
        ))
        .commit(change.old())
        .help(format!("build on what is there: the tip is {}", change.old().short()))
        .command(quote(change.name().short()).map(|name| format!("git pull --rebase origin {name}")));
        Ok(())
    }
}
