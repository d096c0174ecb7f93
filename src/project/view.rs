//! Which refs stand for the receiving side's.

use bstr::{BString, ByteSlice as _};
use std::cell::OnceCell;

use super::FactError;
use crate::git::{Error, Repository, Target};
use crate::model::{Namespace, ObjectId, RefName, Untrusted};

/// How the receiving side's refs are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// The repository is the receiving side.
    Own,
    /// It is a clone: the receiving side's branches are the tracking refs of a remote, its tags the clone's.
    Remote(Remote),
}

/// A remote and what the clone tracks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    name: BString,
    /// Whether anything was ever fetched from it: asked for when a branch is not found.
    is_fetched: OnceCell<bool>,
}

impl View {
    /// The view of a clone that pushes to the remote of this name, or of this URL; the repository's own refs where
    /// nothing is tracked of it.
    pub fn of_remote(repository: &Repository, remote: &[u8]) -> Self {
        // An unnamed remote comes as its URL; a name with these characters cannot be one in the configuration.
        let named = remote.to_str().ok().filter(|name| !name.is_empty() && !name.contains([':', '/', '\\']));
        let tracked = named.filter(|name| repository.config(&format!("remote.{name}.fetch")).is_some());
        tracked.map_or(Self::Own, |name| Self::Remote(Remote { name: name.into(), is_fetched: OnceCell::new() }))
    }

    /// The view of somebody who asks from a command line: the repository's own refs where it is bare, and those of the
    /// remote of this name in a clone.
    pub fn of_place(repository: &Repository, remote: &[u8]) -> Self {
        if repository.is_bare() { Self::Own } else { Self::of_remote(repository, remote) }
    }

    /// What a ref holds on the receiving side; `None` when it does not exist there.
    ///
    /// # Errors
    /// A ref store that cannot be read, and branches that the clone does not track.
    pub fn find(&self, repository: &Repository, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        let Self::Remote(remote) = self else { return Ok(lookup(repository, name)?) };
        if name.namespace() != Namespace::Branch {
            return Ok(lookup(repository, name)?);
        }
        let tracked = RefName::new([b"refs/remotes/", remote.name.as_slice(), b"/", name.short()].concat());
        match lookup(repository, &tracked)? {
            None if !remote.is_fetched(repository)? => Err(remote.untracked(name)),
            found => Ok(found),
        }
    }

    /// The refs of a namespace whose names start with `prefix` after it, as the receiving side calls them, with what they
    /// hold.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn list(
        &self,
        repository: &Repository,
        namespace: Namespace,
        prefix: &str,
    ) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let own = match namespace {
            Namespace::Tag => "refs/tags/",
            Namespace::Branch | Namespace::Other => "refs/heads/",
        };
        let folder = match self {
            Self::Remote(remote) if namespace == Namespace::Branch => {
                if !remote.is_fetched(repository)? {
                    return Err(remote.untracked(&RefName::branch(format!("{prefix}*"))));
                }
                format!("refs/remotes/{}/", remote.name)
            }
            _ => own.to_owned(),
        };
        let refs = repository.references(&format!("{folder}{prefix}"))?;
        let seen = refs.into_iter().filter_map(|(name, id)| {
            let rest = name.full().strip_prefix(folder.as_bytes())?;
            // The remote's HEAD is tracked next to its branches and is not one of them.
            (rest != b"HEAD" || folder == own).then(|| (RefName::new([own.as_bytes(), rest].concat()), id))
        });
        Ok(seen.collect())
    }
}

impl Remote {
    fn is_fetched(&self, repository: &Repository) -> Result<bool, Error> {
        if let Some(known) = self.is_fetched.get() {
            return Ok(*known);
        }
        let found = !repository.references(&format!("refs/remotes/{}/", self.name))?.is_empty();
        Ok(*self.is_fetched.get_or_init(|| found))
    }

    fn untracked(&self, name: &RefName) -> FactError {
        let remote = Untrusted::new(&self.name).to_string();
        FactError::untracked(
            format!("this clone does not know where `{name}` stands on `{remote}`"),
            format!("fetch it: `git fetch {remote} '+{name}:refs/remotes/{remote}/{}'`", Untrusted::new(name.short())),
        )
    }
}

/// What a ref of the repository itself holds, symbolic refs followed.
fn lookup(repository: &Repository, name: &RefName) -> Result<Option<ObjectId>, Error> {
    match repository.reference(name)? {
        None => Ok(None),
        Some(Target::Id(id)) => Ok(Some(id)),
        Some(Target::Symbolic(_)) => Ok(repository.resolve(name)?.1),
    }
}
