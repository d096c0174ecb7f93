//! `refgate replay`: judges the past as though it were pushed now.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::tz::TimeZone;
use std::num::NonZero;
use std::path::PathBuf;

use super::context::{Context, When};
use super::judge::today;
use super::output::write;
use super::project::{ProjectFlags, RemoteFlag, commit, open, view};
use crate::gate::Ask;
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure, Stage};
use crate::policy::Pattern;
use crate::replay::{Selection, State, Terms, history, replay};
use crate::report::{REPLAY_FORMATS, ReplayFormat, replay_format};

#[derive(Debug, clap::Args)]
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
    /// How the answer is written.
    #[arg(long, value_name = "FORMAT", default_value = default_format(), value_parser = format_parser())]
    format: &'static ReplayFormat,
    /// Write the answer to a file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List every push of which something was found, for people.
    #[arg(long)]
    findings: bool,
    /// When to colour errors.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

fn default_format() -> &'static str {
    REPLAY_FORMATS.first().map_or("human", |format| format.name)
}

fn format_parser() -> impl TypedValueParser<Value = &'static ReplayFormat> {
    let names = REPLAY_FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| replay_format(&name).ok_or("no such format"))
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let repository = arguments.project.repository(context, Trust::Cli)?;
    let selection = selection(&arguments, &repository)?;
    let directory = repository.work_tree().unwrap_or_else(|| repository.git_dir()).to_owned();
    let view = view(&repository, &arguments.remote.remote)?;
    let ask = Ask { named: arguments.project.named(context)?, ..Ask::default() };
    let ask = ask.in_clone(&repository, &arguments.remote.remote);
    let gate = open(context, arguments.color, repository, view, ask)?;
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
    let terms = Terms { environment: context.environment(), directory, policy: policy.clone(), today: today() };
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let jobs = arguments.jobs.unwrap_or_else(cores).get();
    let all = history.events.len();
    let progress = |done: usize| say(&format!("{done} of {all} pushes"));
    let replayed = replay(&history, &terms, state.as_ref(), jobs, &progress);
    say("");
    let replayed = replayed?;
    let text = (arguments.format.render)(&replayed, arguments.findings);
    write(context, arguments.output.as_deref(), arguments.format.stream, &text)?;
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
