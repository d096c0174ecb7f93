//! What messages name: ids of commits, and numbers of pull requests.

use bstr::BString;
use serde::{Deserialize, Serialize};

/// An abbreviated or full commit id in hexadecimal, lower case.
pub(super) type Prefix = BString;

/// The fewest digits of an abbreviated id; a shorter one names nothing.
pub(super) const MIN_DIGITS: usize = 7;

/// How many names are read from a message; further ones are ignored.
pub(super) const MAX_NAMED: usize = 64;

/// What a message names as its original.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Named {
    /// A commit id, possibly abbreviated.
    Commit(Prefix),
    /// The number of a pull request.
    PullRequest(u64),
}

/// Returns whether a word looks like the id of a commit. A word that consists of letters from a to f alone is an
/// ordinary word.
pub(super) fn is_id(word: &[u8]) -> bool {
    (MIN_DIGITS..=64).contains(&word.len())
        && word.iter().all(u8::is_ascii_hexdigit)
        && word.iter().any(u8::is_ascii_digit)
}
