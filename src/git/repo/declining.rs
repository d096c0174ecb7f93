//! What git, or a hook of somebody else, may leave out of a push that pre-receive has accepted.
//!
//! Without `--atomic` git applies a push ref by ref, and goes on after one that it declines
//! (`git-receive-pack(1)`, `receive.*` in `git-config(1)`).

use bstr::ByteSlice as _;
use std::path::PathBuf;

use crate::git::object::alternates::path_of;
use crate::git::refs::lookup::parents;
use crate::git::{Error, Repository, Target};
use crate::model::{Movement, RefName};

/// A script is recognised by its first bytes.
const MAX_SCRIPT: u64 = 1 << 16;

/// What git will run as a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// Nothing.
    Nothing,
    /// A script that runs refgate.
    Refgate,
    /// Something else, or something that cannot be read.
    Other,
}

impl Repository {
    /// Returns what git runs as the hook of this name (`githooks(5)`).
    pub fn installed(&self, hook: &str) -> Installed {
        let path = self.hooks_directory().join(hook);
        if !is_executable(&path) {
            return Installed::Nothing;
        }
        let text = std::fs::File::open(&path).and_then(|file| {
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_SCRIPT), &mut text).map(|_| text)
        });
        match text {
            Ok(text) if text.contains_str("refgate") => Installed::Refgate,
            _ => Installed::Other,
        }
    }

    /// Returns why an update of a ref may be left out alone after pre-receive has accepted its push, as far as that can
    /// be known beforehand. A movement of the ref by somebody else in the meantime cannot.
    ///
    /// # Errors
    /// Refs that cannot be read.
    pub fn may_decline(&self, name: &RefName, movement: Option<Movement>) -> Result<Option<String>, Error> {
        let is_on = |key: &str| self.config.boolean(key).unwrap_or(false);
        if self.installed("update") == Installed::Other {
            return Ok(Some("the server's update hook".to_owned()));
        }
        let told = match movement {
            Some(Movement::Rewrite) | None if is_on("receive.denyNonFastForwards") => {
                Some("receive.denyNonFastForwards")
            }
            Some(Movement::Delete) if is_on("receive.denyDeletes") => Some("receive.denyDeletes"),
            _ if self.is_below("receive.hideRefs", name) || self.is_below("transfer.hideRefs", name) => {
                Some("the server hides that ref")
            }
            _ if self.is_below("receive.procReceiveRefs", name) => Some("receive.procReceiveRefs"),
            _ if !self.is_bare() && self.is_checked_out(name)? => Some("receive.denyCurrentBranch"),
            _ if self
                .paths
                .common_dir
                .join(path_of([name.full().as_bytes(), b".lock"].concat().as_bstr()))
                .exists() =>
            {
                Some("a lock file is left over")
            }
            Some(Movement::Create) | None if self.is_in_the_way(name)? => Some("another ref is in the way of its name"),
            _ => None,
        };
        Ok(told.map(str::to_owned))
    }

    fn hooks_directory(&self) -> PathBuf {
        match self.config.path("core.hooksPath") {
            Some(path) => self.paths.git_dir.join(path),
            None => self.paths.common_dir.join("hooks"),
        }
    }

    /// Returns whether a prefix of the configuration holds a ref. A ref that is taken out again (`!`) counts as held
    /// nevertheless.
    fn is_below(&self, key: &str, name: &RefName) -> bool {
        self.config.all(key).iter().any(|prefix| {
            let prefix = prefix.trim_start_with(|mark| mark == '^').trim_end_with(|mark| mark == '/');
            let rest = name.full().strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    }

    fn is_checked_out(&self, name: &RefName) -> Result<bool, Error> {
        Ok(matches!(self.reference(&RefName::new("HEAD"))?, Some(Target::Symbolic(head)) if head == *name))
    }

    /// Returns whether a ref is where this one needs a directory, or the reverse.
    fn is_in_the_way(&self, name: &RefName) -> Result<bool, Error> {
        for parent in parents(name) {
            if self.reference(&parent)?.is_some() {
                return Ok(true);
            }
        }
        let below = [name.full().as_bytes(), b"/"].concat();
        Ok(!self.references_below(below.as_bstr())?.is_empty())
    }
}

#[cfg(unix)]
fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &std::path::Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::Scratch;

    fn why(scratch: &Scratch, name: &str, movement: Movement) -> Option<String> {
        scratch.open().may_decline(&RefName::new(name), Some(movement)).unwrap()
    }

    #[cfg(unix)]
    fn hook(scratch: &Scratch, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = scratch.path.join("hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_bare_repository_as_git_makes_it_declines_nothing() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        for movement in [Movement::Create, Movement::FastForward, Movement::Rewrite, Movement::Delete] {
            assert_eq!(why(&scratch, "refs/heads/main", movement), None, "{movement:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_update_hook_of_somebody_else_declines_anything() {
        let scratch = Scratch::new(&[]);
        for (text, mode, installed) in [
            ("#!/bin/sh\n", 0o755, Installed::Other),
            ("#!/bin/sh\n", 0o644, Installed::Nothing),
            (include_str!("../../../hooks/update"), 0o755, Installed::Refgate),
        ] {
            hook(&scratch, "update", text, mode);
            assert_eq!(scratch.open().installed("update"), installed);
            let declines = why(&scratch, "refs/heads/main", Movement::Create).is_some();
            assert_eq!(declines, installed == Installed::Other);
        }
        hook(&scratch, "elsewhere/update", "#!/bin/sh\n", 0o755);
        scratch.git(&["config", "core.hooksPath", "hooks/elsewhere"]);
        assert_eq!(scratch.open().installed("update"), Installed::Other);
    }

    #[test]
    fn what_the_configuration_and_other_refs_decline_is_known() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.git(&["branch", "a/b", "main"]);
        assert!(why(&scratch, "refs/heads/a", Movement::Create).is_some());
        assert!(why(&scratch, "refs/heads/a/b/c", Movement::Create).is_some());
        assert!(why(&scratch, "refs/heads/a/c", Movement::Create).is_none());
        for (key, value, name, movement) in [
            ("receive.denyNonFastForwards", "true", "refs/heads/main", Movement::Rewrite),
            ("receive.denyDeletes", "true", "refs/heads/main", Movement::Delete),
            ("receive.hideRefs", "refs/internal", "refs/internal/x", Movement::Create),
            ("transfer.hideRefs", "refs/internal/", "refs/internal/x", Movement::Create),
        ] {
            assert_eq!(why(&scratch, name, movement), None);
            scratch.git(&["config", key, value]);
            assert!(why(&scratch, name, movement).is_some(), "{key}");
            scratch.git(&["config", "--unset", key]);
        }
        std::fs::write(scratch.path.join("refs/heads/main.lock"), "").unwrap();
        assert!(why(&scratch, "refs/heads/main", Movement::FastForward).is_some());
    }
}
