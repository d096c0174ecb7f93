//! Which repositories are meant.

use bstr::{BString, ByteSlice as _, ByteVec as _};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::files::{self, Links};
use crate::model::Untrusted;

/// The longest `.git` file that is read; git writes a path into it.
const MAX_GIT_FILE: u64 = 1 << 16;

/// Where a repository is, or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its path, to open it by.
    pub path: PathBuf,
    /// Its path as it was named; escaped.
    pub shown: String,
    /// Why what is there could not be looked at.
    pub problem: Option<String>,
}

impl Place {
    fn new(base: &Path, named: PathBuf) -> Self {
        let shown = Untrusted::new(Vec::from_path_lossy(&named).as_ref()).to_string();
        Self { path: base.join(named), shown, problem: None }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The repositories, each once.
    pub found: Vec<Place>,
    /// How many folders lie deeper than was looked.
    pub too_deep: usize,
}

/// Returns the repositories that a list names, one path a line, in its order and each once. Paths are relative to `base`.
/// A list in which there is a NUL has a path before each NUL, as `find -print0` writes it: a path may have line ends.
pub(crate) fn listed(list: &[u8], base: &Path) -> Places {
    let end = if list.contains(&0) { 0 } else { b'\n' };
    let mut known = BTreeSet::new();
    let mut places = Places::default();
    for line in list.split(|byte| *byte == end).filter(|line| !line.is_empty()) {
        let place = Place::new(base, line.to_path_lossy().into_owned());
        if known.insert(place.path.clone()) {
            places.found.push(place);
        }
    }
    places
}

/// Returns the repositories in a folder and below it, sorted by path: bare ones, and those of work trees. No link is
/// followed, and no `.git` file that leads out of the folder. A linked work tree or a submodule is counted where its
/// repository is, once. `depth` is how many folders below this one are looked into.
///
/// # Errors
/// The folder itself cannot be read.
pub(crate) fn below(base: &Path, named: &Path, depth: usize) -> io::Result<Places> {
    let top = base.join(named).canonicalize()?;
    fs::read_dir(&top)?;
    let mut search = Search { base, top, own: BTreeSet::new(), files: Vec::new(), places: Places::default() };
    search.visit(named.to_owned(), depth, false);
    search.add_linked();
    let mut places = search.places;
    places.found.sort_by_cached_key(|place| bytes(&place.path));
    Ok(places)
}

fn bytes(path: &Path) -> BString {
    Vec::from_path_lossy(path).into_owned().into()
}

struct Search<'a> {
    base: &'a Path,
    /// The folder, with no link in its path.
    top: PathBuf,
    /// The repositories that were found, by the folder that has their objects.
    own: BTreeSet<PathBuf>,
    /// Folders with a `.git` file.
    files: Vec<PathBuf>,
    places: Places,
}

impl Search<'_> {
    /// Looks into a folder. `in_work_tree` says that it is part of a work tree, where nobody expects more of them.
    fn visit(&mut self, named: PathBuf, depth: usize, in_work_tree: bool) {
        let path = self.base.join(&named);
        if is_repository(&path) {
            return self.add(named, &path);
        }
        let dot_git = path.join(".git");
        let kind = dot_git.symlink_metadata().map(|metadata| metadata.file_type()).ok();
        let is_work_tree = kind.is_some();
        match kind {
            Some(kind) if kind.is_dir() => self.add(named.clone(), &dot_git),
            Some(_) => self.files.push(named.clone()),
            None => {}
        }
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) => {
                let problem = Some(error.to_string());
                return self.places.found.push(Place { problem, ..Place::new(self.base, named) });
            }
        };
        // Links to folders are not followed.
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<_> = folders.map(|entry| entry.file_name()).filter(|name| name != ".git").collect();
        names.sort();
        let in_work_tree = in_work_tree || is_work_tree;
        for name in names {
            if depth > 0 {
                self.visit(named.join(name), depth - 1, in_work_tree);
            } else if !in_work_tree {
                self.places.too_deep += 1;
            }
        }
    }

    fn add(&mut self, named: PathBuf, git_dir: &Path) {
        self.own.extend(git_dir.canonicalize());
        self.places.found.push(Place::new(self.base, named));
    }

    /// Adds the repositories to which `.git` files lead and that were not found themselves.
    fn add_linked(&mut self) {
        for named in std::mem::take(&mut self.files) {
            match repository_of(&self.base.join(&named).join(".git")) {
                Ok(target) if !target.starts_with(&self.top) || !self.own.insert(target.clone()) => {}
                // Opening it says what is wrong with it.
                Ok(_) | Err(_) => self.places.found.push(Place::new(self.base, named)),
            }
        }
    }
}

/// Returns whether a folder is meant to be a repository, whatever has become of it: it need not have a `HEAD` that git
/// can read.
fn is_repository(path: &Path) -> bool {
    let has_folder = |name: &str| path.join(name).symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    let has = |name: &str| path.join(name).symlink_metadata().is_ok();
    has_folder("objects") && has_folder("refs") && (has("HEAD") || has("config"))
}

/// Returns the folder that has the objects of the repository to which a `.git` file or link leads.
fn repository_of(dot_git: &Path) -> io::Result<PathBuf> {
    let git_dir = if dot_git.symlink_metadata()?.is_symlink() {
        dot_git.canonicalize()?
    } else {
        let text = small(dot_git)?;
        let target = text.strip_prefix(b"gitdir: ").ok_or(io::ErrorKind::InvalidData)?;
        dot_git.parent().unwrap_or(dot_git).join(target.trim_end().to_path_lossy()).canonicalize()?
    };
    match small(&git_dir.join("commondir")) {
        Ok(common) => git_dir.join(common.trim_end().to_path_lossy()).canonicalize(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(git_dir),
        Err(error) => Err(error),
    }
}

fn small(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    files::open(path, Links::Refuse)?.take(MAX_GIT_FILE).read_to_end(&mut text)?;
    Ok(text)
}
