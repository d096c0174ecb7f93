//! What happened: a branch was pushed, a tag was, or there is a pull request.

use super::Error;
use crate::git::{self, Repository, Target};
use crate::model::{Namespace, ObjectId, RefName};
use crate::push::CiEvent;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A branch was pushed.
    Branch {
        /// Which.
        name: RefName,
        /// Where it stands since; `None` when it was deleted.
        commit: Option<ObjectId>,
    },
    /// A tag was pushed.
    Tag {
        /// Which.
        name: RefName,
        /// What it names; `None` when it was deleted.
        target: Option<ObjectId>,
    },
    /// A pull or merge request was opened or changed.
    PullRequest,
}

/// The kinds of events, as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// A push to a branch.
    Branch,
    /// A push of a tag.
    Tag,
    /// A pull or merge request.
    PullRequest,
}

impl EventKind {
    /// Returns the word used on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::PullRequest => "pull-request",
        }
    }
}

impl Event {
    /// Returns its kind.
    pub(crate) const fn kind(&self) -> EventKind {
        match self {
            Self::Branch { .. } => EventKind::Branch,
            Self::Tag { .. } => EventKind::Tag,
            Self::PullRequest => EventKind::PullRequest,
        }
    }

    /// Returns the ref that moved.
    pub(crate) const fn name(&self) -> Option<&RefName> {
        match self {
            Self::Branch { name, .. } | Self::Tag { name, .. } => Some(name),
            Self::PullRequest => None,
        }
    }

    /// Returns the event of a CI job.
    ///
    /// # Errors
    /// It is about a ref that is neither branch nor tag, or about a commit that is not in this clone.
    pub(crate) fn of_job(repository: &Repository, job: &CiEvent) -> Result<Self, Error> {
        let CiEvent::Push { name, new, .. } = job else { return Ok(Self::PullRequest) };
        let new = new.as_deref().map(|revision| repository.rev_parse(revision)).transpose()?;
        Self::of_push(name.clone(), new)
    }

    /// Returns the event that flags describe. A ref that this clone does not have stands for `HEAD`: CI systems check
    /// commits out without their branches.
    ///
    /// # Errors
    /// What was given does not say what happened, or there is no such commit.
    pub(crate) fn of_flags(
        repository: &Repository,
        kind: Option<EventKind>,
        name: Option<&str>,
    ) -> Result<Self, Error> {
        let name = match (kind, name) {
            (Some(EventKind::PullRequest), _) => return Ok(Self::PullRequest),
            (None, Some(name)) if name.starts_with("refs/") => RefName::new(name),
            (None, Some(name)) => guess(repository, name)?,
            (Some(EventKind::Branch), Some(name)) => RefName::branch(name.strip_prefix("refs/heads/").unwrap_or(name)),
            (Some(EventKind::Tag), Some(name)) => RefName::tag(name.strip_prefix("refs/tags/").unwrap_or(name)),
            (Some(EventKind::Branch), None) => {
                head_branch(repository)?.ok_or(Error::NoRef("`HEAD` is on no branch"))?
            }
            (Some(EventKind::Tag) | None, None) => return Err(Error::NoRef("no ref was named")),
        };
        let id = match repository.resolve(&name)? {
            (_, Some(id)) => id,
            (_, None) => repository.resolve(&RefName::new("HEAD"))?.1.ok_or(Error::Unborn)?,
        };
        Self::of_push(name, Some(id))
    }

    fn of_push(name: RefName, new: Option<ObjectId>) -> Result<Self, Error> {
        let is_request =
            ["refs/pull/", "refs/merge-requests/"].iter().any(|prefix| name.full().starts_with(prefix.as_bytes()));
        match name.namespace() {
            Namespace::Branch => Ok(Self::Branch { name, commit: new }),
            Namespace::Tag => Ok(Self::Tag { name, target: new }),
            Namespace::Other if is_request => Ok(Self::PullRequest),
            Namespace::Other => Err(Error::WrongRef(name)),
        }
    }
}

/// Returns the branch that `HEAD` is on; `None` when it is on none.
///
/// # Errors
/// `HEAD` cannot be read.
pub(crate) fn head_branch(repository: &Repository) -> Result<Option<RefName>, git::Error> {
    let head = repository.reference(&RefName::new("HEAD"))?;
    Ok(match head {
        Some(Target::Symbolic(name)) if name.namespace() == Namespace::Branch => Some(name),
        _ => None,
    })
}

/// Resolves a short name that is a branch's or a tag's, and not both.
fn guess(repository: &Repository, short: &str) -> Result<RefName, Error> {
    let (branch, tag) = (RefName::branch(short), RefName::tag(short));
    match (repository.reference(&branch)?.is_some(), repository.reference(&tag)?.is_some()) {
        (true, false) => Ok(branch),
        (false, true) => Ok(tag),
        (true, true) => Err(Error::NoRef("this is a branch and a tag")),
        (false, false) => Err(Error::NoRef("there is neither a branch nor a tag of this name here")),
    }
}
