//! git's configuration files: system, global, repository and worktree, with includes.
//!
//! Configuration from the environment (`git -c`, `GIT_CONFIG_COUNT`) is left out on purpose: over `file://` and on
//! shell accounts it is the pusher's, and a policy is found through configuration.

use bstr::{BStr, BString, ByteSlice as _};
use gix::config::file::{Metadata, includes, init};
use gix::config::{File, Source};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::git::object::alternates::{is_absent, path_of};
use crate::git::repo::environment::NO_FILE;
use crate::git::{Environment, Error};

/// The files merged, later ones winning.
#[derive(Clone)]
pub(in crate::git) struct Config {
    file: File,
    /// What `~/` and `%(prefix)/` stand for in paths.
    home: Option<PathBuf>,
    prefix: Option<PathBuf>,
}

/// Where a repository's own files are.
pub(in crate::git) struct Layout<'a> {
    pub(in crate::git) git_dir: &'a Path,
    pub(in crate::git) common_dir: &'a Path,
    /// What `HEAD` points to, for `includeIf.onbranch`.
    pub(in crate::git) branch: Option<&'a gix::refs::FullNameRef>,
    /// `extensions.worktreeConfig`.
    pub(in crate::git) per_worktree: bool,
}

impl Config {
    /// Makes a configuration in which nothing is set.
    #[cfg(test)]
    pub(in crate::git) fn empty() -> Self {
        Self { file: File::default(), home: None, prefix: None }
    }

    /// Reads the files that apply outside of any repository, and a repository's own if there is one.
    pub(in crate::git) fn read(environment: &Environment, layout: Option<&Layout<'_>>) -> Result<Self, Error> {
        let mut sources = shared_files(environment);
        if let Some(layout) = layout {
            sources.push((Source::Local, layout.common_dir.join("config")));
            if layout.per_worktree {
                sources.push((Source::Worktree, layout.git_dir.join("config.worktree")));
            }
        }
        let home = environment.var("HOME").map(Path::new);
        let prefix = installation_prefix(environment);
        let options = init::Options {
            includes: includes::Options::follow(
                gix::config::path::interpolate::Context {
                    git_install_dir: prefix.as_deref(),
                    home_dir: home,
                    home_for_user: Some(gix::config::path::interpolate::home_for_user),
                },
                includes::conditional::Context {
                    git_dir: layout.map(|layout| layout.git_dir),
                    branch_name: layout.and_then(|layout| layout.branch),
                },
            ),
            lossy: true,
            ignore_io_errors: false,
        };
        let mut files = Vec::new();
        for (source, path) in sources {
            // As git: a file that may not be read counts as absent, except the repository's own.
            match std::fs::File::open(&path) {
                Ok(_) => files.push(Metadata { path: Some(path), ..Metadata::from(source) }),
                Err(error) if is_absent(&error) => {}
                Err(_) if source.kind() != gix::config::source::Kind::Repository => {}
                Err(source) => return Err(Error::Io { path, source }),
            }
        }
        let merged = File::from_paths_metadata_buf(&mut files.into_iter(), &mut Vec::new(), false, options)
            .map_err(|error| Error::Config { reason: chain(&error) })?;
        Ok(Self { file: merged.unwrap_or_default(), home: home.map(Path::to_owned), prefix })
    }

    /// Returns the last value of a key such as `refgate.policy`; a key without a value is the empty string.
    pub(in crate::git) fn get(&self, key: &str) -> Option<BString> {
        self.all(key).pop()
    }

    /// Returns all values of a key in the order of the files.
    pub(in crate::git) fn all(&self, key: &str) -> Vec<BString> {
        let Some((section, subsection, name)) = split(key) else { return Vec::new() };
        self.values(section, subsection, name, |_| true)
    }

    /// Returns the last value of a key in the file that belongs to a work tree alone (`extensions.worktreeConfig`).
    pub(in crate::git) fn get_of_work_tree(&self, key: &str) -> Option<BString> {
        let (section, subsection, name) = split(key)?;
        self.values(section, subsection, name, |meta| meta.source == Source::Worktree).pop()
    }

    /// Returns all values of a key of a section with this subsection, which may hold anything.
    pub(in crate::git) fn all_of(&self, section: &str, subsection: &BStr, name: &str) -> Vec<BString> {
        self.values(section, Some(subsection), name, |_| true)
    }

    /// Returns the subsections of a section, such as the names of remotes, in the order of the files.
    pub(in crate::git) fn subsections(&self, section: &str) -> Vec<BString> {
        let mut names: Vec<BString> = Vec::new();
        for section in self.file.sections_by_name(section).into_iter().flatten() {
            let name = section.header().subsection_name().map(BStr::to_owned);
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    /// Returns a path, with `~/`, `~USER/` and `%(prefix)/` in its place (`git-config(1)`, "pathname"); `None` if unset, and
    /// as it is written where these stand for nothing.
    pub(in crate::git) fn path(&self, key: &str) -> Option<PathBuf> {
        let (section, subsection, name) = split(key)?;
        let written = path_of(self.get(key)?.as_bstr()).to_owned();
        let context = gix::config::path::interpolate::Context {
            git_install_dir: self.prefix.as_deref(),
            home_dir: self.home.as_deref(),
            home_for_user: Some(gix::config::path::interpolate::home_for_user),
        };
        let read = self.file.path_by(section, subsection, name).and_then(|path| path.interpolate(context).ok());
        Some(read.unwrap_or(written))
    }

    /// Returns a boolean, read as git reads it (`git-config(1)`, "Values"); `None` if unset or not a boolean.
    pub(in crate::git) fn boolean(&self, key: &str) -> Option<bool> {
        let (section, subsection, name) = split(key)?;
        self.file.boolean_by(section, subsection, name).ok().flatten()
    }

    /// Returns all values that do not come from the repository itself: what a repository may not say about itself.
    pub(in crate::git) fn all_protected(&self, key: &str) -> Vec<BString> {
        let Some((section, subsection, name)) = split(key) else { return Vec::new() };
        self.values(section, subsection, name, |meta| meta.source.kind() != gix::config::source::Kind::Repository)
    }

    /// Returns whether a remote is marked as the place where missing objects are (`gitformat-pack`, partial clone).
    pub(in crate::git) fn has_promisor(&self) -> bool {
        self.file.sections_by_name("remote").is_some_and(|mut sections| {
            sections.any(|section| {
                let value = section.value_implicit("promisor");
                value.is_some_and(|value| value.is_none_or(|value| value != "false"))
                    || section.contains_value_name("partialclonefilter")
            })
        })
    }

    fn values(
        &self,
        section: &str,
        subsection: Option<&BStr>,
        name: &str,
        filter: impl FnMut(&Metadata) -> bool,
    ) -> Vec<BString> {
        self.file.strings_filter_by(section, subsection, name, filter).unwrap_or_default()
    }
}

/// Splits `section.name` or `section.subsection.name`.
fn split(key: &str) -> Option<(&str, Option<&BStr>, &str)> {
    let (section, rest) = key.split_once('.')?;
    Some(match rest.rsplit_once('.') {
        Some((subsection, name)) => (section, Some(subsection.into()), name),
        None => (section, None, rest),
    })
}

/// Returns what the repository's own `config` file says about the format: read before anything else, and without
/// includes, as git does it (`setup.c`, `read_repository_format`).
pub(in crate::git) fn own_file(common_dir: &Path) -> Result<File, Error> {
    let path = common_dir.join("config");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if is_absent(&error) => Vec::new(),
        Err(source) => return Err(Error::Io { path, source }),
    };
    let options = init::Options { lossy: true, ..init::Options::default() };
    File::from_bytes_no_includes(&bytes, Metadata::from(Source::Local), options)
        .map_err(|error| Error::Config { reason: chain(&error) })
}

/// Returns the system's and the user's files, lowest precedence first (`git-config(1)`, "FILES").
fn shared_files(environment: &Environment) -> Vec<(Source, PathBuf)> {
    let mut files = Vec::new();
    let no_system = environment.var("GIT_CONFIG_NOSYSTEM").and_then(OsStr::to_str);
    if !no_system.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")) {
        let system = match environment.var("GIT_CONFIG_SYSTEM") {
            Some(path) => Some(environment.cwd.join(path)),
            None => system_file(installation_prefix(environment)),
        };
        files.extend(system.map(|system| (Source::System, system)));
    }
    if let Some(path) = environment.var("GIT_CONFIG_GLOBAL") {
        // The name of no file is taken for one of a folder where Windows sees a whole path.
        files.extend((path != NO_FILE).then(|| (Source::User, environment.cwd.join(path))));
        return files;
    }
    let home = environment.var("HOME").map(PathBuf::from);
    let xdg = environment.var("XDG_CONFIG_HOME").map(PathBuf::from);
    files.extend(
        xdg.or_else(|| home.as_ref().map(|home| home.join(".config"))).map(|dir| (Source::Git, dir.join("git/config"))),
    );
    files.extend(home.map(|home| (Source::User, home.join(".gitconfig"))));
    files
}

/// Returns where git is installed, according to `GIT_EXEC_PATH`, which git sets in hooks, or to where `git` is in
/// `PATH`.
fn installation_prefix(environment: &Environment) -> Option<PathBuf> {
    if let Some(exec_path) = environment.var("GIT_EXEC_PATH") {
        return Path::new(exec_path).ancestors().nth(2).map(Path::to_owned);
    }
    environment.git_program()?.ancestors().nth(2).map(Path::to_owned)
}

/// Returns the system-wide file of that installation (git's Makefile: `etc/gitconfig` below the prefix, but
/// `/etc/gitconfig` if the prefix is `/usr`).
#[cfg(not(windows))]
fn system_file(installation: Option<PathBuf>) -> Option<PathBuf> {
    Some(match installation {
        Some(prefix) if prefix != Path::new("/usr") && prefix != Path::new("/") => prefix.join("etc/gitconfig"),
        _ => PathBuf::from("/etc/gitconfig"),
    })
}

/// Returns the system-wide file of that installation: Git for Windows has its programs in a folder that is named for the
/// system they are built for, with `etc` beside it (`config.mak.uname`). Without an installation there is none: anybody may
/// make an `etc` at the top of a drive.
#[cfg(windows)]
fn system_file(installation: Option<PathBuf>) -> Option<PathBuf> {
    let prefix = installation?;
    let is_of_a_system =
        ["mingw32", "mingw64", "ucrt64", "clang64", "clangarm64"].map(|name| prefix.ends_with(name)).contains(&true);
    let top = if is_of_a_system { prefix.parent()? } else { &prefix };
    Some(top.join("etc").join("gitconfig"))
}

/// Formats an error of gix with its causes in one line.
fn chain(error: &gix::Error) -> String {
    let mut text = String::new();
    for part in std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source()) {
        let part = part.to_string();
        if !text.contains(&part) {
            text = if text.is_empty() { part } else { format!("{text}: {part}") };
        }
    }
    text.as_bytes().lines().map(|line| line.trim().as_bstr().to_string()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::Scratch;

    #[test]
    fn configuration_comes_from_files_and_their_includes_only() {
        let scratch = Scratch::new(&[]);
        let global = scratch.top().join("global");
        std::fs::write(&global, "[refgate]\n\tpolicy = global\n\tlist = 1\n[include]\n\tpath = more\n").unwrap();
        std::fs::write(scratch.top().join("more"), "[refgate \"Sub.x\"]\n\tkey = included\n").unwrap();
        scratch.git(&["config", "--add", "refgate.list", "2"]);
        scratch.git(&["config", "refgate.flag", ""]);
        scratch.git(&["config", "includeIf.onbranch:main.path", "branch"]);
        std::fs::write(scratch.path.join("branch"), "[refgate]\n\tlist = 3\n").unwrap();
        let vars = [
            ("GIT_CONFIG_GLOBAL", global.to_str().unwrap()),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "refgate.policy"),
            ("GIT_CONFIG_VALUE_0", "forged"),
        ];
        let repository = scratch.open_with(&vars).unwrap();
        assert_eq!(repository.config("refgate.policy").unwrap(), "global");
        assert_eq!(repository.config("Refgate.Sub.x.KEY").unwrap(), "included");
        assert_eq!(repository.config.all("refgate.list"), ["1", "2", "3"]);
        assert_eq!(repository.config("refgate.flag").unwrap(), "");
        assert_eq!(repository.config("refgate.absent"), None);
        assert_eq!(repository.config("nonsense"), None);
        std::fs::write(scratch.path.join("config"), "[broken\n").unwrap();
        assert!(matches!(scratch.open_with(&[]), Err(Error::Config { .. })));
    }
}
