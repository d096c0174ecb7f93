//! What `hook` and `check` share: from a repository and updates to a delivered verdict.

use bstr::ByteSlice as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::context::Context;
use super::output::{JudgeFlags, append};
use super::project;
use super::promises::Promises;
use super::watch::Watch;
use crate::gate::{Ask, JudgedUpdate, Outcome};
use crate::git::{Repository, Trust};
use crate::model::{Actor, Exit, Failure, Push, RefUpdate, Stage, Untrusted, counted};
use crate::policy::Source;
use crate::project::{FactError, View};
use crate::push::{self, Identity};
use crate::report::{Report, json_line, log_line};

/// GitHub Enterprise gives all hooks together five seconds.
const DEADLINE: Duration = Duration::from_secs(4);

/// More refs than these are counted in the line about an acceptance.
const NAMED: usize = 3;

/// What to judge.
pub(super) struct Case {
    pub(super) repository: Repository,
    pub(super) stage: Stage,
    pub(super) updates: Vec<RefUpdate>,
    pub(super) view: View,
    /// Where the policy is when neither a flag nor the configuration names it: the first of these that exists.
    pub(super) fallbacks: Vec<Source>,
    /// When the command began.
    pub(super) began: Instant,
}

/// Judges a case, writes the report and gives the exit code.
pub(super) fn judge(context: &Context, flags: &JudgeFlags, case: Case) -> Result<Exit, Failure> {
    let log = log_file(context, flags, &case.repository);
    let deadline = deadline(&case);
    let watch = watch(context, flags, &case, deadline.as_ref().copied().ok().flatten(), log.clone());
    let ended = deadline.and_then(|deadline| {
        // From here on the deadline applies to everything that the repository is asked, including the policy.
        case.repository.set_deadline(deadline);
        judge_logged(context, flags, case, log.as_deref(), &watch)
    });
    watch.decided();
    ended
}

/// Runs a command that judges, and appends to the log why it could not, whatever the reason.
pub(super) fn logged(
    context: &Context,
    flags: &JudgeFlags,
    trust: Trust,
    run: impl FnOnce() -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let ended = run();
    if let Err(failure) = &ended {
        let log = match flags.project.repository(context, trust) {
            Ok(repository) => log_file(context, flags, &repository),
            Err(_) => flags.log.as_deref().map(|path| context.absolute(path)),
        };
        if let Some(log) = log {
            log_failure(&log, failure)?;
        }
    }
    ended
}

/// Appends to the log that the words of a command that judges could not be read. The log is the one that they name, or
/// else that of the repository here.
pub(super) fn log_misuse(context: &Context, words: &[OsString], message: &str) {
    let judges = words.get(1).is_some_and(|command| command == "hook" || command == "check");
    if !judges {
        return;
    }
    let mut named =
        words.iter().zip(words.iter().skip(1)).filter(|(flag, _)| *flag == "--log").map(|(_, file)| file.clone());
    let joined = || words.iter().find_map(|word| Some(OsString::from(word.to_str()?.strip_prefix("--log=")?)));
    let log = match named.next().or_else(joined) {
        Some(file) => Some(context.absolute(Path::new(&file))),
        None => {
            let repository = context.repository(None, Trust::Hook).ok();
            repository.and_then(|repository| configured_path(&repository, "refgate.log"))
        }
    };
    if let Some(log) = log {
        let failure = Failure::new(Exit::Usage, "reading the command line", message);
        // The exit code says the same, whether this can be written or not.
        let _unwritten = log_failure(&log, &failure);
    }
}

/// Sees to it that the deadline holds for what does not ask for the time.
fn watch(context: &Context, flags: &JudgeFlags, case: &Case, deadline: Option<Instant>, log: Option<PathBuf>) -> Watch {
    let late = FactError::late().into_failure("judging the push", case.stage);
    let word = crate::report::failure(&late, context.colour(flags.report.color));
    let record = move || {
        if let Some(log) = log {
            // A failure to write changes nothing here: the push is not accepted anyway.
            let _unwritten = log_failure(&log, &late);
        }
    };
    Watch::start(case.began, deadline, record, word)
}

/// Returns the file to which reports and failures are appended: what the flag names, or else the configuration.
pub(super) fn log_file(context: &Context, flags: &JudgeFlags, repository: &Repository) -> Option<PathBuf> {
    let named = flags.log.as_deref().map(|path| context.absolute(path));
    named.or_else(|| configured_path(repository, "refgate.log"))
}

/// Appends a failure to the log.
pub(super) fn log_failure(log: &Path, failure: &Failure) -> Result<(), Failure> {
    let shown = |text: &String| Untrusted::new(text).to_string();
    let line = serde_json::json!({
        "schema": "refgate.failure/v1", "time": now().to_string(), "exit_code": failure.exit.code(),
        "while": shown(&failure.detail), "cause": shown(&failure.cause),
        "chain": failure.chain.iter().map(shown).collect::<Vec<_>>(),
    });
    append(log, &json_line(&line))
}

fn judge_logged(
    context: &Context,
    flags: &JudgeFlags,
    case: Case,
    log: Option<&Path>,
    watch: &Watch,
) -> Result<Exit, Failure> {
    let deadline = case.repository.deadline();
    let began = case.began;
    let opened = began.elapsed();
    let push = push(context, &case)?;
    let ask = Ask { named: flags.project.named(context)?, deadline, fallbacks: case.fallbacks, is_optional: false };
    let gate = if case.stage.is_server() {
        project::open_for_pushers(context, case.repository, case.view, ask)?
    } else {
        project::open(context, flags.report.color, case.repository, case.view, ask)?
    };
    let read = began.elapsed();
    let outcome = gate.judge(&push, today())?;
    Promises::leave(gate.project().repository(), &outcome)?;
    let judged = began.elapsed();
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let timings = [
        ("open", milliseconds(opened)),
        ("policy", milliseconds(read.saturating_sub(opened))),
        ("judge", milliseconds(judged.saturating_sub(read))),
        ("total", milliseconds(judged)),
    ];
    let report = Report { outcome: &outcome, timings: &timings };
    let ended = deliver(context, flags, &report, log, watch);
    // A hook that accepts is silent: git shows what it says to whoever pushes.
    if outcome.stage == Stage::Ci && flags.report.are_for_people() && matches!(ended, Ok(Exit::Accepted)) {
        context.complain(&judged_line(&outcome, gate.rules().len()));
    }
    ended
}

/// Returns the line that says what was accepted, by how many rules of which policy: silence could mean that nothing was
/// judged.
fn judged_line(outcome: &Outcome, rules: usize) -> String {
    let update = |update: &JudgedUpdate| match update.movement {
        Some(movement) => format!("{} ({})", update.name, movement.name()),
        None => update.name.to_string(),
    };
    let mut updates: Vec<String> = outcome.updates.iter().take(NAMED).map(update).collect();
    let more = outcome.updates.len().saturating_sub(updates.len());
    if more > 0 {
        updates.push(format!("{more} more"));
    }
    let updates = if updates.is_empty() { "no ref".to_owned() } else { updates.join(", ") };
    let (name, source) = (Untrusted::new(&outcome.policy.name), Untrusted::new(&outcome.policy.source));
    let rules = counted(rules, "rule", "rules");
    format!("refgate: accepted {updates} by {rules} of the policy `{name}` ({source})\n")
}

/// Writes the report and the log, and gives the exit code.
fn deliver(
    context: &Context,
    flags: &JudgeFlags,
    report: &Report<'_>,
    log: Option<&Path>,
    watch: &Watch,
) -> Result<Exit, Failure> {
    let exit = report.outcome.exit();
    let delivered = flags.report.deliver(context, report);
    if flags.timings {
        let parts: Vec<String> = report.timings.iter().map(|(what, time)| format!("{what} {time:.2} ms")).collect();
        context.complain(&format!("refgate: {}\n", parts.join(", ")));
    }
    let record = log.map(|log| (log, log_line(report, &now().to_string())));
    // The verdict that was recorded counts.
    watch.decided();
    let logged = record.map_or(Ok(()), |(log, line)| append(log, &line));
    match delivered.and(logged) {
        Ok(()) => Ok(exit),
        // A refusal holds whether or not anybody can read why; an acceptance that leaves no trace does not.
        Err(failure) if exit == Exit::Accepted => Err(failure),
        Err(failure) => {
            context.complain(&crate::report::failure(&failure, context.colour(flags.report.color)));
            Ok(exit)
        }
    }
}

fn push(context: &Context, case: &Case) -> Result<Push, Failure> {
    let detail = "asking who pushes";
    let variables = |name: &str| context.variable(name);
    let identity = Identity::configured(&case.repository)
        .map_err(|error| Failure::new(Exit::Policy, detail, format!("`refgate.identity`: {error}")))?;
    let updates = if case.stage.is_server() {
        push::resolve_symbolic(&case.repository, case.updates.clone())
            .map_err(|error| Failure::from_error(Exit::Undecided, "resolving symbolic refs", &error))?
    } else {
        case.updates.clone()
    };
    let actor = identity.actor(&variables);
    debug_assert!(!matches!(identity, Identity::None) || actor == Actor::Unknown, "nobody is named where no source is");
    Ok(Push {
        stage: case.stage,
        host: identity.host().map(str::to_owned),
        actor,
        options: push::options(&variables),
        updates,
    })
}

/// Returns when `refgate.deadline`, in seconds, ends; 0 means that there is no deadline. Only hooks have one: CI and
/// people can wait.
fn deadline(case: &Case) -> Result<Option<Instant>, Failure> {
    let configured = case.repository.config("refgate.deadline");
    let seconds = configured.map(|text| {
        let parsed: Option<f64> = text.to_str().ok().and_then(|text| text.parse().ok());
        parsed.filter(|seconds| (0.0..=86_400.0).contains(seconds)).ok_or_else(|| {
            let cause = format!("`refgate.deadline` is a number of seconds, not `{}`", Untrusted::new(&text));
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

/// Returns the day on which waivers have to be valid; `None` where the clock of the machine cannot be right.
pub(super) fn today() -> Option<Date> {
    day(clock())
}

/// Returns the time, for the log.
fn now() -> Timestamp {
    Timestamp::try_from(clock()).unwrap_or(Timestamp::MAX)
}

/// Returns the clock, for the log and for waivers that run out; no rule sees it.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn clock() -> SystemTime {
    SystemTime::now()
}

/// The year in which this was first written. With a clock that is behind it, waivers that have ended would count again.
const WRITTEN: Date = jiff::civil::date(2026, 1, 1);

/// Returns the day that a clock shows, if that can be right.
fn day(clock: SystemTime) -> Option<Date> {
    let day = Timestamp::try_from(clock).ok()?.to_zoned(TimeZone::UTC).date();
    Some(day).filter(|day| *day >= WRITTEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_shows_no_day() {
        // The last of them is no time at all on Windows.
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).and_then(day);
        assert_eq!(at(1_800_000_000), Some(jiff::civil::date(2027, 1, 15)));
        for wrong in [0, 86_400, 1_700_000_000, 253_402_300_800, 1 << 50] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
        assert_eq!(day(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
