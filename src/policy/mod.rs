//! The policy file. TOML in, a validated [`Policy`] out, or every error with its place.
//!
//! Knows rules by id only; what a rule's own options mean is the rule's business ([`Policy::options`]). From the bottom up:
//! texts, patterns and errors; the context that tables are resolved in; one file for each table; the list of tables; and
//! loading, with what is asked of a policy.

mod actors;
mod cx;
mod decode;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod lazy;
mod load;
mod origin;
mod path;
mod pattern;
mod placeholder;
mod proof;
mod queries;
mod schema;
mod source;
mod spelled;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod written;

pub(crate) use actors::ActorSet;
pub(crate) use error::{PolicyError, PolicyErrors, Problem};
pub(crate) use load::load_while;
pub use load::{LoadError, load};
pub(crate) use origin::Origin;
pub(crate) use path::PathPattern;
pub(crate) use pattern::Bindings;
pub use pattern::Pattern;
pub(crate) use proof::Proof;
pub(crate) use queries::LineMatch;
pub use schema::Policy;
pub use source::{PRESETS, Source};
pub(crate) use table::changelog::{Changelog, ChangelogFormat, Due, Notes, Reintegrate};
pub(crate) use table::flow::{Branches, Flow, FlowDue, FromBranches, Part, Way};
pub(crate) use table::kind::Described;
pub(crate) use table::landed::Original;
pub(crate) use table::line::{Line, LinePublishes, Role, Upcoming};
pub(crate) use table::rules::{RuleSetting, Since};
pub(crate) use table::series::{Place, Series};
pub(crate) use table::tag::{TagClass, TagKind, TagMatch, TagObject, TagPublishes};
pub(crate) use table::version_field::{Agreement, VersionField};
pub(crate) use table::waiver::Waiver;
pub(crate) use table::waiver_note::{MAX_NOTE_BYTES, NotedWaiver};
pub(crate) use table::wanted::Wanted;
pub(crate) use written::{WrittenTables, inline};
