//! Git repositories. The only module that knows gix.
//!
//! | where | what is in it |
//! |---|---|
//! | `repo/environment`, `discover`, `canonical` | what a hook's environment says; finding a repository and its work tree |
//! | `repo/format`, `config`, `open` | whether we understand its format; its configuration; opening it |
//! | `repo/declining` | what git may leave out of a push after pre-receive has accepted it |
//! | `repo/spawn`, `least`, `status` | the one way to run `git`, and the oldest one; whether the work tree is clean |
//! | `object/alternates`, `views`, `odb`, `packs` | one reader over all object directories of a push, quarantine included |
//! | `object/headers`, `commit`, `trailers`, `tag`, `entry`, `tree_entries`, `kind` | objects, parsed |
//! | `object/read`, `tree`, `notes`, `hash` | reading them by id or by path; notes; ids of content |
//! | `refs/store`, `reftable`, `lookup` | where refs are; one by its name, or those below a prefix |
//! | `refs/revision`, `tracking` | what a user names; what a remote has |
//! | `walk/ancestry`, `ancestors`, `containment`, `fresh` | questions about ancestry |
//! | `walk/dag`, `paint`, `difference`, `subgraph` | what they stand on |
//! | `diff/tree_diff`, `changed_paths`, `line_diff`, `common` | what a commit changed, for many commits in a row |
//! | `picking` | whether picks would apply |
//! | `made` | repositories that are written object by object |
//! | `memory`, `scratch` | repositories for tests: in memory, and made by the real git |
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
mod made;
#[cfg(test)]
mod memory;
mod object;
mod picking;
mod refs;
mod repo;
#[cfg(test)]
pub(crate) mod scratch;
mod walk;

pub use diff::changed_paths::ChangedPaths;
pub(crate) use diff::line_diff::{LineDiff, Sliders, middle};
pub(crate) use diff::tree_diff::TreeDiff;
pub(crate) use error::Error;
#[cfg(test)]
pub(crate) use error::Need;
pub(crate) use made::{Holds, Made};
#[cfg(test)]
pub(crate) use memory::Memory;
pub use object::commit::Commit;
pub(crate) use object::commit::Identity;
#[cfg(fuzzing)]
pub use object::deltas::apply_delta;
pub(crate) use object::entry::{Change, Entry, Mode};
pub(crate) use object::hash::{Digest, blob_id};
pub(crate) use object::kind::{Kind, Peeled};
pub use object::tag::Tag;
pub(crate) use picking::{Picking, Trial};
pub(crate) use refs::store::Target;
pub(crate) use refs::tracking::Tracking;
pub(crate) use repo::canonical::canonical;
pub(crate) use repo::declining::Installed;
pub use repo::environment::Environment;
pub(crate) use repo::environment::NO_FILE;
pub(crate) use repo::least::{LEAST_GIT, too_old};
pub use repo::open::{Repository, Trust};
pub(crate) use repo::spawn::Git;
pub(crate) use walk::ancestors::Ancestors;
pub(crate) use walk::fresh::Fresh;
pub(crate) use walk::history::WholeHistory;
