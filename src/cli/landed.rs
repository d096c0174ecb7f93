//! `refgate landed`: for each change of one branch, where it is on another.

mod json;
mod ledger;
mod owed;
mod questions;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::judge::today;
use super::output::{OutputFlags, formats};
use super::project::{ProjectFlags, RemoteFlag};
use crate::gate::PolicyId;
use crate::git::Repository;
use crate::landed::{Caching, Options, Status, Verdict, compare};
use crate::model::{Exit, Failure, ObjectId, Stage, Untrusted};
use crate::policy::Role;
use crate::project::{Answers, FactError, Granted, Of, Snapshot, Unrepaired};
use crate::report::{Colour, Reported, Sheet};
use crate::rules::DUE_CHANGES;
use ledger::LedgerReport;
pub(super) use ledger::ledgers;
use questions::{Asked, Question};
use text::Answer;

#[derive(Debug, clap::Args)]
#[command(mut_arg("format", |arg| arg.value_parser(formats(Some(OF_LANDED)))))]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectFlags,
    #[command(flatten)]
    remote: RemoteFlag,
    /// Whose changes are looked for: a branch, any revision, or a line of the policy; HEAD unless given.
    #[arg(long, value_name = "REV|LINE")]
    from: Option<String>,
    /// Where they are looked for; where the policy wants them, or else `main` or `master`, unless given.
    #[arg(long, value_name = "REV|LINE")]
    to: Option<String>,
    /// Only the newest changes.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    #[command(flatten)]
    report: OutputFlags,
    /// One table of what was picked and what is wanted, for all maintained release branches of the policy, with the
    /// commands that pick what is not there.
    #[arg(long)]
    ledger: bool,
    /// List also what was repaired or taken back since of what was picked, by messages and, as a guess, by lines. Done
    /// anyway, by messages, for the flows of a policy.
    #[arg(long)]
    repairs: bool,
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

/// What `human` and `json` are here.
const OF_LANDED: [&str; 2] =
    ["A table for people, on standard output", "refgate.landed/v1 or refgate.ledger/v1, on standard output"];

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let gate = arguments.project.open(context, &arguments.remote.remote)?;
    let has_policy = !gate.project().policy().texts.is_empty();
    let policy = has_policy.then(|| gate.policy_id());
    let refs = Snapshot::now(gate.project());
    if arguments.ledger {
        let report =
            LedgerReport { ledgers: ledger::asked(&refs, &arguments)?, refs: &refs, all: arguments.all, policy };
        arguments.report.deliver(context, &report)?;
        return Ok(Exit::Accepted);
    }
    let questions = Asked { refs: &refs, remote: &arguments.remote.remote }.questions(&arguments)?;
    let without = pairs(context, arguments.without.as_deref())?;
    let asking = Asking { context, arguments: &arguments, refs: &refs, without: &without };
    let mut answered = Vec::new();
    for question in &questions.list {
        answered.push((question, asking.answer(question)?));
    }
    let report = LandedReport { answered, is_list: questions.may_be_many, all: arguments.all, policy };
    arguments.report.deliver(context, &report)?;
    Ok(Exit::Accepted)
}

/// The answers to all questions.
struct LandedReport<'q, 'p> {
    answered: Vec<(&'q Question<'p>, Answer)>,
    /// Whether what was named can come to any number of answers.
    is_list: bool,
    /// Whether people see what landed, too.
    all: bool,
    policy: Option<PolicyId>,
}

impl Reported for LandedReport<'_, '_> {
    fn sheet(&self) -> Sheet<'_> {
        owed::of_answers(&self.answered, self.policy.clone())
    }

    fn text(&self, _: Colour) -> String {
        if self.answered.is_empty() {
            return "there is no branch to look for changes on\n".to_owned();
        }
        let texts = self.answered.iter().map(|(question, answer)| text::human(question, answer, self.all));
        texts.collect::<Vec<String>>().join("\n")
    }

    fn json(&self) -> String {
        json::of_answers(&self.answered, self.is_list)
    }
}

/// What all questions are answered with.
struct Asking<'a, 'p> {
    context: &'a Context,
    arguments: &'a Args,
    refs: &'a Snapshot<'p>,
    /// Pairs that are not compared.
    without: &'a BTreeSet<(ObjectId, ObjectId)>,
}

impl Asking<'_, '_> {
    fn answer(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let detail = || {
            format!("looking for the changes of {} on {}", Untrusted::new(&question.from), Untrusted::new(&question.to))
        };
        let unknown = |error: FactError| error.into_failure(detail(), Stage::Ci);
        let shows_progress = self.context.is_watched();
        let progress = |what: &'static str, count: usize| {
            if shows_progress {
                self.context.complain(&format!("\r\u{1b}[K{what} ({count})"));
            }
        };
        let caching = if self.arguments.no_cache { Caching::Off } else { Caching::Keep };
        let options = Options {
            ignore_explicit: self.arguments.ignore_trailers,
            without: self.without.clone(),
            only: self.only(question).map_err(unknown)?,
            progress: Some(&progress),
            cache: caching,
            ..self.refs.comparing()
        };
        let compared = self.compare(question, options).map_err(unknown);
        if shows_progress {
            self.context.complain("\r\u{1b}[K");
        }
        let Answers { mut verdicts, unread } = compared?;
        if self.arguments.last.is_none() {
            let lost = self.refs.merged_and_lost(question.flow, question.tip, &question.place.tips(), caching);
            verdicts.extend(lost.map_err(unknown)?);
        }
        let changes = verdicts.into_iter().map(|verdict| {
            let waiver = self.waiver(question, &verdict);
            (verdict, waiver)
        });
        let mut answer = Answer { changes: changes.collect(), unread, changelogs: Vec::new(), repairs: None };
        answer.repairs = self.repairs(question).map_err(unknown)?;
        if let (Some(flow), Some((_, target))) = (question.flow, question.place.only_branch()) {
            answer.changelogs = self.refs.project().stranded(flow, question.tip, *target).map_err(unknown)?;
        }
        Ok(answer)
    }

    /// As the flow between the two lines sees it, or else as the engine does.
    fn compare(&self, question: &Question<'_>, options: Options<'_>) -> Result<Answers, FactError> {
        if let Some(flow) = question.flow {
            return self.refs.answers(flow, question.tip, &question.place, options);
        }
        let repository = self.refs.project().repository();
        let comparison = compare(repository, question.tip, &question.place.tips(), &options)?;
        Ok(Answers { verdicts: comparison.verdicts().to_vec(), unread: comparison.unread().to_vec() })
    }

    /// Returns what was repaired or taken back since of the picks that a question is about.
    fn repairs(&self, question: &Question<'_>) -> Result<Option<Vec<Unrepaired>>, FactError> {
        let (says, guesses) = (!self.arguments.ignore_trailers, self.arguments.repairs);
        if !guesses && (question.flow.is_none() || !says) {
            return Ok(None);
        }
        let from = question.flow.and_then(|flow| self.refs.project().policy().line(&flow.from));
        // Repairs are made on the mainline, which can be either side.
        let is_from = from.is_some_and(|line| line.role == Role::Mainline);
        let mut found: Vec<Unrepaired> = Vec::new();
        for (_, target) in question.place.branches.iter().take(MAX_SIDES) {
            let (branch, mainline) = if is_from { (*target, question.tip) } else { (question.tip, *target) };
            if says {
                found.extend(self.refs.unrepaired(Of { tip: branch, at: branch }, mainline, None)?);
            }
            let guessed = if guesses { self.refs.rewritten(branch, mainline)? } else { Vec::new() };
            for guess in guessed {
                if !found.iter().any(|known| (known.original, known.by.id) == (guess.original, guess.by.id)) {
                    found.push(guess);
                }
            }
        }
        Ok(Some(found))
    }

    /// Returns the newest changes, where not all are asked about.
    fn only(&self, question: &Question<'_>) -> Result<Option<Vec<ObjectId>>, FactError> {
        let Some(count) = self.arguments.last else { return Ok(None) };
        let repository = self.refs.project().repository();
        let all = repository.commits(&[question.tip], &question.place.tips(), MAX_COMMITS)?;
        Ok(Some(newest(repository, all, count)?))
    }

    /// Returns the exception for a change that a flow wants elsewhere.
    fn waiver(&self, question: &Question<'_>, verdict: &Verdict) -> Option<Granted> {
        let is_owed = !matches!(verdict.status, Status::Landed | Status::Exempt) && question.flow.is_some();
        if !is_owed {
            return None;
        }
        self.refs.exceptions(DUE_CHANGES, Some(verdict.commit), question.branch.as_ref(), today()).granted
    }
}

/// Of a line with more branches, the first are asked what they repaired.
const MAX_SIDES: usize = 16;

/// More changes than this on a branch cannot be asked about.
const MAX_COMMITS: usize = 500_000;

/// Returns the newest `count` commits that are not merges.
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
