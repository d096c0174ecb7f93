//! Why hooks cannot be put in place or looked at.

use std::path::PathBuf;

/// An obstacle that the installer does not step over.
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
    /// A program was ended because it did not come to an end.
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
    /// No such account.
    #[error("there is no account `{0}` on this machine")]
    NoAccount(String),
    /// Only root can be somebody else.
    #[error("running as `{0}` needs root")]
    NotRoot(String),
    /// The place is somebody else's.
    #[error("`{}` {reason}", path.display())]
    Taken {
        /// The hook or directory.
        path: PathBuf,
        /// Whose, and why it is left alone.
        reason: &'static str,
        /// The way that works.
        help: String,
    },
    /// A value that cannot stand in a configuration or a script.
    #[error("{0}")]
    Value(String),
}

impl Error {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<&str> {
        match self {
            Self::Taken { help, .. } => Some(help),
            Self::NotRoot(_) => Some("run it with sudo, or as that account without `--as`"),
            _ => None,
        }
    }
}
