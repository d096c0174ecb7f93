//! A repository as a place for hooks: which host it belongs to, and where its hooks are.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::Error;
use super::account::{Account, Job};
use super::shim::Hook;
use crate::gate::{Ask, Gate, find_policy};
use crate::git::Repository;
use crate::policy::{LoadError, Source};
use crate::project::View;

/// A program that manages the repository, and its hooks with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// None that is known.
    Plain,
    /// gitolite: `hooks/update` is its access control.
    Gitolite,
    /// Gitea or Forgejo: they write `hooks/NAME` anew and run what is in `hooks/NAME.d`.
    Gitea,
    /// GitLab: it runs what is in `custom_hooks/NAME.d`.
    Gitlab,
    /// Kallithea: an ordinary repository with hooks of its own beside ours.
    Kallithea,
}

impl Host {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Gitolite, Self::Gitea, Self::Gitlab, Self::Kallithea];

    /// Its word on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gitolite => "gitolite",
            Self::Gitea => "gitea",
            Self::Gitlab => "gitlab",
            Self::Kallithea => "kallithea",
        }
    }

    /// The identity source that it is documented to set; `None` where that depends on the set-up.
    pub const fn identity(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            other => Some(other.name()),
        }
    }

    /// What the repository's files say.
    pub fn detect(repository: &Repository) -> Self {
        let hooks = repository.common_dir().join("hooks");
        let links_to_gitolite = std::fs::read_link(hooks.join("update"))
            .is_ok_and(|target| target.to_string_lossy().contains("/hooks/common/"));
        let mentions = |file: &str, word: &[u8]| {
            std::fs::read(hooks.join(file)).is_ok_and(|text| text.windows(word.len()).any(|part| part == word))
        };
        if links_to_gitolite {
            Self::Gitolite
        } else if hooks.join("pre-receive.d/gitea").exists() {
            Self::Gitea
        } else if repository.config("gitlab.fullpath").is_some()
            || repository.common_dir().iter().any(|part| part == "@hashed")
        {
            Self::Gitlab
        } else if mentions("post-receive", b"KALLITHEA_HOOK_VER") || mentions("pre-receive", b"KALLITHEA_HOOK_VER") {
            Self::Kallithea
        } else {
            Self::Plain
        }
    }
}

/// A repository, its host, and the account whose git looks at it.
pub struct Site<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Whose git runs the hooks: `core.hooksPath` may be set for an account.
    pub account: Account,
    /// The host.
    pub host: Host,
}

impl Site<'_> {
    /// The hooks that belong here when none is named.
    pub fn default_hooks(&self) -> Vec<Hook> {
        if self.repository.is_bare() { vec![Hook::PreReceive, Hook::PostReceive] } else { vec![Hook::PrePush] }
    }

    /// Where git runs a hook: at the top of the work tree for pre-push, in the repository otherwise.
    pub(super) fn run_directory(&self, hook: Hook) -> &Path {
        match (hook, self.repository.work_tree()) {
            (Hook::PrePush, Some(top)) => top,
            _ => self.repository.git_dir(),
        }
    }

    /// The directory in which git looks for this hook, `core.hooksPath` included.
    pub(super) fn hooks_directory(&self, hook: Hook) -> Result<PathBuf, Error> {
        let directory = self.run_directory(hook);
        let answer = self.git(directory).words(&["rev-parse", "--git-path", "hooks"]).answer(&self.account)?;
        Ok(directory.join(PathBuf::from(std::ffi::OsString::from_vec(answer))))
    }

    /// The file in which refgate stands for this hook.
    pub(super) fn slot(&self, hook: Hook) -> Result<PathBuf, Error> {
        Ok(match self.host {
            Host::Gitea if hook.is_server() => {
                self.repository.common_dir().join("hooks").join(format!("{}.d", hook.name())).join("refgate")
            }
            Host::Gitlab if hook.is_server() => {
                let folder = self.repository.common_dir().join("custom_hooks");
                folder.join(format!("{}.d", hook.name())).join("50-refgate")
            }
            _ => self.hooks_directory(hook)?.join(hook.name()),
        })
    }

    /// Where `core.hooksPath` is set, as git prints it: scope, file and value; `None` if it is not.
    pub(super) fn hooks_path_origin(&self) -> Result<Option<String>, Error> {
        let words = ["config", "--show-scope", "--show-origin", "--get", "core.hooksPath"];
        let output = self.git(self.repository.git_dir()).words(&words).run(&self.account)?;
        let text = crate::model::Untrusted::new(output.stdout.trim_ascii()).to_string();
        Ok(output.status.success().then(|| text.replace("\\t", " ")))
    }

    /// git in this repository, named outright so that nobody asks whose it is.
    pub(super) fn git(&self, directory: &Path) -> Job {
        let job = Job::new("git", directory).variable("GIT_DIR", self.repository.git_dir());
        match self.repository.work_tree() {
            Some(top) => job.variable("GIT_WORK_TREE", top),
            None => job,
        }
    }

    /// Where the policy comes from in a hook; `None` if nothing names one.
    ///
    /// # Errors
    /// `refgate.policy` names no source.
    pub fn policy_source(&self) -> Result<Option<Source>, Error> {
        // Only in a clone has it a place of its own: on a server the policy is never taken from what is pushed.
        let ask = Ask::default().in_clone(self.repository, "origin");
        find_policy(self.repository, &ask).map_err(|failure| Error::Value(failure.cause))
    }
}

/// Opens a project by a policy, as a hook would.
///
/// # Errors
/// The policy cannot be read, or is invalid.
pub fn validate(repository: &Repository, source: Source) -> Result<Gate, LoadError> {
    let ask = Ask { named: Some(source), ..Ask::default() };
    Gate::open(repository.clone(), View::Own, ask)
}

/// A path as one word of a shell command, for commands that are shown to be pasted.
pub(super) fn shown(path: &Path) -> String {
    let bytes = OsStr::new(path).as_bytes();
    crate::model::quote(bytes).unwrap_or_else(|| crate::model::Untrusted::new(bytes).to_string())
}
