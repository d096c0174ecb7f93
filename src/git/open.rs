//! Finding and opening a repository.

use bstr::{BString, ByteSlice as _};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alternates::{bytes_of, is_absent, object_directories, path_of};
use super::config::{self, Config, Layout};
use super::dag::Dag;
use super::odb::Odb;
use super::refs::Refs;
use super::{Environment, Error};
use crate::model::HashKind;

/// Whether the owner of a repository matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// git called us as a hook: it has already decided that it trusts the repository.
    Hook,
    /// Called by a user: somebody else's repository is refused, as git refuses it (`safe.directory` in
    /// `git-config(1)`), unless `GIT_DIR` names it.
    Cli,
}

/// An open repository. Cheap to clone: one clone per thread shares what is mapped and has its own caches.
#[derive(Clone)]
pub struct Repository {
    pub(super) paths: Arc<Paths>,
    pub(super) config: Arc<Config>,
    pub(super) refs: Arc<Refs>,
    pub(super) odb: Odb,
    pub(super) dag: RefCell<Dag>,
}

/// Where things are.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) git_dir: PathBuf,
    pub(super) common_dir: PathBuf,
    pub(super) work_tree: Option<PathBuf>,
    pub(super) environment: Environment,
}

/// The extensions that refgate can handle. The last column of git's own list says which of them count in version 0
/// too (`setup.c`, `handle_extension_v0`).
const KNOWN_EXTENSIONS: &[(&str, bool)] = &[
    ("noop", true),
    ("preciousobjects", true),
    ("partialclone", true),
    ("worktreeconfig", true),
    ("noop-v1", false),
    ("objectformat", false),
    ("compatobjectformat", false),
    ("refstorage", false),
    ("relativeworktrees", false),
];

impl Repository {
    /// Opens the repository that contains `dir`; without `dir`, the one that `GIT_DIR` names or that contains the
    /// current directory. Costs a few small files; no ref and no object is read.
    ///
    /// # Errors
    /// No repository, somebody else's, one in a format that refgate does not know, or files that cannot be read.
    pub fn open(dir: Option<&Path>, environment: &Environment, trust: Trust) -> Result<Self, Error> {
        let found = Found::search(dir, environment)?;
        let common_dir = common_dir(&found, environment)?;
        let format = Format::read(&common_dir)?;
        let mut environment = environment.clone();
        if dir.is_some() && !is_the_hooks_own(&found.git_dir, &environment) {
            environment = environment.without_objects();
        }
        let refs = Refs::open(&found.git_dir, &common_dir, &format, &environment)?;
        let branch = refs.head_branch();
        let layout = Layout {
            git_dir: &found.git_dir,
            common_dir: &common_dir,
            branch: branch.as_ref().map(|name| name.as_ref()),
            per_worktree: format.per_worktree,
        };
        let config = Config::read(&environment, Some(&layout))?;
        let work_tree = work_tree(&found, &environment, &config);
        if trust == Trust::Cli && !found.named_by_environment {
            check_owner(&found, work_tree.as_deref(), &config)?;
        }
        let objects = object_directories(&common_dir.join("objects"), &environment)?;
        let is_partial = format.is_partial || config.has_promisor();
        let odb = Odb::open(objects, format.hash, is_partial)?;
        let shallow = shallow_boundary(&common_dir)?;
        let use_graph = shallow.is_empty() && config.boolean("core.commitGraph").unwrap_or(true);
        let dag = Dag::new(odb.clone(), shallow, use_graph);
        let paths = Paths { git_dir: found.git_dir, common_dir, work_tree, environment };
        Ok(Self { paths: Arc::new(paths), config: Arc::new(config), refs: Arc::new(refs), odb, dag: RefCell::new(dag) })
    }

    /// The repository itself, absolute; a linked work tree has its own (`gitrepository-layout(5)`).
    pub fn git_dir(&self) -> &Path {
        &self.paths.git_dir
    }

    /// Where refs, objects and configuration are; differs from [`Self::git_dir`] in linked work trees.
    pub fn common_dir(&self) -> &Path {
        &self.paths.common_dir
    }

    /// The top of the work tree, unless the repository is bare.
    pub fn work_tree(&self) -> Option<&Path> {
        self.paths.work_tree.as_deref()
    }

    /// The hash function of its object ids.
    pub fn hash_kind(&self) -> HashKind {
        self.odb.hash_kind()
    }

    /// Whether there is no work tree.
    pub fn is_bare(&self) -> bool {
        self.paths.work_tree.is_none()
    }

    /// Whether parts of the history were never fetched.
    pub fn is_shallow(&self) -> bool {
        self.dag.borrow().is_shallow()
    }

    /// Whether objects may be missing by intent (partial clone).
    pub fn is_partial(&self) -> bool {
        self.odb.is_partial()
    }

    /// The last value of a configuration key such as `refgate.policy`, from the system's, the user's and the
    /// repository's files; never from the environment. A key without a value is the empty string.
    pub fn config(&self, key: &str) -> Option<BString> {
        self.config.get(key)
    }

    /// All values of a configuration key, lowest precedence first.
    pub fn config_all(&self, key: &str) -> Vec<BString> {
        self.config.all(key)
    }
}

/// What the search found.
struct Found {
    git_dir: PathBuf,
    /// The directory with the `.git` in it.
    work_tree: Option<PathBuf>,
    /// The `.git` file of a linked work tree or submodule.
    git_file: Option<PathBuf>,
    /// Whether `GIT_DIR` named it.
    named_by_environment: bool,
}

impl Found {
    fn search(dir: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
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

fn common_dir(found: &Found, environment: &Environment) -> Result<PathBuf, Error> {
    if let (true, Some(dir)) = (found.named_by_environment, &environment.common_dir) {
        return Ok(clean(&environment.cwd.join(dir)));
    }
    Ok(linked_common_dir(&found.git_dir)?.map_or_else(|| found.git_dir.clone(), |dir| clean(&dir)))
}

/// Whether `--repo` names the repository that the hook's environment is about.
fn is_the_hooks_own(git_dir: &Path, environment: &Environment) -> bool {
    environment.git_dir.as_ref().is_some_and(|named| {
        matches!((environment.cwd.join(named).canonicalize(), git_dir.canonicalize()), (Ok(a), Ok(b)) if a == b)
    })
}

/// What the repository's own file says about its format.
pub(super) struct Format {
    pub(super) hash: HashKind,
    pub(super) has_reftables: bool,
    per_worktree: bool,
    is_partial: bool,
}

impl Format {
    fn read(common_dir: &Path) -> Result<Self, Error> {
        let file = config::own_file(common_dir)?;
        let refuse = |name: String| Err(Error::UnknownExtension { name });
        let version = file.string("core.repositoryFormatVersion").unwrap_or_else(|| "0".into());
        let version = match version.trim() {
            b"0" => 0,
            b"1" => 1,
            _ => return refuse(format!("core.repositoryFormatVersion={}", version.as_bstr())),
        };
        let mut format = Self { hash: HashKind::Sha1, has_reftables: false, per_worktree: false, is_partial: false };
        for section in file.sections_by_name("extensions").into_iter().flatten() {
            if let Some(subsection) = section.header().subsection_name() {
                if version == 0 {
                    continue;
                }
                return refuse(format!("extensions.{subsection}"));
            }
            for name in section.value_names() {
                let name = name.to_ascii_lowercase();
                let value = section.value(&name).unwrap_or_default();
                match KNOWN_EXTENSIONS.iter().find(|(known, _)| *known == name) {
                    None if version == 0 => continue,
                    Some((_, in_version_0)) if version == 1 || *in_version_0 => {}
                    _ => return refuse(format!("extensions.{name}")),
                }
                match (name.as_str(), value.as_slice()) {
                    ("objectformat", b"sha1") => format.hash = HashKind::Sha1,
                    ("objectformat", b"sha256") => format.hash = HashKind::Sha256,
                    ("refstorage", b"files") => format.has_reftables = false,
                    ("refstorage", b"reftable") => format.has_reftables = true,
                    ("objectformat" | "refstorage", _) => return refuse(format!("extensions.{name}={value}")),
                    ("partialclone", _) => format.is_partial = true,
                    _ => {}
                }
            }
        }
        format.per_worktree = file.boolean("extensions.worktreeConfig").ok().flatten().unwrap_or(false);
        Ok(format)
    }
}

/// Where the work tree is (`git(1)`, `GIT_WORK_TREE`; `core.worktree` and `core.bare` in `git-config(1)`).
fn work_tree(found: &Found, environment: &Environment, config: &Config) -> Option<PathBuf> {
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
fn check_owner(found: &Found, work_tree: Option<&Path>, config: &Config) -> Result<(), Error> {
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

/// The commits at which a shallow clone ends (`gitformat-shallow`).
fn shallow_boundary(common_dir: &Path) -> Result<Vec<crate::model::ObjectId>, Error> {
    let path = common_dir.join("shallow");
    match std::fs::read(&path) {
        Ok(content) => content
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| {
                crate::model::ObjectId::from_hex(line).map_err(|error| Error::Io {
                    path: path.clone(),
                    source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
                })
            })
            .collect(),
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(source) => Err(Error::Io { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch, environment};

    #[test]
    fn every_format_opens_and_says_what_it_is() {
        for [objects, refs] in FORMATS {
            let scratch = Scratch::new(&[objects, refs]);
            let repository = scratch.open();
            assert_eq!(repository.hash_kind().name(), objects.strip_prefix("--object-format=").unwrap());
            assert_eq!((repository.git_dir(), repository.is_bare()), (scratch.path.as_path(), true));
            assert!(!repository.is_shallow() && !repository.is_partial());
        }
    }

    #[test]
    fn unknown_extensions_are_refused_where_git_refuses_them() {
        let scratch = Scratch::new(&[]);
        scratch.git(&["config", "extensions.frobnicate", "true"]);
        scratch.open();
        scratch.git(&["config", "core.repositoryFormatVersion", "1"]);
        assert!(
            matches!(scratch.open_with(&[]), Err(Error::UnknownExtension { name }) if name == "extensions.frobnicate")
        );
        let file = scratch.path.join("config");
        for config in [
            "[core]\n\trepositoryformatversion = 2\n",
            "[core]\n\trepositoryformatversion = 0\n[extensions]\n\tobjectFormat = sha256\n",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = md5\n",
            "[core]\n\trepositoryformatversion = 1\n[extensions \"x\"]\n\ty = 1\n",
        ] {
            std::fs::write(&file, config).unwrap();
            assert!(matches!(scratch.open_with(&[]), Err(Error::UnknownExtension { .. })), "{config}");
        }
    }

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

    #[test]
    fn the_objects_of_a_hook_do_not_leak_into_another_repository() {
        let (hooks, other) = (Scratch::new(&[]), Scratch::new(&[]));
        hooks.line("main", None, &["a"]);
        let objects = hooks.path.join("objects");
        let vars = [("GIT_DIR", "."), ("GIT_OBJECT_DIRECTORY", objects.to_str().unwrap())];
        let environment = environment(&hooks.path, &vars);
        let id = hooks.id("main");
        let own = Repository::open(Some(&hooks.path), &environment, Trust::Cli).unwrap();
        assert!(own.kind(id).unwrap().is_some());
        let other = Repository::open(Some(&other.path), &environment, Trust::Cli).unwrap();
        assert!(other.kind(id).unwrap().is_none());
    }

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
        assert_eq!(repository.config_all("refgate.list"), ["1", "2", "3"]);
        assert_eq!(repository.config("refgate.flag").unwrap(), "");
        assert_eq!(repository.config("refgate.absent"), None);
        assert_eq!(repository.config("nonsense"), None);
        std::fs::write(scratch.path.join("config"), "[broken\n").unwrap();
        assert!(matches!(scratch.open_with(&[]), Err(Error::Config { .. })));
    }
}
