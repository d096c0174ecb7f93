//! Files of the hooks' directories: read without waiting, written atomically, and restored as they were.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Error;

/// Reads a script; `None` where there is no file to read. Reading a pipe in its place would wait forever.
pub(super) fn script(path: &Path) -> Option<Vec<u8>> {
    if path.metadata().is_ok_and(|target| target.is_file()) { std::fs::read(path).ok() } else { None }
}

/// Quotes a path as one word of a shell command, for commands that are shown to be pasted.
pub(super) fn shown(path: &Path) -> String {
    let bytes = OsStr::new(path).as_bytes();
    crate::model::quote(bytes).unwrap_or_else(|| crate::model::Untrusted::new(bytes).to_string())
}

/// Makes a directory that is open to everybody, whatever the umask is: git accepts every push when the account cannot
/// reach the hooks.
pub(super) fn make_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Gives a file a second name. The first stays: there is no moment without a hook.
pub(super) fn keep_as(hook: &Path, kept: &Path) -> std::io::Result<()> {
    let metadata = hook.symlink_metadata()?;
    if metadata.is_symlink() {
        return std::os::unix::fs::symlink(std::fs::read_link(hook)?, kept);
    }
    // Not every file system has links, and not every file may be linked (`fs.protected_hardlinks`).
    std::fs::hard_link(hook, kept).or_else(|_| {
        std::fs::copy(hook, kept)?;
        // A copy belongs to us; where possible, it is given to the owner of the hook.
        let _ = std::os::unix::fs::chown(kept, Some(metadata.uid()), Some(metadata.gid()));
        std::fs::set_permissions(kept, metadata.permissions())
    })
}

/// Writes a real file, complete before it has the name: a rename replaces a link, where writing would follow it.
pub(super) fn write_whole(path: &Path, text: &[u8], mode: u32) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new().prefix(".refgate-").tempfile_in(folder)?;
    file.write_all(text)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// What a path was before it was touched.
#[derive(Debug)]
pub(super) struct Before {
    path: PathBuf,
    was: Was,
}

#[derive(Debug)]
enum Was {
    Absent,
    Link(PathBuf),
    File {
        text: Vec<u8>,
        mode: u32,
        uid: u32,
        gid: u32,
    },
    /// A directory, or something that nothing here replaces.
    Other,
}

impl Before {
    /// Remembers a path.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let was = match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Was::Absent,
            Err(error) => return Err(io(error)),
            Ok(found) if found.is_symlink() => Was::Link(std::fs::read_link(path).map_err(io)?),
            Ok(found) if found.is_file() => Was::File {
                text: std::fs::read(path).map_err(io)?,
                mode: found.permissions().mode() & 0o7777,
                uid: found.uid(),
                gid: found.gid(),
            },
            Ok(_) => Was::Other,
        };
        Ok(Self { path: path.to_owned(), was })
    }

    /// Makes it what it was.
    pub(super) fn put_back(&self) -> std::io::Result<()> {
        let path = &self.path;
        match &self.was {
            Was::Other => Ok(()),
            Was::Absent => match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            Was::Link(target) => {
                if std::fs::read_link(path).is_ok_and(|found| found == *target) {
                    return Ok(());
                }
                if path.symlink_metadata().is_ok() {
                    std::fs::remove_file(path)?;
                }
                std::os::unix::fs::symlink(target, path)
            }
            Was::File { text, mode, uid, gid } => {
                write_whole(path, text, *mode)?;
                // As far as possible: an ordinary user cannot give files away.
                let _ = std::os::unix::fs::chown(path, Some(*uid), Some(*gid));
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(*mode))
            }
        }
    }
}

impl std::fmt::Display for Before {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not as it was", shown(&self.path))
    }
}
