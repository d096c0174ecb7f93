//! Why hooks cannot be put in place or looked at.

use std::path::PathBuf;

use crate::git::LEAST_GIT;

/// An obstacle that stops the installer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("`{program}` could not be started: {source}")]
    Spawn {
        /// Its name.
        program: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A program was killed because it did not end.
    #[error("`{program}` did not end within {seconds} seconds and was ended")]
    Hangs {
        /// Its name.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// git failed at something that should work.
    #[error("`{program}` failed: {message}")]
    Failed {
        /// What was run.
        program: String,
        /// The last line it wrote, escaped.
        message: String,
    },
    /// git is older than what is needed.
    #[error("git {found} is too old: {}.{} or later is needed", LEAST_GIT.0, LEAST_GIT.1)]
    OldGit {
        /// Which it is.
        found: String,
    },
    /// No such account.
    #[error("there is no account `{0}` on this machine")]
    NoAccount(String),
    /// Only root can act as somebody else.
    #[error("running as `{0}` needs root")]
    NotRoot(String),
    /// The place belongs to somebody else.
    #[error("`{}` {reason}", path.display())]
    Taken {
        /// The hook or directory.
        path: PathBuf,
        /// Whose, and why it is left alone.
        reason: &'static str,
        /// What works instead.
        help: String,
    },
    /// A value that cannot be written into a configuration or a script.
    #[error("{0}")]
    Value(String),
}

impl Error {
    /// Returns what to do about it.
    pub(crate) fn help(&self) -> Option<&str> {
        match self {
            Self::Taken { help, .. } => Some(help),
            Self::NotRoot(_) => Some("run it with sudo, or as that account without `--as`"),
            _ => None,
        }
    }
}
