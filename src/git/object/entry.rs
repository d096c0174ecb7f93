//! What trees contain.

use bstr::BString;

use crate::model::ObjectId;

/// The largest tree object that is read: some hundred thousand entries in one directory.
pub(in crate::git) const MAX_TREE: u64 = 64 << 20;

/// Deeper directories than any file system allows.
pub(in crate::git) const MAX_DEPTH: usize = 1024;

/// A small tree can stand for billions of paths if its directories are all the same one ("git bomb").
pub(in crate::git) const MAX_VISITED: usize = 1_000_000;

/// What an entry of a tree is. Modes are reduced as git reduces them (`canon_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// 040000.
    Tree,
    /// 100644, and what old versions of git wrote for it.
    File,
    /// 100755.
    Executable,
    /// 120000.
    Symlink,
    /// 160000: a commit of another repository.
    Submodule,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub mode: Mode,
    /// Its object.
    pub id: ObjectId,
}

/// A path that differs between two trees. Directories do not appear, what is in them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The full path.
    pub path: BString,
    /// What was there.
    pub old: Option<Entry>,
    /// What is there now.
    pub new: Option<Entry>,
}

impl Mode {
    /// Returns the six octal digits that git shows.
    pub const fn octal(self) -> &'static str {
        match self {
            Self::Tree => "040000",
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    pub(in crate::git) fn parse(digits: &[u8]) -> Option<Self> {
        if !(1..=8).contains(&digits.len()) || !digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) {
            return None;
        }
        let bits = digits.iter().fold(0u32, |bits, digit| bits * 8 + u32::from(digit & 7));
        Some(match bits & 0o170_000 {
            0o100_000 if bits & 0o100 != 0 => Self::Executable,
            0o100_000 => Self::File,
            0o120_000 => Self::Symlink,
            0o040_000 => Self::Tree,
            _ => Self::Submodule,
        })
    }
}
