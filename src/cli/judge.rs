//! What `hook` and `check` share: from a repository and updates to a delivered verdict.

use bstr::{BString, ByteSlice as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::context::Context;
use super::load::{invalid, policy_source};
use super::output::{JudgeFlags, append};
use crate::facts::{Facts, View, read_source};
use crate::gate;
use crate::git::Repository;
use crate::model::{Actor, Exit, Failure, Push, RefUpdate, Stage};
use crate::policy::{self, LoadError, Policy, Source};
use crate::push::{self, Identity};
use crate::report::{Report, policy_errors};
use crate::rules;

/// GitHub Enterprise gives all hooks together five seconds.
const DEADLINE: Duration = Duration::from_secs(4);

/// What to judge.
pub(super) struct Case<'a> {
    pub(super) repository: &'a Repository,
    pub(super) stage: Stage,
    pub(super) updates: Vec<RefUpdate>,
    pub(super) view: View,
    /// Where the policy is when neither a flag nor the configuration names it.
    pub(super) fallback: Option<Source>,
    /// When the command began.
    pub(super) began: Instant,
}

/// Judges a case, writes the report and gives the exit code.
pub(super) fn judge(context: &Context, flags: &JudgeFlags, case: Case<'_>) -> Result<Exit, Failure> {
    let opened = case.began.elapsed();
    let log = log_file(context, flags, case.repository);
    let ended = judge_logged(context, flags, case, opened, log.as_deref());
    if let (Err(failure), Some(log)) = (&ended, &log) {
        log_failure(log, failure)?;
    }
    ended
}

/// Where reports and failures are appended to: what the flag names, or else the configuration.
pub(super) fn log_file(context: &Context, flags: &JudgeFlags, repository: &Repository) -> Option<PathBuf> {
    let named = flags.log.as_deref().map(|path| context.absolute(path));
    named.or_else(|| configured_path(repository, "refgate.log"))
}

/// Appends a failure to the log.
pub(super) fn log_failure(log: &Path, failure: &Failure) -> Result<(), Failure> {
    let line = serde_json::json!({
        "schema": "refgate.failure/v1", "time": now().to_string(), "exit_code": failure.exit.code(),
        "while": failure.detail, "cause": failure.cause, "chain": failure.chain,
    });
    append(log, &line.to_string())
}

fn judge_logged(
    context: &Context,
    flags: &JudgeFlags,
    case: Case<'_>,
    opened: Duration,
    log: Option<&Path>,
) -> Result<Exit, Failure> {
    let loaded = load_policy(context, flags, &case).and_then(|policy| {
        let armed = rules::arm(&policy).map_err(LoadError::from)?;
        Ok((policy, armed))
    });
    let (policy, armed) = match loaded {
        Ok(loaded) => loaded,
        Err(LoadError::Unreadable(failure)) => return Err(failure),
        Err(LoadError::Invalid(errors)) => {
            context.complain(&policy_errors(&errors, context.colour(flags.color)));
            return Err(invalid(&errors));
        }
    };
    let read = case.began.elapsed();
    let push = push(context, &case)?;
    let deadline = deadline(&case)?;
    let facts = Facts::new(case.repository, &policy, &push, case.view, deadline);
    if let Some((name, error)) = facts.missing() {
        let failure = Failure::new(Exit::Undecided, format!("looking for what {name} shall hold"), error.cause);
        return Err(error.help.into_iter().fold(failure, Failure::help));
    }
    let outcome = gate::judge(&armed, &facts, today());
    let judged = case.began.elapsed();
    let exit = outcome.exit();
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let report = Report {
        facts: &facts,
        policy: &policy,
        policy_id: policy_id(case.repository, &policy),
        outcome: &outcome,
        timings: vec![
            ("open", milliseconds(opened)),
            ("policy", milliseconds(read.saturating_sub(opened))),
            ("judge", milliseconds(judged.saturating_sub(read))),
            ("total", milliseconds(judged)),
        ],
    };
    let delivered = flags.deliver(context, &report.render(flags.format(), context.colour(flags.color)));
    if flags.timings {
        let parts: Vec<String> = report.timings.iter().map(|(what, time)| format!("{what} {time:.2} ms")).collect();
        context.complain(&format!("refgate: {}\n", parts.join(", ")));
    }
    let logged = log.map_or(Ok(()), |log| append(log, &report.log_line(&now().to_string())));
    match delivered.and(logged) {
        Ok(()) => Ok(exit),
        // A refusal stands whether or not anybody can read why; an acceptance that leaves no trace does not.
        Err(failure) if exit == Exit::Accepted => Err(failure),
        Err(failure) => {
            context.complain(&crate::report::failure(&failure, context.colour(flags.color)));
            Ok(exit)
        }
    }
}

/// The policy: the flag's, else the configuration's, else the stage's own.
fn load_policy(context: &Context, flags: &JudgeFlags, case: &Case<'_>) -> Result<Policy, LoadError> {
    let source = policy_source(context, flags.policy.as_deref(), case.repository)?;
    let Some(source) = source.or_else(|| case.fallback.clone()) else {
        let help = "name it: `git config refgate.policy FILE`, `preset:NAME` or `ref:REF:PATH`";
        let failure = Failure::new(Exit::Policy, "finding the policy", "this repository has no policy");
        return Err(failure.help(help).into());
    };
    policy::load(source, &|source| read_source(case.repository, source))
}

fn push(context: &Context, case: &Case<'_>) -> Result<Push, Failure> {
    let detail = "asking who pushes";
    let variables = |name: &str| context.variable(name);
    let configured = case.repository.config("refgate.identity").unwrap_or_else(|| BString::from("none"));
    let identity = Identity::parse(&configured.to_str_lossy())
        .map_err(|error| Failure::new(Exit::Policy, detail, format!("`refgate.identity`: {error}")))?;
    let updates = if case.stage.is_server() {
        push::resolve_symbolic(case.repository, case.updates.clone())
            .map_err(|error| Failure::from_error(Exit::Undecided, "resolving symbolic refs", &error))?
    } else {
        case.updates.clone()
    };
    let actor = identity.actor(&variables);
    debug_assert!(identity != Identity::None || actor == Actor::Unknown, "nobody is named where no source is");
    Ok(Push {
        stage: case.stage,
        host: identity.host().map(str::to_owned),
        actor,
        options: push::options(&variables),
        updates,
    })
}

/// `refgate.deadline` in seconds; 0 means none. Only hooks have one: CI and people can wait.
fn deadline(case: &Case<'_>) -> Result<Option<Instant>, Failure> {
    let configured = case.repository.config("refgate.deadline");
    let seconds = configured.map(|text| {
        let parsed: Option<f64> = text.to_str().ok().and_then(|text| text.parse().ok());
        parsed.filter(|seconds| (0.0..=86_400.0).contains(seconds)).ok_or_else(|| {
            let cause =
                format!("`refgate.deadline` is a number of seconds, not `{}`", crate::model::Untrusted::new(&text));
            Failure::new(Exit::Policy, "reading the configuration", cause)
        })
    });
    match seconds.transpose()? {
        Some(0.0) => Ok(None),
        Some(seconds) => Ok(Some(case.began + Duration::from_secs_f64(seconds))),
        None if case.stage == Stage::Ci => Ok(None),
        None => Ok(Some(case.began + DEADLINE)),
    }
}

fn configured_path(repository: &Repository, key: &str) -> Option<PathBuf> {
    let text = repository.config(key)?;
    Some(repository.common_dir().join(text.to_path_lossy()))
}

fn policy_id(repository: &Repository, policy: &Policy) -> String {
    let text = policy.texts.last().map_or("", |text| &text.text);
    crate::git::blob_id(repository.hash_kind(), text.as_bytes()).to_string()
}

/// The day on which waivers have to be valid.
pub(super) fn today() -> jiff::civil::Date {
    now().to_zoned(TimeZone::UTC).date()
}

/// The time, for the log and for waivers that run out; no rule sees it.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn now() -> Timestamp {
    // A clock before year -9999 or after 9999 is no clock; waivers are then compared with 1970.
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
