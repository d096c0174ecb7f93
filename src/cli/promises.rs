//! What pre-receive leaves to be looked at again: an empty file for each update that is right only together with others.
//! `second_look.rs` says why, and asks for them.

use bstr::ByteSlice as _;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::gate::Outcome;
use crate::git::{Digest, Installed, Repository};
use crate::hosts::Hook;
use crate::landed::make_directory;
use crate::model::{Exit, Failure, ObjectId, RefName, RefUpdate};

/// Where promises are, in the directory of the repository.
const FOLDER: &str = "refgate/promised";

/// A push that has not moved its refs after this time never will.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The promises of a repository.
pub(super) struct Promises {
    home: PathBuf,
}

impl Promises {
    /// Returns those of a repository.
    pub(super) fn of(repository: &Repository) -> Self {
        Self { home: repository.common_dir().to_owned() }
    }

    /// Leaves a promise for each update of an accepted push that rests on others, where the hook is there to ask for it.
    ///
    /// # Errors
    /// It cannot be written, and there would be no second look.
    pub(super) fn leave(repository: &Repository, outcome: &Outcome) -> Result<(), Failure> {
        let mut resting = outcome.updates.iter().filter(|update| update.rests_on_others).peekable();
        if resting.peek().is_none() || repository.installed(Hook::ReferenceTransaction.name()) != Installed::Refgate {
            return Ok(());
        }
        let own = Self::of(repository);
        for name in resting.filter_map(|update| file_name(&update.name, update.old, update.new)) {
            own.write(&name).map_err(|error| {
                let detail = format!("writing what is looked at again to {}", own.folder().display());
                Failure::new(Exit::Undecided, detail, error.to_string())
            })?;
        }
        own.forget_old();
        Ok(())
    }

    /// Returns the files of what was promised about updates.
    pub(super) fn about(&self, updates: &[RefUpdate]) -> Vec<PathBuf> {
        let names = updates.iter().filter_map(|update| file_name(&update.name, update.old, update.new));
        names.map(|name| self.folder().join(name)).filter(|path| path.exists()).collect()
    }

    /// Removes promises whose refs have moved.
    pub(super) fn remove(&self, promises: &[PathBuf]) {
        for promise in promises {
            let _gone = fs::remove_file(promise);
        }
        // Only when it is empty; the hook's script does not even start refgate then.
        let _gone = fs::remove_dir(self.folder());
    }

    fn folder(&self) -> PathBuf {
        self.home.join(FOLDER)
    }

    /// Writes one promise. Another push may remove the folder at any time, when it is empty.
    fn write(&self, name: &str) -> io::Result<()> {
        const ATTEMPTS: usize = 100;
        let folder = self.folder();
        let once = || {
            for directory in folder.parent().into_iter().chain([folder.as_path()]) {
                make_directory(&self.home, directory)?;
            }
            File::create(folder.join(name)).map(drop)
        };
        let mut written = once();
        for _ in 0..ATTEMPTS {
            match &written {
                Err(error) if error.kind() == io::ErrorKind::NotFound => written = once(),
                _ => break,
            }
        }
        written
    }

    fn forget_old(&self) {
        let Ok(entries) = fs::read_dir(self.folder()) else { return };
        for entry in entries.flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            #[expect(clippy::disallowed_methods, reason = "how old a file is, no verdict depends on")]
            let is_old = modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > KEPT));
            if is_old {
                let _gone = fs::remove_file(entry.path());
            }
        }
    }
}

/// Returns the name of the file for an update; `None` should hashing it detect a collision attack.
fn file_name(name: &RefName, old: ObjectId, new: ObjectId) -> Option<String> {
    let mut digest = Digest::new(new.kind());
    for part in [old.as_bytes(), new.as_bytes(), name.full().as_bytes()] {
        digest.update(part);
    }
    digest.finish().map(|id| id.to_string())
}
