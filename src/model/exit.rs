//! Exit codes: the contract with hooks and CI.

use std::process::ExitCode;

/// What the process ends with, equal in every format and decided before anything is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// The push may go ahead; warnings are allowed.
    Accepted = 0,
    /// At least one finding at level refuse.
    Refused = 1,
    /// The command line or the input was wrong.
    Usage = 2,
    /// The policy is invalid or there is none.
    Policy = 3,
    /// A fact could not be had: shallow history, missing object, deadline, lost output.
    Undecided = 4,
    /// A defect of refgate itself.
    Internal = 70,
}

impl Exit {
    /// Returns the number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
