//! What a commit changed, for many commits in a row.

pub(in crate::git) mod changed_paths;
pub(in crate::git) mod common;
pub(in crate::git) mod line_diff;
pub(in crate::git) mod tree_diff;
