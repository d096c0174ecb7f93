//! Opens files in places where somebody may have put something else. It never waits for the other end of a pipe.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// What to do with a path that ends in a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Follow it.
    Follow,
    /// Refuse it: it could lead anywhere.
    Refuse,
}

/// Opens a file for reading.
///
/// # Errors
/// It cannot be opened, or is a pipe, a socket or a device.
pub(crate) fn open(path: &Path, links: Links) -> io::Result<File> {
    let file = without_waiting(OpenOptions::new().read(true), links).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() || kind.is_dir() {
        Ok(file)
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is a pipe or a device, not a file"))
    }
}

/// Opens a file, or something else that was named, for writing.
///
/// # Errors
/// It cannot be opened, or it is a pipe that nobody reads.
pub(crate) fn open_for_writing(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    without_waiting(options, Links::Follow).open(path).map_err(|error| match error.raw_os_error() {
        #[cfg(unix)]
        Some(nix::libc::ENXIO) => io::Error::new(error.kind(), "it is a pipe that nobody reads"),
        _ => error,
    })
}

/// Opens a file to read and append, or makes it, and locks it for as long as it stays open; `None` if somebody else has.
///
/// # Errors
/// It cannot be opened or locked.
pub(crate) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    loop {
        let mut options = OpenOptions::new();
        options.read(true).create(true);
        // Windows does not let a file be emptied that was opened to append. Nobody else writes to it while it is locked.
        let mut file =
            if cfg!(windows) { options.write(true).truncate(false) } else { options.append(true) }.open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had it may have replaced it between the two.
        if is_still_at(&file, path)? {
            file.seek(SeekFrom::Start(0))?;
            return Ok(Some(file));
        }
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let own = file.metadata()?;
    match fs::metadata(path) {
        Ok(other) => Ok((own.dev(), own.ino()) == (other.dev(), other.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere std does not say which file this is. What somebody writes to one that was replaced in between is lost, and
/// found out again the next time.
#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Makes a file empty, and what is written next its beginning.
///
/// # Errors
/// It cannot be written.
pub(crate) fn empty(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()
}

/// Writes all of a text to what [`open_for_writing`] has opened, as fast as it is read where it is a pipe.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_as_it_is_read(file: &mut File, mut text: &[u8]) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(1);
    while !text.is_empty() {
        match file.write(text) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => text = text.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sets the flag without which opening a pipe waits for its other end, and reading or writing it waits for what is done
/// there.
#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions, links: Links) -> &mut OpenOptions {
    use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags(match links {
        Links::Follow => O_NONBLOCK,
        Links::Refuse => O_NONBLOCK | O_NOFOLLOW,
    })
}

/// Pipes of Windows are not waited for. A link that is not to be followed is opened itself, and is no file.
#[cfg(windows)]
fn without_waiting(options: &mut OpenOptions, links: Links) -> &mut OpenOptions {
    use std::os::windows::fs::OpenOptionsExt as _;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    match links {
        Links::Follow => options,
        Links::Refuse => options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[expect(clippy::disallowed_methods, reason = "std cannot make one")]
    fn make_pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_pipe_is_neither_waited_for_nor_read() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, file, link] = ["pipe", "file", "link"].map(|name| folder.path().join(name));
        make_pipe(&pipe);
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(open(&pipe, Links::Follow).unwrap_err().to_string(), "it is a pipe or a device, not a file");
        assert!(open(Path::new("/dev/null"), Links::Follow).is_err());
        let unread = open_for_writing(&pipe, OpenOptions::new().write(true)).unwrap_err();
        assert_eq!(unread.to_string(), "it is a pipe that nobody reads");
        let mut text = String::new();
        open(&link, Links::Follow).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        assert!(open(&link, Links::Refuse).is_err());
    }

    #[test]
    fn a_pipe_that_is_read_gets_more_than_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        make_pipe(&pipe);
        let long = vec![b'x'; 1 << 20];
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        let mut writer = loop {
            match open_for_writing(&pipe, OpenOptions::new().write(true)) {
                Ok(writer) => break writer,
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        };
        write_as_it_is_read(&mut writer, &long).unwrap();
        drop(writer);
        assert_eq!(reader.join().unwrap().len(), long.len());
    }
}
