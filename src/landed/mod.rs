//! The evidence engine. Is this change on the other line, as which commit, and how do we know?
//!
//! | file | what is in it |
//! |---|---|
//! | [`comparison`], [`engine`] | from two lines to an answer for each change: the order of the work |
//! | [`change`], [`titles`], [`trailers`], [`forms`], [`own_form`] | what a commit says: author, second, title, message, what it names |
//! | [`patch`], [`patch_id`] | what a commit does: lines, paths, git's patch-id |
//! | [`index`], [`explicit`], [`candidates`] | which commits are compared: by metadata, by what is named, by files |
//! | [`same_files`], [`mainline_files`], [`path_search`] | where else the same patch can be |
//! | [`features`], [`tiers`] | what two commits have in common, and the rules that judge it |
//! | [`assign`] | one to one; several squashed into one |
//! | [`chores`] | changes that belong to their own line |
//! | [`reasons`], [`verdict`] | the answer and its sentence |
//! | [`cache`], [`answers`], [`record`], [`store`] | what is kept for the next time |
//! | [`turn`] | who fills the cache after a push |
//! | [`parallel`] | all cores |
//!
//! It knows nothing of policies and rules, writes nothing but its cache, and believes no message that the content contradicts.

mod answers;
mod assign;
mod cache;
mod candidates;
mod change;
mod chores;
mod comparison;
mod engine;
mod error;
mod explicit;
mod features;
mod forms;
#[cfg(fuzzing)]
pub mod fuzzing;
mod index;
mod mainline_files;
mod own_form;
mod parallel;
mod patch;
pub mod patch_id;
mod path_search;
mod reasons;
mod record;
mod same_files;
mod store;
mod tiers;
mod titles;
mod trailers;
#[cfg(unix)]
mod turn;
mod verdict;

pub use chores::{Chores, DEFAULT_TITLES};
pub use comparison::{Caching, Comparison, Options};
pub use error::Error;
pub use forms::DEFAULT_FORMS;
pub use own_form::{Form, Original};
pub use trailers::Grammar;
#[cfg(unix)]
pub use turn::Turn;
pub use verdict::{Evidence, Status, Verdict};
