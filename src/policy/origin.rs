//! Where a policy says something.

use std::ops::Range;

/// The place of a table in the policy and its layers. [`Policy::place_of`](super::Policy::place_of) gives the file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The index in [`Policy::texts`](super::Policy::texts) of the layer.
    pub layer: usize,
    /// The bytes of its text: the table's header, or the key that names it.
    pub span: Range<usize>,
}
