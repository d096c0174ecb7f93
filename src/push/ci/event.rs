//! What a job is about.

use bstr::{BString, ByteSlice as _};

use super::{Read, provider};
use crate::model::RefName;
use crate::push::variables::Variables;

/// The event of a CI job. Ids are as the system gives them, and what they name may be missing from the clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CiEvent {
    /// A pull or merge request: judged as a push of `head` to `target`.
    Request {
        /// The branch it goes to.
        target: RefName,
        /// What it stands on, where it waits in a queue behind others.
        queued_on: Option<String>,
        /// What it brings; the test merge where the system makes one.
        head: String,
        /// The branch that the project calls its main one.
        default_branch: Option<RefName>,
    },
    /// A branch or tag that was pushed.
    Push {
        /// The ref.
        name: RefName,
        /// What it held before.
        old: Before,
        /// What it holds now; `None` for a ref that was deleted.
        new: Option<String>,
        /// Whether `new` is a commit where the ref may hold a tag object about it: the system names no other.
        names_commit: bool,
        /// Whether the push was forced, where the system says so.
        forced: Option<bool>,
        /// The branch that the project calls its main one.
        default_branch: Option<RefName>,
    },
}

/// What a ref held before a push, as far as the system says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// The push created it.
    Nothing,
    /// This object.
    Held(String),
    /// The system does not say.
    Unsaid,
}

impl Before {
    /// Reads an id where none, or one of zeros, stands for a ref that was created.
    pub(super) fn of(id: Option<String>) -> Self {
        id.filter(|id| !is_null(id)).map_or(Self::Nothing, Self::Held)
    }

    /// Reads the commit that was built before, where the system names no other. The same commit built again says nothing
    /// about the push. A branch that was never built is a new one; the default branch is not, it was there before.
    pub(super) fn built(id: Option<String>, head: &str, is_default: bool) -> Self {
        match id.filter(|id| !is_null(id)) {
            Some(id) if id == head => Self::Unsaid,
            Some(id) => Self::Held(id),
            None if is_default => Self::Unsaid,
            None => Self::Nothing,
        }
    }
}

/// Why there is no event to judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CiError {
    /// The variables of no known system are set.
    #[error("no flags say what to check, and the variables of no known CI system are set")]
    NoCi,
    /// A variable the event needs.
    #[error("`{0}` is not set, or not text")]
    Missing(&'static str),
    /// The file that describes the event.
    #[error("the event file `{path}`: {cause}")]
    Payload {
        /// Its path.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// An event that moves no ref.
    #[error("the event `{0}` moves no ref; run this on push, pull_request or merge_request_event")]
    Event(String),
    /// A request whose target the system does not name.
    #[error("{0} does not say which branch the pull request goes to")]
    NoTarget(&'static str),
}

impl CiEvent {
    /// Finds what this job builds, whichever system runs it.
    ///
    /// # Errors
    /// See [`CiError`].
    pub(crate) fn job(variables: Variables<'_>, read: Read<'_>) -> Result<Self, CiError> {
        provider(variables)?.job(variables, read)
    }

    /// Returns the branch that the project calls its main one, where the system says so.
    pub(crate) const fn default_branch(&self) -> Option<&RefName> {
        match self {
            Self::Request { default_branch, .. } | Self::Push { default_branch, .. } => default_branch.as_ref(),
        }
    }

    /// Returns the ref that moved, or would move.
    pub(crate) const fn name(&self) -> &RefName {
        match self {
            Self::Request { target, .. } => target,
            Self::Push { name, .. } => name,
        }
    }
}

/// Returns the text of a variable; one that is empty counts as not set.
pub(super) fn text(variables: Variables<'_>, name: &'static str) -> Result<String, CiError> {
    let value: Option<BString> = variables(name).filter(|value| !value.is_empty());
    value.and_then(|value| value.to_str().ok().map(str::to_owned)).ok_or(CiError::Missing(name))
}

/// Returns whether an id stands for "no object".
pub(super) fn is_null(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}
