//! What differs between two trees, for many pairs in a row: neighbouring commits share most of their trees, so that
//! each is read once.

use bstr::{BStr, BString, ByteSlice as _};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::commit::Skeleton;
use super::object::MAX_TEXT_OBJECT;
use super::tree::{MAX_DEPTH, MAX_TREE, MAX_VISITED};
use super::{Change, Entry, Error, Kind, Mode, Repository};
use crate::model::ObjectId;

/// Trees are forgotten when this many bytes of them are kept.
const CACHE: usize = 16 << 20;

/// Compares trees.
pub struct TreeDiff {
    repository: Repository,
    cache: HashMap<ObjectId, Arc<[u8]>>,
    cached: usize,
    buffer: Vec<u8>,
}

/// One comparison.
struct Comparison<'w> {
    changes: Vec<Change>,
    visited: usize,
    /// Told a directory and the names that are changed in it: whether such a change is of interest.
    wants: &'w dyn Fn(&BStr, &[BString]) -> bool,
    /// Whether something else was changed, which ends it.
    is_outside: bool,
}

/// An entry as it stands in a tree.
#[derive(Clone, Copy)]
struct Raw<'a> {
    name: &'a [u8],
    mode: Mode,
    id: &'a [u8],
}

impl TreeDiff {
    /// Nothing read yet.
    pub fn new(repository: Repository) -> Self {
        Self { repository, cache: HashMap::new(), cached: 0, buffer: Vec::new() }
    }

    /// The repository whose trees these are.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// It is missing or malformed.
    pub fn tree_of_commit(&mut self, commit: ObjectId) -> Result<ObjectId, Error> {
        if let Some(tree) = self.repository.dag.borrow().tree(commit) {
            return Ok(tree);
        }
        self.repository.odb.read(commit, Kind::Commit, MAX_TEXT_OBJECT, &mut self.buffer)?;
        Ok(Skeleton::parse(commit, &self.buffer)?.tree)
    }

    /// The paths that differ between a commit and a tree, in the order of the trees; `None` is the empty tree.
    ///
    /// # Errors
    /// A commit or tree is missing or malformed, or there are more than a million changes.
    pub fn changes_of(&mut self, parent: Option<ObjectId>, tree: ObjectId) -> Result<Vec<Change>, Error> {
        Ok(self.changes_within(parent, tree, &|_, _| true)?.unwrap_or_default())
    }

    /// The same, if `wants` says so of each directory in which something is changed: it is told its path and the names of
    /// what is changed there, in the order of trees. Directories below one that is not wanted are not read.
    ///
    /// # Errors
    /// As [`TreeDiff::changes_of`].
    pub fn changes_within(
        &mut self,
        parent: Option<ObjectId>,
        tree: ObjectId,
        wants: &dyn Fn(&BStr, &[BString]) -> bool,
    ) -> Result<Option<Vec<Change>>, Error> {
        let parent = parent.map(|id| self.tree_of_commit(id)).transpose()?;
        let mut comparison = Comparison { changes: Vec::new(), visited: 0, wants, is_outside: false };
        if parent != Some(tree) {
            self.trees(parent, Some(tree), &mut BString::default(), 0, &mut comparison)?;
        }
        Ok((!comparison.is_outside).then_some(comparison.changes))
    }

    /// Which of some paths are not the same in two trees; directories in which there is none of them are not read. Paths
    /// are named by their places in `paths`, those asked about by `wanted`. `None` is the empty tree.
    ///
    /// # Errors
    /// As [`TreeDiff::changes_of`].
    pub fn differing(
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
        let everything = |_: &BStr, _: &[BString]| true;
        let mut comparison = Comparison { changes: Vec::new(), visited: 0, wants: &everything, is_outside: false };
        let here = self.entries(old, new, &mut comparison)?;
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
        let names: Vec<BString> = here.iter().map(|change| change.path.clone()).collect();
        if !(comparison.wants)(path.as_bstr(), &names) {
            comparison.is_outside = true;
            return Ok(());
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

    /// What differs between the entries of two trees themselves, by name.
    fn entries(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        comparison: &mut Comparison<'_>,
    ) -> Result<Vec<Change>, Error> {
        let mut found = Vec::new();
        let (old_tree, new_tree) = (self.read(old)?, self.read(new)?);
        let mut left = Entries { rest: &old_tree, previous: None, tree: old, width: self.width() };
        let mut right = Entries { rest: &new_tree, previous: None, tree: new, width: self.width() };
        left.skip_equal(&mut right)?;
        let (mut a, mut b) = (left.next()?, right.next()?);
        loop {
            let side = match (&a, &b) {
                (None, None) => return Ok(found),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => order(a, b),
            };
            let before = if side == Ordering::Greater { None } else { std::mem::replace(&mut a, left.next()?) };
            let after = if side == Ordering::Less { None } else { std::mem::replace(&mut b, right.next()?) };
            if let (Some(before), Some(after)) = (&before, &after)
                && before.id == after.id
                && before.mode == after.mode
            {
                if a.zip(b).is_some_and(|(a, b)| a.name == b.name && a.id == b.id) {
                    left.skip_equal(&mut right)?;
                    (a, b) = (left.next()?, right.next()?);
                }
                continue;
            }
            comparison.visited += 1;
            if comparison.visited > MAX_VISITED {
                return Err(Error::Limit { what: "changed paths", limit: MAX_VISITED });
            }
            let Some(either) = before.or(after) else { continue };
            found.push(Change {
                path: either.name.into(),
                old: before.map(entry).transpose()?,
                new: after.map(entry).transpose()?,
            });
        }
    }

    fn width(&self) -> usize {
        self.repository.hash_kind().hex_len() / 2
    }

    fn read(&mut self, id: Option<ObjectId>) -> Result<Arc<[u8]>, Error> {
        let Some(id) = id else { return Ok(Arc::default()) };
        if let Some(tree) = self.cache.get(&id) {
            return Ok(Arc::clone(tree));
        }
        self.repository.odb.read_part(id, Kind::Tree, MAX_TREE, &mut self.buffer)?;
        let tree: Arc<[u8]> = Arc::from(self.buffer.as_slice());
        if self.cached + tree.len() > CACHE {
            self.cache.clear();
            self.cached = 0;
        }
        self.cached += tree.len();
        self.cache.insert(id, Arc::clone(&tree));
        Ok(tree)
    }
}

/// The entries of a tree, each checked to come after the one before it.
struct Entries<'a> {
    rest: &'a [u8],
    previous: Option<Raw<'a>>,
    tree: Option<ObjectId>,
    width: usize,
}

impl<'a> Entries<'a> {
    /// Passes over entries that stand byte for byte at the same place in both trees: in a typical difference, most do.
    fn skip_equal(&mut self, other: &mut Self) -> Result<(), Error> {
        const CHUNK: usize = 64;
        let chunks = self.rest.chunks_exact(CHUNK).zip(other.rest.chunks_exact(CHUNK));
        let common = chunks.take_while(|(a, b)| a == b).count() * CHUNK;
        let common = self.rest.get(..common).unwrap_or_default();
        let (mut last, mut end) = (0, 0);
        while let Some(name_end) = common.get(end..).and_then(|rest| rest.find_byte(0)) {
            let next = end + name_end + 1 + self.width;
            if next > common.len() {
                break;
            }
            (last, end) = (end, next);
        }
        if end > 0 {
            // The last of them is parsed, so that the order of what follows can be checked.
            for entries in [self, other] {
                entries.rest = entries.rest.get(last..).unwrap_or_default();
                entries.previous = None;
                entries.next()?;
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Raw<'a>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let raw = self.take().ok_or_else(|| self.malformed("an entry is cut off or has no mode or name"))?;
        if self.previous.is_some_and(|previous| order(&previous, &raw) != Ordering::Less) {
            return Err(self.malformed("its entries are not in order"));
        }
        self.previous = Some(raw);
        Ok(Some(raw))
    }

    fn take(&mut self) -> Option<Raw<'a>> {
        let blank = self.rest.iter().take(9).position(|byte| *byte == b' ')?;
        let (mode, rest) = self.rest.split_at_checked(blank)?;
        let rest = rest.get(1..)?;
        let (name, rest) = rest.split_at_checked(rest.find_byte(0)?)?;
        let (id, rest) = rest.get(1..)?.split_at_checked(self.width)?;
        self.rest = rest;
        Some(Raw { name, mode: mode_of(mode)?, id })
    }

    fn malformed(&self, reason: &'static str) -> Error {
        match self.tree {
            Some(id) => Error::Malformed { id, reason },
            // The empty tree has no entries that could be wrong.
            None => Error::Limit { what: "entries in no tree", limit: 0 },
        }
    }
}

fn mode_of(digits: &[u8]) -> Option<Mode> {
    match digits {
        b"100644" => Some(Mode::File),
        b"40000" => Some(Mode::Tree),
        other => Mode::parse(other),
    }
}

fn entry(raw: Raw<'_>) -> Result<Entry, Error> {
    let id = ObjectId::from_bytes(raw.id).ok_or(Error::Limit { what: "bytes in an object id", limit: 32 })?;
    Ok(Entry { mode: raw.mode, id })
}

/// git's order of entries: as though the name of a directory ended with a slash.
fn order(a: &Raw<'_>, b: &Raw<'_>) -> Ordering {
    let common = a.name.len().min(b.name.len());
    a.name.get(..common).cmp(&b.name.get(..common)).then_with(|| {
        let next = |raw: &Raw<'_>| match raw.name.get(common) {
            Some(byte) => u16::from(*byte) + 1,
            None if raw.mode == Mode::Tree => u16::from(b'/') + 1,
            None => 0,
        };
        next(a).cmp(&next(b)).then_with(|| a.name.len().cmp(&b.name.len()))
    })
}
