//! One repository under one policy, and everything that can be asked about it.
//!
//! | type | what it answers |
//! |---|---|
//! | [`Project`] | what does not depend on where refs stand: commits, trees, manifests, the places of names in the policy |
//! | [`Snapshot`] | what depends on it: branches, tags and their versions, flows. The refs are those of the receiving side as [`View`] finds them, with a push laid over them or not |
//!
//! Every answer that needs the repository is a `Result`, and an answer that cannot be had is a [`FactError`]: never a
//! default. Nothing here knows rules, prints, or decides.

mod ancestry;
mod changelogs;
mod destinations;
mod drawing;
mod error;
mod flows;
mod handle;
mod keeping;
mod kept;
mod ledger;
mod lineage;
mod memo;
mod named_branches;
mod places;
mod repairs;
mod retirement;
mod rewrites;
mod said;
mod series;
mod snapshot;
mod source;
mod trees;
mod versions;
mod view;
mod waivers;
mod wanted;

pub(crate) use changelogs::Released;
pub(crate) use destinations::Destination;
pub(crate) use drawing::{Drawing, Lane};
pub(crate) use error::FactError;
pub(crate) use flows::{Answers, Asking, Debt};
pub(crate) use handle::Ahead;
pub use handle::Project;
pub(crate) use keeping::is_compared;
pub(crate) use ledger::{Cell, Column, Ledger, Row, State};
pub(crate) use lineage::Lineage;
pub(crate) use memo::Memo;
pub(crate) use repairs::{Of, Unrepaired};
pub use snapshot::Snapshot;
pub(crate) use source::{confined, is_there, policy_ref};
pub(crate) use source::{read_file, read_file_within, read_source};
pub(crate) use trees::Manifest;
pub(crate) use versions::{Home, SeriesKey, Sibling};
pub(crate) use view::Moment;
pub use view::View;
pub(crate) use waivers::{Exceptions, Granted};
