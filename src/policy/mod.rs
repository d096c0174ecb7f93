//! The policy file. TOML in, a validated [`Policy`] out, or every error with its place.
//!
//! Knows rules by id only; what a rule's own options mean is the rule's business ([`Policy::options`]). From the bottom up:
//! texts, patterns and errors; the context that tables are resolved in; one file for each table; the list of tables; and
//! loading, with what is asked of a policy.

mod actors;
mod cx;
mod decode;
mod error;
mod load;
mod origin;
mod path;
mod pattern;
mod queries;
mod schema;
mod source;
mod table;
#[cfg(test)]
mod testing;
mod text;

pub use actors::ActorSet;
pub use error::{PolicyError, PolicyErrors, Problem, SourceText};
pub use load::{LoadError, load};
pub use origin::Origin;
pub use path::PathPattern;
pub use pattern::{Bindings, Pattern, PatternError};
pub use queries::LineMatch;
pub use schema::Policy;
pub use source::{PRESETS, Source, SourceError};
pub use table::changelog::{Changelog, ChangelogFormat, Classes, Due, Notes, Reintegrate};
pub use table::flow::{Flow, FlowDue, Way};
pub use table::head::LeftOpen;
pub use table::kind::{Described, KindOfChange};
pub use table::landed::{NamingForm, Original};
pub use table::line::{Intake, Line, LinePublishes, RetiredBy, Role, Upcoming};
pub use table::permissions::Permissions;
pub use table::rules::{RuleSetting, Since};
pub use table::series::{Place, Series};
pub use table::tag::{Stability, TagClass, TagKind, TagMatch, TagObject, TagPublishes};
pub use table::version_field::{Agreement, VersionField};
pub use table::waiver::Waiver;
pub use table::waiver_note::{MAX_NOTE_BYTES, NoteError, NotedWaiver};
