//! Which local refs represent the receiving side's. This is the only list of remote views: everything that asks where a
//! branch points asks here.

use bstr::{BStr, BString, ByteSlice as _};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{FactError, Project};
use crate::git::{Error, Repository, Target, Tracking};
use crate::model::{Namespace, ObjectId, RefName, Untrusted, quote};

/// How the receiving side's refs are seen.
#[derive(Clone, Debug)]
pub enum View {
    /// The repository is the receiving side, or the best that is known of it.
    Own,
    /// It is a clone: the receiving side's branches are those that its refspecs track, its tags the clone's.
    Remote(Remote),
    /// The refs are given: those of a moment of the past.
    Moment(Moment),
}

/// The branches and tags of a moment. All who have it see it move on.
#[derive(Clone, Debug, Default)]
pub struct Moment(Rc<RefCell<BTreeMap<RefName, ObjectId>>>);

impl Moment {
    /// Sets what a ref holds from now on.
    pub fn set(&self, name: &RefName, id: ObjectId) {
        self.0.borrow_mut().insert(name.clone(), id);
    }

    /// Goes back to the moment before there was any ref.
    pub fn begin_again(&self) {
        self.0.borrow_mut().clear();
    }

    fn find(&self, name: &RefName) -> Option<ObjectId> {
        self.0.borrow().get(name).copied()
    }

    fn list(&self, prefix: &str) -> Vec<(RefName, ObjectId)> {
        let refs = self.0.borrow();
        let below = refs.range(RefName::new(prefix)..).take_while(|(name, _)| name.full().starts_with_str(prefix));
        below.map(|(name, id)| (name.clone(), *id)).collect()
    }
}

/// A remote and what the clone tracks of it.
#[derive(Clone, Debug)]
pub struct Remote {
    /// As it was named: a name or a URL.
    named: BString,
    tracking: Tracking,
    /// Whether anything was ever fetched from it: asked for when a branch is not found.
    is_fetched: OnceCell<bool>,
}

/// A name that no line means, to find out whether all names below a prefix are tracked.
const ANY_NAME: &str = "0";

impl View {
    /// Returns the view of a clone that pushes to a remote, named as git names it to the pre-push hook: by its name, or by
    /// a URL. A remote without refspecs, as `git clone --bare` makes it, has its branches where the clone has its own.
    ///
    /// # Errors
    /// A refspec that git would not accept either.
    pub fn of_remote(repository: &Repository, remote: &[u8]) -> Result<Self, Error> {
        let tracking = repository.tracking(remote.as_bstr())?;
        if tracking.remote().is_some() && tracking.is_empty() {
            return Ok(Self::Own);
        }
        Ok(Self::Remote(Remote { named: remote.into(), tracking, is_fetched: OnceCell::new() }))
    }

    /// Returns the view of somebody who asks from a command line: the repository's own refs where it is bare or has no
    /// such remote, and those of the remote in a clone.
    ///
    /// # Errors
    /// As [`Self::of_remote`].
    pub fn of_place(repository: &Repository, remote: &[u8]) -> Result<Self, Error> {
        if repository.is_bare() || repository.tracking(remote.as_bstr())?.remote().is_none() {
            return Ok(Self::Own);
        }
        Self::of_remote(repository, remote)
    }

    /// Returns what the clone calls the receiving side; `None` where this is not a clone, or pushes to a mere URL.
    pub fn remote_name(&self) -> Option<&BStr> {
        match self {
            Self::Own | Self::Moment(_) => None,
            Self::Remote(remote) => remote.tracking.remote(),
        }
    }

    /// Returns whether all refs are at hand: to list them costs no more than to look some up.
    pub(super) const fn is_at_hand(&self) -> bool {
        matches!(self, Self::Moment(_))
    }

    /// Returns what a ref holds on the receiving side; `None` when it does not exist there.
    ///
    /// # Errors
    /// A ref store that cannot be read, and branches that the clone does not track.
    pub fn find(&self, repository: &Repository, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        let remote = match self {
            Self::Own => return Ok(lookup(repository, name)?),
            Self::Moment(moment) if name.namespace() != Namespace::Other => return Ok(moment.find(name)),
            Self::Moment(_) => return Ok(lookup(repository, name)?),
            Self::Remote(remote) => remote,
        };
        if name.namespace() != Namespace::Branch {
            return Ok(lookup(repository, name)?);
        }
        let Some(tracked) = remote.tracking.local(name) else { return Err(remote.untracked(name)) };
        match lookup(repository, &tracked)? {
            None if !remote.is_fetched(repository)? => Err(remote.untracked(name)),
            found => Ok(found),
        }
    }

    /// Lists the refs of a namespace whose names start with `prefix` after it, as the receiving side calls them, with what
    /// they hold.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn list(
        &self,
        repository: &Repository,
        namespace: Namespace,
        prefix: &str,
    ) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let folder = match namespace {
            Namespace::Tag => "refs/tags/",
            Namespace::Branch | Namespace::Other => "refs/heads/",
        };
        let full = format!("{folder}{prefix}");
        match self {
            Self::Remote(remote) if namespace == Namespace::Branch => {
                let any = RefName::new(format!("{full}{ANY_NAME}"));
                if remote.tracking.local(&any).is_none() || !remote.is_fetched(repository)? {
                    return Err(remote.untracked(&RefName::new(format!("{full}*"))));
                }
                Ok(remote.tracking.list(repository, full.as_str().into())?)
            }
            Self::Moment(moment) => Ok(moment.list(&full)),
            Self::Remote(_) | Self::Own => Ok(repository.references(&full)?),
        }
    }
}

impl Project {
    /// Returns the branch that a clone gets, of these; `None` where that is not known.
    ///
    /// # Errors
    /// Refs that cannot be read.
    pub fn default_branch(&self, branches: &[(RefName, ObjectId)]) -> Result<Option<RefName>, FactError> {
        let repository = self.repository();
        let has = |name: &RefName| branches.iter().any(|(branch, _)| branch == name);
        if let Some(remote) = self.view().remote_name() {
            let folder = [b"refs/remotes/", remote.as_bytes(), b"/"].concat();
            let (found, _) = repository.resolve(&RefName::new([folder.as_slice(), b"HEAD"].concat()))?;
            let found = found.full().strip_prefix(folder.as_slice()).map(|short| RefName::branch(BStr::new(short)));
            return Ok(found.filter(has));
        }
        // Where somebody works, `HEAD` is what they work on.
        let head = Some(repository.resolve(&RefName::new("HEAD"))?.0).filter(has);
        if repository.is_bare() || branches.len() == 1 {
            return Ok(head);
        }
        Ok(["main", "master", "trunk"].map(RefName::branch).into_iter().find(has))
    }
}

impl Remote {
    fn is_fetched(&self, repository: &Repository) -> Result<bool, Error> {
        if let Some(known) = self.is_fetched.get() {
            return Ok(*known);
        }
        let found = self.tracking.was_fetched(repository)?;
        Ok(*self.is_fetched.get_or_init(|| found))
    }

    fn untracked(&self, name: &RefName) -> FactError {
        let cause = format!("this clone does not know where `{name}` stands on `{}`", Untrusted::new(&self.named));
        // What is fetched by its name alone is not looked for where nothing says that it is tracked.
        let is_tracked = self.tracking.local(name).is_some();
        let command = self.tracking.remote().and_then(quote).map(|remote| match is_tracked {
            true => format!("fetch it: `git fetch {remote}`"),
            false => format!("track all branches: `git remote set-branches {remote} '*' && git fetch {remote}`"),
        });
        let advice =
            command.unwrap_or_else(|| "give the URL a name with `git remote add`, and fetch from it".to_owned());
        FactError::untracked(cause, advice)
    }
}

/// Returns what a ref of the repository itself holds, symbolic refs followed.
fn lookup(repository: &Repository, name: &RefName) -> Result<Option<ObjectId>, Error> {
    match repository.reference(name)? {
        None => Ok(None),
        Some(Target::Id(id)) => Ok(Some(id)),
        Some(Target::Symbolic(_)) => Ok(repository.resolve(name)?.1),
    }
}
