//! From what git or a CI system hands over to a `Push`.
//!
//! Bytes in, typed errors with line numbers out. Judges nothing.

mod ci;
mod completeness;
#[cfg(fuzzing)]
pub mod fuzzing;
mod identity;
mod parse;
mod variables;

use bstr::{BString, ByteSlice as _};
use std::ffi::OsStr;

pub(crate) use ci::{Before, CiError, CiEvent, Provider, provider};
pub(crate) use completeness::{Incomplete, clone_is_complete, is_project, tracked_branches};
pub(crate) use identity::Identity;
pub use parse::{pre_push, pre_receive};
pub(crate) use parse::{reference_transaction, update};
pub(crate) use variables::Variables;

use crate::git::{Error, Repository};
use crate::model::RefUpdate;

/// More push options than this are an attack: git itself sets no limit.
const MAX_OPTIONS: usize = 1000;

/// Returns the texts of `git push -o`, from `GIT_PUSH_OPTION_COUNT` and `GIT_PUSH_OPTION_<n>` (`githooks(5)`).
pub(crate) fn options(variables: Variables<'_>) -> Vec<BString> {
    let count = variables("GIT_PUSH_OPTION_COUNT").and_then(|count| count.to_str().ok()?.parse().ok()).unwrap_or(0);
    (0..count.min(MAX_OPTIONS)).filter_map(|at| variables(&format!("GIT_PUSH_OPTION_{at}"))).collect()
}

/// Adds, for every update of a symbolic ref, the update of the ref it stands for: hooks only get the alias, and rules
/// have to hold for both names.
///
/// # Errors
/// A ref that cannot be read.
pub(crate) fn resolve_symbolic(repository: &Repository, updates: Vec<RefUpdate>) -> Result<Vec<RefUpdate>, Error> {
    let mut resolved = Vec::with_capacity(updates.len());
    for update in updates {
        let (target, _) = repository.resolve(&update.name)?;
        let alias = (target != update.name).then(|| RefUpdate {
            name: target,
            via: Some(update.name.clone()),
            ..update.clone()
        });
        resolved.push(update);
        resolved.extend(alias);
    }
    Ok(resolved)
}

/// Returns the bytes of an argument.
pub(crate) fn bytes_of(text: &OsStr) -> BString {
    BString::from(text.as_encoded_bytes())
}
