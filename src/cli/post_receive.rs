//! `refgate hook post-receive`: after a push, precomputes what the next pushes will ask about flows.
//!
//! The refs have moved and nothing can be refused any more. git, and the pusher, wait until nobody holds the hook's
//! standard streams any more. Therefore the work is done by a process that has none of them. A failure is logged and
//! costs the next push time, nothing else.

use bstr::BString;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::context::Context;
use super::context::When;
use super::judge;
use super::output::JudgeFlags;
use super::project;
use crate::gate::{Ask, Gate};
use crate::git::{Repository, Trust};
use crate::landed::Turn;
use crate::model::{Exit, Failure, RefName, Stage, Untrusted};
use crate::policy::Way;
use crate::project::{FactError, Snapshot, View, is_compared};
use crate::push;
use crate::rules::ASKING_LANDED;

/// The most time that is spent on answers that may never be asked for.
const LIMIT: Duration = Duration::from_secs(300);

/// With more refs than this they are not passed on one by one, and every flow is looked at.
const MAX_WORDS: usize = 64;

/// Runs the post-receive hook. `words` are refs in addition to those that git lists. With `foreground` the work is done
/// in this process; without any ref, for every flow of the policy.
pub(super) fn run(context: &Context, flags: &JudgeFlags, words: &[BString], foreground: bool) -> Result<Exit, Failure> {
    let repository = match flags.project.repository(context, Trust::Hook) {
        Ok(repository) => repository,
        // Always read to the end: otherwise git may not be able to write all of it.
        Err(failure) => {
            let _input = context.standard_input();
            return if foreground { Err(failure) } else { Ok(Exit::Accepted) };
        }
    };
    let work = Work { context, flags, repository: &repository };
    let ended = if foreground { work.do_it(words) } else { work.leave_it_to_another(words) };
    if let (Err(failure), Some(log)) = (&ended, judge::log_file(context, flags, &repository)) {
        let _not_written = judge::log_failure(&log, failure);
    }
    match ended {
        Err(failure) if foreground => Err(failure),
        _ => Ok(Exit::Accepted),
    }
}

struct Work<'a> {
    context: &'a Context,
    flags: &'a JudgeFlags,
    repository: &'a Repository,
}

impl Work<'_> {
    /// Starts a process that does the work, unless there is no work or another process already waits to do it.
    fn leave_it_to_another(&self, words: &[BString]) -> Result<(), Failure> {
        let touched = self.touched(words)?;
        if self.repository.is_in_quarantine() {
            return Ok(());
        }
        let Some(gate) = self.gate(None)? else { return Ok(()) };
        let policy = gate.project().policy();
        let concerned: Vec<&RefName> = touched.iter().filter(|name| is_compared(policy, name)).collect();
        if concerned.is_empty() || Turn::is_awaited(self.repository.common_dir()) {
            return Ok(());
        }
        let failure = |cause: std::io::Error| {
            let detail = "starting a process for what the next push will ask";
            Failure::new(Exit::Undecided, detail, cause.to_string())
        };
        #[expect(clippy::disallowed_methods, reason = "the hook must end before the work does")]
        let mut command = std::process::Command::new(std::env::current_exe().map_err(failure)?);
        command.args(["hook", "post-receive", "--foreground", "--repo"]).arg(self.repository.git_dir());
        if let Some(policy) = &self.flags.project.policy {
            command.arg("--policy").arg(policy);
        }
        if let Some(log) = &self.flags.log {
            command.arg("--log").arg(log);
        }
        if concerned.len() <= MAX_WORDS {
            command.arg("--").args(concerned.iter().map(|name| OsStr::from_bytes(name.full())));
        }
        // It gets a process group of its own: a signal to the hook's group does not end it.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().map(drop).map_err(failure)
    }

    /// Waits for the turn, and compares.
    fn do_it(&self, words: &[BString]) -> Result<(), Failure> {
        let touched = self.touched(words)?;
        let deadline = Instant::now() + LIMIT;
        let Some(gate) = self.gate(Some(deadline))? else {
            self.context.complain("refgate: the policy has no flow of picks that a rule asks about\n");
            return Ok(());
        };
        let turn = Some(self.repository).filter(|repository| !repository.is_in_quarantine());
        let Some(turn) = turn.and_then(|repository| Turn::wait(repository.common_dir(), deadline)) else {
            self.context.complain("refgate: nothing can be kept here, or another process waits to do it\n");
            return Ok(());
        };
        let refs = Snapshot::now(gate.project());
        let failure = |error: FactError| error.into_failure("preparing what the next push will ask", Stage::PreReceive);
        // Pushes that came while this process waited have left their refs to it.
        let touched = if turn.has_waited() { &[][..] } else { &touched };
        let mut ended = Ok(());
        for source in refs.sources(touched).map_err(failure)? {
            match refs.keep(&source) {
                Ok(()) => self.context.complain(&format!(
                    "refgate: compared {} with the line `{}`\n",
                    source.branch,
                    Untrusted::new(source.to())
                )),
                // A problem with one branch need not affect the next.
                Err(error) => ended = ended.and(Err(failure(error))),
            }
        }
        ended
    }

    /// Returns the refs of the push, under both names where one is an alias.
    fn touched(&self, words: &[BString]) -> Result<Vec<RefName>, Failure> {
        let detail = "reading the ref updates";
        let input = self.context.standard_input()?;
        let mut touched: Vec<RefName> = words.iter().map(|word| RefName::new(word.as_slice())).collect();
        if !input.trim_ascii().is_empty() {
            let updates = push::pre_receive(&input, self.repository.hash_kind())
                .map_err(|error| Failure::from_error(Exit::Usage, detail, &error))?;
            let updates = push::resolve_symbolic(self.repository, updates)
                .map_err(|error| Failure::from_error(Exit::Undecided, detail, &error))?;
            touched.extend(updates.into_iter().filter(|update| !update.deletes()).map(|update| update.name));
        }
        Ok(touched)
    }

    /// Returns the project, if its policy has a flow of picks and a rule that asks about it.
    fn gate(&self, deadline: Option<Instant>) -> Result<Option<Gate>, Failure> {
        let named = self.flags.project.named(self.context)?;
        let ask = Ask { named, deadline, is_optional: true, ..Ask::default() };
        let gate = project::open(self.context, When::Auto, self.repository.clone(), View::Own, ask)?;
        let is_asked = ASKING_LANDED.iter().any(|rule| gate.is_on(rule));
        let has_picks = gate.project().flows().iter().any(|flow| flow.by.contains(&Way::Pick));
        Ok(Some(gate).filter(|_| is_asked && has_picks))
    }
}
