//! Where a repository is, and whose.
//!
//! Not gix-discover: it silently opens somebody else's repository where git refuses (`safe.directory`), and it finds a
//! different work tree than git where `GIT_DIR` names the repository.

use bstr::{BStr, BString, ByteSlice as _};
use std::path::{Path, PathBuf};

use crate::git::object::alternates::{bytes_of, is_absent, path_of};
use crate::git::repo::canonical::canonical;
use crate::git::repo::config::Config;
use crate::git::{Environment, Error};

/// What the search found.
pub(in crate::git) struct Found {
    pub(in crate::git) git_dir: PathBuf,
    /// The directory with the `.git` in it.
    work_tree: Option<PathBuf>,
    /// The `.git` file of a linked work tree or submodule.
    git_file: Option<PathBuf>,
    /// Whether `GIT_DIR` named it.
    pub(in crate::git) named_by_environment: bool,
    /// Whether the user named it, in which case the environment is about another repository.
    named_by_user: bool,
}

impl Found {
    pub(in crate::git) fn search(dir: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
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
            return Ok(Self {
                git_dir: clean(&git_dir),
                work_tree: None,
                git_file,
                named_by_environment: true,
                named_by_user: false,
            });
        }
        let start = dir.map_or_else(|| environment.cwd.clone(), |dir| environment.cwd.join(dir));
        let start = canonical(&start).map_err(|source| Error::Io { path: start, source })?;
        let named_by_user = dir.is_some();
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
                    named_by_user,
                });
            }
            if is_repository(&dot_git, environment) {
                let work_tree = Some(candidate.to_owned());
                return Ok(Self {
                    git_dir: dot_git,
                    work_tree,
                    git_file: None,
                    named_by_environment: false,
                    named_by_user,
                });
            }
            if is_repository(candidate, environment) {
                let git_dir = candidate.to_owned();
                return Ok(Self {
                    git_dir,
                    work_tree: None,
                    git_file: None,
                    named_by_environment: false,
                    named_by_user,
                });
            }
        }
        Err(Error::NotARepository { path: start })
    }
}

/// Applies git's own test (`setup.c`, `is_git_directory`).
fn is_repository(dir: &Path, environment: &Environment) -> bool {
    let common = linked_common_dir(dir).ok().flatten().unwrap_or_else(|| dir.to_owned());
    dir.join("HEAD").symlink_metadata().is_ok()
        && (environment.object_directory.is_some() || common.join("objects").is_dir())
        && common.join("refs").is_dir()
}

/// Removes `.` components, which would show in messages and spoil comparisons.
fn clean(path: &Path) -> PathBuf {
    canonical(path).unwrap_or_else(|_| path.to_owned())
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

/// Returns what the `commondir` file of a linked work tree says.
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

pub(in crate::git) fn common_dir(found: &Found, environment: &Environment) -> Result<PathBuf, Error> {
    if let (true, Some(dir)) = (found.named_by_environment, &environment.common_dir) {
        return Ok(clean(&environment.cwd.join(dir)));
    }
    Ok(linked_common_dir(&found.git_dir)?.map_or_else(|| found.git_dir.clone(), |dir| clean(&dir)))
}

/// Returns whether `--repo` names the repository that the hook's environment is about.
pub(in crate::git) fn is_the_hooks_own(git_dir: &Path, environment: &Environment) -> bool {
    environment.git_dir.as_ref().is_some_and(|named| {
        matches!((environment.cwd.join(named).canonicalize(), git_dir.canonicalize()), (Ok(a), Ok(b)) if a == b)
    })
}

/// Returns where the top of the work tree is, as git decides it (`setup.c`, `setup_explicit_git_dir` and
/// `setup_discovered_git_dir`): `GIT_WORK_TREE`, then `core.bare`, then `core.worktree`, then where the `.git` was
/// found or, if `GIT_DIR` names the repository, the current directory: hooks of a clone are run at the top of its work
/// tree.
pub(in crate::git) fn work_tree(
    found: &Found,
    common_dir: &Path,
    environment: &Environment,
    config: &Config,
) -> Option<PathBuf> {
    let is_the_environments = found.named_by_environment || is_the_hooks_own(&found.git_dir, environment);
    if let (true, Some(dir)) = (is_the_environments || !found.named_by_user, &environment.work_tree) {
        return Some(clean(&environment.cwd.join(dir)));
    }
    // What the shared configuration says about the main work tree does not concern a linked one.
    let is_linked = found.git_dir != common_dir;
    let own = |key: &str| if is_linked { config.get_of_work_tree(key) } else { config.get(key) };
    if own("core.bare").is_some_and(|value| is_true(value.as_bstr())) {
        return None;
    }
    if let Some(dir) = own("core.worktree") {
        return Some(clean(&found.git_dir.join(path_of(dir.as_bstr()))));
    }
    if let Some(dir) = &found.work_tree {
        return Some(dir.clone());
    }
    let cwd = clean(&environment.cwd);
    // `git receive-pack` runs hooks in the repository itself, which says nothing about a work tree.
    if is_the_environments && !cwd.starts_with(&found.git_dir) {
        return Some(cwd);
    }
    if let Some(file) = read_trimmed(&found.git_dir.join("gitdir")).filter(|_| is_linked) {
        // This file names the `.git` file in the linked work tree.
        return found.git_dir.join(path_of(file.as_bstr())).parent().map(clean);
    }
    let is_dot_git = found.git_dir.file_name().is_some_and(|name| name == ".git");
    found.git_dir.parent().filter(|_| is_dot_git).map(Path::to_owned)
}

/// Reads a boolean as `git-config(1)` defines it; nobody writes these keys without a value, which is empty here.
fn is_true(value: &BStr) -> bool {
    gix::config::Boolean::try_from(value).is_ok_and(|value| value.0)
}

fn read_trimmed(file: &Path) -> Option<BString> {
    std::fs::read(file).ok().map(|content| content.trim_end().into())
}

/// Applies git's rule for repositories of other users (`setup.c`, `ensure_valid_ownership`).
pub(in crate::git) fn check_owner(found: &Found, work_tree: Option<&Path>, config: &Config) -> Result<(), Error> {
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
        let top = canonical(scratch.top()).unwrap();
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

    /// Runs git as refgate is run, and returns what it says is the top of the work tree; `None` if there is none.
    fn gits_top(cwd: &Path, vars: &[(&str, &str)]) -> Option<PathBuf> {
        #[expect(clippy::disallowed_methods, reason = "the real git is what refgate is compared with")]
        let output = std::process::Command::new("git")
            .args(["rev-parse", "--show-toplevel"])
            .current_dir(cwd)
            .env_clear()
            .envs(environment(cwd, vars).vars)
            .envs(vars.iter().copied())
            .output()
            .unwrap();
        let top = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| PathBuf::from(top.trim_end()))
    }

    #[test]
    fn the_work_tree_is_where_git_has_it() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["sub/a", "other/b"]);
        let top = canonical(scratch.top()).unwrap();
        let at = |path: &str| top.join(path);
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        scratch.outside(&["clone", "--quiet", "repo.git", "plain"]);
        scratch.outside(&["clone", "--quiet", "--separate-git-dir=apart.git", "repo.git", "apart"]);
        scratch.outside(&["clone", "--quiet", "repo.git", "elsewhere"]);
        scratch.outside(&["-C", "elsewhere", "config", "core.worktree", "../../plain/other"]);
        scratch.outside(&["-C", "plain", "worktree", "add", "--quiet", "-b", "w", "../linked"]);
        scratch.outside(&["-C", "repo.git", "worktree", "add", "--quiet", "-b", "x", "../of-bare", "main"]);
        let add =
            ["-c", "protocol.file.allow=always", "-C", "plain", "submodule", "--quiet", "add", "../repo.git", "mod"];
        scratch.outside(&add);
        scratch.outside(&["-C", "plain/mod", "worktree", "add", "--quiet", "-b", "y", "../../of-module"]);
        let linked_dir = scratch.outside(&["-C", "linked", "rev-parse", "--absolute-git-dir"]);
        let of_bare_dir = scratch.outside(&["-C", "of-bare", "rev-parse", "--absolute-git-dir"]);
        let (apart, plain) = (text(&at("apart.git")), text(&at("plain/.git")));
        let (bare, tree) = (text(&scratch.path), text(&at("plain/sub")));
        let module = text(&at("plain/.git/modules/mod"));
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("plain", &[]),
            ("plain/sub", &[]),
            ("plain", &[("GIT_DIR", ".git")]),
            ("plain", &[("GIT_DIR", &plain)]),
            ("plain", &[("GIT_DIR", &plain), ("GIT_WORK_TREE", "sub")]),
            ("plain", &[("GIT_WORK_TREE", "sub")]),
            ("plain/sub", &[("GIT_WORK_TREE", ".")]),
            ("apart", &[]),
            ("apart", &[("GIT_DIR", &apart)]),
            ("apart", &[("GIT_DIR", &apart), ("GIT_WORK_TREE", &tree)]),
            ("elsewhere", &[]),
            ("elsewhere", &[("GIT_DIR", ".git")]),
            ("linked", &[]),
            ("linked/sub", &[]),
            ("linked", &[("GIT_DIR", &linked_dir)]),
            ("of-bare", &[]),
            ("of-bare", &[("GIT_DIR", &of_bare_dir)]),
            ("plain/mod", &[]),
            ("plain/mod", &[("GIT_DIR", &module)]),
            ("of-module", &[]),
            ("repo.git", &[]),
            ("repo.git", &[("GIT_DIR", ".")]),
            ("plain", &[("GIT_DIR", &bare)]),
            ("plain", &[("GIT_DIR", &bare), ("GIT_WORK_TREE", &tree)]),
        ];
        for (cwd, vars) in cases {
            let repository = Repository::open(None, &environment(&at(cwd), vars), Trust::Cli).unwrap();
            assert_eq!(repository.work_tree(), gits_top(&at(cwd), vars).as_deref(), "in {cwd} with {vars:?}");
            // The same, named on the command line instead.
            if vars.is_empty() {
                let named = Repository::open(Some(&at(cwd)), &environment(&top, &[]), Trust::Cli).unwrap();
                assert_eq!(named.work_tree(), repository.work_tree(), "{cwd}");
            }
        }
    }

    #[test]
    fn a_hook_of_a_push_into_a_clone_still_knows_its_work_tree() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.outside(&["clone", "--quiet", "repo.git", "clone"]);
        let clone = canonical(scratch.top()).unwrap().join("clone");
        let environment = environment(&clone.join(".git"), &[("GIT_DIR", ".")]);
        let repository = Repository::open(None, &environment, Trust::Hook).unwrap();
        assert_eq!(repository.work_tree(), Some(clone.as_path()));
    }

    #[test]
    fn where_there_is_no_repository_that_is_said() {
        let directory = tempfile::tempdir().unwrap();
        for vars in [[].as_slice(), &[("GIT_DIR", ".")]] {
            let result = Repository::open(None, &environment(directory.path(), vars), Trust::Cli);
            assert!(matches!(result, Err(Error::NotARepository { .. })));
        }
    }

    #[cfg(unix)]
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
            named_by_user: false,
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
