//! The words of refgate as types.
//!
//! Imports nothing of ours. Everything that comes out of a push is bytes until it is one of these.

mod excerpt;
mod exit;
mod finding;
mod id;
mod names;
mod push;
mod recent;
mod text;
pub(crate) mod work;

pub(crate) use excerpt::Excerpt;
pub(crate) use exit::Exit;
pub(crate) use finding::{Failure, Finding, Level, PolicyLine, Unevaluated, Verdict, Waived};
pub use id::{HashKind, ObjectId};
pub(crate) use id::{IdError, hex};
pub(crate) use names::{Namespace, RefName};
pub(crate) use push::{Actor, Movement, PROBE, PROBE_ANSWER, Push, RefUpdate, Stage, WAIVER_NOTES};
pub(crate) use recent::Recent;
pub use text::Untrusted;
#[cfg(test)]
pub(crate) use text::hostile;
pub(crate) use text::{counted, did_you_mean, escape, listed, quote};
