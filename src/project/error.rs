//! Why there is no answer.

use crate::git;
use crate::model::{Exit, Failure, Stage};

/// A fact that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct FactError {
    /// The cause in one sentence.
    pub cause: String,
    /// What is lacking, which decides who can do something about it, and whether the answer can be had elsewhere.
    pub lack: Lack,
    /// What to do about it, where whoever reads it can.
    help: Option<String>,
}

/// What is lacking for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Nothing that could be had elsewhere: the question itself has no answer.
    Answer,
    /// Something that the server alone knows, such as who pushes.
    Server,
    /// A ref of the receiving side that this clone does not track.
    Ref,
    /// Objects that are not in this repository.
    Object,
    /// History that was cut off (a shallow clone).
    History,
    /// Time.
    Time,
}

impl FactError {
    /// Makes the error for a fact that is needed here and cannot be had.
    pub fn undecided(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), lack: Lack::Answer, help: None }
    }

    /// Makes the error for a fact that only the server has.
    pub fn elsewhere(cause: impl Into<String>) -> Self {
        Self { lack: Lack::Server, ..Self::undecided(cause) }
    }

    /// Makes the error for a ref that the clone does not track. `fetch` is the command that changes that.
    pub fn untracked(cause: impl Into<String>, fetch: impl Into<String>) -> Self {
        Self { lack: Lack::Ref, help: Some(fetch.into()), ..Self::undecided(cause) }
    }

    /// Makes the error for a push whose time is over.
    pub fn late() -> Self {
        Self { lack: Lack::Time, ..Self::undecided("the deadline has passed") }
    }

    /// Returns whether time is what is lacking: whatever is asked next has no answer either.
    pub fn is_late(&self) -> bool {
        self.lack == Lack::Time
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns whether the question is left to the server: a developer's machine need not know who may push, nor have
    /// every branch. In CI, which is the last to ask, only what no job can know is left to the server.
    pub fn is_elsewhere(&self, stage: Stage) -> bool {
        match self.lack {
            Lack::Server => !stage.is_server(),
            Lack::Ref => stage == Stage::PrePush,
            Lack::Answer | Lack::Object | Lack::History | Lack::Time => false,
        }
    }

    /// Returns what whoever is asked at this stage can do about it. A pusher cannot repair the server's repository.
    pub fn advice(&self, stage: Stage) -> Option<String> {
        let own = self.help.clone();
        match (self.lack, stage.is_server()) {
            (Lack::Object, false) => own.or_else(|| Some("fetch first: `git fetch`".to_owned())),
            (Lack::History, false) => {
                own.or_else(|| Some("fetch the whole history: `git fetch --unshallow`".to_owned()))
            }
            (Lack::Object | Lack::History, true) => Some(
                "the server's repository is not whole: its administrator finds out more with `git fsck --connectivity-only`"
                    .to_owned(),
            ),
            (Lack::Time, true) => Some(
                "push less at once, or ask the administrator to raise `refgate.deadline` or to give the repository a \
                 commit-graph (`git commit-graph write --reachable`)"
                    .to_owned(),
            ),
            (Lack::Time, false) => Some(
                "raise `refgate.deadline`, or give the repository a commit-graph: `git commit-graph write --reachable`"
                    .to_owned(),
            ),
            (Lack::Answer | Lack::Server | Lack::Ref, _) => own,
        }
    }
}

impl FactError {
    /// Returns the failure for a command that has no answer without the fact.
    pub fn into_failure(self, detail: impl Into<String>, stage: Stage) -> Failure {
        let help = self.advice(stage);
        help.into_iter().fold(Failure::new(Exit::Undecided, detail, self.cause), Failure::help)
    }
}

impl From<git::Error> for FactError {
    fn from(error: git::Error) -> Self {
        let lack = match &error {
            git::Error::Shallow { .. } => Lack::History,
            git::Error::Missing { .. } => Lack::Object,
            git::Error::Deadline => return Self::late(),
            _ => Lack::Answer,
        };
        let chain = std::iter::successors(std::error::Error::source(&error), |inner| inner.source());
        let cause = chain.fold(error.to_string(), |text, inner| format!("{text}: {inner}"));
        Self { lack, ..Self::undecided(cause) }
    }
}

impl From<crate::landed::Error> for FactError {
    fn from(error: crate::landed::Error) -> Self {
        match error {
            crate::landed::Error::Git(error) => Self::from(error),
            late @ crate::landed::Error::Deadline { .. } => Self { cause: late.to_string(), ..Self::late() },
        }
    }
}
