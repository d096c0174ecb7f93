//! What version a commit has, and what may be published for an event.
//!
//! A commit's version is that of the tag on it. A commit without one gets a development version: the next version after
//! the **highest** release tag that is its ancestor, and the number of commits since. The highest, not the nearest:
//! where 1.2.5 was merged up into a mainline that has 1.3.0, the next version is 1.3.1. A development version is
//! therefore above the tag it builds on and below its own release, and it rises along the first parents. A line whose
//! releases are tagged on branches that are cut from it goes on above the highest of them.
//!
//! | file | what is in it |
//! |---|---|
//! | [`tags`] | the release tags of one component, highest first |
//! | [`builtin`] | how tags are read where no policy says it |
//! | [`standing`] | where a commit stands among them |
//! | [`whereabouts`] | which branches and versions have a change |
//! | [`presence`], [`reverts`] | whether it is still there |
//! | [`image`] | names and tags of container images |
//! | [`event`] | what happened |
//! | [`plan`] | release, dev or nothing: what an event publishes |
//!
//! Nothing is guessed: a history that is cut off, a clone without tags, or two components without saying which, is an
//! error. Knows repositories and policies; prints nothing.

mod builtin;
mod error;
mod event;
mod image;
mod plan;
mod presence;
mod reverts;
mod standing;
mod tags;
mod whereabouts;

pub use error::Error;
pub(crate) use event::{Event, EventKind, head_branch};
pub(crate) use image::{ImageName, branch_tag, image_prefixes};
pub(crate) use plan::{Plan, own_spelling};
pub(crate) use presence::{Occurrence, Presence};
pub use standing::{Asked, Standing};
pub(crate) use tags::ReleaseTag;
pub use tags::{Component, ReleaseTags};
#[cfg(test)]
pub(crate) use whereabouts::InSeries;
pub(crate) use whereabouts::{OnBranch, Places, Whereabouts, changes, of_pull_request};
