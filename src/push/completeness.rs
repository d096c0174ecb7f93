//! Whether a clone has what a verdict about the remote's refs needs.
//!
//! CI systems fetch one ref at depth 1 unless asked for more. In such a clone every other branch and tag seems not to
//! exist, and conclusions from that would be wrong.

use bstr::ByteSlice as _;

use crate::git::{Error, Repository};
use crate::model::RefName;

/// Why a clone does not have the branches and the history of its remote.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Incomplete {
    /// The history is cut off.
    #[error("the history of this clone is cut off (shallow clone)")]
    Shallow,
    /// No refspec says which branches are tracked.
    #[error("this clone has no remote `{0}` whose branches it tracks")]
    NoRemote(String),
    /// The refspecs of the remote leave branches out.
    #[error("this clone tracks only some branches of `{0}`")]
    SomeBranches(String),
    /// No branch of the remote is here.
    #[error("this clone has no branch of `{0}`")]
    NoBranch(String),
    /// The clone cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Error),
}

/// Checks that a clone has all history and tracks all branches of a remote, as far as can be seen from here. A bare
/// repository is taken for the receiving side itself: its branches are its own.
///
/// # Errors
/// What is missing.
pub(crate) fn clone_is_complete(repository: &Repository, remote: &str) -> Result<(), Incomplete> {
    if repository.is_shallow() {
        return Err(Incomplete::Shallow);
    }
    if repository.is_bare() {
        return Ok(());
    }
    let tracking = repository.tracking(remote.into())?;
    if tracking.is_empty() {
        return Err(Incomplete::NoRemote(remote.to_owned()));
    }
    // As good as any name: what is tracked by a pattern for all branches, and by none for single ones.
    if tracking.local(&RefName::branch("0")).is_none() {
        return Err(Incomplete::SomeBranches(remote.to_owned()));
    }
    if tracked_branches(repository, remote)?.is_empty() {
        return Err(Incomplete::NoBranch(remote.to_owned()));
    }
    Ok(())
}

/// Returns the branches of a remote that have a tracking ref, as the remote calls them.
///
/// # Errors
/// Refs that cannot be read.
pub(crate) fn tracked_branches(repository: &Repository, remote: &str) -> Result<Vec<RefName>, Error> {
    let branches = repository.tracking(remote.into())?.list(repository, "refs/heads/".into())?;
    Ok(branches.into_iter().map(|(name, _)| name).collect())
}

/// Returns whether the URL of a remote is that of a project such as `owner/name`. A path on this machine is not
/// compared: it says nothing about the project.
pub(crate) fn is_project(url: &[u8], project: &str) -> bool {
    let Ok(url) = url.to_str() else { return false };
    let path = match url.split_once("://") {
        Some(("file", _)) => return true,
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        // `host:path`; a slash before the colon makes it a path, as in `git-clone(1)`.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => path,
            _ => return true,
        },
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).to_ascii_lowercase();
    let project = project.to_ascii_lowercase();
    // A server may be below a path of its host.
    path == project || path.strip_suffix(&project).is_some_and(|before| before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_recognised_in_the_urls_that_systems_set() {
        for url in [
            "https://github.com/Owner/Name",
            "https://user:secret@host.example/owner/name.git",
            "https://host.example/gitlab/owner/name.git/",
            "git@github.com:owner/name.git",
            "ssh://git@host.example:2222/owner/name.git",
            "file:///srv/mirror.git",
            "../server.git",
        ] {
            assert!(is_project(url.as_bytes(), "owner/name"), "{url}");
        }
        for url in ["https://github.com/fork/name", "git@github.com:fork/name.git", "https://github.com/xowner/name"] {
            assert!(!is_project(url.as_bytes(), "owner/name"), "{url}");
        }
    }
}
