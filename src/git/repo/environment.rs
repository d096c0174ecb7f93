//! What the environment says about the repository, as values: this module never reads the environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The variables that are passed on to a `git` that refgate starts, besides those that name the repository.
/// `GIT_CONFIG_COUNT` and related ones are not among them: over `file://` and on shell accounts the pusher can set
/// them.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "TMPDIR",
    "SYSTEMROOT",
    "GIT_EXEC_PATH",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_GLOBAL",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
];

/// The same for what git on Windows goes by instead of `HOME` and `TMPDIR` (`compat/mingw.c`,
/// `setup_windows_environment`).
#[cfg(windows)]
const PASSED_ON_WINDOWS: &[&str] = &["TMP", "TEMP", "HOMEDRIVE", "HOMEPATH", "USERPROFILE"];

#[cfg(not(windows))]
const PASSED_ON_WINDOWS: &[&str] = &[];

/// What git calls a file in which there is nothing.
pub(crate) const NO_FILE: &str = if cfg!(windows) { "nul" } else { "/dev/null" };

/// The part of the process's environment that git repositories depend on (`git(1)`, "Environment Variables").
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The current directory, absolute. Relative paths in the other fields are relative to it.
    pub cwd: PathBuf,
    /// `GIT_DIR`; hooks get `.`.
    pub git_dir: Option<PathBuf>,
    /// `GIT_COMMON_DIR`.
    pub common_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`.
    pub work_tree: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY`: in pre-receive the quarantine, which holds the pushed objects.
    pub object_directory: Option<OsString>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`: separated by `:`, C-quoted where needed.
    pub alternate_object_directories: Option<OsString>,
    /// `GIT_NAMESPACE` (`gitnamespaces(7)`).
    pub namespace: Option<OsString>,
    /// What a `git` started by refgate gets, and where configuration files are (`HOME` and the like).
    pub vars: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Picks what matters from an environment. Variables that are set to nothing count as unset.
    pub fn from_vars(vars: impl IntoIterator<Item = (OsString, OsString)>, cwd: impl Into<PathBuf>) -> Self {
        let mut environment = Self { cwd: cwd.into(), ..Self::default() };
        for (key, value) in vars.into_iter().filter(|(_, value)| !value.is_empty()) {
            match key.to_str() {
                Some("GIT_DIR") => environment.git_dir = Some(value.clone().into()),
                Some("GIT_COMMON_DIR") => environment.common_dir = Some(value.clone().into()),
                Some("GIT_WORK_TREE") => environment.work_tree = Some(value.clone().into()),
                Some("GIT_OBJECT_DIRECTORY") => environment.object_directory = Some(value.clone()),
                Some("GIT_ALTERNATE_OBJECT_DIRECTORIES") => {
                    environment.alternate_object_directories = Some(value.clone());
                }
                Some("GIT_NAMESPACE") => environment.namespace = Some(value.clone()),
                _ => {}
            }
            if key.to_str().is_some_and(|key| PASSED_ON.contains(&key) || PASSED_ON_WINDOWS.contains(&key)) {
                environment.vars.insert(key, value);
            }
        }
        // A git that has started refgate has set it, a shell of Windows has not.
        if cfg!(windows) && environment.var("HOME").is_none() {
            let home = home_on_windows(&environment.vars, |home| Path::new(home).is_dir());
            environment.vars.extend(home.map(|home| ("HOME".into(), home)));
        }
        environment
    }

    /// Returns a variable of [`Self::vars`].
    pub(in crate::git) fn var(&self, key: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(key)).map(OsString::as_os_str)
    }

    /// Returns the file that `git` is in `PATH`; nothing where there is none that can be run.
    pub(in crate::git) fn git_program(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "git.exe" } else { "git" };
        std::env::split_paths(self.var("PATH")?)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(name))
            .find(|file| file.metadata().is_ok_and(|metadata| metadata.is_file() && may_run(&metadata)))
    }

    /// Returns the same without what says where objects are: for a repository other than the hook's own.
    pub(in crate::git) fn without_objects(mut self) -> Self {
        self.object_directory = None;
        self.alternate_object_directories = None;
        for key in ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"] {
            self.vars.remove(OsStr::new(key));
        }
        self
    }
}

/// Returns what git on Windows takes for `HOME` where that is not set (`compat/mingw.c`, `setup_windows_environment`).
fn home_on_windows(vars: &BTreeMap<OsString, OsString>, is_folder: impl Fn(&OsStr) -> bool) -> Option<OsString> {
    let var = |name: &str| vars.get(OsStr::new(name));
    if let (Some(drive), Some(path)) = (var("HOMEDRIVE"), var("HOMEPATH")) {
        // It may be a share that is not connected.
        let mut home = drive.clone();
        home.push(path);
        if is_folder(&home) {
            return Some(home);
        }
    }
    var("USERPROFILE").cloned()
}

/// Returns whether somebody may run a file.
#[cfg(unix)]
fn may_run(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_metadata: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_on_windows_is_where_git_has_it() {
        let vars = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let home = |pairs: &[(&str, &str)]| home_on_windows(&vars(pairs), |home| home == r"H:\ann");
        let profile = ("USERPROFILE", r"C:\Users\ann");
        assert_eq!(home(&[("HOMEDRIVE", "H:"), ("HOMEPATH", r"\ann"), profile]), Some(r"H:\ann".into()));
        assert_eq!(home(&[("HOMEDRIVE", "H:"), ("HOMEPATH", r"\gone"), profile]), Some(profile.1.into()));
        assert_eq!(home(&[("HOMEDRIVE", "H:"), profile]), Some(profile.1.into()));
        assert_eq!(home(&[]), None);
    }
}
