//! The words of refgate as types.
//!
//! Imports nothing of ours. Everything that comes out of a push is bytes until it is one of these.

mod excerpt;
mod exit;
mod finding;
mod id;
mod names;
mod push;
mod text;

pub use excerpt::Excerpt;
pub use exit::Exit;
pub use finding::{Failure, Finding, Level, PolicyLine, Unevaluated, Verdict, Waived};
pub use id::{HashKind, IdError, ObjectId};
pub use names::{Namespace, RefName};
pub use push::{Actor, Movement, PROBE, PROBE_ANSWER, Push, RefUpdate, Stage, WAIVER_NOTES};
pub use text::{Untrusted, did_you_mean, listed, quote};
