//! `refgate uninstall`: takes refgate's hooks away and puts back what was there.

use super::context::Context;
use super::place::{PlaceFlags, failure};
use crate::install::plan_removal;
use crate::model::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: PlaceFlags,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let place = arguments.place.open(context, None)?;
    let site = place.site();
    let plan =
        plan_removal(&site, &arguments.place.hooks()).map_err(|error| failure("planning the removal", &error))?;
    if plan.steps.is_empty() {
        context.print("no hook of refgate's is installed here\n")?;
    }
    arguments.place.perform(context, &site, &plan, arguments.dry_run)?;
    for warning in &plan.warnings {
        context.say(&format!("note: {warning}"))?;
    }
    Ok(Exit::Accepted)
}
