//! A repository as a place for hooks: whose it is, and where refgate's hooks are.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::Error;
use super::account::{Account, Job};
use super::files::{script, shown};
use super::managers::{Manager, Stand, maker, with_end};
use crate::gate::{Ask, Gate, find_policy};
use crate::git::{Repository, too_old};
use crate::hosts::{Hook, Host};
use crate::model::Failure;
use crate::policy::{LoadError, Source};
use crate::project::View;

/// A repository, its host, and the account whose git uses it.
pub(crate) struct Site<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Whose git runs the hooks: `core.hooksPath` may be set for an account.
    pub account: Account,
    /// The host.
    pub host: &'static Host,
    /// What the account's git said of it.
    said: Said,
}

/// What git said of a repository. It is asked once: nothing that refgate does to hooks changes where git looks for them.
#[derive(Debug, Default)]
struct Said {
    /// The hooks directories, by the directory in which the hooks run.
    hooks: RefCell<BTreeMap<PathBuf, PathBuf>>,
    hooks_path: OnceCell<Option<HooksPath>>,
}

/// Where refgate is for one hook.
#[derive(Debug)]
pub(super) struct Seat {
    /// The file that git, or the host, runs.
    pub(super) slot: PathBuf,
    /// The manager whose script that is.
    pub(super) manager: Option<&'static Manager>,
    /// The file that refgate is in: the slot, unless a manager runs it from somewhere else.
    pub(super) place: PathBuf,
    /// Whether it is there as lines of somebody else's script.
    pub(super) is_lines: bool,
}

/// `core.hooksPath`, where it is set.
#[derive(Clone, Debug)]
pub(super) struct HooksPath {
    /// Whose setting it is, in git's words: `system`, `global`, `local`, `worktree` or `command`.
    pub(super) scope: String,
    /// Whether it is set to nothing: git then looks for hooks in the root of the file system.
    pub(super) is_empty: bool,
    /// Scope, file and value, to show.
    pub(super) origin: String,
}

impl HooksPath {
    /// Tells whether repositories besides this one follow it.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.scope.as_str(), "system" | "global")
    }
}

impl<'a> Site<'a> {
    /// Makes a site of which git has not been asked anything.
    pub(crate) fn new(repository: &'a Repository, account: Account, host: &'static Host) -> Self {
        Self { repository, account, host, said: Said::default() }
    }

    /// Fails if the account's git is too old.
    pub(super) fn check_git(&self) -> Result<(), Error> {
        let said = Job::new("git", self.repository.common_dir()).words(&["version"]).answer(&self.account)?;
        too_old(&said).map_or(Ok(()), |found| Err(Error::OldGit { found }))
    }

    /// Returns the hooks that belong here when none is named.
    pub(crate) fn default_hooks(&self) -> Vec<Hook> {
        if self.repository.is_bare() {
            vec![Hook::PreReceive, Hook::ReferenceTransaction, Hook::PostReceive]
        } else {
            vec![Hook::PrePush]
        }
    }

    /// Returns where git runs a hook: at the top of the work tree for pre-push, in the repository otherwise.
    pub(super) fn run_directory(&self, hook: Hook) -> &Path {
        match (hook, self.repository.work_tree()) {
            (Hook::PrePush, Some(top)) => top,
            _ => self.repository.git_dir(),
        }
    }

    /// Returns the directory in which git looks for this hook, `core.hooksPath` included.
    pub(super) fn hooks_directory(&self, hook: Hook) -> Result<PathBuf, Error> {
        let directory = self.run_directory(hook);
        if let Some(known) = self.said.hooks.borrow().get(directory) {
            return Ok(known.clone());
        }
        let answer = self.git(directory).words(&["rev-parse", "--git-path", "hooks"]).answer(&self.account)?;
        // From an empty `core.hooksPath` git makes `/pre-receive`.
        let answer = if answer.is_empty() { b"/".to_vec() } else { answer };
        let found = directory.join(PathBuf::from(std::ffi::OsString::from_vec(answer)));
        self.said.hooks.borrow_mut().insert(directory.to_owned(), found.clone());
        Ok(found)
    }

    /// Returns the host's own file for this hook; `None` where git looks for it.
    pub(super) fn host_place(&self, hook: Hook) -> Option<PathBuf> {
        (self.host.installs.as_ref()?.place)(self.repository.common_dir(), hook)
    }

    /// Returns where refgate belongs for this hook, whether it is there already or not.
    pub(super) fn seat(&self, hook: Hook) -> Result<Seat, Error> {
        if let Some(slot) = self.host_place(hook) {
            return Ok(Seat { place: slot.clone(), slot, manager: None, is_lines: false });
        }
        let slot = self.hooks_directory(hook)?.join(hook.name());
        // They manage clones: a server's hooks are never theirs.
        let manager = if hook.is_server() { None } else { maker(&slot, &script(&slot).unwrap_or_default()) };
        let (place, is_lines) = match manager.map(|manager| &manager.stand) {
            Some(Stand::Behind(end)) => (with_end(&slot, end), false),
            Some(Stand::Lines(place)) => (place(&slot, hook).unwrap_or_else(|| slot.clone()), true),
            Some(Stand::InFront(_)) | None => (slot.clone(), false),
        };
        Ok(Seat { slot, manager, place, is_lines })
    }

    /// Returns `core.hooksPath` as the account's git reads it; `None` if it is not set.
    pub(super) fn hooks_path(&self) -> Result<Option<HooksPath>, Error> {
        if let Some(known) = self.said.hooks_path.get() {
            return Ok(known.clone());
        }
        let found = self.ask_hooks_path()?;
        Ok(self.said.hooks_path.get_or_init(|| found).clone())
    }

    fn ask_hooks_path(&self) -> Result<Option<HooksPath>, Error> {
        let words = ["config", "--show-scope", "--show-origin", "-z", "--get", "core.hooksPath"];
        let output = self.git(self.repository.git_dir()).words(&words).run(&self.account)?;
        if !output.status.success() {
            return Ok(None);
        }
        let parts: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
        let scope = String::from_utf8_lossy(parts.first().copied().unwrap_or_default()).into_owned();
        let is_empty = parts.get(2).is_none_or(|value| value.is_empty());
        let parts = parts.into_iter().take(3).map(|part| crate::model::Untrusted::new(part).to_string());
        Ok(Some(HooksPath { scope, is_empty, origin: parts.collect::<Vec<_>>().join(" ").trim_end().to_owned() }))
    }

    /// Returns the command that installs a hook here, with what has to come before it.
    pub(super) fn install_command(&self, hook: Hook) -> Result<String, Error> {
        let git_dir = shown(self.repository.git_dir());
        let install = format!("refgate install --repo {git_dir} --hook {}", hook.name());
        let path =
            self.hooks_path()?.filter(|path| self.host_place(hook).is_none() && (path.is_shared() || path.is_empty));
        Ok(path.map_or(install.clone(), |_| format!("{} && {install}", self.own_hooks_command())))
    }

    /// Returns the command that gives this repository hooks of its own.
    pub(super) fn own_hooks_command(&self) -> String {
        let (git_dir, common) = (self.repository.git_dir(), self.repository.common_dir());
        format!("git --git-dir={} config core.hooksPath {}", shown(git_dir), shown(&common.join("hooks")))
    }

    /// Makes a job that runs git in this repository, which is named explicitly to keep git from checking who owns it.
    pub(super) fn git(&self, directory: &Path) -> Job {
        let job = Job::new("git", directory).variable("GIT_DIR", self.repository.git_dir());
        match self.repository.work_tree() {
            Some(top) => job.variable("GIT_WORK_TREE", top),
            None => job,
        }
    }

    /// Returns where a hook finds its policy; `None` if nothing names one. The hook calls the same function.
    ///
    /// # Errors
    /// `refgate.policy` does not name a source.
    pub(crate) fn policy_source(&self) -> Result<Option<Source>, Failure> {
        // Only in a clone is there a default place: on a server the policy is never taken from what is pushed.
        find_policy(self.repository, &Ask::default().in_clone(self.repository, "origin"))
    }
}

/// Opens a project by a policy, as a hook would.
///
/// # Errors
/// The policy cannot be read, or is invalid.
pub(crate) fn validate(repository: &Repository, source: Source) -> Result<Gate, LoadError> {
    let ask = Ask { named: Some(source), ..Ask::default() };
    // In a clone the branches of the server count, as far as they are known.
    let view = View::of_place(repository, b"origin").unwrap_or(View::Own);
    Gate::open(repository.clone(), view, ask)
}
