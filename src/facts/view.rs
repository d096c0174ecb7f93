//! Which refs stand for the receiving side's.

use bstr::{BString, ByteSlice as _};

use crate::git::{Error, Repository, Target};
use crate::model::{Namespace, ObjectId, RefName};

/// How the receiving side's refs are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// The repository is the receiving side.
    Own,
    /// It is a clone: the receiving side's branches are the tracking refs of this remote, its tags the clone's.
    Remote(BString),
}

impl View {
    /// The view of a clone that pushes to the remote of this name, or of this URL; the repository's own refs
    /// where nothing is tracked of it.
    pub fn of_remote(repository: &Repository, remote: &[u8]) -> Self {
        // An unnamed remote comes as its URL; a name with these characters cannot be one in the configuration.
        let named = remote.to_str().ok().filter(|name| !name.is_empty() && !name.contains([':', '/', '\\']));
        let tracked = named.filter(|name| repository.config(&format!("remote.{name}.fetch")).is_some());
        tracked.map_or(Self::Own, |name| Self::Remote(name.into()))
    }

    /// What a ref holds on the receiving side before the push.
    ///
    /// # Errors
    /// A ref store that cannot be read.
    pub fn find(&self, repository: &Repository, name: &RefName) -> Result<Option<ObjectId>, Error> {
        let seen = self.seen_as(name);
        match repository.reference(&seen)? {
            None => Ok(None),
            Some(Target::Id(id)) => Ok(Some(id)),
            Some(Target::Symbolic(_)) => Ok(repository.resolve(&seen)?.1),
        }
    }

    /// The names in a namespace that start with `prefix` after it, as the receiving side calls them.
    pub(super) fn list(
        &self,
        repository: &Repository,
        namespace: Namespace,
        prefix: &str,
    ) -> Result<Vec<RefName>, Error> {
        let own = match namespace {
            Namespace::Tag => "refs/tags/",
            Namespace::Branch | Namespace::Other => "refs/heads/",
        };
        let folder = match self {
            Self::Remote(remote) if namespace == Namespace::Branch => format!("refs/remotes/{remote}/"),
            _ => own.to_owned(),
        };
        let refs = repository.references(&format!("{folder}{prefix}"))?;
        let names = refs.into_iter().filter_map(|(name, _)| {
            let rest = name.full().strip_prefix(folder.as_bytes())?;
            // The remote's HEAD is tracked beside its branches and is none of them.
            (rest != b"HEAD" || folder == own).then(|| RefName::new([own.as_bytes(), rest].concat()))
        });
        Ok(names.collect())
    }

    fn seen_as(&self, name: &RefName) -> RefName {
        match self {
            Self::Remote(remote) if name.namespace() == Namespace::Branch => {
                RefName::new([b"refs/remotes/", remote.as_slice(), b"/", name.short()].concat())
            }
            _ => name.clone(),
        }
    }
}
