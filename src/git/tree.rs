//! Trees: single entries, files, and what differs between two of them.

use bstr::{BStr, BString, ByteSlice as _};
use std::cmp::Ordering;
use std::mem::replace;

use super::dag::is_over;
use super::{Error, Kind, Repository};
use crate::model::ObjectId;

/// The largest tree object that is read: some hundred thousand entries in one directory.
pub(super) const MAX_TREE: u64 = 64 << 20;

/// Deeper directories than any file system allows.
pub(super) const MAX_DEPTH: usize = 1024;

/// A small tree can stand for billions of paths if its directories are all the same one ("git bomb").
pub(super) const MAX_VISITED: usize = 1_000_000;

/// What an entry of a tree is. Modes are reduced as git reduces them (`canon_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// 040000.
    Tree,
    /// 100644, and what old versions of git wrote for it.
    File,
    /// 100755.
    Executable,
    /// 120000.
    Symlink,
    /// 160000: a commit of another repository.
    Submodule,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub mode: Mode,
    /// Its object.
    pub id: ObjectId,
}

/// A path that differs between two trees. Directories do not appear, what is in them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The full path.
    pub path: BString,
    /// What was there.
    pub old: Option<Entry>,
    /// What is there now.
    pub new: Option<Entry>,
}

impl Repository {
    /// The entry at a path below a commit, a tag of one, or a tree; the empty path is the tree itself.
    ///
    /// # Errors
    /// An object on the way is missing or malformed.
    pub fn tree_entry(&self, commit_or_tree: ObjectId, path: &BStr) -> Result<Option<Entry>, Error> {
        let mut entry = Entry { mode: Mode::Tree, id: self.tree_of(commit_or_tree)? };
        let mut buffer = Vec::new();
        for component in path.split_str("/").filter(|component| !component.is_empty()) {
            if entry.mode != Mode::Tree {
                return Ok(None);
            }
            let mut entries = self.entries(entry.id, &mut buffer)?;
            let mut found = None;
            // To the end, so that a malformed tree is noticed wherever the path stands in it.
            while let Some((name, entry)) = entries.next()? {
                if name == component {
                    found = Some(entry);
                }
            }
            match found {
                Some(found) => entry = found,
                None => return Ok(None),
            }
        }
        Ok(Some(entry))
    }

    /// The content of a file of at most `limit` bytes; `None` if there is no file at the path. A symbolic link is not
    /// followed: it is no file.
    ///
    /// # Errors
    /// An object on the way is missing or malformed, or the file is larger.
    pub fn read_file(&self, commit: ObjectId, path: &BStr, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self.tree_entry(commit, path)? {
            Some(Entry { mode: Mode::File | Mode::Executable, id }) => self.blob(id, limit).map(Some),
            _ => Ok(None),
        }
    }

    /// What differs between two commits or trees, sorted by path; `None` is the empty tree. With `paths`, only what
    /// is at or below one of them. Renames are a deletion and a creation.
    ///
    /// # Errors
    /// An object on the way is missing or malformed, or there are more than a million changes.
    pub fn diff_trees(
        &self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        paths: Option<&[BString]>,
    ) -> Result<Vec<Change>, Error> {
        let old = old.map(|id| self.tree_of(id)).transpose()?;
        let new = new.map(|id| self.tree_of(id)).transpose()?;
        let mut diff = Diff { repository: self, paths, changes: Vec::new(), visited: 0 };
        if old != new {
            diff.trees(old, new, &mut BString::default(), 0)?;
        }
        diff.changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(diff.changes)
    }

    /// The tree that a commit, tag or tree stands for.
    fn tree_of(&self, id: ObjectId) -> Result<ObjectId, Error> {
        let peeled = self.peel(id)?;
        match peeled.kind {
            Kind::Tree => Ok(peeled.id),
            Kind::Commit => Ok(self.commit(peeled.id)?.tree),
            actual => Err(Error::WrongKind { id: peeled.id, expected: Kind::Tree, actual }),
        }
    }

    /// The entries of one tree in its own order, read into `buffer`.
    fn entries<'a>(&self, id: ObjectId, buffer: &'a mut Vec<u8>) -> Result<Entries<'a>, Error> {
        self.odb.read_part(id, Kind::Tree, MAX_TREE, buffer)?;
        Ok(Entries::new(id, buffer))
    }

    /// The same, without entries where there is no tree.
    fn optional_entries<'a>(&self, id: Option<ObjectId>, buffer: &'a mut Vec<u8>) -> Result<Entries<'a>, Error> {
        match id {
            Some(id) => self.entries(id, buffer),
            None => Ok(Entries::new(ObjectId::null(self.hash_kind()), &[])),
        }
    }
}

/// A name in a tree and what it stands for.
type Named<'a> = (&'a BStr, Entry);

/// Parses a tree, strictly in what matters: an unsorted tree or a repeated name would mean one thing to refgate and
/// another to git (`git-fsck(1)`: treeNotSorted, duplicateEntries, fullPathname, emptyName).
struct Entries<'a> {
    id: ObjectId,
    rest: &'a [u8],
    before: Option<Named<'a>>,
    /// The names seen that could still recur: a file `a` and a directory `a` may have `a.b` between them.
    shorter: Vec<&'a [u8]>,
}

impl<'a> Entries<'a> {
    fn new(id: ObjectId, content: &'a [u8]) -> Self {
        Self { id, rest: content, before: None, shorter: Vec::new() }
    }

    fn next(&mut self) -> Result<Option<Named<'a>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let parsed = self.parse().map_err(|reason| Error::Malformed { id: self.id, reason })?;
        self.before = Some(parsed);
        Ok(Some(parsed))
    }

    /// Passes over entries that stand byte for byte at the same place in both trees: in a typical difference, most do.
    fn skip_equal(&mut self, other: &mut Self) -> Result<(), Error> {
        const CHUNK: usize = 64;
        let chunks = self.rest.chunks_exact(CHUNK).zip(other.rest.chunks_exact(CHUNK));
        let common = chunks.take_while(|(a, b)| a == b).count() * CHUNK;
        let common = self.rest.get(..common).unwrap_or_default();
        let id_len = self.id.as_bytes().len();
        let (mut last, mut end) = (0, 0);
        while let Some(name_end) = common.get(end..).and_then(|rest| rest.find_byte(0)) {
            let next = end + name_end + 1 + id_len;
            if next > common.len() {
                break;
            }
            (last, end) = (end, next);
        }
        if end > 0 {
            // The last of them is parsed, so that the order of what follows can be checked.
            for entries in [self, other] {
                entries.rest = entries.rest.get(last..).unwrap_or_default();
                entries.before = None;
                entries.shorter.clear();
                entries.next()?;
            }
        }
        Ok(())
    }

    fn parse(&mut self) -> Result<Named<'a>, &'static str> {
        let (mode, after) = split_at_byte(self.rest, b' ').ok_or("an entry has no mode")?;
        let (name, after) = split_at_byte(after, 0).ok_or("an entry has no name")?;
        let (object, after) = after.split_at_checked(self.id.as_bytes().len()).ok_or("its last entry is cut off")?;
        self.rest = after;
        if name.is_empty() || name.contains(&b'/') {
            return Err("a name is empty or holds a slash");
        }
        let mode = Mode::parse(mode).ok_or("a mode is no octal number")?;
        let object = ObjectId::from_bytes(object).ok_or("its last entry is cut off")?;
        let entry = (name.as_bstr(), Entry { mode, id: object });
        if self.before.is_some_and(|before| order(&before, &entry) != Ordering::Less) {
            return Err("its entries are not in order");
        }
        while self.shorter.last().is_some_and(|shorter| !name.starts_with(shorter)) {
            self.shorter.pop();
        }
        if self.shorter.last().is_some_and(|shorter| *shorter == name) {
            return Err("a name occurs twice");
        }
        self.shorter.push(name);
        Ok(entry)
    }
}

fn split_at_byte(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.find_byte(byte)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

impl Mode {
    /// The six octal digits that git shows.
    pub const fn octal(self) -> &'static str {
        match self {
            Self::Tree => "040000",
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    pub(super) fn parse(digits: &[u8]) -> Option<Self> {
        if !(1..=8).contains(&digits.len()) || !digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) {
            return None;
        }
        let bits = digits.iter().fold(0u32, |bits, digit| bits * 8 + u32::from(digit & 7));
        Some(match bits & 0o170_000 {
            0o100_000 if bits & 0o100 != 0 => Self::Executable,
            0o100_000 => Self::File,
            0o120_000 => Self::Symlink,
            0o040_000 => Self::Tree,
            _ => Self::Submodule,
        })
    }
}

/// git's order of entries: as though the name of a directory ended with a slash.
fn order(a: &Named<'_>, b: &Named<'_>) -> Ordering {
    let common = a.0.len().min(b.0.len());
    let end = |named: &Named<'_>| if named.1.mode == Mode::Tree { b'/' } else { 0 };
    let following = |named: &Named<'_>| named.0.get(common).copied().unwrap_or_else(|| end(named));
    a.0.get(..common).cmp(&b.0.get(..common)).then_with(|| following(a).cmp(&following(b)))
}

/// One comparison of two trees.
struct Diff<'a> {
    repository: &'a Repository,
    paths: Option<&'a [BString]>,
    changes: Vec<Change>,
    visited: usize,
}

impl Diff<'_> {
    /// Compares two trees at the same path, each `None` where there is no directory.
    fn trees(
        &mut self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        path: &mut BString,
        depth: usize,
    ) -> Result<(), Error> {
        self.count()?;
        if depth > MAX_DEPTH {
            return Err(Error::Limit { what: "directories inside each other", limit: MAX_DEPTH });
        }
        let (mut old_buffer, mut new_buffer) = (Vec::new(), Vec::new());
        let mut old_entries = self.repository.optional_entries(old, &mut old_buffer)?;
        let mut new_entries = self.repository.optional_entries(new, &mut new_buffer)?;
        let (mut old_next, mut new_next) = (old_entries.next()?, new_entries.next()?);
        loop {
            let side = match (&old_next, &new_next) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => order(old, new),
            };
            if side == Ordering::Equal && old_next == new_next {
                old_entries.skip_equal(&mut new_entries)?;
            }
            let old = if side == Ordering::Greater { None } else { replace(&mut old_next, old_entries.next()?) };
            let new = if side == Ordering::Less { None } else { replace(&mut new_next, new_entries.next()?) };
            let name = old.or(new).map(|(name, _)| name).unwrap_or_default();
            let (old, new) = (old.map(|(_, entry)| entry), new.map(|(_, entry)| entry));
            if old == new {
                continue;
            }
            let length = path.len();
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            self.entries(old, new, path, depth)?;
            path.truncate(length);
        }
    }

    /// Compares what is at one path. Directories sort apart from anything else of the same name, so that both are
    /// directories or neither is.
    fn entries(
        &mut self,
        old: Option<Entry>,
        new: Option<Entry>,
        path: &mut BString,
        depth: usize,
    ) -> Result<(), Error> {
        let is_tree = old.or(new).is_some_and(|entry| entry.mode == Mode::Tree);
        if !self.wants(path.as_bstr(), is_tree) {
            return Ok(());
        }
        if is_tree {
            return self.trees(old.map(|entry| entry.id), new.map(|entry| entry.id), path, depth + 1);
        }
        self.count()?;
        self.changes.push(Change { path: path.clone(), old, new });
        Ok(())
    }

    fn wants(&self, path: &BStr, is_tree: bool) -> bool {
        let is_below = |path: &[u8], top: &[u8]| {
            let top = top.strip_suffix(b"/").unwrap_or(top);
            path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || top.is_empty())
        };
        self.paths.is_none_or(|paths| {
            paths.iter().any(|wanted| is_below(path, wanted) || (is_tree && is_below(wanted, path)))
        })
    }

    fn count(&mut self) -> Result<(), Error> {
        self.visited += 1;
        if self.visited.is_multiple_of(128) && is_over(self.repository.dag.borrow().deadline) {
            return Err(Error::Deadline);
        }
        if self.visited > MAX_VISITED {
            return Err(Error::Limit { what: "changed paths", limit: MAX_VISITED });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::model::HashKind;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// What `git diff-tree -r` prints of the same.
    fn raw(changes: &[Change], hash: HashKind) -> String {
        let none = (String::from("000000"), ObjectId::null(hash));
        let side = |entry: Option<Entry>| entry.map_or(none.clone(), |entry| (entry.mode.octal().into(), entry.id));
        let mut text = String::new();
        for change in changes {
            let ((old_mode, old), (new_mode, new)) = (side(change.old), side(change.new));
            let letter = match (change.old, change.new) {
                (None, _) => 'A',
                (_, None) => 'D',
                (Some(old), Some(new)) => {
                    let kind = |mode| matches!(mode, Mode::File | Mode::Executable);
                    if kind(old.mode) == kind(new.mode) && (kind(old.mode) || old.mode == new.mode) { 'M' } else { 'T' }
                }
            };
            writeln!(text, ":{old_mode} {new_mode} {old} {new} {letter}\t{}", change.path).unwrap();
        }
        text
    }

    fn parse(id: ObjectId, content: &[u8]) -> Result<usize, Error> {
        let mut entries = Entries::new(id, content);
        let mut count = 0;
        while entries.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn entries_and_files_are_found_by_path() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            let stream = "commit refs/heads/main\ncommitter C <c@x> 1 +0000\ndata 0\n\
                M 755 inline run\ndata 1\nx\nM 644 inline dir/sub/file\ndata 4\ntext\nM 120000 inline link\ndata 3\nrun\n";
            scratch.import(stream);
            scratch.git(&["tag", "-a", "-m", "x", "v1", "main"]);
            let repository = scratch.open();
            let main = scratch.id("main");
            let mode = |path: &str| repository.tree_entry(main, path.into()).unwrap().map(|entry| entry.mode);
            assert_eq!(mode("run"), Some(Mode::Executable));
            assert_eq!(mode("dir"), Some(Mode::Tree));
            assert_eq!(mode(""), Some(Mode::Tree));
            assert_eq!(mode("link"), Some(Mode::Symlink));
            assert_eq!((mode("dir/absent"), mode("run/below"), mode("..")), (None, None, None));
            let file = |id, path: &str| repository.read_file(id, path.into(), 4).unwrap();
            for id in [main, scratch.id("v1"), scratch.id("main^{tree}")] {
                assert_eq!(file(id, "dir/sub/file").as_deref(), Some(b"text".as_slice()));
            }
            assert_eq!((file(main, "link"), file(main, "dir")), (None, None));
            assert!(matches!(repository.read_file(main, "dir/sub/file".into(), 3), Err(Error::TooLarge { .. })));
            let empty = scratch.git_with(&["mktree"], &[], b"");
            let empty = ObjectId::from_hex(empty.as_bytes()).unwrap();
            assert_eq!(repository.diff_trees(Some(main), Some(empty), None).unwrap().len(), 3);
            assert_eq!(repository.diff_trees(None, None, None).unwrap(), []);
        }
    }

    #[test]
    fn a_tree_that_git_would_read_differently_is_malformed() {
        let id = ObjectId::null(HashKind::Sha1);
        let tree = |entries: &[(&str, &str)]| {
            let entry = |(mode, name): &(&str, &str)| [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat();
            entries.iter().flat_map(entry).collect::<Vec<u8>>()
        };
        let is_read = |content: &[u8]| parse(id, content).is_ok();
        assert!(is_read(&tree(&[("100644", "a"), ("100664", "a.b"), ("40000", "b"), ("0100644", "b0")])));
        assert!(!is_read(&tree(&[("100644", "b"), ("100644", "a")])));
        assert!(!is_read(&tree(&[("100644", "a"), ("100644", "a")])));
        assert!(!is_read(&tree(&[("100644", "a"), ("100644", "a.b"), ("40000", "a")])));
        assert!(!is_read(&tree(&[
            ("100644", "a"),
            ("100644", "a-"),
            ("100644", "a.b"),
            ("100644", "a.c"),
            ("40000", "a")
        ])));
        assert!(!is_read(&tree(&[("100644", "a/b")])));
        assert!(!is_read(&tree(&[("100644", "")])));
        assert!(!is_read(&tree(&[("10064x", "a")])));
        assert!(!is_read(&tree(&[("", "a")])));
        assert!(!is_read(&tree(&[("777777777777777777777777", "a")])), "no number of digits overflows");
        assert!(!is_read(b"100644 a\0short"));
    }

    #[test]
    fn a_tree_that_stands_for_billions_of_paths_is_given_up() {
        let scratch = Scratch::new(&[]);
        let mut id = scratch.git_with(&["hash-object", "-w", "--stdin"], &[], b"x");
        for level in 0..9 {
            let (mode, kind) = if level == 0 { ("100644", "blob") } else { ("040000", "tree") };
            let entries: String = (0..10).map(|at| format!("{mode} {kind} {id}\t{at}\n")).collect();
            id = scratch.git_with(&["mktree"], &[], entries.as_bytes());
        }
        let id = ObjectId::from_hex(id.as_bytes()).unwrap();
        assert!(matches!(scratch.open().diff_trees(None, Some(id), None), Err(Error::Limit { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn differences_equal_gits(
            old in proptest::collection::btree_map("[ab]([.-]?[ab])?(/[ab0]){0,2}", (0u8..3, 0u8..3), 0..10),
            new in proptest::collection::btree_map("[ab]([.-]?[ab])?(/[ab0]){0,2}", (0u8..3, 0u8..3), 0..10),
            at in "[ab]([.-]?[ab])?(/[ab0]){0,1}",
        ) {
            let scratch = Scratch::new(&[]);
            let mut stream = String::new();
            for files in [&old, &new] {
                stream += "commit refs/heads/main\ncommitter C <c@x> 1 +0000\ndata 0\ndeleteall\n";
                for (path, (mode, content)) in files {
                    let mode = ["100644", "100755", "120000"][usize::from(*mode)];
                    write!(stream, "M {mode} inline {path}\ndata 1\n{content}\n").unwrap();
                }
            }
            scratch.import(&stream);
            let (old, new) = (scratch.id("main~1"), scratch.id("main"));
            let repository = scratch.open();
            let changes = repository.diff_trees(Some(old), Some(new), None).unwrap();
            let expected = scratch.git(&["diff-tree", "-r", "--no-renames", "main~1", "main"]);
            let mut expected: Vec<&str> = expected.lines().collect();
            expected.sort_by_key(|line| line.split_once('\t').unwrap().1);
            let found = raw(&changes, HashKind::Sha1);
            prop_assert_eq!(found.lines().collect::<Vec<_>>(), expected);

            let changes = repository.diff_trees(Some(old), Some(new), Some(&[BString::from(at.as_str())])).unwrap();
            let expected = scratch.git(&["diff-tree", "-r", "--no-renames", "--name-only", "main~1", "main", "--", &at]);
            let mut expected: Vec<&str> = expected.lines().collect();
            expected.sort_unstable();
            let found: Vec<String> = changes.iter().map(|change| change.path.to_string()).collect();
            prop_assert_eq!(found, expected);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _result = parse(ObjectId::null(HashKind::Sha1), &bytes);
        }
    }
}
