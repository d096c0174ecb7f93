//! Why there is no answer.

use crate::git;

/// A fact that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct FactError {
    /// The cause in one sentence.
    pub cause: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether another place decides it, so that the missing answer does not hold the push up here.
    pub elsewhere: bool,
}

impl FactError {
    /// A fact that has to be had here and cannot.
    pub fn undecided(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: None, elsewhere: false }
    }

    /// A fact that the server has.
    pub fn elsewhere(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: None, elsewhere: true }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<git::Error> for FactError {
    fn from(error: git::Error) -> Self {
        let chain = std::iter::successors(std::error::Error::source(&error), |inner| inner.source());
        let cause = chain.fold(error.to_string(), |text, inner| format!("{text}: {inner}"));
        let undecided = Self::undecided(cause);
        match error {
            git::Error::Shallow { .. } => undecided.help("fetch the whole history: `git fetch --unshallow`"),
            git::Error::Missing { .. } => undecided.help("fetch first: `git fetch`"),
            _ => undecided,
        }
    }
}
