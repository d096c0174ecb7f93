//! Refs: in files or reftables, by name or prefix, as a user names them, and as a remote has them.

pub(in crate::git) mod lookup;
pub(in crate::git) mod reftable;
pub(in crate::git) mod revision;
pub(in crate::git) mod store;
pub(in crate::git) mod tracking;
