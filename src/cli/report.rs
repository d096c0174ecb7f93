//! `refgate report`: a project under its policy as one page of HTML.

use std::path::PathBuf;

use super::context::{Context, When};
use super::judge::today;
use super::landed::ledgers;
use super::output::write;
use super::project::{ProjectFlags, RemoteFlag, open, view};
use crate::gate::Ask;
use crate::git::Trust;
use crate::model::{Exit, Failure, Stage};
use crate::project::Snapshot;
use crate::report::{Sheet, Stream, page};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectFlags,
    #[command(flatten)]
    remote: RemoteFlag,
    /// Write the page to a file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List only the newest changes in the ledger: which change is on which release branch.
    #[arg(long, value_name = "N", default_value_t = 200)]
    last: usize,
    /// Leave the ledger out: it compares every release branch with the mainline.
    #[arg(long)]
    no_ledger: bool,
    /// When to colour errors.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    let repository = arguments.project.repository(context, Trust::Cli)?;
    let view = view(&repository, &arguments.remote.remote)?;
    let ask = Ask { named: arguments.project.named(context)?, ..Ask::default() };
    let ask = ask.in_clone(&repository, &arguments.remote.remote);
    let gate = open(context, arguments.color, repository, view, ask)?;
    let held = gate.held().map_err(|error| error.into_failure("listing the branches and tags", Stage::Ci))?;
    let outcome = gate.judge_standing(&held, today())?;
    let refs = Snapshot::now(gate.project());
    let drawing = refs.drawing().map_err(|error| error.into_failure("laying the branches out", Stage::Ci))?;
    let ledgers = if arguments.no_ledger { Vec::new() } else { ledgers(&refs, Some(arguments.last))? };
    let subject = "What the branches and tags hold today would be";
    let sheet = Sheet { subject, drawing: Some(&drawing), ledgers: &ledgers, ..Sheet::of(&outcome) };
    write(context, arguments.output.as_deref(), Stream::Output, &page(&sheet))?;
    Ok(Exit::Accepted)
}
