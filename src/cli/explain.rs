//! `refgate explain`: one rule's page.

use super::context::Context;
use crate::model::{Exit, Failure, did_you_mean};
use crate::rules::{REGISTRY, find};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule's id.
    rule: String,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let rule = arguments.rule.as_str();
    let entry = find(rule).ok_or_else(|| {
        let hint = did_you_mean(rule, REGISTRY.iter().map(|entry| entry.meta.id));
        Failure::new(Exit::Usage, "finding the rule's page", format!("there is no rule `{rule}`{hint}"))
            .help("`refgate rules` lists the rules there are")
    })?;
    context.print(entry.meta.docs)?;
    Ok(Exit::Accepted)
}
