//! `refgate audit`: the standing judgements of many repositories.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::judge::today;
use super::output::write;
use super::project::{RemoteFlag, named_policy};
use crate::audit::{Places, State, Terms, audit, below, listed};
use crate::model::{Exit, Failure};
use crate::report::{AUDIT_FORMATS, AuditFormat, audit_format};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A folder, whose repositories are judged, its own and those below it; or a file that names one repository a line
    /// (or with a NUL after each), relative to that file; `-` reads such a list from standard input.
    #[arg(value_name = "DIR|FILE-OF-PATHS")]
    place: PathBuf,
    /// The policy for all of them: a file, `preset:NAME` or `ref:REF:PATH`; each repository's own unless given.
    #[arg(long, value_name = "SOURCE")]
    policy: Option<String>,
    #[command(flatten)]
    remote: RemoteFlag,
    /// How many repositories are judged at a time; as many as there are cores unless given.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// How many folders below DIR are looked into.
    #[arg(long, value_name = "N", default_value_t = 8)]
    depth: usize,
    /// Give up on a repository after so many seconds, undecided, and go on with the others; 0 is never.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = seconds)]
    deadline: f64,
    /// Keep in a file what came out, and do not judge again what the file knows: an audit that was killed goes on, and
    /// the next one looks only at what has changed.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// How the answer is written.
    #[arg(long, value_name = "FORMAT", default_value = default_format(), value_parser = format_parser())]
    format: &'static AuditFormat,
    /// Write the answer to a file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List the findings of each repository below its row, for people.
    #[arg(long)]
    findings: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let parsed = text.parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    parsed.ok_or_else(|| "it is a number of seconds from 0 to 86400".to_owned())
}

fn default_format() -> &'static str {
    AUDIT_FORMATS.first().map_or("human", |format| format.name)
}

fn format_parser() -> impl TypedValueParser<Value = &'static AuditFormat> {
    let names = AUDIT_FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| audit_format(&name).ok_or("no such format"))
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let places = places(context, &arguments)?;
    if places.found.is_empty() {
        let cause = "there is no repository to judge";
        return Err(Failure::new(Exit::Usage, detail(&arguments.place), cause));
    }
    let terms = Terms {
        environment: context.environment(),
        policy: named_policy(context, arguments.policy.as_deref())?,
        remote: arguments.remote.remote,
        deadline: Some(arguments.deadline).filter(|seconds| *seconds > 0.0).map(Duration::from_secs_f64),
        today: today(),
    };
    let state = arguments.state.map(|path| State::open(&context.absolute(&path))).transpose()?;
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let jobs = arguments.jobs.unwrap_or_else(cores).get();
    let shows_progress = context.is_watched();
    let all = places.found.len();
    let progress = |done: usize| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{done} of {all} repositories"));
        }
    };
    progress(0);
    let (audit, kept) = audit(&places.found, &terms, state.as_ref(), jobs, &progress);
    if shows_progress {
        context.complain("\r\u{1b}[K");
    }
    if places.too_deep > 0 {
        let (count, depth) = (places.too_deep, arguments.depth);
        context
            .complain(&format!("hint: {count} folders lie deeper than `--depth {depth}` and were not looked into\n"));
    }
    let exit = audit.exit();
    let text = (arguments.format.render)(&audit, arguments.findings);
    let written = write(context, arguments.output.as_deref(), arguments.format.stream, &text);
    match written.and(kept) {
        Ok(()) => Ok(exit),
        Err(failure) if exit == Exit::Accepted => Err(failure),
        // What was found holds whether or not it could be written.
        Err(failure) => {
            context.complain(&crate::report::failure(&failure, context.colour(super::context::When::Auto)));
            Ok(exit)
        }
    }
}

fn places(context: &Context, arguments: &Args) -> Result<Places, Failure> {
    let named = arguments.place.as_path();
    let failure = |error: std::io::Error| Failure::new(Exit::Usage, detail(named), error.to_string());
    let base = context.absolute(Path::new(""));
    if named == Path::new("-") {
        return Ok(listed(&context.standard_input()?, &base));
    }
    let path = context.absolute(named);
    if path.is_dir() {
        return below(&base, named, arguments.depth).map_err(failure);
    }
    let list = std::fs::read(&path).map_err(failure)?;
    Ok(listed(&list, path.parent().unwrap_or(&base)))
}

fn detail(named: &Path) -> String {
    format!("looking for repositories in {}", named.display())
}
