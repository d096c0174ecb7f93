//! The kinds of objects.

use std::fmt;

use crate::git::Tag;
use crate::model::ObjectId;

/// Commits and tags larger than this are refused unread. The largest commit message known in the wild is a few
/// megabytes.
pub(in crate::git) const MAX_TEXT_OBJECT: u64 = 16 << 20;

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
    /// Returns git's name of the kind.
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
    /// The object that is not a tag.
    pub id: ObjectId,
    /// Its kind; never [`Kind::Tag`].
    pub kind: Kind,
    /// The tags on the way, outermost first; empty for anything but a tag.
    pub tags: Vec<Tag>,
}
