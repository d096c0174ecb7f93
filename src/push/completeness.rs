//! Whether a clone has what a verdict about the remote's refs needs.
//!
//! CI systems fetch one ref at depth 1 unless asked for more. In such a clone every other branch and tag looks as if it
//! did not exist, and what follows from that would be untrue.

use bstr::{BStr, ByteSlice as _};

use crate::git::{Error, Repository};
use crate::model::RefName;

/// Why a clone does not have the branches and the history of its remote.
#[derive(Debug, thiserror::Error)]
pub enum Incomplete {
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
pub fn clone_is_complete(repository: &Repository, remote: &str) -> Result<(), Incomplete> {
    if repository.is_shallow() {
        return Err(Incomplete::Shallow);
    }
    if repository.is_bare() {
        return Ok(());
    }
    let refspecs = repository.config_all(&format!("remote.{remote}.fetch"));
    if refspecs.is_empty() {
        return Err(Incomplete::NoRemote(remote.to_owned()));
    }
    let leaves_out = refspecs.iter().any(|refspec| refspec.starts_with(b"^refs/heads/"));
    if leaves_out || !refspecs.iter().any(|refspec| takes_every_branch(refspec.as_bstr())) {
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
pub fn tracked_branches(repository: &Repository, remote: &str) -> Result<Vec<RefName>, Error> {
    let folder = format!("refs/remotes/{remote}/");
    let tracked = repository.references(&folder)?;
    let names = tracked.iter().filter_map(|(name, _)| name.full().strip_prefix(folder.as_bytes()));
    // The remote's HEAD is tracked next to its branches and is not one of them.
    Ok(names.filter(|short| *short != b"HEAD").map(RefName::branch).collect())
}

fn takes_every_branch(refspec: &BStr) -> bool {
    let refspec = refspec.strip_prefix(b"+").unwrap_or(refspec);
    [b"refs/heads/*:".as_slice(), b"refs/*:"].iter().any(|source| refspec.starts_with(source))
}

/// Returns whether the URL of a remote is that of a project such as `owner/name`. A path on this machine is not compared:
/// it says nothing of the project.
pub fn is_project(url: &[u8], project: &str) -> bool {
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

    #[test]
    fn only_a_refspec_for_all_branches_takes_every_branch() {
        for refspec in ["+refs/heads/*:refs/remotes/origin/*", "refs/heads/*:refs/remotes/origin/*", "+refs/*:refs/*"] {
            assert!(takes_every_branch(refspec.into()), "{refspec}");
        }
        for refspec in ["+refs/heads/main:refs/remotes/origin/main", "+refs/heads/x/*:refs/remotes/origin/x/*", ""] {
            assert!(!takes_every_branch(refspec.into()), "{refspec}");
        }
    }
}
