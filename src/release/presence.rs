//! Whether a branch or tag has a change, and as which commit.

use crate::landed::Evidence;
use crate::model::ObjectId;

/// A commit that is the change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Occurrence {
    /// The commit.
    pub commit: ObjectId,
    /// How it is known to be the change.
    pub evidence: Evidence,
    /// How sure that is, from 0 to 1.
    pub score: f64,
    /// The same in a sentence; holds no untrusted text.
    pub reason: String,
    /// Whether a person should look.
    pub is_probable: bool,
    /// Whether a considerable part of the change is not there.
    pub is_partial: bool,
}

/// Whether a branch or tag has the change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Presence {
    /// It has it, as this commit.
    Here(Occurrence),
    /// It had it, and this commit reverted it.
    Reverted(Occurrence, ObjectId),
    /// Nothing like it is there.
    Absent,
}
