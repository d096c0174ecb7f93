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
mod error;
mod flows;
mod handle;
mod keeping;
mod memo;
mod snapshot;
mod source;
mod trees;
mod versions;
mod view;
mod waivers;

pub use ancestry::Below;
pub use changelogs::Released;
pub use error::{FactError, Lack};
pub use flows::{Answers, Debt, Dispute, grammar};
pub use handle::Project;
pub use keeping::{FlowSource, is_compared};
pub(crate) use memo::Memo;
pub use snapshot::Snapshot;
pub(crate) use source::{is_there, policy_ref};
pub use source::{read_file, read_source};
pub use trees::Manifest;
pub use versions::{Home, SeriesKey, Sibling};
pub use view::View;
pub use waivers::{Exceptions, Granted, NOTES_GUARD};
