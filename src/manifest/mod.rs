//! Finds a project's own version in each kind of manifest, as value and byte span.
//!
//! Knows no git: it is given a path and the bytes of one file. TOML, JSON, XML and YAML are read by real parsers, the
//! formats that are programs by small scanners that know comments, strings and brackets and look at one call or one
//! name only. Nothing is ever guessed: a file that is not what its name says is an [`Error`] with a line and a column,
//! and a version that is computed is a [`Value::Dynamic`].
//!
//! A kind of manifest is one file in `kinds/`; the list there feeds everything else.
//!
//! The lexers ([`lex`], the scanners in `kinds/`) are hand-written although there are grammars for all these languages.
//! The position of a version in bytes is needed, which rules out most parsers. The grammars that keep positions come as
//! generated C, which this crate does not want to link into a hook that reads whatever is pushed. And time and memory
//! have to be bounded for hostile input, which is easy to see for a scanner that only moves forward.

pub(crate) mod changelog;
#[cfg(fuzzing)]
pub mod fuzzing;

mod change;
mod code;
mod error;
mod field;
mod format;
mod json;
mod kind;
mod kinds;
mod lex;
mod lines;
mod paths;
mod pattern;
mod position;
mod python;
mod ruby;
mod source;
mod toml;
mod xml;
mod yaml;
mod yaml_values;

pub(crate) use change::{Change, compare};
pub(crate) use error::Error;
pub(crate) use field::{Field, Hints, Value};
pub use kind::Kind;
pub(crate) use paths::{is_generated, is_vendored};
pub(crate) use pattern::{MAX_PATTERN_BYTES, Pattern, fields_by_pattern};
pub(crate) use position::position;
pub(crate) use yaml_values::{MAX_YAML_BYTES, PathGlobs, YamlText, yaml_values};

/// Reads the version fields of a manifest, in the order of the file. A manifest that does not name a version, such as a
/// `Cargo.toml` that is only a workspace, has no fields.
///
/// # Errors
/// The file is too large, not UTF-8 where it must be, not well-formed, or says its version twice. Time and memory are
/// linear in its size, which is bounded by [`Kind::max_bytes`].
pub(crate) fn fields(kind: Kind, bytes: &[u8], hints: &Hints) -> Result<Vec<Field>, Error> {
    kind.read(bytes, hints)
}

#[cfg(test)]
mod tests;
