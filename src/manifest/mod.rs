//! Where a project's own version stands in each kind of manifest, as value and byte span.
//!
//! Knows no git: it is given a path and the bytes of one file. TOML, JSON, XML and YAML are read by real parsers, the
//! formats that are programs by small scanners that know comments, strings and brackets and look at one call or one
//! name only. Nothing is ever guessed: a file that is not what its name says is an [`Error`] with a line and a column,
//! and a version that is computed is a [`Value::Dynamic`].

pub mod changelog;

mod autoconf;
mod change;
mod cmake;
mod code;
mod error;
mod field;
mod gradle;
mod ini;
mod json;
mod kind;
mod lex;
mod lines;
mod makefile;
mod meson;
mod pattern;
mod position;
mod python;
mod ruby;
mod source;
mod toml;
mod xml;
mod yaml;
mod yaml_values;

pub use change::{Change, FieldChange, compare};
pub use error::Error;
pub use field::{Field, Hints, Value};
pub use kind::{Kind, is_vendored};
pub use pattern::{MAX_PATTERN_BYTES, Pattern, fields_by_pattern};
pub use position::position;
pub use yaml_values::{MAX_YAML_BYTES, PathGlobs, YamlText, YamlValue, yaml_values};

use source::Source;

/// Reads the version fields of a manifest, in the order of the file. A manifest that names no version, such as a
/// `Cargo.toml` that is only a workspace, has none.
///
/// # Errors
/// The file is too large, not UTF-8 where it must be, not well-formed, or says its version twice. Time and memory are
/// linear in its size, which is bounded by [`Kind::max_bytes`].
pub fn fields(kind: Kind, bytes: &[u8], hints: &Hints) -> Result<Vec<Field>, Error> {
    let source = Source::new(bytes, kind.max_bytes(), kind.encoding())?;
    let fields = match kind {
        Kind::CargoToml => toml::cargo(&source),
        Kind::CargoLock => toml::cargo_lock(&source),
        Kind::Pyproject => toml::pyproject(&source),
        Kind::SetupCfg => ini::setup_cfg(&source),
        Kind::SetupPy => python::setup(&source),
        Kind::PythonModule => python::module(&source, hints),
        Kind::PackageJson => json::package(&source),
        Kind::PackageLock => json::package_lock(&source),
        Kind::Pom => xml::pom(&source),
        Kind::Gradle => gradle::build(&source),
        Kind::GradleProperties => ini::properties(&source, hints),
        Kind::Gemspec => ruby::gemspec(&source),
        Kind::VersionRb => ruby::version(&source, hints),
        Kind::MsBuild => xml::msbuild(&source),
        Kind::CMake => cmake::project(&source),
        Kind::Meson => meson::project(&source),
        Kind::ConfigureAc => autoconf::init(&source),
        Kind::DebianChangelog => changelog::first_version(&source),
        Kind::ChartYaml => yaml::chart(&source, hints),
        Kind::RpmSpec => lines::rpm_spec(&source),
        Kind::VersionFile => lines::version_file(&source),
        Kind::MakeVariables => makefile::variables(&source, hints),
    }?;
    fields.into_iter().map(|field| source.located(field)).collect()
}

#[cfg(test)]
mod tests;
