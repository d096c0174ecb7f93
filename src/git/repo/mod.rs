//! Finding and opening a repository, and running `git` in it.

pub(in crate::git) mod canonical;
pub(in crate::git) mod config;
pub(in crate::git) mod declining;
pub(in crate::git) mod discover;
pub(in crate::git) mod environment;
pub(in crate::git) mod format;
pub(in crate::git) mod least;
pub(in crate::git) mod open;
pub(in crate::git) mod spawn;
pub(in crate::git) mod status;
