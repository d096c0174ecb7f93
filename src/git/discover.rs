//! Where a repository is, and whose.

use bstr::{BString, ByteSlice as _};
use std::path::{Path, PathBuf};

use super::alternates::{bytes_of, is_absent, path_of};
use super::config::Config;
use super::{Environment, Error};

/// What the search found.
pub(super) struct Found {
    pub(super) git_dir: PathBuf,
    /// The directory with the `.git` in it.
    work_tree: Option<PathBuf>,
    /// The `.git` file of a linked work tree or submodule.
    git_file: Option<PathBuf>,
    /// Whether `GIT_DIR` named it.
    pub(super) named_by_environment: bool,
}

impl Found {
    pub(super) fn search(dir: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        if let (None, Some(git_dir)) = (dir, &environment.git_dir) {
            let named = environment.cwd.join(git_dir);
            let git_file = named.is_file().then(|| named.clone());
            let git_dir = match &git_file {
                Some(file) => from_git_file(file)?,
                None => named,
            };
            if !is_repository(&git_dir, environment) {
                return Err(Error::NotARepository { path: git_dir });
            }
            return Ok(Self { git_dir: clean(&git_dir), work_tree: None, git_file, named_by_environment: true });
        }
        let start = dir.map_or_else(|| environment.cwd.clone(), |dir| environment.cwd.join(dir));
        let start = start.canonicalize().map_err(|source| Error::Io { path: start, source })?;
        for candidate in start.ancestors() {
            let dot_git = candidate.join(".git");
            if dot_git.is_file() {
                let git_dir = from_git_file(&dot_git)?;
                if !is_repository(&git_dir, environment) {
                    return Err(Error::NotARepository { path: git_dir });
                }
                return Ok(Self {
                    git_dir: clean(&git_dir),
                    work_tree: Some(candidate.to_owned()),
                    git_file: Some(dot_git),
                    named_by_environment: false,
                });
            }
            if is_repository(&dot_git, environment) {
                let work_tree = Some(candidate.to_owned());
                return Ok(Self { git_dir: dot_git, work_tree, git_file: None, named_by_environment: false });
            }
            if is_repository(candidate, environment) {
                let git_dir = candidate.to_owned();
                return Ok(Self { git_dir, work_tree: None, git_file: None, named_by_environment: false });
            }
        }
        Err(Error::NotARepository { path: start })
    }
}

/// git's own test (`setup.c`, `is_git_directory`).
fn is_repository(dir: &Path, environment: &Environment) -> bool {
    let common = linked_common_dir(dir).ok().flatten().unwrap_or_else(|| dir.to_owned());
    dir.join("HEAD").symlink_metadata().is_ok()
        && (environment.object_directory.is_some() || common.join("objects").is_dir())
        && common.join("refs").is_dir()
}

/// Without `.` components, so that paths in messages and comparisons are plain.
fn clean(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Reads a `.git` file (`gitrepository-layout(5)`).
fn from_git_file(file: &Path) -> Result<PathBuf, Error> {
    let content = std::fs::read(file).map_err(|source| Error::Io { path: file.to_owned(), source })?;
    let target = content.strip_prefix(b"gitdir: ").map(|target| target.trim_end_with(|c| c == '\n' || c == '\r'));
    match (target, file.parent()) {
        (Some(target), Some(parent)) if !target.is_empty() => Ok(parent.join(path_of(target.as_bstr()))),
        _ => Err(Error::NotARepository { path: file.to_owned() }),
    }
}

/// What the `commondir` file of a linked work tree says.
fn linked_common_dir(git_dir: &Path) -> Result<Option<PathBuf>, Error> {
    let file = git_dir.join("commondir");
    match std::fs::read(&file) {
        Ok(content) => {
            let target = content.trim_end_with(|c| c == '\n' || c == '\r');
            Ok(Some(git_dir.join(path_of(target.as_bstr()))))
        }
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(Error::Io { path: file, source }),
    }
}

pub(super) fn common_dir(found: &Found, environment: &Environment) -> Result<PathBuf, Error> {
    if let (true, Some(dir)) = (found.named_by_environment, &environment.common_dir) {
        return Ok(clean(&environment.cwd.join(dir)));
    }
    Ok(linked_common_dir(&found.git_dir)?.map_or_else(|| found.git_dir.clone(), |dir| clean(&dir)))
}

/// Whether `--repo` names the repository that the hook's environment is about.
pub(super) fn is_the_hooks_own(git_dir: &Path, environment: &Environment) -> bool {
    environment.git_dir.as_ref().is_some_and(|named| {
        matches!((environment.cwd.join(named).canonicalize(), git_dir.canonicalize()), (Ok(a), Ok(b)) if a == b)
    })
}

/// Where the work tree is (`git(1)`, `GIT_WORK_TREE`; `core.worktree` and `core.bare` in `git-config(1)`).
pub(super) fn work_tree(found: &Found, environment: &Environment, config: &Config) -> Option<PathBuf> {
    if let (true, Some(dir)) = (found.named_by_environment, &environment.work_tree) {
        return Some(environment.cwd.join(dir));
    }
    if let Some(file) = read_trimmed(&found.git_dir.join("gitdir")) {
        // A linked work tree: this file names the `.git` file in it.
        return found.git_dir.join(path_of(file.as_bstr())).parent().map(Path::to_owned);
    }
    if config.boolean("core.bare") == Some(true) {
        return None;
    }
    if let Some(dir) = config.get("core.worktree") {
        return Some(clean(&found.git_dir.join(path_of(dir.as_bstr()))));
    }
    found.work_tree.clone().or_else(|| {
        let is_dot_git = found.git_dir.file_name().is_some_and(|name| name == ".git");
        found.git_dir.parent().filter(|_| is_dot_git).map(Path::to_owned)
    })
}

fn read_trimmed(file: &Path) -> Option<BString> {
    std::fs::read(file).ok().map(|content| content.trim_end().into())
}

/// git's rule for repositories of other users (`setup.c`, `ensure_valid_ownership`).
pub(super) fn check_owner(found: &Found, work_tree: Option<&Path>, config: &Config) -> Result<(), Error> {
    let checked = [Some(found.git_dir.as_path()), found.git_file.as_deref(), work_tree];
    let foreign = checked
        .into_iter()
        .flatten()
        .find(|path| !gix::sec::identity::is_path_owned_by_current_user(path).unwrap_or(false));
    let Some(foreign) = foreign else { return Ok(()) };
    let subject = clean(work_tree.unwrap_or(&found.git_dir));
    let subject = bytes_of(subject.as_os_str());
    let mut is_safe = false;
    for value in config.all_protected("safe.directory") {
        is_safe = match value.as_slice() {
            b"" => false,
            b"*" => true,
            value => {
                is_safe
                    || value
                        .strip_suffix(b"/*")
                        .is_some_and(|prefix| subject.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(b"/")))
                    || bytes_of(clean(&path_of(value.as_bstr())).as_os_str()) == subject
            }
        };
    }
    if is_safe { Ok(()) } else { Err(Error::Dubious { path: foreign.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{Scratch, environment};
    use crate::git::{Repository, Trust};

    #[test]
    fn a_work_tree_is_found_from_below_and_a_linked_one_shares_refs() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["sub/a"]);
        scratch.outside(&["clone", "--quiet", "repo.git", "clone"]);
        let top = scratch.top().canonicalize().unwrap();
        let clone = top.join("clone");
        let linked = top.join("linked");
        scratch.outside(&["-C", "clone", "worktree", "add", "--quiet", "-b", "side", linked.to_str().unwrap()]);
        let open = |dir: &Path| Repository::open(None, &environment(dir, &[]), Trust::Cli).unwrap();

        let repository = open(&clone.join("sub"));
        assert_eq!(
            (repository.git_dir(), repository.work_tree()),
            (clone.join(".git").as_path(), Some(clone.as_path()))
        );

        let repository = open(&linked);
        assert_eq!(repository.work_tree(), Some(linked.as_path()));
        assert_eq!(repository.common_dir(), clone.join(".git"));
        assert_ne!(repository.git_dir(), repository.common_dir());
        assert_eq!(repository.rev_parse("HEAD").unwrap(), scratch.id("main"));
        let (head, _) = repository.resolve(&crate::model::RefName::new("HEAD")).unwrap();
        assert_eq!(head, crate::model::RefName::branch("side"));
    }

    #[test]
    fn where_there_is_no_repository_that_is_said() {
        let directory = tempfile::tempdir().unwrap();
        for vars in [[].as_slice(), &[("GIT_DIR", ".")]] {
            let result = Repository::open(None, &environment(directory.path(), vars), Trust::Cli);
            assert!(matches!(result, Err(Error::NotARepository { .. })));
        }
    }

    #[test]
    fn somebody_elses_repository_is_refused_unless_named_or_listed() {
        let scratch = Scratch::new(&[]);
        // Only root can give a file away; anybody else finds files of root's.
        let is_root = std::os::unix::fs::chown(&scratch.path, Some(65_534), None).is_ok();
        let foreign = if is_root { scratch.path.as_path() } else { Path::new("/etc") };
        let found = |path: &Path| Found {
            git_dir: path.to_owned(),
            work_tree: None,
            git_file: None,
            named_by_environment: false,
        };
        let check = |safe: &str| {
            let config = scratch.top().join("safe");
            std::fs::write(&config, safe).unwrap();
            let vars = [("GIT_CONFIG_GLOBAL", config.to_str().unwrap())];
            let config = Config::read(&environment(&scratch.path, &vars), None).unwrap();
            check_owner(&found(foreign), None, &config)
        };
        assert!(matches!(check(""), Err(Error::Dubious { .. })));
        assert!(matches!(check("[safe]\n\tdirectory = /elsewhere\n"), Err(Error::Dubious { .. })));
        assert!(matches!(check("[safe]\n\tdirectory = *\n\tdirectory =\n"), Err(Error::Dubious { .. })));
        check("[safe]\n\tdirectory = *\n").unwrap();
        check(&format!("[safe]\n\tdirectory = {}\n", foreign.display())).unwrap();
        check(&format!(
            "[safe]\n\tdirectory = {}/*\n",
            foreign.parent().unwrap().display().to_string().trim_end_matches('/')
        ))
        .unwrap();
        if is_root {
            let open = |vars| Repository::open(None, &environment(&scratch.path, vars), Trust::Cli);
            assert!(matches!(open(&[]), Err(Error::Dubious { .. })));
            open(&[("GIT_DIR", ".")]).unwrap();
            scratch.git(&["config", "--file", "config", "safe.directory", "*"]);
            assert!(matches!(open(&[]), Err(Error::Dubious { .. })), "a repository cannot vouch for itself");
        }
    }
}
