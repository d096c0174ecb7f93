//! Paths without links, as other programs take them.

use std::io;
use std::path::{Path, PathBuf};

/// Returns the absolute path of what is there, without links and `.` or `..`.
///
/// # Errors
/// There is nothing, or it cannot be looked at.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().map(plain)
}

#[cfg(not(windows))]
const fn plain(path: PathBuf) -> PathBuf {
    path
}

/// Takes away the `\\?\` that Windows puts before a path without links: nobody types it, git is not made for a `GIT_DIR` with
/// it, and behind it `/` is a letter like any other. It stays where the path would otherwise name something else.
#[cfg(windows)]
fn plain(path: PathBuf) -> PathBuf {
    use std::ffi::OsString;
    use std::path::{Component, Prefix};

    let mut parts = path.components();
    let Some(Component::Prefix(prefix)) = parts.next() else { return path };
    let mut start = match prefix.kind() {
        Prefix::VerbatimDisk(disk) => OsString::from(format!("{}:", char::from(disk))),
        Prefix::VerbatimUNC(server, share) => {
            let mut start = OsString::from(r"\\");
            start.push(server);
            start.push(r"\");
            start.push(share);
            start
        }
        _ => return path,
    };
    start.push(parts.as_path());
    let plain = PathBuf::from(start);
    if plain.canonicalize().is_ok_and(|found| found == path) { plain } else { path }
}
