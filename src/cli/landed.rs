//! `refgate landed`: for each change of one branch, where it is on another.

mod questions;
mod text;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::judge::today;
use super::load::optional_policy;
use super::output::FormatName;
use crate::facts::{FactError, Facts, View};
use crate::git::{Repository, Trust};
use crate::landed::{Caching, Comparison, Options, Status};
use crate::model::{Actor, Exit, Failure, ObjectId, Push, Stage, Untrusted};
use questions::{Asked, Question};
use text::Answer;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// The policy: a file, `preset:NAME` or `ref:REF:PATH`. Its flows are answered where neither `--from` nor `--to` is
    /// given, and what it exempts and waives counts.
    #[arg(long, value_name = "SOURCE")]
    policy: Option<String>,
    /// Whose changes are looked for: a branch, any revision, or a line of the policy; HEAD unless given.
    #[arg(long, value_name = "REV|LINE")]
    from: Option<String>,
    /// Where they are looked for; where the policy wants them, or else `main` or `master`, unless given.
    #[arg(long, value_name = "REV|LINE")]
    to: Option<String>,
    /// The remote whose tracking refs are the branches of lines, in a clone.
    #[arg(long, value_name = "NAME", default_value = "origin")]
    remote: String,
    /// Only the newest changes.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// How the answer is written, to standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: FormatName,
    /// List all changes, those that landed too.
    #[arg(long)]
    all: bool,
    /// Leave out what messages say (trailers, Change-Ids, pull requests), to measure what the rest finds.
    #[arg(long)]
    ignore_trailers: bool,
    /// Neither use nor keep what was found out about commits (`refgate/landed` in the repository).
    #[arg(long)]
    no_cache: bool,
    /// Pairs that are not compared, to measure false matches: a file of lines `BRANCH-COMMIT MAINLINE-COMMIT`.
    #[arg(long, value_name = "FILE")]
    without: Option<PathBuf>,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let repository = context.repository(arguments.repo.as_deref(), Trust::Cli)?;
    let policy = optional_policy(context, arguments.policy.as_deref(), &repository)?;
    let view = if repository.is_bare() { View::Own } else { View::of_remote(&repository, arguments.remote.as_bytes()) };
    let push = nothing_pushed();
    let facts = policy.as_ref().map(|policy| Facts::new(&repository, policy, &push, view, None));
    let asked = Asked { repository: &repository, facts: facts.as_ref(), remote: &arguments.remote };
    let questions = asked.questions(&arguments)?;
    let without = pairs(context, arguments.without.as_deref())?;
    let mut answered = Vec::new();
    for question in &questions.list {
        let answer = answer(context, &arguments, &repository, facts.as_ref(), question, &without)?;
        answered.push((question, answer));
    }
    let text = match arguments.format {
        FormatName::Json => text::json(&answered, questions.may_be_many),
        FormatName::Human if answered.is_empty() => "there is no branch to look for changes on\n".to_owned(),
        FormatName::Human => {
            let texts = answered.iter().map(|(question, answer)| text::human(question, answer, arguments.all));
            texts.collect::<Vec<String>>().join("\n")
        }
    };
    context.print(&text)?;
    Ok(Exit::Accepted)
}

/// Branches are asked about as they are.
pub(super) fn nothing_pushed() -> Push {
    Push { stage: Stage::Ci, host: None, actor: Actor::Unknown, options: Vec::new(), updates: Vec::new() }
}

fn answer(
    context: &Context,
    arguments: &Args,
    repository: &Repository,
    facts: Option<&Facts<'_>>,
    question: &Question<'_>,
    without: &BTreeSet<(ObjectId, ObjectId)>,
) -> Result<Answer, Failure> {
    let detail =
        || format!("looking for the changes of {} on {}", Untrusted::new(&question.from), Untrusted::new(&question.to));
    let undecided = |error: &dyn std::error::Error| Failure::from_error(Exit::Undecided, detail(), error);
    let unknown = |error: FactError| {
        let failure = Failure::new(Exit::Undecided, detail(), error.cause);
        error.help.into_iter().fold(failure, Failure::help)
    };
    let only = match arguments.last {
        Some(count) => {
            let all = repository
                .commits(&[question.tip], &question.targets, MAX_COMMITS)
                .map_err(|error| undecided(&error))?;
            Some(newest(repository, all, count).map_err(|error| undecided(&error))?)
        }
        None => None,
    };
    let shows_progress = std::io::stderr().is_terminal();
    let progress = |what: &'static str, count: usize| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{what} ({count})"));
        }
    };
    let options = Options {
        ignore_explicit: arguments.ignore_trailers,
        without: without.clone(),
        only,
        progress: Some(&progress),
        grammar: facts.map(Facts::grammar).unwrap_or_default(),
        cache: if arguments.no_cache { Caching::Off } else { Caching::Keep },
        ..Options::default()
    };
    let compared = match (facts, question.flow) {
        (Some(facts), Some(flow)) => facts
            .answers(flow, question.tip, &question.targets, options)
            .map(|answers| (answers.verdicts, answers.unread))
            .map_err(unknown),
        _ => Comparison::new(repository, question.tip, &question.targets, &options)
            .map(|comparison| (comparison.verdicts().to_vec(), comparison.unread().to_vec()))
            .map_err(|error| undecided(&error)),
    };
    if shows_progress {
        context.complain("\r\u{1b}[K");
    }
    let (verdicts, unread) = compared?;
    let mut answer = Answer { changes: Vec::new(), unread, changelogs: Vec::new() };
    let today = today();
    for verdict in verdicts {
        let is_owed = !matches!(verdict.status, Status::Landed | Status::Exempt) && question.flow.is_some();
        let waiver = facts.filter(|_| is_owed).and_then(|facts| {
            facts.exceptions("unlanded-fix", Some(verdict.commit), question.branch.as_ref(), today).granted
        });
        answer.changes.push((verdict, waiver));
    }
    if let (Some(facts), Some(flow), [target]) = (facts, question.flow, question.targets.as_slice()) {
        answer.changelogs = facts.stranded(flow, question.tip, *target).map_err(unknown)?;
    }
    Ok(answer)
}

/// More changes than this on a branch are no question.
const MAX_COMMITS: usize = 500_000;

/// The newest `count` commits that are no merges.
fn newest(repository: &Repository, all: Vec<ObjectId>, count: usize) -> Result<Vec<ObjectId>, crate::git::Error> {
    let mut newest = Vec::with_capacity(count.min(all.len()));
    for id in all {
        if newest.len() == count {
            break;
        }
        if repository.commit(id)?.parents.len() < 2 {
            newest.push(id);
        }
    }
    Ok(newest)
}

/// The commit that a revision stands for.
pub(super) fn commit(repository: &Repository, revision: &str) -> Result<ObjectId, Failure> {
    let peeled = repository.rev_parse(revision).and_then(|id| repository.peel(id));
    peeled.map(|peeled| peeled.id).map_err(|error| {
        let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Usage };
        Failure::from_error(exit, format!("resolving the revision `{}`", Untrusted::new(revision)), &error)
    })
}

fn pairs(context: &Context, file: Option<&Path>) -> Result<BTreeSet<(ObjectId, ObjectId)>, Failure> {
    let Some(file) = file else { return Ok(BTreeSet::new()) };
    let failure = |cause: String| Failure::new(Exit::Usage, format!("reading {}", file.display()), cause);
    let text = std::fs::read_to_string(context.absolute(file)).map_err(|error| failure(error.to_string()))?;
    let mut pairs = BTreeSet::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let ids: Vec<ObjectId> =
            line.split_whitespace().filter_map(|word| ObjectId::from_hex(word.as_bytes()).ok()).collect();
        let [branch, mainline] = ids.as_slice() else {
            return Err(failure(format!("line {} is not two full commit ids", number + 1)));
        };
        pairs.insert((*branch, *mainline));
    }
    Ok(pairs)
}
