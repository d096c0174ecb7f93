//! Git repositories. The only module that knows gix.
//!
//! | folder or file | what is in it |
//! |---|---|
//! | `repo` | what a hook's environment says (`environment`), finding a repository and its work tree (`discover`), whether we understand its format (`format`), its configuration (`config`), opening it (`open`), running `git` in it (`spawn`), whether the work tree is clean (`status`) |
//! | `object` | one reader over all object directories of a push, quarantine included (`alternates`, `odb`, `packs`); objects parsed (`headers`, `commit`, `trailers`, `tag`, `entry`, `tree_entries`) and read by id or path (`read`, `tree`, `notes`); ids of content (`hash`) |
//! | `refs` | where refs are (`store`, `reftable`), one by its name or those below a prefix (`lookup`), what a user names (`revision`), what a remote has (`tracking`) |
//! | `walk` | questions about ancestry (`ancestry`, `ancestors`, `containment`, `fresh`) and what they stand on (`dag`, `paint`, `difference`, `subgraph`) |
//! | `diff` | what a commit changed, for many commits in a row: paths (`tree_diff`, `changed_paths`), lines (`line_diff`) |
//! | `budget`, `error` | how long all of this may take, and why there was no answer |
//!
//! It knows nothing of policies or rules, and it never answers "not there" when the truth is "could not be
//! read": `refs/replace`, grafts and lazy fetching are ignored, and what is missing, promised, cut off or too
//! large is an [`Error`] for which [`Error::is_undecided`] holds.

mod budget;
mod diff;
mod error;
#[cfg(test)]
mod histories;
mod object;
mod refs;
mod repo;
#[cfg(test)]
mod scratch;
mod walk;

pub use diff::changed_paths::ChangedPaths;
pub use diff::line_diff::{Hunk, LineDiff, Sliders, middle};
pub use diff::tree_diff::TreeDiff;
pub use error::{Error, Need};
pub use object::commit::{Commit, Identity};
pub use object::entry::{Change, Entry, Mode};
pub use object::hash::{Digest, blob_id};
pub use object::kind::{Kind, Peeled};
#[cfg(fuzzing)]
pub use object::packs::apply_delta;
pub use object::tag::Tag;
pub use object::trailers::Trailer;
pub use refs::store::Target;
pub use refs::tracking::Tracking;
pub use repo::environment::Environment;
pub use repo::open::{Repository, Trust};
pub use repo::spawn::Git;
pub use walk::ancestors::Ancestors;
pub use walk::fresh::Fresh;
