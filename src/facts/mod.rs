//! One push, laid over a project. Every answer that needs the repository is a `Result`.
//!
//! A push has two moments, [`Facts::before`] and [`Facts::after`]: for a ref of the push, before is the update's old
//! value and after its new one, **whatever the repository's own ref holds now**; all other refs are as the project's
//! view finds them. That gives an update the same findings before it is made, in every hook, in CI after it was made,
//! and later.
//!
//! Rules ask nothing else: what they know of policies and of git comes through these types.

mod commits;
mod push;
mod scope;
mod update;
mod waivers;

pub(crate) use push::Facts;
pub(crate) use scope::{BranchUpdate, VersionTag};
pub(crate) use update::Update;
pub(crate) use waivers::ArrivingNote;

pub(crate) use crate::git::{Commit, Kind, Peeled};
pub(crate) use crate::model::Movement;
pub(crate) use crate::policy::{
    ActorSet, Agreement, Bindings, ChangelogFormat, Due, Flow, FlowDue, Line, LineMatch, LoadError, Notes, Origin,
    PathPattern, Pattern, Reintegrate, Role, TagKind, TagMatch, TagObject, Upcoming, VersionField, Way,
};
pub(crate) use crate::project::{
    Ahead, Asking, Debt, Destination, Exceptions, FactError, Home, Lineage, Manifest, Of, Project, Released, SeriesKey,
    Sibling, Snapshot,
};
pub(crate) use crate::version::Case;
