//! One push, laid over a project. Every answer that needs the repository is a `Result`.
//!
//! A push has two moments, [`Facts::before`] and [`Facts::after`]: for a ref of the push, before is the update's old value
//! and after its new one, **wherever the repository's own ref stands now**; everybody else's refs are as the project's
//! view has them. So an update gets the same findings before it is made, in every hook, in CI after it was made, and later.
//!
//! Rules ask here and through here: what they know of policies and of git comes by these types.

mod commits;
mod push;
mod scope;
mod update;
mod waivers;

pub use push::Facts;
pub use scope::{BranchUpdate, VersionTag};
pub use update::Update;
pub use waivers::ArrivingNote;

pub use crate::git::{Commit, Kind, Peeled};
pub use crate::model::Movement;
pub use crate::policy::{
    ActorSet, Agreement, Bindings, Changelog, ChangelogFormat, Classes, Due, Flow, FlowDue, Line, LineMatch, LoadError,
    Notes, Origin, PathPattern, Pattern, Place, Reintegrate, RetiredBy, Role, Series, TagClass, TagKind, TagMatch,
    TagObject, Upcoming, VersionField, Way,
};
pub use crate::project::{
    Debt, Dispute, Exceptions, FactError, Granted, Home, Lack, Manifest, NOTES_GUARD, Project, Released, SeriesKey,
    Sibling, Snapshot,
};
pub use crate::version::Case;
