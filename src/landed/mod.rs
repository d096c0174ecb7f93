//! The evidence engine. Is this change on the other line, as which commit, and how do we know?
//!
//! | file | what is in it |
//! |---|---|
//! | [`compare`], [`options`] | from two lines to an answer for each change: the order of the work |
//! | [`reading`] | what is read of commits, for all stages |
//! | [`exclude`], [`chores`] | what is asked about, and what need not be on the other line |
//! | [`search`], [`metadata`], [`candidates`] | which commits are compared: by what they say, by files |
//! | [`change`], [`titles`], [`marks`] | what a commit says: author, second, title, message |
//! | [`named`], [`grammar`], [`forms`], [`own_form`], [`explicit`] | the originals that messages name |
//! | [`said`], [`reverts`] | what messages say besides: what is taken back, what stays |
//! | [`patch`], [`patch_id`] | what a commit does: lines, paths, git's patch-id |
//! | [`index`] | the mainline by what is compared first |
//! | [`same_files`], [`mainline_files`], [`path_search`] | where else the same patch can be |
//! | [`whole`] | what was read in part, compared as a whole |
//! | [`telling`], [`features`] | what two commits have in common |
//! | [`judging`], [`rules`], [`tier`], [`thresholds`] | the rules that judge it |
//! | [`kept`] | whether a merge kept what it brought |
//! | [`assign`] | one to one; several squashed into one |
//! | [`coverage`], [`adapted`] | how much of a change is on the other line, by its own lines |
//! | [`reasons`], [`verdict`] | the answer and its sentence |
//! | [`cache`], [`answers`], [`merges`], [`record`], [`store`] | what is kept for the next time |
//! | [`seen`] | what is remembered for the next question |
//! | [`turn`] | who fills the cache after a push |
//! | [`parallel`] | all cores |
//!
//! It knows nothing of policies and rules, writes nothing but its cache, and believes no message that the content contradicts.

mod adapted;
mod answers;
mod assign;
mod cache;
mod candidates;
mod change;
mod chores;
mod compare;
mod coverage;
mod error;
mod exclude;
mod explicit;
mod features;
mod forms;
#[cfg(fuzzing)]
pub mod fuzzing;
mod grammar;
mod index;
mod judging;
mod kept;
mod mainline_files;
mod marks;
mod merges;
mod metadata;
mod named;
mod options;
mod own_form;
mod parallel;
mod patch;
pub mod patch_id;
mod path_search;
mod reading;
mod reasons;
mod record;
mod reverts;
mod rules;
mod said;
mod same_files;
mod search;
mod seen;
mod store;
mod telling;
mod thresholds;
mod tier;
mod titles;
mod turn;
mod verdict;
mod whole;

pub(crate) use change::basename;
pub(crate) use chores::is_notes;
pub(crate) use compare::{compare, exempt};
pub(crate) use error::Error;
pub(crate) use explicit::lookup;
pub use grammar::Grammar;
pub(crate) use kept::{Lost, lost};
pub(crate) use merges::{keep_lost_nothing, lost_nothing};
pub(crate) use options::{Caching, Options};
pub use own_form::{Form, Original};
pub(crate) use reverts::{Told, taken_back};
pub(crate) use said::{TakesBack, key_of, own_pull_request, stays};
pub(crate) use seen::Seen;
pub(crate) use store::make_directory;
pub use turn::Turn;
pub(crate) use verdict::{Evidence, Missing, Status, Verdict};
