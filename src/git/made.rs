//! Repositories that are made object by object, where nobody has one at hand.

use std::io::{Error, Result};
use std::path::Path;

use super::Kind;
use super::object::ids::model_id;
use crate::model::{ObjectId, RefName};

/// A bare repository into which objects and refs are written, refs as files of their own.
pub(crate) struct Made {
    repository: gix::Repository,
}

/// What a ref holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds<'r> {
    /// An object.
    Object(ObjectId),
    /// Another ref, for which it stands.
    Ref(&'r RefName),
}

impl Made {
    /// Makes a bare repository in a directory.
    ///
    /// # Errors
    /// What cannot be written.
    pub(crate) fn create(directory: &Path) -> Result<Self> {
        let made = gix::ThreadSafeRepository::init(directory, gix::create::Kind::Bare, gix::create::Options::default());
        made.map_err(Error::other)?;
        Self::open(directory)
    }

    /// Opens a repository to write more into it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let opened = gix::open_opts(directory, gix::open::Options::isolated());
        opened.map(|repository| Self { repository }).map_err(Error::other)
    }

    /// Writes an object and returns its id.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn object(&self, kind: Kind, bytes: &[u8]) -> Result<ObjectId> {
        let kind = match kind {
            Kind::Commit => gix::objs::Kind::Commit,
            Kind::Tree => gix::objs::Kind::Tree,
            Kind::Blob => gix::objs::Kind::Blob,
            Kind::Tag => gix::objs::Kind::Tag,
        };
        let written = gix::objs::Write::write_buf(&self.repository.objects, kind, bytes);
        written.map(|id| model_id(&id)).map_err(Error::other)
    }

    /// Sets what a ref holds.
    ///
    /// # Errors
    /// A name that git would not take (`git-check-ref-format(1)`), or a file that cannot be written.
    pub(crate) fn set_ref(&self, name: &RefName, holds: Holds<'_>) -> Result<()> {
        gix::validate::reference::name(name.full()).map_err(Error::other)?;
        let path = self.repository.git_dir().join(gix::path::from_bstr(name.full()).map_err(Error::other)?);
        let content = match holds {
            Holds::Object(id) => format!("{id}\n").into_bytes(),
            Holds::Ref(target) => [&b"ref: "[..], target.full(), b"\n"].concat(),
        };
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(&path, content)
    }
}
