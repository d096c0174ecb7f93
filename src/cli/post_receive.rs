//! `refgate hook post-receive`: after a push, what the next ones will ask about flows is found out beforehand.
//!
//! The refs have moved and nothing can be refused any more. git, and whoever pushes, waits until nobody holds the hook's
//! standard streams, so the work is done by a process that has none of them. What goes wrong is logged and costs the next
//! push time, nothing else.

use bstr::BString;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::context::Context;
use super::judge;
use super::landed::nothing_pushed;
use super::load::{invalid, policy_source};
use super::output::JudgeFlags;
use crate::facts::{FactError, Facts, View, is_compared, read_source};
use crate::git::{Repository, Trust};
use crate::landed::Turn;
use crate::model::{Exit, Failure, RefName, Untrusted};
use crate::policy::{self, LoadError, Policy, Way};
use crate::push;
use crate::rules;

/// Longer than this nobody compares beforehand what may never be asked.
const LIMIT: Duration = Duration::from_secs(300);

/// More refs than this are not passed on one by one; every flow is looked at then.
const MAX_WORDS: usize = 64;

/// The rules that ask where changes landed.
const ASKING: [&str; 2] = ["unlanded-fix", "unverified-pick"];

/// `words` are refs beside those that git tells of. With `foreground` the work is done here; without any ref, for every
/// flow of the policy.
pub(super) fn run(context: &Context, flags: &JudgeFlags, words: &[BString], foreground: bool) -> Result<Exit, Failure> {
    let repository = match context.repository(flags.repo.as_deref(), Trust::Hook) {
        Ok(repository) => repository,
        // Read to its end in every case: git may not be able to write it all otherwise.
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
    /// Starts a process that does the work, unless there is none to do or one waits already to do it.
    fn leave_it_to_another(&self, words: &[BString]) -> Result<(), Failure> {
        let touched = self.touched(words)?;
        if self.repository.is_in_quarantine() {
            return Ok(());
        }
        let Some(policy) = self.policy()? else { return Ok(()) };
        let concerned: Vec<&RefName> = touched.iter().filter(|name| is_compared(&policy, name)).collect();
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
        if let Some(policy) = &self.flags.policy {
            command.arg("--policy").arg(policy);
        }
        if let Some(log) = &self.flags.log {
            command.arg("--log").arg(log);
        }
        if concerned.len() <= MAX_WORDS {
            command.arg("--").args(concerned.iter().map(|name| OsStr::from_bytes(name.full())));
        }
        // A group of its own: what ends the hook's does not end it.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().map(drop).map_err(failure)
    }

    /// Waits for the turn, and compares.
    fn do_it(&self, words: &[BString]) -> Result<(), Failure> {
        let touched = self.touched(words)?;
        let deadline = Instant::now() + LIMIT;
        let Some(policy) = self.policy()? else {
            self.context.complain("refgate: the policy has no flow of picks that a rule asks about\n");
            return Ok(());
        };
        let turn = Some(self.repository).filter(|repository| !repository.is_in_quarantine());
        let Some(turn) = turn.and_then(|repository| Turn::wait(repository.common_dir(), deadline)) else {
            self.context.complain("refgate: nothing can be kept here, or another process waits to do it\n");
            return Ok(());
        };
        let push = nothing_pushed();
        let facts = Facts::new(self.repository, &policy, &push, View::Own, Some(deadline));
        let failure = |error: FactError| {
            let failure = Failure::new(Exit::Undecided, "preparing what the next push will ask", error.cause);
            error.help.into_iter().fold(failure, Failure::help)
        };
        // Those who came while this process waited have left their refs to it.
        let touched = if turn.has_waited() { &[][..] } else { &touched };
        let mut ended = Ok(());
        for source in facts.sources(touched).map_err(failure)? {
            match facts.keep(&source) {
                Ok(()) => self.context.complain(&format!(
                    "refgate: compared {} with the line `{}`\n",
                    source.branch,
                    Untrusted::new(source.to())
                )),
                // What is wrong with one branch need not be with the next.
                Err(error) => ended = ended.and(Err(failure(error))),
            }
        }
        ended
    }

    /// The refs of the push, under both names where one is an alias.
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

    /// The policy, if it has a flow of picks and a rule that asks about it.
    fn policy(&self) -> Result<Option<Policy>, Failure> {
        let Some(source) = policy_source(self.context, self.flags.policy.as_deref(), self.repository)? else {
            return Ok(None);
        };
        let loaded = policy::load(source, &|source| read_source(self.repository, source));
        let armed = loaded.and_then(|policy| Ok((rules::arm(&policy).map_err(LoadError::from)?, policy)));
        let (armed, policy) = armed.map_err(|error| match error {
            LoadError::Unreadable(failure) => failure,
            LoadError::Invalid(errors) => invalid(&errors),
        })?;
        let is_asked = armed.iter().any(|rule| ASKING.contains(&rule.meta.id));
        let has_picks = policy.flows.iter().any(|flow| flow.by.contains(&Way::Pick));
        Ok(Some(policy).filter(|_| is_asked && has_picks))
    }
}
