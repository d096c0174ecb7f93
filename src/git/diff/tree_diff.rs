//! What differs between two trees, for many pairs in a row: neighbouring commits share most of their trees, and each is
//! read only once.

use bstr::{BStr, BString, ByteSlice as _};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::mem::replace;
use std::sync::Arc;

use crate::git::object::entry::{MAX_DEPTH, MAX_TREE, MAX_VISITED};
use crate::git::object::headers::Skeleton;
use crate::git::object::kind::MAX_TEXT_OBJECT;
use crate::git::object::tree_entries::{Entries, order};
use crate::git::{Change, Entry, Error, Kind, Mode, Repository};
use crate::model::ObjectId;

/// The cached trees are dropped when they take up this many bytes.
const CACHE: usize = 8 << 20;

/// Compares trees. `R` is a repository of its own, for a thread, or one that is borrowed.
pub(crate) struct TreeDiff<R = Repository> {
    repository: R,
    cache: HashMap<ObjectId, Arc<Vec<u8>>>,
    cached: usize,
    buffer: Vec<u8>,
}

/// Decides, of a directory and the names of what is changed in it, whether that is of interest.
type Wants<'w> = &'w dyn Fn(&BStr, &[BString]) -> bool;

/// One comparison.
struct Comparison<'w> {
    changes: Vec<Change>,
    visited: usize,
    /// `None` if everything is of interest.
    wants: Option<Wants<'w>>,
    /// Whether something else was changed, which ends the comparison.
    is_outside: bool,
}

impl<'w> Comparison<'w> {
    fn new(wants: Option<Wants<'w>>) -> Self {
        Self { changes: Vec::new(), visited: 0, wants, is_outside: false }
    }
}

impl<R: Borrow<Repository>> TreeDiff<R> {
    /// Makes one that has read nothing yet.
    pub(crate) fn new(repository: R) -> Self {
        Self { repository, cache: HashMap::new(), cached: 0, buffer: Vec::new() }
    }

    /// Returns the repository whose trees these are.
    pub(crate) fn repository(&self) -> &Repository {
        self.repository.borrow()
    }

    /// Returns the tree of a commit.
    ///
    /// # Errors
    /// It is missing or malformed.
    pub(crate) fn tree_of_commit(&mut self, commit: ObjectId) -> Result<ObjectId, Error> {
        if let Some(tree) = self.repository.borrow().dag.borrow().tree(commit) {
            return Ok(tree);
        }
        self.repository.borrow().odb.read(commit, Kind::Commit, MAX_TEXT_OBJECT, &mut self.buffer)?;
        Ok(Skeleton::parse(commit, &self.buffer)?.tree)
    }

    /// Returns the paths that differ between two trees, in their order; `None` is the empty tree.
    ///
    /// # Errors
    /// A tree is missing or malformed, or there are more than a million changes.
    pub(crate) fn between(&mut self, old: Option<ObjectId>, new: Option<ObjectId>) -> Result<Vec<Change>, Error> {
        Ok(self.compare(old, new, None)?.changes)
    }

    /// Returns the paths that differ between a commit and a tree, in the order of the trees; `None` is the empty tree.
    ///
    /// # Errors
    /// A commit or tree is missing or malformed, or there are more than a million changes.
    pub(crate) fn changes_of(&mut self, parent: Option<ObjectId>, tree: ObjectId) -> Result<Vec<Change>, Error> {
        let parent = parent.map(|id| self.tree_of_commit(id)).transpose()?;
        self.between(parent, Some(tree))
    }

    /// Returns what [`TreeDiff::changes_of`] does, if `wants` agrees for each directory in which something is changed:
    /// it is given the directory's path and the names of what is changed there, in the order of trees. Directories
    /// below one that is not wanted are not read.
    ///
    /// # Errors
    /// As [`TreeDiff::changes_of`].
    pub(crate) fn changes_within(
        &mut self,
        parent: Option<ObjectId>,
        tree: ObjectId,
        wants: Wants<'_>,
    ) -> Result<Option<Vec<Change>>, Error> {
        let parent = parent.map(|id| self.tree_of_commit(id)).transpose()?;
        let comparison = self.compare(parent, Some(tree), Some(wants))?;
        Ok((!comparison.is_outside).then_some(comparison.changes))
    }

    /// Returns which of some paths differ between two trees; directories that contain none of the paths are not read. A
    /// path is given by its place in `paths`, and `wanted` lists the places that are asked about. `None` is the empty
    /// tree.
    ///
    /// # Errors
    /// As [`TreeDiff::changes_of`].
    pub(crate) fn differing(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        paths: &[BString],
        wanted: &[usize],
    ) -> Result<Vec<usize>, Error> {
        let rest = |at: &usize| Some((*at, paths.get(*at)?.as_bstr()));
        let mut differing = Vec::new();
        self.differing_below(old, new, &wanted.iter().filter_map(rest).collect::<Vec<_>>(), &mut differing, 0)?;
        Ok(differing)
    }

    fn differing_below(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        wanted: &[(usize, &BStr)],
        differing: &mut Vec<usize>,
        depth: usize,
    ) -> Result<(), Error> {
        if old == new {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(Error::Limit { what: "directories inside each other", limit: MAX_DEPTH });
        }
        let here = self.entries(old, new, &mut Comparison::new(None))?;
        let mut below: BTreeMap<&BStr, Vec<(usize, &BStr)>> = BTreeMap::new();
        for (at, path) in wanted {
            match path.split_once_str("/") {
                Some((directory, rest)) => below.entry(directory.as_bstr()).or_default().push((*at, rest.as_bstr())),
                None if here.iter().any(|change| change.path == **path) => differing.push(*at),
                None => {}
            }
        }
        let tree = |entry: Option<Entry>| entry.filter(|entry| entry.mode == Mode::Tree).map(|entry| entry.id);
        for change in &here {
            let (old, new) = (tree(change.old), tree(change.new));
            if let Some(wanted) = below.get(change.path.as_bstr()).filter(|_| old.or(new).is_some()) {
                self.differing_below(old, new, wanted, differing, depth + 1)?;
            }
        }
        Ok(())
    }

    fn compare<'w>(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        wants: Option<Wants<'w>>,
    ) -> Result<Comparison<'w>, Error> {
        let mut comparison = Comparison::new(wants);
        if old != new {
            self.trees(old, new, &mut BString::default(), 0, &mut comparison)?;
        }
        Ok(comparison)
    }

    fn trees(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        path: &mut BString,
        depth: usize,
        comparison: &mut Comparison<'_>,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::Limit { what: "directories inside each other", limit: MAX_DEPTH });
        }
        let here = self.entries(old, new, comparison)?;
        if let Some(wants) = comparison.wants {
            let names: Vec<BString> = here.iter().map(|change| change.path.clone()).collect();
            if !wants(path.as_bstr(), &names) {
                comparison.is_outside = true;
                return Ok(());
            }
        }
        let length = path.len();
        for Change { path: name, old, new } in here {
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
            // Directories sort apart from anything else of the same name: both are, or neither is.
            if old.or(new).is_some_and(|entry| entry.mode == Mode::Tree) {
                let id = |entry: Option<Entry>| entry.map(|entry| entry.id);
                self.trees(id(old), id(new), path, depth + 1, comparison)?;
            } else {
                comparison.changes.push(Change { path: path.clone(), old, new });
            }
            path.truncate(length);
            if comparison.is_outside {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns what differs between the entries of two trees themselves, by name.
    fn entries(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        comparison: &mut Comparison<'_>,
    ) -> Result<Vec<Change>, Error> {
        let mut found = Vec::new();
        // The new one first: packs have the old one as a delta against it.
        let (new_tree, old_tree) = (self.read(new)?, self.read(old)?);
        let none = ObjectId::null(self.repository().hash_kind());
        let mut left = Entries::new(old.unwrap_or(none), &old_tree);
        let mut right = Entries::new(new.unwrap_or(none), &new_tree);
        left.skip_equal(&mut right)?;
        let (mut a, mut b) = (left.next()?, right.next()?);
        loop {
            self.repository().odb.budget.step()?;
            let side = match (&a, &b) {
                (None, None) => return Ok(found),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => order(a, b),
            };
            if side == Ordering::Equal && a == b {
                left.skip_equal(&mut right)?;
            }
            let before = if side == Ordering::Greater { None } else { replace(&mut a, left.next()?) };
            let after = if side == Ordering::Less { None } else { replace(&mut b, right.next()?) };
            let name = before.or(after).map(|(name, _)| name).unwrap_or_default();
            let (old, new) = (before.map(|(_, entry)| entry), after.map(|(_, entry)| entry));
            if old != new {
                Self::count(comparison)?;
                found.push(Change { path: name.to_owned(), old, new });
            }
        }
    }

    fn count(comparison: &mut Comparison<'_>) -> Result<(), Error> {
        comparison.visited += 1;
        if comparison.visited > MAX_VISITED {
            return Err(Error::Limit { what: "changed paths", limit: MAX_VISITED });
        }
        Ok(())
    }

    fn read(&mut self, id: Option<ObjectId>) -> Result<Arc<Vec<u8>>, Error> {
        let Some(id) = id else { return Ok(Arc::default()) };
        if let Some(tree) = self.cache.get(&id) {
            return Ok(Arc::clone(tree));
        }
        let odb = &self.repository.borrow().odb;
        let tree = match odb.packed(id, Kind::Tree, MAX_TREE)? {
            Some(tree) => tree,
            None => {
                odb.read_part(id, Kind::Tree, MAX_TREE, &mut self.buffer)?;
                Arc::new(self.buffer.clone())
            }
        };
        if self.cached + tree.len() > CACHE {
            self.cache.clear();
            self.cached = 0;
        }
        self.cached += tree.len();
        self.cache.insert(id, Arc::clone(&tree));
        Ok(tree)
    }
}
