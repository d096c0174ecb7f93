//! Policies for unit tests: read from texts instead of files.

use std::path::PathBuf;

use super::error::PolicyErrors;
use super::load::{LoadError, load};
use super::schema::Policy;
use super::source::Source;

/// Two lines, a tag class and a group, for tables to name.
pub(super) const BASE: &str = r#"schema = 1
name = "example"
[group]
managers = ["alice"]
[[line]]
name = "main"
branch = "main"
role = "mainline"
[[line]]
name = "release"
branch = "{major}.{minor}"
role = "release"
[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
"#;

/// Reads the first of some files, which may extend the others by name.
pub(super) fn read(files: &[(&str, &str)]) -> Result<Policy, PolicyErrors> {
    let find = |source: &Source| {
        let path = source.to_string();
        let text = files.iter().find(|(name, _)| *name == path).unwrap_or_else(|| panic!("there is no {path}"));
        Ok(text.1.as_bytes().to_vec())
    };
    load(Source::File(PathBuf::from(files[0].0)), &find).map_err(|error| match error {
        LoadError::Invalid(errors) => errors,
        LoadError::Unreadable(failure) => panic!("{failure}"),
    })
}

/// Reads a policy of [`BASE`] and more.
pub(crate) fn policy(more: &str) -> Policy {
    read(&[("policy.toml", &format!("{BASE}{more}"))]).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Returns what is wrong with [`BASE`] and more, each as the place in `more` and the message: `2:5: …`.
pub(super) fn errors(more: &str) -> Vec<String> {
    let before = BASE.lines().count();
    let Err(errors) = read(&[("policy.toml", &format!("{BASE}{more}"))]) else { return Vec::new() };
    let shown = |error: &super::error::PolicyError| {
        let (line, column) = error.position();
        format!("{}:{column}: {error}", line - before)
    };
    errors.0.iter().map(shown).collect()
}

/// Returns what is wrong with a policy that adds `lower` to [`BASE`] with `upper`.
pub(super) fn layered(upper: &str, lower: &str) -> Vec<String> {
    let (open, upper) = upper.split_once('|').unwrap_or(("", upper));
    let own = format!("schema = 1\nname = \"own\"\nextends = [\"base.toml\"]\n{lower}");
    let result = read(&[("own.toml", &own), ("base.toml", &format!("{open}{BASE}{upper}"))]);
    result.err().into_iter().flat_map(|errors| errors.0).map(|error| error.to_string()).collect()
}
