//! What is known of one host, as data that its file fills in.

use bstr::{BString, ByteSlice as _};
use std::path::{Path, PathBuf};

use super::Hook;

/// A program that serves git repositories: what it says about the pusher, and what it does with hooks.
#[derive(Debug)]
pub struct Host {
    /// The word on the command line and in `refgate.identity`.
    pub name: &'static str,
    /// What it is, as one sentence for the page.
    pub docs: &'static str,
    /// Where the pusher's name comes from; `None` where that depends on the set-up.
    pub pusher: Option<Pusher>,
    /// How hooks get into its repositories; `None` where refgate cannot put them there itself.
    pub installs: Option<Installs>,
    /// Where hooks go, as text for the page.
    pub hooks: &'static str,
    /// Refs that the host itself guards or writes, as text for the page.
    pub guards: &'static str,
}

/// The variable that a host is documented to set.
#[derive(Debug)]
pub struct Pusher {
    /// Its name.
    pub variable: &'static str,
    /// The member that holds the name, where the value is a JSON object.
    pub field: Option<&'static str>,
    /// A variable and the value with which the host says that it acts itself, without a user.
    pub administrator: Option<(&'static str, &'static str)>,
}

impl Pusher {
    /// A variable that holds the name and nothing else.
    pub(super) const fn variable(variable: &'static str) -> Self {
        Self { variable, field: None, administrator: None }
    }
}

/// How hooks get into a host's repositories.
#[derive(Debug)]
pub struct Installs {
    /// Recognises a repository of this host.
    pub is_found: fn(&Traces<'_>) -> bool,
    /// How it is recognised, as text for the page.
    pub found_by: &'static str,
    /// Returns the file for a hook; `None` where git itself looks for it.
    pub place: fn(&Path, Hook) -> Option<PathBuf>,
    /// Returns why a place is left alone; `None` where it is free.
    pub refuses: fn(&Spot<'_>) -> Option<Refusal>,
    /// What the installer leaves alone, as text for the page.
    pub left_alone: &'static str,
    /// Whether the host's own hooks refuse a push that does not come through the host.
    pub refuses_local_pushes: bool,
}

/// What a repository shows of its host.
pub struct Traces<'a> {
    /// The repository; for a linked work tree the one it belongs to.
    pub common_dir: &'a Path,
    /// Looks a key up in the repository's configuration.
    pub config: &'a dyn Fn(&str) -> Option<BString>,
}

impl Traces<'_> {
    /// Tells whether a hook's script holds a word. Anything but a file is not read: a pipe would not end.
    pub(super) fn mentions(&self, hook: &str, word: &str) -> bool {
        let path = self.common_dir.join("hooks").join(hook);
        path.is_file() && std::fs::read(path).is_ok_and(|text| text.contains_str(word))
    }
}

/// A place where a hook is about to be put.
#[derive(Debug)]
pub struct Spot<'a> {
    /// The hook.
    pub hook: Hook,
    /// What the place links to, where it is a link.
    pub target: Option<&'a Path>,
    /// Whether the repository was found, or said, to be of this host.
    pub is_of_host: bool,
}

/// Why a place is left alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is, after the path.
    pub reason: &'static str,
    /// The way that works.
    pub help: String,
}

/// For hosts that leave every place free.
pub(super) fn refuses_nothing(_: &Spot<'_>) -> Option<Refusal> {
    None
}

/// For hosts whose hooks are where git looks.
pub(super) fn where_git_looks(_: &Path, _: Hook) -> Option<PathBuf> {
    None
}
