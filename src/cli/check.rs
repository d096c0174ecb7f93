//! `refgate check`: judges what a push would do, or what a CI job is about.

mod job;

use std::time::Instant;

use super::context::Context;
use super::judge::{Case, judge, logged};
use super::output::JudgeFlags;
use super::project::{RemoteFlag, unresolved, view};
use crate::gate::{Ask, find_policy};
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure, ObjectId, RefName, RefUpdate, Stage};
use crate::project::View;
use crate::push::pre_receive;
use job::Job;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: JudgeFlags,
    /// What the target holds now; the target's own position unless given. In a CI job, what the ref held before the push,
    /// where the system does not say.
    #[arg(long, value_name = "REV", conflicts_with = "refs")]
    base: Option<String>,
    /// What would be pushed; HEAD unless given.
    #[arg(long, value_name = "REV", requires = "target")]
    head: Option<String>,
    /// The branch it would be pushed to.
    #[arg(long, value_name = "BRANCH", conflicts_with = "refs")]
    target: Option<String>,
    /// A ref update, `REF=OLD..NEW`; ids of zeros create and delete. May be given several times.
    #[arg(long = "ref", value_name = "REF=OLD..NEW")]
    refs: Vec<String>,
    #[command(flatten)]
    remote: RemoteFlag,
    /// Judge and report as usual, and exit with 0 whatever the verdict is. What cannot be judged at all is an error still.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let began = Instant::now();
    logged(context, &arguments.flags, Trust::Cli, || check(context, &arguments, began))
}

fn check(context: &Context, arguments: &Args, began: Instant) -> Result<Exit, Failure> {
    let flags = &arguments.flags;
    let repository = flags.project.repository(context, Trust::Cli)?;
    let remote = arguments.remote.remote.as_str();
    let view = view(&repository, remote)?;
    let at = At { context, repository: &repository, view: &view };
    let mut fallbacks = Ask::default().in_clone(&repository, remote).fallbacks;
    let updates = if !arguments.refs.is_empty() {
        at.given(&arguments.refs)?
    } else if let Some(target) = &arguments.target {
        let head = arguments.head.as_deref().unwrap_or("HEAD");
        vec![at.request(RefName::branch(target), arguments.base.as_deref(), head)?]
    } else {
        let job = Job::find(&at, remote, arguments.base.as_deref())?;
        let update = job.update()?;
        // What was checked out is itself being judged. Where a policy is named, nothing is searched for.
        let named = Ask { named: flags.project.named(context)?, ..Ask::default() };
        fallbacks = match find_policy(&repository, &named)? {
            Some(_) => Vec::new(),
            None => vec![job.policy(&update)?],
        };
        vec![update]
    };
    let exit = judge(context, flags, Case { repository, stage: Stage::Ci, updates, view, fallbacks, began })?;
    if arguments.dry_run && exit != Exit::Accepted {
        if flags.report.are_for_people() {
            context.complain(&format!("refgate: dry run: exit 0 in place of {}\n", exit.code()));
        }
        return Ok(Exit::Accepted);
    }
    Ok(exit)
}

/// Where revisions are looked up.
struct At<'a> {
    context: &'a Context,
    repository: &'a Repository,
    view: &'a View,
}

impl At<'_> {
    /// Parses `REF=OLD..NEW` with full ref names and revisions.
    fn given(&self, refs: &[String]) -> Result<Vec<RefUpdate>, Failure> {
        let mut lines = String::new();
        for text in refs {
            let failure = |cause: &str| Failure::new(Exit::Usage, format!("reading `--ref {text}`"), cause);
            let (name, range) = text.split_once('=').ok_or_else(|| failure("it is not `REF=OLD..NEW`"))?;
            let (old, new) = range.split_once("..").ok_or_else(|| failure("it is not `REF=OLD..NEW`"))?;
            if !name.starts_with("refs/") {
                return Err(failure("the ref is written in full: `refs/heads/…` or `refs/tags/…`"));
            }
            lines.push_str(&format!("{} {} {name}\n", self.revision(old)?, self.revision(new)?));
        }
        // The same checks as a hook's input: a ref given twice, ids of the other hash function.
        pre_receive(lines.as_bytes(), self.repository.hash_kind())
            .map_err(|error| Failure::from_error(Exit::Usage, "reading the ref updates", &error))
    }

    /// Returns the update that landing `head` on `target` would make. Where the head is behind, the merge that lands it
    /// would bring what the head has and the target does not: the fork point stands in for the old value.
    fn request(&self, target: RefName, base: Option<&str>, head: &str) -> Result<RefUpdate, Failure> {
        let undecided =
            |error: crate::git::Error| Failure::from_error(Exit::Undecided, format!("comparing with {target}"), &error);
        let new = self.revision(head)?;
        let current = match base {
            Some(base) => Some(self.revision(base)?),
            None => {
                let found = self.view.find(self.repository, &target);
                found.map_err(|error| error.into_failure(format!("comparing with {target}"), Stage::Ci))?
            }
        };
        let null = ObjectId::null(self.repository.hash_kind());
        let old = match current {
            None => null,
            Some(current) if self.repository.is_ancestor(current, new).map_err(undecided)? => current,
            Some(current) => self.repository.merge_base(current, new).map_err(undecided)?.unwrap_or(current),
        };
        Ok(RefUpdate { name: target, old, new, via: None })
    }

    fn revision(&self, text: &str) -> Result<ObjectId, Failure> {
        if let Ok(id) = ObjectId::from_hex(text.as_bytes()) {
            return Ok(id);
        }
        self.repository.rev_parse(text).map_err(|error| unresolved(text, &error))
    }
}
