//! Finding and opening a repository.

use bstr::BString;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::git::object::alternates::object_directories;
use crate::git::object::odb::Odb;
use crate::git::object::read::Remembered;
use crate::git::refs::store::Refs;
use crate::git::repo::config::{Config, Layout};
use crate::git::repo::discover::{Found, check_owner, common_dir, is_the_hooks_own, work_tree};
use crate::git::repo::format::{Format, shallow_boundary};
use crate::git::walk::dag::Dag;
use crate::git::{Environment, Error};
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

/// An open repository. Cheap to clone: the clone of each thread shares what is mapped and has its own caches.
#[derive(Clone)]
pub struct Repository {
    pub(in crate::git) paths: Arc<Paths>,
    pub(in crate::git) config: Arc<Config>,
    pub(in crate::git) refs: Arc<Refs>,
    pub(in crate::git) odb: Odb,
    pub(in crate::git) dag: RefCell<Dag>,
    pub(in crate::git) peeled: Remembered,
}

/// Where the parts of the repository are.
#[derive(Debug)]
pub(in crate::git) struct Paths {
    pub(in crate::git) git_dir: PathBuf,
    pub(in crate::git) common_dir: PathBuf,
    pub(in crate::git) work_tree: Option<PathBuf>,
    pub(in crate::git) environment: Environment,
}

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
        let work_tree = work_tree(&found, &common_dir, &environment, &config);
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
        Ok(Self {
            paths: Arc::new(paths),
            config: Arc::new(config),
            refs: Arc::new(refs),
            odb,
            dag: RefCell::new(dag),
            peeled: Remembered::default(),
        })
    }

    /// Returns the same repository for many reads: it and its clones are faster from a few hundred objects on, and
    /// slower for fewer.
    pub fn for_many_reads(&self) -> Self {
        Self { odb: self.odb.for_many_reads(), ..self.clone() }
    }

    /// Returns the directory of the repository itself, absolute; a linked work tree has its own
    /// (`gitrepository-layout(5)`).
    pub fn git_dir(&self) -> &Path {
        &self.paths.git_dir
    }

    /// Returns where refs, objects and configuration are; differs from [`Self::git_dir`] in linked work trees.
    pub fn common_dir(&self) -> &Path {
        &self.paths.common_dir
    }

    /// Returns the top of the work tree, unless the repository is bare.
    pub fn work_tree(&self) -> Option<&Path> {
        self.paths.work_tree.as_deref()
    }

    /// Returns a path as whoever opened the repository typed it, made absolute.
    pub(crate) fn typed_here(&self, path: &Path) -> PathBuf {
        self.paths.environment.cwd.join(path)
    }

    /// Returns the hash function of its object ids.
    pub fn hash_kind(&self) -> HashKind {
        self.odb.hash_kind()
    }

    /// Returns whether new objects go elsewhere than to the repository, as those of a push do until it is accepted.
    pub fn is_in_quarantine(&self) -> bool {
        let environment = &self.paths.environment;
        environment.object_directory.is_some() || environment.var("GIT_QUARANTINE_PATH").is_some()
    }

    /// Returns whether there is no work tree.
    pub fn is_bare(&self) -> bool {
        self.paths.work_tree.is_none()
    }

    /// Returns whether parts of the history were never fetched.
    pub fn is_shallow(&self) -> bool {
        self.dag.borrow().is_shallow()
    }

    /// Returns whether objects may be missing by intent (partial clone).
    pub fn is_partial(&self) -> bool {
        self.odb.is_partial()
    }

    /// Sets when everything that can take long gives up with [`Error::Deadline`]: walks, differences, objects, listings
    /// of refs, and the `git` that is run for some answers. It applies to all clones; without this call there is no
    /// deadline.
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        self.odb.budget.set_deadline(deadline);
        self.dag.borrow().budget().set_deadline(deadline);
    }

    /// Returns when long answers give up: what [`Self::set_deadline`] has set.
    pub fn deadline(&self) -> Option<Instant> {
        self.odb.budget.deadline()
    }

    /// Counts a step of a loop of the caller's own that belongs to the same budget, and now and then looks at the clock.
    ///
    /// # Errors
    /// As [`Self::check_deadline`].
    pub fn step(&self) -> Result<(), Error> {
        self.odb.budget.step()
    }

    /// Looks at the clock, for work of the caller's own that belongs to the same budget.
    ///
    /// # Errors
    /// [`Error::Deadline`] if the time that [`Self::set_deadline`] allowed is over.
    pub fn check_deadline(&self) -> Result<(), Error> {
        self.odb.budget.check()
    }

    /// Returns the last value of a configuration key such as `refgate.policy`, from the system's, the user's and the
    /// repository's files; never from the environment. A key without a value is the empty string.
    pub fn config(&self, key: &str) -> Option<BString> {
        self.config.get(key)
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
    fn a_clone_can_go_to_another_thread() {
        fn is_send(_: impl Send) {}
        is_send(Scratch::new(&[]).open());
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
}
