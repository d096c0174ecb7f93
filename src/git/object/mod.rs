//! Objects: where they are, reading them by id, and what is in them.

pub(in crate::git) mod alternates;
pub(in crate::git) mod commit;
pub(in crate::git) mod deltas;
pub(in crate::git) mod entry;
pub(in crate::git) mod hash;
pub(in crate::git) mod headers;
pub(in crate::git) mod ids;
pub(in crate::git) mod kept;
pub(in crate::git) mod kind;
pub(in crate::git) mod notes;
pub(in crate::git) mod odb;
pub(in crate::git) mod packs;
pub(in crate::git) mod read;
pub(in crate::git) mod tag;
pub(in crate::git) mod trailers;
pub(in crate::git) mod tree;
pub(in crate::git) mod tree_entries;
mod views;
