//! A lease on filling the cache after a push: one process fills it, one more waits for that to end, and all others
//! leave it to the one that waits. Ten pushes in a row cost two fills, and the second fill sees every push.
//!
//! The locks are those of the standard library, `flock(2)` on Unix: a process that dies gives them back.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::store::{give_mode_of, make_directory};
use crate::files::{self, Links};

/// How often the waiting process checks whether the other has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// The locks, next to the cache.
const FILLING: &str = "landed.lock";
const NEXT: &str = "landed.next";

/// The turn of this process; over when dropped.
pub struct Turn {
    _filling: Lock,
    has_waited: bool,
}

impl Turn {
    /// Returns whether another process already waits for its turn, and nobody else has to.
    ///
    /// `home` is the directory of the repository, here and below.
    pub fn is_awaited(home: &Path) -> bool {
        let waiting = existing(&place(home, NEXT));
        waiting.is_ok_and(|file| matches!(Lock::try_on(&file), Err(TryLockError::WouldBlock)))
    }

    /// Waits for the turn. Returns `None` where another process waits already, where no lock can be had (nothing can be
    /// cached there either), and when the deadline passes.
    pub fn wait(home: &Path, deadline: Instant) -> Option<Self> {
        make_directory(home, &home.join("refgate")).ok()?;
        let waiting = open(home, NEXT).ok()?;
        let _waiting = Lock::try_on(&waiting).ok()?;
        let filling = open(home, FILLING).ok()?;
        let mut has_waited = false;
        loop {
            match Lock::try_on(&filling) {
                Ok(filling) => return Some(Self { _filling: filling, has_waited }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {}
                Err(_) => return None,
            }
            has_waited = true;
            thread::sleep(PAUSE);
        }
    }

    /// Returns whether it was waited for: others may have left their pushes to this process.
    pub fn has_waited(&self) -> bool {
        self.has_waited
    }
}

/// A lock that is given back when it is dropped. Closing the file alone would not do that: between its fork and its exec a
/// child process has the file too, and with it the lock.
struct Lock(File);

impl Lock {
    /// Locks a file, unless somebody else has.
    fn try_on(file: &File) -> Result<Self, TryLockError> {
        let own = file.try_clone().map_err(TryLockError::Error)?;
        own.try_lock()?;
        Ok(Self(own))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that could not be released goes away with the process.
        let _ = self.0.unlock();
    }
}

fn place(home: &Path, name: &str) -> PathBuf {
    home.join("refgate").join(name)
}

/// Opens an existing lock file. Read access is enough to lock it: other accounts of a shared repository can do so too.
/// It must be neither a link, which could lead anywhere, nor a pipe, on whose other end this could wait.
fn existing(path: &Path) -> io::Result<File> {
    let file = files::open(path, Links::Refuse)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// Opens a lock file, or makes it.
fn open(home: &Path, name: &str) -> io::Result<File> {
    let path = place(home, name);
    match existing(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other,
    }
    // Nothing that exists is followed or replaced. Two processes that create it at once get the same file.
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => {
            give_mode_of(&home.join("HEAD"), &path)?;
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => existing(&path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Makes as much of a repository as the locks need.
    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("HEAD"), "ref: refs/heads/main\n").unwrap();
        home
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn one_fills_one_waits_and_the_rest_go_away() {
        let home = home();
        assert!(!Turn::is_awaited(home.path()), "there is nothing yet");
        let first = Turn::wait(home.path(), soon()).unwrap();
        assert!(!first.has_waited());
        assert!(!Turn::is_awaited(home.path()));
        thread::scope(|scope| {
            let second = scope.spawn(|| Turn::wait(home.path(), Instant::now() + Duration::from_secs(60)));
            while !Turn::is_awaited(home.path()) {
                thread::sleep(PAUSE);
            }
            assert!(Turn::wait(home.path(), soon()).is_none(), "the third leaves it to the second");
            drop(first);
            assert!(second.join().unwrap().unwrap().has_waited());
        });
        assert!(!Turn::wait(home.path(), soon()).unwrap().has_waited());
    }

    #[test]
    fn nobody_waits_beyond_the_deadline() {
        let home = home();
        let _first = Turn::wait(home.path(), soon()).unwrap();
        // The point is that this returns at all: the first is never dropped before it.
        assert!(Turn::wait(home.path(), soon()).is_none());
        assert!(!Turn::is_awaited(home.path()), "who gives up waits no longer");
    }

    #[cfg(unix)]
    #[test]
    fn what_somebody_put_there_is_not_followed() {
        use std::os::unix::fs::symlink;
        let home = home();
        let (directory, victim) = (home.path().join("refgate"), home.path().join("victim"));
        symlink(&victim, &directory).unwrap();
        assert!(Turn::wait(home.path(), soon()).is_none(), "a link that leads nowhere");
        fs::remove_file(&directory).unwrap();
        fs::create_dir(&directory).unwrap();
        for name in [FILLING, NEXT] {
            let _absent = fs::remove_file(directory.join(name));
            symlink(&victim, directory.join(name)).unwrap();
            assert!(Turn::wait(home.path(), soon()).is_none(), "{name}");
            assert!(!victim.exists());
            fs::remove_file(directory.join(name)).unwrap();
        }
        assert!(Turn::wait(home.path(), soon()).is_some());
    }
}
