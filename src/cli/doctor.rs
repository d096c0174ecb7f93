//! `refgate doctor`: shows what was detected and what is wrong, and proves that pushes are refused.

use super::context::Context;
use super::place::{PlaceFlags, failure};
use crate::install::diagnose;
use crate::model::{Exit, Failure, counted};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: PlaceFlags,
    /// The account whose git runs the hooks; for root the repository's owner unless given.
    #[arg(long = "as", value_name = "USER")]
    account: Option<String>,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let place = arguments.place.open(context, arguments.account.as_deref())?;
    let diagnosis = diagnose(&place.site()).map_err(|error| failure("examining the hooks", &error))?;
    for line in &diagnosis.lines {
        context.print(&format!("{line}\n"))?;
    }
    let problems = diagnosis.problems();
    context.print(&match problems {
        0 => match diagnosis.warnings() {
            0 => "healthy\n".to_owned(),
            warnings => format!("healthy, with {}\n", counted(warnings, "warning", "warnings")),
        },
        _ => format!("{}\n", counted(problems, "problem", "problems")),
    })?;
    Ok(if problems == 0 { Exit::Accepted } else { Exit::Refused })
}
