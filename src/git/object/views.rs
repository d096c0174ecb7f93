//! Object directories whose alternates lead back to themselves.

use std::path::{Path, PathBuf};

use crate::git::Error;

/// Object directories as gix can read them when alternates lead back to themselves: links to everything in each but its
/// list of alternates, which are among the directories anyway.
pub(super) struct Views {
    pub(super) paths: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Views {
    /// Linking more directories in a ring than this takes too long to be worth it.
    const MOST: usize = 16;

    pub(super) fn of(directories: &[PathBuf]) -> Result<Self, Error> {
        if directories.len() > Self::MOST {
            return Err(Error::Limit { what: "object directories that borrow from each other", limit: Self::MOST });
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        let folder =
            tempfile::Builder::new().prefix("refgate-objects-").tempdir().map_err(io(&std::env::temp_dir()))?;
        let mut paths = Vec::with_capacity(directories.len());
        for (at, directory) in directories.iter().enumerate() {
            let (directory, view) =
                (directory.canonicalize().map_err(io(directory))?, folder.path().join(at.to_string()));
            std::fs::create_dir(&view).map_err(io(&view))?;
            // A folder of loose objects may be created while this one is read.
            let names = (0..=u8::MAX).map(|byte| format!("{byte:02x}")).chain(["pack".to_owned()]);
            for name in names {
                let link = view.join(&name);
                symlink(&directory.join(&name), &link).map_err(io(&link))?;
            }
            paths.push(view);
        }
        Ok(Self { paths, _folder: folder })
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "alternates that lead back to themselves are read on Unix alone",
    ))
}
