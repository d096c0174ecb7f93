//! `refgate replay`: judges the past as though it were pushed now.

use jiff::tz::TimeZone;
use std::num::NonZero;
use std::path::PathBuf;

use super::context::Context;
use super::judge::today;
use super::output::{OutputFlags, formats};
use super::project::{ProjectFlags, RemoteFlag, commit, open, view};
use crate::gate::Ask;
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure, Stage};
use crate::policy::Pattern;
use crate::replay::{Selection, State, Terms, history, replay};
use crate::report::ReplayReport;

#[derive(Debug, clap::Args)]
#[command(mut_arg("format", |arg| arg.value_parser(formats(Some(OF_A_REPLAY)))))]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectFlags,
    #[command(flatten)]
    remote: RemoteFlag,
    /// Judge only pushes from this day on (`2026-01-31`), or of commits that are neither this one nor its ancestors.
    #[arg(long, value_name = "DATE|REV")]
    since: Option<String>,
    /// Judge only pushes of refs that match: a pattern as policies have it, of full or short names. May be given several
    /// times.
    #[arg(long = "refs", value_name = "GLOB")]
    refs: Vec<String>,
    /// How many pushes are judged at a time; as many as there are cores unless given.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Keep in a file what came out: a replay that was killed goes on where it was.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    report: OutputFlags,
    /// List every push of which something was found, for people.
    #[arg(long)]
    findings: bool,
}

/// What `human` and `json` are of a replay.
const OF_A_REPLAY: [&str; 2] = ["Tables for people, on standard output", "refgate.replay/v1, on standard output"];

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let repository = arguments.project.repository(context, Trust::Cli)?;
    let selection = selection(&arguments, &repository)?;
    let directory = repository.work_tree().unwrap_or_else(|| repository.git_dir()).to_owned();
    let view = view(&repository, &arguments.remote.remote)?;
    let ask = Ask { named: arguments.project.named(context)?, ..Ask::default() };
    let ask = ask.in_clone(&repository, &arguments.remote.remote);
    let gate = open(context, arguments.report.color, repository, view, ask)?;
    let shows_progress = context.is_watched();
    let say = |text: &str| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{text}"));
        }
    };
    say("reading the history");
    let history = history(&gate, &selection)
        .map_err(|error| error.into_failure("reading the history of the branches and tags", Stage::Ci))?;
    let policy = gate.project().policy();
    let state = arguments.state.as_ref().map(|path| State::open(&context.absolute(path), &history, policy));
    let state = state.transpose()?;
    let terms =
        Terms { environment: context.environment(), directory, policy: policy.clone(), today: today(), limits: None };
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let jobs = arguments.jobs.unwrap_or_else(cores).get();
    let all = history.events.len();
    let progress = |done: usize| say(&format!("{done} of {all} pushes"));
    let replayed = replay(&history, &terms, state.as_ref(), jobs, &progress);
    say("");
    let replayed = replayed?;
    let report = ReplayReport { replay: &replayed, lists_findings: arguments.findings };
    arguments.report.deliver(context, &report)?;
    Ok(replayed.exit())
}

fn selection(arguments: &Args, repository: &Repository) -> Result<Selection, Failure> {
    let mut selection = Selection::default();
    for text in &arguments.refs {
        let pattern = Pattern::parse(text)
            .map_err(|error| Failure::new(Exit::Usage, format!("reading `--refs {text}`"), error.to_string()))?;
        selection.refs.push(pattern);
    }
    let Some(since) = &arguments.since else { return Ok(selection) };
    let start = since.parse::<jiff::civil::Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    match start {
        Some(start) => selection.since = Some(start.timestamp().as_second()),
        None => selection.after = Some(commit(repository, since)?),
    }
    Ok(selection)
}
