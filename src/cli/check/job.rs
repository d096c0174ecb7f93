//! What a CI job is about, and by which policy it is judged.
//!
//! `docs/ci.md` says why that policy is the one it is. Whatever the clone does not have leaves the verdict undecided.

use bstr::ByteSlice as _;
use std::path::Path;

use super::At;
use crate::gate::POLICY_FILE;
use crate::git::{self, Target};
use crate::model::{Exit, Failure, Namespace, ObjectId, RefName, RefUpdate, quote};
use crate::policy::Source;
use crate::push::{
    Before, CiError, CiEvent, Incomplete, Provider, clone_is_complete, is_project, provider, tracked_branches,
};

/// CI systems abbreviate ids to no fewer digits.
const MIN_ID: usize = 7;

/// A job of a CI system, in a clone that has what its verdict needs.
pub(super) struct Job<'a> {
    at: &'a At<'a>,
    remote: &'a str,
    provider: &'static dyn Provider,
    event: CiEvent,
    /// What the ref held before, as the command line says.
    base: Option<&'a str>,
}

impl<'a> Job<'a> {
    /// Finds the event of the job this runs in, and makes sure that the clone is one that can be asked about it.
    pub(super) fn find(at: &'a At<'a>, remote: &'a str, base: Option<&'a str>) -> Result<Self, Failure> {
        let variables = |name: &str| at.context.variable(name);
        let read = |path: &str| std::fs::read(at.context.absolute(Path::new(path))).map_err(|error| error.to_string());
        let usage = |error: CiError| {
            Failure::from_error(Exit::Usage, "asking the CI system what to check", &error)
                .help("give `--target BRANCH`, or `--ref REF=OLD..NEW`")
        };
        let provider = provider(&variables).map_err(usage)?;
        let event = provider.event(&variables, &read).map_err(usage)?;
        let job = Self { at, remote, provider, event, base };
        job.is_of_the_project(provider.project(&variables).as_deref())?;
        job.is_whole(provider.may_have_one_branch(&variables))?;
        Ok(job)
    }

    /// Returns the ref update to judge.
    pub(super) fn update(&self) -> Result<RefUpdate, Failure> {
        match &self.event {
            CiEvent::Request { target, queued_on, head, .. } => {
                self.tip(target)?;
                let object = |text: &str| self.object(self.id(text)?, "which the event names").map(|id| id.to_string());
                let queued_on = queued_on.as_deref().map(object).transpose()?;
                self.at.request(target.clone(), self.base.or(queued_on.as_deref()), &object(head)?)
            }
            CiEvent::Push { name, old, new, names_commit, .. } => {
                let null = ObjectId::null(self.at.repository.hash_kind());
                // Commits that a forced push removed are in no new clone; that alone must not leave anything undecided.
                let old = match (self.base, old) {
                    (Some(base), _) => self.at.revision(base)?,
                    (None, Before::Nothing) => null,
                    (None, Before::Held(id)) => self.id(id)?,
                    (None, Before::Unsaid) => return Err(self.unsaid(name)),
                };
                let new = match new {
                    None => null,
                    Some(new) if name.namespace() == Namespace::Tag => {
                        self.tagged(name, self.id(new)?, *names_commit)?
                    }
                    Some(new) => self.object(self.id(new)?, "which the event names")?,
                };
                Ok(RefUpdate { name: name.clone(), old, new, via: None })
            }
        }
    }

    /// Returns the failure that asks for what the system does not say.
    fn unsaid(&self, name: &RefName) -> Failure {
        let cause = format!("{} does not say what {name} held before this push", self.provider.name());
        Failure::new(Exit::Usage, "asking the CI system what to check", cause)
            .help("give `--base REV`, the commit that it held; an id of zeros if it is new")
    }

    /// Returns where the policy is that judges this update: never in what is proposed.
    pub(super) fn policy(&self, update: &RefUpdate) -> Result<Source, Failure> {
        let how = match &self.event {
            CiEvent::Push { forced: Some(true), .. } => "a forced push",
            _ => "this push",
        };
        if let CiEvent::Request { target, .. } = &self.event {
            let tip = self.tip(target)?;
            if self.has_policy(tip)? {
                return Ok(policy_at(tip));
            }
            // A branch that is older than the policy, or never had the file.
            return match self.default_branch() {
                Ok(default) if default != *target => self.policy_of(&default),
                _ => Err(self.no_policy(&format!("{target} has no `{POLICY_FILE}`"))),
            };
        }
        let default = self.default_branch()?;
        if default != update.name {
            return self.policy_of(&default);
        }
        if update.old.is_null() {
            return Err(self.no_policy(&format!("{default} did not exist before this push")));
        }
        let before = self.object(update.old, &format!("which {default} held before {how}"))?;
        if self.has_policy(before)? {
            return Ok(policy_at(before));
        }
        Err(self.no_policy(&format!("{default} had no `{POLICY_FILE}` before this push")))
    }

    fn policy_of(&self, branch: &RefName) -> Result<Source, Failure> {
        let tip = self.tip(branch)?;
        if self.has_policy(tip)? {
            Ok(policy_at(tip))
        } else {
            Err(self.no_policy(&format!("{branch} has no `{POLICY_FILE}`")))
        }
    }

    fn has_policy(&self, commit: ObjectId) -> Result<bool, Failure> {
        let entry =
            self.at.repository.tree_entry(commit, POLICY_FILE.into()).map_err(|error| self.unreadable(&error))?;
        match entry {
            // A policy that could not be fetched is not one that does not exist.
            Some(entry) => self.object(entry.id, &format!("the `{POLICY_FILE}` that governs")).map(|_| true),
            None => Ok(false),
        }
    }

    fn no_policy(&self, why: &str) -> Failure {
        Failure::new(Exit::Policy, "finding the policy", format!("there is no policy: {why}"))
            .help("a policy counts once it is on the default branch; until then name one with `--policy`")
    }

    /// Returns the branch that the project calls its main one: as the event says, or else as the remote said when it
    /// was cloned, or else the only branch that exists.
    fn default_branch(&self) -> Result<RefName, Failure> {
        if let Some(name) = self.event.default_branch() {
            return Ok(name.clone());
        }
        let repository = self.at.repository;
        let (head, folder) = match repository.is_bare() {
            true => ("HEAD".to_owned(), "refs/heads/".to_owned()),
            false => (format!("refs/remotes/{}/HEAD", self.remote), format!("refs/remotes/{}/", self.remote)),
        };
        let head = repository.reference(&RefName::new(head)).map_err(|error| self.unreadable(&error))?;
        if let Some(Target::Symbolic(name)) = head
            && let Some(short) = name.full().strip_prefix(folder.as_bytes())
        {
            return Ok(RefName::branch(short));
        }
        let tracked = tracked_branches(repository, self.remote).map_err(|error| self.unreadable(&error))?;
        match tracked.as_slice() {
            // Not the policy that was pushed: a policy must not govern the push that brings it.
            [only] if only != self.event.name() => Ok(only.clone()),
            _ => {
                let cause = "neither the event nor the clone says which branch is the default one";
                let failure = Failure::new(Exit::Undecided, "finding the policy", cause);
                Err(match quote(self.remote) {
                    Some(remote) => {
                        failure.help(format!("`git remote set-head {remote} --auto`, or name a policy with `--policy`"))
                    }
                    None => failure.help("name a policy with `--policy`"),
                })
            }
        }
    }

    /// Returns what a branch of the remote holds.
    fn tip(&self, branch: &RefName) -> Result<ObjectId, Failure> {
        let found = self.at.view.find(self.at.repository, branch).map_err(|error| self.lacks(&error.cause))?;
        found.ok_or_else(|| self.lacks(&format!("this clone does not have {branch}")))
    }

    /// Returns an object once it is certain that the clone has it.
    fn object(&self, id: ObjectId, what: &str) -> Result<ObjectId, Failure> {
        match self.at.repository.kind(id) {
            Ok(Some(_)) => return Ok(id),
            Ok(None) | Err(git::Error::Promised { .. }) => {}
            Err(error) => return Err(self.unreadable(&error)),
        }
        let cause = format!("this clone does not have {id}, {what}");
        let failure = Failure::new(Exit::Undecided, self.detail(), cause);
        Err(match quote(self.remote) {
            Some(remote) => failure.help(format!("`git fetch {remote} {id}`")),
            None => failure,
        })
    }

    /// Reads an id; an abbreviated one names what this clone has.
    fn id(&self, text: &str) -> Result<ObjectId, Failure> {
        let is_short = (MIN_ID..self.at.repository.hash_kind().hex_len()).contains(&text.len());
        if is_short && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let found = self.at.repository.abbreviated(text.as_bytes()).map_err(|error| self.unreadable(&error))?;
            return found.ok_or_else(|| self.lacks(&format!("this clone does not have {text}, which the event names")));
        }
        ObjectId::from_hex(text.as_bytes()).map_err(|error| {
            let error = format!("`{}`: {error}", crate::model::Untrusted::new(text));
            Failure::new(Exit::Usage, "reading the event of the CI system", error)
        })
    }

    /// Returns the object that a tag was given by the push. The clone's own tag is not trusted to be that object:
    /// another push may have moved it since, and checkouts replace a tag object by its commit.
    fn tagged(&self, name: &RefName, named: ObjectId, names_commit: bool) -> Result<ObjectId, Failure> {
        let repository = self.at.repository;
        if !names_commit {
            return match repository.kind(named) {
                Ok(Some(_)) => Ok(named),
                Ok(None) => {
                    Err(self.lacks_tag(name, &format!("this clone does not have {named}, which {name} was given")))
                }
                Err(error) => Err(self.unreadable(&error)),
            };
        }
        let (_, held) = repository.resolve(name).map_err(|error| self.unreadable(&error))?;
        let Some(held) = held else { return Err(self.lacks_tag(name, &format!("this clone does not have {name}"))) };
        // Systems that name a commit here name the tag object there.
        if held == named || repository.peel(held).map_err(|error| self.unreadable(&error))?.id == named {
            return Ok(held);
        }
        Err(self.lacks_tag(name, &format!("{name} of this clone is not about {named}, which this job is about")))
    }

    fn lacks_tag(&self, name: &RefName, cause: &str) -> Failure {
        let failure = Failure::new(Exit::Undecided, self.detail(), cause);
        match (quote(self.remote), quote(&[name.full().as_bytes(), b":", name.full().as_bytes()].concat())) {
            (Some(remote), Some(refspec)) => failure.help(format!("`git fetch --force {remote} {refspec}`")),
            _ => failure.help(self.provider.whole_clone()),
        }
    }

    /// Fails where the remote is another project's: a job may check a fork out, whose branches are the proposer's.
    fn is_of_the_project(&self, project: Option<&str>) -> Result<(), Failure> {
        let url = self.at.repository.config(&format!("remote.{}.url", self.remote));
        match (project, url) {
            (Some(project), Some(url)) if !is_project(&url, project) => {
                let cause = format!(
                    "`{}` is not the project `{}`, which the event is about",
                    crate::model::Untrusted::new(self.remote),
                    crate::model::Untrusted::new(project)
                );
                Err(Failure::new(Exit::Undecided, self.detail(), cause)
                    .help("run this in a clone of that project, or name its remote with `--remote`"))
            }
            _ => Ok(()),
        }
    }

    /// Fails where the clone lacks branches or history: what is not there would be taken for what does not exist.
    fn is_whole(&self, may_have_one_branch: bool) -> Result<(), Failure> {
        let repository = self.at.repository;
        match clone_is_complete(repository, self.remote) {
            Ok(()) => {}
            Err(Incomplete::Unreadable(error)) => return Err(self.unreadable(&error)),
            Err(error) => return Err(self.lacks(&error.to_string())),
        }
        if repository.is_bare() {
            return Ok(());
        }
        let own = self.event.name();
        let tracked = tracked_branches(repository, self.remote).map_err(|error| self.unreadable(&error))?;
        // For a request, the runner would not have fetched the target.
        let is_push = matches!(self.event, CiEvent::Push { .. });
        if is_push && may_have_one_branch && tracked.iter().all(|name| name == own) {
            return Err(self.lacks(&format!("this clone has no branch of `{}` but {own}", self.remote)));
        }
        match self.event.default_branch() {
            Some(default) if default != own => self.tip(default).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Returns the failure that asks for a complete clone.
    fn lacks(&self, cause: &str) -> Failure {
        let failure = Failure::new(Exit::Undecided, self.detail(), cause);
        let unshallow = if self.at.repository.is_shallow() { "--unshallow " } else { "" };
        match quote(self.remote) {
            // A shallow clone tracks one branch unless it was asked for more.
            Some(remote) => failure.help(format!(
                "either {}, or run `git remote set-branches {remote} '*' && git fetch {unshallow}--force --tags {remote}` first",
                self.provider.whole_clone()
            )),
            None => failure.help(self.provider.whole_clone()),
        }
    }

    fn unreadable(&self, error: &git::Error) -> Failure {
        Failure::from_error(Exit::Undecided, self.detail(), error)
    }

    fn detail(&self) -> String {
        format!("looking for what {} needs to be judged", self.event.name())
    }
}

fn policy_at(commit: ObjectId) -> Source {
    Source::Ref { revision: commit.to_string(), path: POLICY_FILE.to_owned() }
}
