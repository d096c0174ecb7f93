//! Where and why a text could not be read: the smallest common ground of all schemes.

use crate::model::{Untrusted, did_you_mean};

/// The longest version that is read, in bytes. Real ones have some twenty; dpkg and PyPI allow more than this.
pub(crate) const MAX_LEN: usize = 256;

/// Where and why reading stopped; becomes a [`VersionError`](super::VersionError) once the scheme and the text are
/// known.
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
    /// Longer than [`MAX_LEN`] bytes.
    #[error("it is longer than {MAX_LEN} bytes")]
    TooLong,
    /// The scheme wants more.
    #[error("it ends too early")]
    Incomplete,
    /// No version of the scheme goes on with this character.
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
    /// A word that is not one of the pre-release, post-release or development markers.
    #[error("unknown marker")]
    Marker,
    /// A lone letter other than a, b, c where letters come before the release.
    #[error("only the letters a, b and c come before a release")]
    Letter,
}

/// Makes a text fit to show: escaped, and cut to what fits on a line if it is too long to be a version.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", Untrusted::new(text.get(..cut).unwrap_or_default())),
        None => Untrusted::new(text).to_string(),
    }
}

/// Says what may have been meant. Longer than any name by far is not a typing mistake.
pub(super) fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    if given.len() > 40 { String::new() } else { did_you_mean(given, known) }
}
