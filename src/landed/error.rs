//! Why a comparison gave no answer.

use crate::git::{self, Repository};

/// An error of a comparison.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// The time that was given is over.
    #[error("the deadline has passed while {during}")]
    Deadline {
        /// What was being done.
        during: &'static str,
    },
}

impl Error {
    /// Checks whether there is time left.
    ///
    /// # Errors
    /// The deadline has passed while `during` was being done.
    pub(super) fn unless_in_time(repository: &Repository, during: &'static str) -> Result<(), Self> {
        repository.check_deadline().map_err(|_| Self::Deadline { during })
    }

    /// Returns whether a fact could not be had although the input may be in order.
    pub const fn is_undecided(&self) -> bool {
        match self {
            Self::Git(error) => error.is_undecided(),
            Self::Deadline { .. } => true,
        }
    }
}
