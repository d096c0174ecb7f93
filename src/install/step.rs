//! The steps of installing and uninstalling: shown before they are taken, and undone when one of them fails.

use bstr::{BString, ByteSlice as _};
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::Error;
use super::files::{Before, keep_as, make_directory, shown, write_whole};
use super::site::Site;

/// One thing that is done, or was already done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: it is as it should be.
    Leave(PathBuf),
    /// Makes a directory.
    MakeDirectory(PathBuf),
    /// Keeps the existing hook under another name. The original stays until it is replaced.
    Keep {
        /// The hook.
        hook: PathBuf,
        /// Its other name.
        kept: PathBuf,
        /// Whether git ran it, and it therefore has to keep running.
        runs: bool,
    },
    /// Writes a hook: next to its place, then by rename.
    Write {
        /// Its place.
        hook: PathBuf,
        /// The script.
        text: Vec<u8>,
        /// Its mode.
        mode: u32,
    },
    /// Sets a key of the repository's configuration.
    Configure {
        /// The repository.
        git_dir: PathBuf,
        /// The key.
        key: &'static str,
        /// The value.
        value: OsString,
    },
    /// Puts a kept hook back in its place.
    Restore {
        /// Where it was kept.
        kept: PathBuf,
        /// Its place.
        hook: PathBuf,
    },
    /// Removes a hook of ours, or a manager's script that the manager can write again.
    Remove(PathBuf),
}

/// The steps, and what else the administrator should know.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// One sentence each.
    pub warnings: Vec<String>,
}

/// How far a plan got, where it failed.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The step that failed.
    pub step: String,
    /// Why it did.
    pub error: Error,
    /// What could not be undone, one sentence each.
    pub left: Vec<String>,
}

impl Plan {
    /// Takes the steps, and reports each one when it is done. All of them are undone when one fails.
    ///
    /// # Errors
    /// Files that cannot be written, git that fails.
    pub(crate) fn carry_out(&self, site: &Site<'_>, done: &mut dyn FnMut(&Step)) -> Result<(), Broken> {
        let mut undo = Vec::new();
        for step in &self.steps {
            if let Err(error) = step.perform(site, &mut undo) {
                let left = undo.into_iter().rev().filter_map(|undo| undo.perform(site).err());
                return Err(Broken { step: step.to_string(), error, left: left.collect() });
            }
            done(step);
        }
        Ok(())
    }
}

/// What makes one change undone.
enum Undo {
    File(Before),
    Directory(PathBuf),
    Setting { git_dir: PathBuf, key: &'static str, value: Option<BString> },
}

impl Undo {
    fn perform(self, site: &Site<'_>) -> Result<(), String> {
        match self {
            Self::File(before) => before.put_back().map_err(|error| format!("{before}: {error}")),
            Self::Directory(path) => {
                std::fs::remove_dir(&path).map_err(|error| format!("{} stays: {error}", shown(&path)))
            }
            Self::Setting { git_dir, key, value } => {
                let job = match value {
                    Some(value) => {
                        site.git(&git_dir).words(&["config", "--local", key]).word(OsString::from_vec(value.into()))
                    }
                    None => site.git(&git_dir).words(&["config", "--local", "--unset", key]),
                };
                job.answer(&site.account).map(|_| ()).map_err(|error| format!("{key} stays set: {error}"))
            }
        }
    }
}

impl Step {
    fn perform(&self, site: &Site<'_>, undo: &mut Vec<Undo>) -> Result<(), Error> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        let mut remember = |path: &Path| Before::of(path).map(|before| undo.push(Undo::File(before)));
        match self {
            Self::Leave(_) => Ok(()),
            Self::MakeDirectory(path) => {
                let missing = path.ancestors().take_while(|folder| folder.symlink_metadata().is_err());
                let missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
                undo.extend(missing.into_iter().rev().map(Undo::Directory));
                make_directory(path).map_err(io(path))
            }
            Self::Keep { hook, kept, .. } => {
                remember(kept)?;
                keep_as(hook, kept).map_err(io(kept))
            }
            Self::Write { hook, text, mode } => {
                remember(hook)?;
                write_whole(hook, text, *mode).map_err(io(hook))
            }
            Self::Configure { git_dir, key, value } => {
                let before = site.git(git_dir).words(&["config", "--local", "-z", "--get", key]).run(&site.account)?;
                let text = before.stdout.strip_suffix(b"\0").unwrap_or(&before.stdout);
                let old = before.status.success().then(|| BString::from(text));
                // Run as the account: git rewrites the file, which has to stay readable to its owner.
                let set = site.git(git_dir).words(&["config", "--local", key]).word(value).answer(&site.account);
                set.map_err(|error| locked(site).unwrap_or(error))?;
                undo.push(Undo::Setting { git_dir: git_dir.clone(), key, value: old });
                Ok(())
            }
            Self::Restore { kept, hook } => {
                remember(hook)?;
                remember(kept)?;
                std::fs::rename(kept, hook).map_err(io(hook))
            }
            Self::Remove(path) => {
                remember(path)?;
                std::fs::remove_file(path).map_err(io(path))
            }
        }
    }
}

/// Returns the error for a locked configuration, if it is locked: git does not wait for the lock and says only that the
/// file exists.
fn locked(site: &Site<'_>) -> Option<Error> {
    let path = site.repository.common_dir().join("config.lock");
    path.symlink_metadata().ok()?;
    let help = format!("if no git is running here, remove it and install again: `rm {}`", shown(&path));
    Some(Error::Taken { path, reason: "is there: git is writing the configuration, or was interrupted", help })
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leave(path) => write!(f, "leave {}: it is up to date", shown(path)),
            Self::MakeDirectory(path) => write!(f, "make the directory {}", shown(path)),
            Self::Keep { hook, kept, runs: true } => {
                write!(f, "keep {} as {}: it runs after refgate", shown(hook), shown(kept))
            }
            Self::Keep { hook, kept, runs: false } => {
                write!(f, "keep {} as {}: git did not run it, and refgate will not", shown(hook), shown(kept))
            }
            Self::Write { hook, .. } => write!(f, "write {}", shown(hook)),
            Self::Configure { key, value, .. } => {
                write!(f, "set {key} = {}", crate::model::Untrusted::new(value.as_encoded_bytes().as_bstr()))
            }
            Self::Restore { kept, hook } => write!(f, "put {} back as {}", shown(kept), shown(hook)),
            Self::Remove(path) => write!(f, "remove {}", shown(path)),
        }
    }
}
