//! Git repositories. The only module that knows gix, and the only place that may start `git`.
//!
//! | file | what is in it |
//! |---|---|
//! | `environment` | what a hook's environment says about the repository, as values |
//! | `discover`, `open` | finding a repository, whether it may be trusted, whether we understand its format |
//! | `config` | git's configuration files |
//! | `alternates`, `odb` | one reader over all object directories of a push, quarantine included |
//! | `refs`, `reftable` | single refs and prefixes of them, in files or reftables |
//! | `object`, `commit`, `trailers`, `tag`, `tree` | objects: parsed, size-checked, raw bytes |
//! | `tree_diff`, `line_diff` | what a commit changed, for many commits in a row: trees with a cache, lines |
//! | `walk`, `dag`, `paint`, `difference`, `ancestors`, `containment` | questions about ancestry |
//! | `revision` | what a user names on the command line |
//! | `spawn` | the one way to run `git` |
//! | `notes` | what is written about an object in `refs/notes` |
//! | `status` | whether the work tree differs from `HEAD` |
//!
//! It knows nothing of policies or rules, and it never answers "not there" when the truth is "could not be
//! read": `refs/replace`, grafts and lazy fetching are ignored, and what is missing, promised, cut off or too
//! large is an [`Error`] for which [`Error::is_undecided`] holds.

mod alternates;
mod ancestors;
mod budget;
mod changed_paths;
mod commit;
mod common;
mod config;
mod containment;
mod dag;
mod difference;
mod discover;
mod entry;
mod environment;
mod error;
mod format;
mod fresh;
mod hash;
mod headers;
#[cfg(test)]
mod histories;
mod kind;
mod line_diff;
mod notes;
mod odb;
mod open;
mod packs;
mod paint;
mod read;
mod ref_store;
mod refs;
mod reftable;
mod revision;
#[cfg(test)]
mod scratch;
mod spawn;
mod status;
mod subgraph;
mod tag;
mod tracking;
mod trailers;
mod tree;
mod tree_diff;
mod tree_entries;
mod walk;

pub use ancestors::Ancestors;
pub use changed_paths::ChangedPaths;
pub use commit::{Commit, Identity};
pub use entry::{Change, Entry, Mode};
pub use environment::Environment;
pub use error::{Error, Need};
pub use fresh::Fresh;
pub use hash::{Digest, blob_id};
pub use kind::{Kind, Peeled};
pub use line_diff::{Hunk, LineDiff, Sliders, middle};
pub use open::{Repository, Trust};
#[cfg(fuzzing)]
pub use packs::apply_delta;
pub use ref_store::Target;
pub use spawn::Git;
pub use tag::Tag;
pub use tracking::Tracking;
pub use trailers::Trailer;
pub use tree_diff::TreeDiff;
