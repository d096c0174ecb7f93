//! Objects of any kind: what they are, and what a tag leads to.

use std::fmt;

use super::{Error, Repository, Tag};
use crate::model::ObjectId;

/// Commits and tags larger than this are refused unread. The largest commit message known in the wild is a few
/// megabytes.
pub(super) const MAX_TEXT_OBJECT: u64 = 16 << 20;

/// More tags on top of each other than anybody makes.
const MAX_TAG_DEPTH: usize = 32;

/// The four kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A state of the tree with its history.
    Commit,
    /// A directory.
    Tree,
    /// A file's content.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// git's name of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<gix::objs::Kind> for Kind {
    fn from(kind: gix::objs::Kind) -> Self {
        match kind {
            gix::objs::Kind::Commit => Self::Commit,
            gix::objs::Kind::Tree => Self::Tree,
            gix::objs::Kind::Blob => Self::Blob,
            gix::objs::Kind::Tag => Self::Tag,
        }
    }
}

/// Where a chain of tags ends.
#[derive(Clone, Debug)]
pub struct Peeled {
    /// The object that is no tag.
    pub id: ObjectId,
    /// Its kind; never [`Kind::Tag`].
    pub kind: Kind,
    /// The tags on the way, outermost first; empty for anything but a tag.
    pub tags: Vec<Tag>,
}

impl Repository {
    /// What kind of object this is, without reading it; `None` if there is no such object.
    ///
    /// # Errors
    /// The object directories cannot be read, or the object is not in a partial clone.
    pub fn kind(&self, id: ObjectId) -> Result<Option<Kind>, Error> {
        Ok(self.odb.header(id)?.map(|(kind, _)| kind))
    }

    /// The size of an object in bytes, without reading it.
    ///
    /// # Errors
    /// The object is missing or cannot be read.
    pub fn size(&self, id: ObjectId) -> Result<u64, Error> {
        Ok(self.odb.existing_header(id)?.1)
    }

    /// Follows annotated tags to the object they are about.
    ///
    /// # Errors
    /// An object on the way is missing or malformed, or there are more than 32 tags.
    pub fn peel(&self, id: ObjectId) -> Result<Peeled, Error> {
        let mut tags = Vec::new();
        let mut id = id;
        loop {
            let (kind, _) = self.odb.existing_header(id)?;
            if kind != Kind::Tag {
                return Ok(Peeled { id, kind, tags });
            }
            if tags.len() == MAX_TAG_DEPTH {
                return Err(Error::Limit { what: "tags on top of each other", limit: MAX_TAG_DEPTH });
            }
            let tag = self.tag(id)?;
            id = tag.target;
            tags.push(tag);
        }
    }

    /// The content of a blob of at most `limit` bytes.
    ///
    /// # Errors
    /// The object is missing, no blob, or larger.
    pub fn blob(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        self.odb.read(id, Kind::Blob, limit, &mut content)?;
        Ok(content)
    }

    /// The same into a buffer that is used again.
    ///
    /// # Errors
    /// As [`Self::blob`].
    pub fn blob_into(&self, id: ObjectId, limit: u64, content: &mut Vec<u8>) -> Result<(), Error> {
        self.odb.read(id, Kind::Blob, limit, content)
    }
}
