//! What can go wrong between a text and a version.

use super::Scheme;
use crate::model::Untrusted;

/// Why a text is no version of a scheme. Shows the text escaped, so it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is no {scheme} version: {reason}, at character {}", .offset + 1)]
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

/// Fit to show: escaped, and what is too long to be a version is cut to what fits on a line.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", Untrusted::new(text.get(..cut).unwrap_or_default())),
        None => Untrusted::new(text).to_string(),
    }
}

/// Where and why reading stopped; becomes a [`VersionError`] once the scheme and the text are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) reason: Reason,
}

impl Fault {
    pub(super) fn new(offset: usize, reason: Reason) -> Self {
        Self { offset, reason }
    }
}

/// What is wrong with a version's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Longer than [`MAX_LEN`](super::MAX_LEN) bytes.
    #[error("it is longer than {} bytes", super::MAX_LEN)]
    TooLong,
    /// The scheme wants more.
    #[error("it ends too early")]
    Incomplete,
    /// The scheme has no version that goes on with this character.
    #[error("unexpected character")]
    Unexpected,
    /// A number above `u64::MAX` (epochs of Debian versions: above `i32::MAX`).
    #[error("the number is too large")]
    TooLarge,
    /// A zero in front where the scheme allows none.
    #[error("the number has a leading zero")]
    LeadingZero,
    /// Fewer digits than the layout asks for.
    #[error("the layout asks for more digits")]
    Padding,
    /// A month 13, a quarter 5, a 30th of February.
    #[error("there is no such date")]
    NoSuchDate,
    /// A word that is none of the pre-release, post-release or development markers.
    #[error("unknown marker")]
    Marker,
    /// A lone letter other than a, b, c where letters come before the release.
    #[error("only the letters a, b and c come before a release")]
    Letter,
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
        spelling: super::Spelling,
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
