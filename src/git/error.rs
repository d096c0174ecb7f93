//! What can go wrong between refgate and a repository.

use bstr::BString;
use std::path::PathBuf;

use super::{Kind, LEAST_GIT};
use crate::model::{ObjectId, RefName, Untrusted};

/// Why a repository gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither the directory nor one above it is a repository.
    #[error("`{}` is not a git repository", path.display())]
    NotARepository {
        /// Where the search began, or what `GIT_DIR` says.
        path: PathBuf,
    },
    /// The repository belongs to somebody else and `safe.directory` does not list it (`git-config(1)`).
    #[error("the repository in `{}` is owned by someone else and not listed in `safe.directory`", path.display())]
    Dubious {
        /// The path whose owner is somebody else.
        path: PathBuf,
    },
    /// An object is in none of the object directories.
    #[error("object `{id}` is missing")]
    Missing {
        /// Which.
        id: ObjectId,
    },
    /// An object is not here, in a partial clone: it may exist at the promisor remote. Nothing is fetched.
    #[error("object `{id}` is not in this partial clone")]
    Promised {
        /// Which.
        id: ObjectId,
    },
    /// An object is in none of the object directories, and one of those is gone itself (`info/alternates` in
    /// `gitrepository-layout(5)`). No fetch can bring it back: only the machine's administrator can restore the
    /// directory.
    #[error("object `{id}` is missing, and so is the alternate `{}`, which may hold it", path.display())]
    LostAlternate {
        /// Which.
        id: ObjectId,
        /// The object directory that is not there.
        path: PathBuf,
    },
    /// An object is of another kind than asked for.
    #[error("object `{id}` is a {actual}, not a {expected}")]
    WrongKind {
        /// Which.
        id: ObjectId,
        /// What was asked for.
        expected: Kind,
        /// What it is.
        actual: Kind,
    },
    /// An object breaks git's own format.
    #[error("object `{id}` is malformed: {reason}")]
    Malformed {
        /// Which.
        id: ObjectId,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A loose object's file holds something else, or more, than what the id stands for. git does not read it either.
    #[error("object `{id}` is damaged: its file does not hold what the id stands for")]
    Damaged {
        /// Which.
        id: ObjectId,
    },
    /// The history ends at a shallow boundary before the answer was found (`git-clone(1)`, `--depth`).
    #[error("the history is cut off at `{id}` (shallow clone)")]
    Shallow {
        /// The commit whose parents are not here.
        id: ObjectId,
    },
    /// An object is larger than the caller can use; its content was not read.
    #[error("object `{id}` has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Which.
        id: ObjectId,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// More work than the caller allowed.
    #[error("more than {limit} {what}")]
    Limit {
        /// Of what there is too much, in the plural.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The time that [`super::Repository::set_deadline`] allowed is over.
    #[error("there was not enough time to read the history")]
    Deadline,
    /// The repository uses a version or an extension of the format that refgate does not know
    /// (`gitrepository-layout(5)`, `core.repositoryFormatVersion`).
    #[error("the repository needs `{name}`, which refgate does not know")]
    UnknownExtension {
        /// The setting with its value.
        name: String,
    },
    /// A ref exists but cannot be read.
    #[error("ref `{name}` cannot be read: {reason}")]
    RefStorage {
        /// Which.
        name: RefName,
        /// Why.
        reason: String,
    },
    /// A pack index is a symbolic link, which gix passes over without a word.
    #[error("pack index `{}` is a symbolic link, its objects cannot be read", path.display())]
    SymlinkedIndex {
        /// Which.
        path: PathBuf,
    },
    /// The object directories cannot be read.
    #[error("the object database cannot be read")]
    ObjectStore(#[source] gix::Error),
    /// A configuration file is broken.
    #[error("git's configuration cannot be read: {reason}")]
    Config {
        /// Why.
        reason: String,
    },
    /// A file could not be read.
    #[error("`{}` cannot be read", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A revision that names no object.
    #[error("`{}` names no object", Untrusted::new(spec))]
    Revision {
        /// What was asked for.
        spec: BString,
    },
    /// An operand for `git` that it would read as an option. It was not run.
    #[error("`{}` could be read as an option by `git`", Untrusted::new(operand))]
    Operand {
        /// Which.
        operand: BString,
    },
    /// `git` is older than what is needed.
    #[error("git {found} is too old: {}.{} or later is needed", LEAST_GIT.0, LEAST_GIT.1)]
    OldGit {
        /// Which it is.
        found: String,
    },
    /// `git` could not be started.
    #[error("`git` could not be run")]
    Spawn(#[source] std::io::Error),
    /// `git` ran and failed.
    #[error("`git {args}` ended with {status}: {}", Untrusted::new(stderr))]
    Git {
        /// Its arguments, fit to show.
        args: String,
        /// How it ended.
        status: String,
        /// The last line that it wrote to stderr.
        stderr: BString,
    },
}

/// What would make an answer possible, as far as the error says. Who can do it depends on where refgate runs, which is
/// why the wording is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The history below where this shallow clone ends: `git fetch --unshallow`.
    History,
    /// An object that no fetch has brought yet, or that is lost: `git fetch` in a clone, `git fsck` elsewhere.
    Object,
    /// An object that was left out of a partial clone on purpose: `git fetch` with its id, or `--refetch`.
    PromisedObject,
    /// An object directory that this repository borrows from and that is gone: the machine's administrator has to
    /// restore it.
    Alternate,
    /// More time than the deadline allows.
    Time,
    /// A smaller object or fewer of them, or a higher limit.
    Room,
    /// A repair of the repository, its configuration or the machine.
    Repair,
}

impl Error {
    /// Returns what would help; `None` where what was asked for is wrong in itself.
    pub const fn need(&self) -> Option<Need> {
        Some(match self {
            Self::Shallow { .. } => Need::History,
            Self::Missing { .. } => Need::Object,
            Self::Promised { .. } => Need::PromisedObject,
            Self::LostAlternate { .. } => Need::Alternate,
            Self::Deadline => Need::Time,
            Self::Limit { .. } | Self::TooLarge { .. } => Need::Room,
            Self::Dubious { .. }
            | Self::UnknownExtension { .. }
            | Self::Damaged { .. }
            | Self::RefStorage { .. }
            | Self::SymlinkedIndex { .. }
            | Self::ObjectStore(_)
            | Self::Config { .. }
            | Self::Io { .. }
            | Self::OldGit { .. }
            | Self::Spawn(_)
            | Self::Git { .. } => Need::Repair,
            Self::NotARepository { .. }
            | Self::WrongKind { .. }
            | Self::Malformed { .. }
            | Self::Revision { .. }
            | Self::Operand { .. } => return None,
        })
    }

    /// Returns the object that is not here, for whatever reason.
    pub const fn absent_object(&self) -> Option<ObjectId> {
        match self {
            Self::Missing { id } | Self::Promised { id } | Self::LostAlternate { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Returns whether a fact could not be had although the input may be in order: the verdict is then undecided.
    /// `false` means that what was asked for, or the repository itself, is broken.
    pub const fn is_undecided(&self) -> bool {
        match self {
            Self::Missing { .. }
            | Self::Promised { .. }
            | Self::LostAlternate { .. }
            | Self::Damaged { .. }
            | Self::Shallow { .. }
            | Self::TooLarge { .. }
            | Self::Limit { .. }
            | Self::Deadline
            | Self::RefStorage { .. }
            | Self::SymlinkedIndex { .. }
            | Self::ObjectStore(_)
            | Self::Io { .. }
            | Self::OldGit { .. }
            | Self::Spawn(_)
            | Self::Git { .. } => true,
            Self::NotARepository { .. }
            | Self::Dubious { .. }
            | Self::WrongKind { .. }
            | Self::Malformed { .. }
            | Self::UnknownExtension { .. }
            | Self::Config { .. }
            | Self::Revision { .. }
            | Self::Operand { .. } => false,
        }
    }
}
