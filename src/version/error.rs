//! What can go wrong between a text and a version.

use super::fault::{Fault, Reason, shown};
use super::{Scheme, Spelling};

/// Why a text is not a version of a scheme. Shows the text escaped, so it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is not a {scheme} version: {reason}, at character {}", .offset + 1)]
pub struct VersionError {
    /// The scheme it was read as.
    pub scheme: Scheme,
    /// The text, escaped and cut to what fits on a line.
    pub shown: String,
    /// Where reading stopped: a byte offset into the text, its length when the text ends too early.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

impl VersionError {
    pub(super) fn new(scheme: &Scheme, text: &str, fault: Fault) -> Self {
        Self { scheme: scheme.clone(), shown: shown(text), offset: fault.offset, reason: fault.reason }
    }
}

/// Two versions that have no order: they are of different schemes, or of differently named packages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{left}` ({left_scheme}) and `{right}` ({right_scheme}) have no order")]
pub struct MixedSchemes {
    /// The one.
    pub left: String,
    /// Its scheme.
    pub left_scheme: Scheme,
    /// The other.
    pub right: String,
    /// Its scheme.
    pub right_scheme: Scheme,
}

/// Why a version has no next one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NextError {
    /// Already a development version with a number of its own: commits cannot be counted from it.
    #[error("`{0}` is itself a development version; only `.dev0` can be counted from")]
    Dev(String),
    /// The number after it does not fit.
    #[error("the number after `{0}` is too large")]
    Overflow(String),
    /// The scheme would sort it below: SemVer has `rc10` before `rc9`.
    #[error("`{next}` would sort before `{version}`")]
    Order {
        /// The version.
        version: String,
        /// What would have come after it.
        next: String,
    },
    /// The scheme has no such level, such as the patch level of a calendar version.
    #[error("{0} has no such level")]
    Level(Scheme),
}

/// Why a version cannot be written in a spelling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpellError {
    /// The spelling has no words for it: an epoch or a post-release in SemVer, a Debian revision in PEP 440.
    #[error("`{version}` has no {spelling} spelling: {why}")]
    Inexpressible {
        /// The version.
        version: String,
        /// The spelling.
        spelling: Spelling,
        /// What the spelling lacks.
        why: &'static str,
    },
    /// A Docker tag has at most 128 characters.
    #[error("the Docker spelling of `{0}` is longer than 128 characters")]
    TooLong(String),
    /// There is no next version to count towards.
    #[error(transparent)]
    Next(#[from] NextError),
}
