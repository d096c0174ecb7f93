//! Files below `refgate` in the repository's directory: read only if nobody else can have written them, and replaced as a
//! whole.
//!
//! Whoever can write a valid file as the repository's owner can also change its hooks and objects. Readers see the old
//! file or the new one, and of two writers the last one wins.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::git::Repository;

/// Where the cache of one repository is.
pub(super) struct Store {
    /// The directory of the repository that all its worktrees share.
    home: PathBuf,
    may_write: bool,
}

impl Store {
    pub(super) fn new(repository: &Repository) -> Self {
        // Objects in quarantine may never come to exist, and must not be cached.
        let may_write = !repository.is_in_quarantine() && cfg!(unix);
        Self { home: repository.common_dir().to_owned(), may_write }
    }

    /// Returns whether something can be kept here.
    pub(super) const fn may_write(&self) -> bool {
        self.may_write
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.join("refgate").join(name)
    }

    /// Returns a file of at most `limit` bytes, if nobody but the repository's owner (and whom the owner trusts with
    /// the repository) can have written it.
    #[cfg(unix)]
    pub(super) fn read(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        use std::os::unix::fs::MetadataExt as _;
        let path = self.path(name);
        if !fs::symlink_metadata(&path).ok()?.is_file() {
            return None;
        }
        let file = File::open(path).ok()?;
        let (own, home) = (file.metadata().ok()?, fs::metadata(&self.home).ok()?);
        let is_shared = home.mode() & 0o020 != 0 && own.gid() == home.gid();
        let is_owners = own.uid() == home.uid() || is_shared;
        let is_writable_by_more = own.mode() & 0o022 & !home.mode() != 0;
        if !own.is_file() || !is_owners || is_writable_by_more || own.len() > limit {
            return None;
        }
        let mut content = Vec::with_capacity(usize::try_from(own.len()).ok()?);
        file.take(limit).read_to_end(&mut content).ok()?;
        Some(content)
    }

    #[cfg(not(unix))]
    pub(super) fn read(&self, _: &str, _: u64) -> Option<Vec<u8>> {
        None
    }

    /// Writes next to the place and renames.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let Some(directory) = path.parent().filter(|_| self.may_write) else { return Ok(()) };
        for directory in [&self.home.join("refgate"), directory] {
            make_directory(&self.home, directory)?;
        }
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(directory)?;
        file.write_all(content)?;
        give_mode_of(&self.home.join("HEAD"), file.path())?;
        file.persist(path)?;
        Ok(())
    }

    /// Removes the oldest files of a directory until `most` are left.
    pub(super) fn prune(&self, directory: &str, most: usize) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.path(directory))? {
            let entry = entry?;
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
        files.sort();
        for (_, path) in files.iter().take(files.len().saturating_sub(most)) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Makes a directory of a repository, if it is not there: whoever may enter and write to the repository may do so here.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_directory(home: &Path, directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        Ok(()) => give_mode_of(home, directory),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives one file the mode of another: whoever may read and write the one may read and write the other.
pub(super) fn give_mode_of(like: &Path, path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::metadata(like)?.permissions())
}

/// Returns the checksum that shows whether bytes are those that were written; it does not protect against anybody who
/// may write.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Returns the bytes of a file that shows whether it is what was written: the checksum, then the content.
pub(super) fn sealed(content: &[u8]) -> Vec<u8> {
    [checksum(content).to_le_bytes().as_slice(), content].concat()
}

/// Returns the content of such a file, if it is what was written.
pub(super) fn unsealed(file: &[u8]) -> Option<&[u8]> {
    let (sum, content) = file.split_first_chunk()?;
    (u64::from_le_bytes(*sum) == checksum(content)).then_some(content)
}
