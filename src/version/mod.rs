//! Versions. Schemes, reading, order, what comes next, spelling.
//!
//! A scheme is one file in `schemes/`, which says everything that is particular to it; [`SCHEMES`] lists them all.
//!
//! Knows no git and no policy. A version comes without whatever a tag puts around it: removing `v` or `release/` is the
//! tag class's job.

mod agree;
mod error;
mod fault;
mod form;
mod layout;
mod locate;
mod next;
mod numbered;
mod parts;
mod range;
mod scan;
mod scheme;
mod schemes;
mod slug;
mod sort;
mod spell;
mod spelling;
mod suffix;
mod tilde;
mod value;
mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub(crate) use agree::without_v;
pub(crate) use error::{MixedSchemes, NextError, SpellError, VersionError};
#[cfg(test)]
pub(crate) use fault::{MAX_LEN, Reason};
pub use next::Level;
pub(crate) use range::Range;
pub use scheme::Scheme;
pub use schemes::SCHEMES;
pub(crate) use slug::{Case, docker_slug};
pub(crate) use sort::partition_point;
pub use sort::sort_by;
pub(crate) use spell::{Local, spell_towards};
pub use spell::{spell_dev, spell_release};
pub use spelling::Spelling;
pub use value::Version;
