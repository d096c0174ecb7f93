//! Versions. Schemes, reading, order, what comes next, spelling.
//!
//! Knows no git and no policy. A version comes without whatever a tag puts around it: taking `v` or
//! `release/` away is the tag class's business.
//!
//! ```
//! use refgate::version::{Scheme, Spelling, spell_dev};
//!
//! let scheme = Scheme::parse("pep440")?;
//! let tag = scheme.read("1.2.3")?;
//! assert!(tag.compare(&scheme.read("1.2.10rc1")?)?.is_lt());
//! assert_eq!(tag.next()?.to_string(), "1.2.4");
//! assert_eq!(spell_dev(&tag, 5, Spelling::Pep440, None)?, "1.2.4.dev5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calver;
mod crates;
mod debian;
mod error;
mod next;
mod numbered;
mod nvr;
mod parts;
mod range;
mod scan;
mod scheme;
mod slug;
mod spelling;
mod suffix;
mod value;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use calver::{Layout, LayoutError};
pub use error::{MixedSchemes, NextError, Reason, SpellError, VersionError};
pub use next::Level;
pub use range::{Range, RangeError, SeriesError};
pub use scheme::{Letters, Scheme, SchemeError};
pub use slug::{Case, docker_slug};
pub use spelling::{Local, Spelling, spell_dev, spell_release};
pub use value::{MAX_LEN, Version, sort_by_version};
