//! What is known of trees: the files they have, and the version fields in them.

use bstr::{BStr, BString};

use super::{FactError, Project};
use crate::git::{Change, Commit, Entry as TreeEntry, Mode};
use crate::manifest::changelog::{self, Entry};
use crate::manifest::{self, Field, Hints, Kind};
use crate::model::ObjectId;
use crate::policy::{Bindings, ChangelogFormat, PathPattern, VersionField};

/// A manifest of one tree.
#[derive(Clone, Debug)]
pub enum Manifest {
    /// There is nothing at its path.
    Absent,
    /// It was read.
    Read {
        /// Its version fields, in the order of the file.
        fields: Vec<Field>,
        /// Its bytes, to which the fields' spans refer.
        bytes: Vec<u8>,
    },
    /// It is not what it should be, or too large.
    Unreadable(manifest::Error),
}

impl Manifest {
    /// Returns its fields; none where there is no file or it cannot be read.
    pub fn fields(&self) -> &[Field] {
        match self {
            Self::Read { fields, .. } => fields,
            Self::Absent | Self::Unreadable(_) => &[],
        }
    }
}

impl Project {
    /// Returns what a file holds; `None` where there is nothing at the path.
    ///
    /// # Errors
    /// Besides what cannot be read: something that is not a file, or more than `limit` bytes, as [`manifest::Error`]
    /// inside.
    pub fn file(
        &self,
        commit: ObjectId,
        path: &BStr,
        limit: usize,
    ) -> Result<Option<Result<Vec<u8>, manifest::Error>>, FactError> {
        let Some(TreeEntry { mode, id }) = self.repository().tree_entry(commit, path)? else { return Ok(None) };
        let instead = match mode {
            Mode::File | Mode::Executable => None,
            Mode::Symlink => Some("a symbolic link"),
            Mode::Tree => Some("a directory"),
            Mode::Submodule => Some("a submodule"),
        };
        if let Some(instead) = instead {
            return Ok(Some(Err(manifest::Error::NoFile(instead))));
        }
        let size = usize::try_from(self.repository().size(id)?).unwrap_or(usize::MAX);
        if size > limit {
            return Ok(Some(Err(manifest::Error::TooLarge { size, limit })));
        }
        Ok(Some(Ok(self.repository().blob(id, limit as u64)?)))
    }

    /// Returns what shows that a commit stores a conflict which nobody has resolved, as jj does: a header that lists the
    /// trees of its sides, or these trees as directories. Of a commit that git made of one the directories are left.
    ///
    /// # Errors
    /// Its tree cannot be read.
    pub fn stored_conflict(&self, commit: &Commit) -> Result<Option<String>, FactError> {
        let directory = self.repository().directory_like(commit.tree, b".jjconflict-")?;
        Ok(match directory {
            Some(name) => Some(format!("its tree has the directory `{name}`")),
            None => commit.is_undecided.then(|| "its header has `jj:trees`".to_owned()),
        })
    }

    /// Returns the object at a path, whatever it is: for telling whether a commit touched it.
    pub fn object_at(&self, commit: ObjectId, path: &BStr) -> Result<Option<ObjectId>, FactError> {
        Ok(self.repository().tree_entry(commit, path)?.map(|entry| entry.id))
    }

    /// Returns the files that are new or different in `new`; those that are gone are left out.
    pub fn changed_files(&self, old: Option<ObjectId>, new: ObjectId) -> Result<Vec<BString>, FactError> {
        let changes = self.repository().diff_trees(old, Some(new))?;
        let files = changes.into_iter().filter(|change| is_file(change.new) && is_other(change));
        Ok(files.map(|change| change.path).collect())
    }

    /// Returns the files that are new or different in `new`, and those of `old` in whose place there is something else
    /// or nothing.
    pub fn touched_files(&self, old: ObjectId, new: ObjectId) -> Result<Vec<BString>, FactError> {
        let changes = self.repository().diff_trees(Some(old), Some(new))?;
        let files = changes.into_iter().filter(|change| match (is_file(change.old), is_file(change.new)) {
            (true, true) => is_other(change),
            (was, is) => was || is,
        });
        Ok(files.map(|change| change.path).collect())
    }

    /// Returns the files of a tree that a pattern means, given what is known. Looks through the whole tree only where
    /// the pattern leaves something open.
    pub fn files_like(
        &self,
        commit: ObjectId,
        pattern: &PathPattern,
        known: &Bindings,
    ) -> Result<Vec<BString>, FactError> {
        let Some(paths) = pattern.instances(known) else {
            let files = self.changed_files(None, commit)?;
            return Ok(files.into_iter().filter(|path| pattern.matches_with(path.as_ref(), known)).collect());
        };
        let mut found = Vec::new();
        for path in paths {
            if self.object_at(commit, path.as_ref())?.is_some() && !found.contains(&path) {
                found.push(path);
            }
        }
        Ok(found)
    }

    /// Returns the version fields of a file: as an entry of the policy says, or as its name does.
    pub fn manifest(&self, commit: ObjectId, path: &BStr, entry: Option<&VersionField>) -> Result<Manifest, FactError> {
        let kind = Kind::of_path(path);
        let pattern = entry.and_then(|entry| entry.pattern.as_ref());
        let limit = match (pattern, kind) {
            (Some(_), _) => manifest::MAX_PATTERN_BYTES,
            (None, Some(kind)) => kind.max_bytes(),
            (None, None) => return Ok(Manifest::Absent),
        };
        let bytes = match self.file(commit, path, limit)? {
            None => return Ok(Manifest::Absent),
            Some(Err(error)) => return Ok(Manifest::Unreadable(error)),
            Some(Ok(bytes)) => bytes,
        };
        let usual = Hints::default();
        let hints = entry.map_or(&usual, |entry| &entry.hints);
        let fields = match (pattern, kind) {
            (Some(pattern), _) => manifest::fields_by_pattern(pattern, &bytes).map(|field| vec![field]),
            (None, Some(kind)) => manifest::fields(kind, &bytes, hints),
            (None, None) => Ok(Vec::new()),
        };
        Ok(match fields {
            // A file without the field counts as missing where the policy says that it may be missing.
            Err(manifest::Error::Unmatched) if entry.is_some_and(|entry| entry.optional) => {
                Manifest::Read { fields: Vec::new(), bytes }
            }
            Ok(fields) => Manifest::Read { fields, bytes },
            Err(error) => Manifest::Unreadable(error),
        })
    }

    /// Returns the entries of a changelog, newest first; `None` where there is no such file.
    pub fn entries(
        &self,
        commit: ObjectId,
        path: &BStr,
        format: &ChangelogFormat,
    ) -> Result<Option<Result<Vec<Entry>, manifest::Error>>, FactError> {
        let bytes = self.file(commit, path, changelog::MAX_BYTES)?;
        Ok(bytes.map(|bytes| {
            bytes.and_then(|bytes| match format {
                ChangelogFormat::Debian => changelog::debian(&bytes),
                ChangelogFormat::KeepAChangelog => changelog::keep_a_changelog(&bytes),
                ChangelogFormat::Headings(headings) => changelog::headed(&bytes, headings),
            })
        }))
    }
}

fn is_file(entry: Option<TreeEntry>) -> bool {
    matches!(entry, Some(TreeEntry { mode: Mode::File | Mode::Executable, .. }))
}

fn is_other(change: &Change) -> bool {
    change.old.map(|old| old.id) != change.new.map(|new| new.id)
}
