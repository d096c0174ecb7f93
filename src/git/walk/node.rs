//! The numbers of commits.

/// A commit of a [`Dag`](super::dag::Dag).
pub(in crate::git) type Node = u32;

/// The generation of a commit that has none on record: it may be a descendant of anything.
pub(in crate::git) const UNKNOWN_GENERATION: u32 = u32::MAX;
