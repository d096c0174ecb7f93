//! What is at a path, and what differs between two commits.

use bstr::{BStr, BString, ByteSlice as _};

use crate::git::object::entry::MAX_TREE;
use crate::git::object::tree_entries::Entries;
use crate::git::{Change, Entry, Error, Kind, Mode, Repository, TreeDiff};
use crate::model::ObjectId;

impl Repository {
    /// Returns the entry at a path below a commit, a tag of one, or a tree; the empty path is the tree itself.
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
            // Reads to the end, to notice a malformed tree wherever the path is in it.
            while let Some((name, entry)) = entries.next()? {
                self.odb.budget.step()?;
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

    /// Returns the name of the first directory at the top of a tree whose name begins so.
    ///
    /// # Errors
    /// The tree is missing or malformed.
    pub fn directory_like(&self, tree: ObjectId, beginning: &[u8]) -> Result<Option<BString>, Error> {
        let (mut buffer, mut found) = (Vec::new(), None);
        let mut entries = self.entries(tree, &mut buffer)?;
        while let Some((name, entry)) = entries.next()? {
            self.odb.budget.step()?;
            if found.is_none() && entry.mode == Mode::Tree && name.starts_with(beginning) {
                found = Some(name.to_owned());
            }
        }
        Ok(found)
    }

    /// Returns the content of a file of at most `limit` bytes; `None` if there is no file at the path. A symbolic link
    /// is not followed: it is not a file.
    ///
    /// # Errors
    /// An object on the way is missing or malformed, or the file is larger.
    pub fn read_file(&self, commit: ObjectId, path: &BStr, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self.tree_entry(commit, path)? {
            Some(Entry { mode: Mode::File | Mode::Executable, id }) => self.blob(id, limit).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns what differs between two commits or trees, sorted by path; `None` is the empty tree. Renames are a
    /// deletion and a creation.
    ///
    /// # Errors
    /// An object on the way is missing or malformed, or there are more than a million changes.
    pub fn diff_trees(&self, old: Option<ObjectId>, new: Option<ObjectId>) -> Result<Vec<Change>, Error> {
        let old = old.map(|id| self.tree_of(id)).transpose()?;
        let new = new.map(|id| self.tree_of(id)).transpose()?;
        let mut changes = TreeDiff::new(self).between(old, new)?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    /// Returns the tree that a commit, tag or tree stands for.
    fn tree_of(&self, id: ObjectId) -> Result<ObjectId, Error> {
        let peeled = self.peel(id)?;
        match peeled.kind {
            Kind::Tree => Ok(peeled.id),
            Kind::Commit => Ok(self.commit(peeled.id)?.tree),
            actual => Err(Error::WrongKind { id: peeled.id, expected: Kind::Tree, actual }),
        }
    }

    /// Returns the entries of one tree in its own order, read into `buffer`.
    fn entries<'a>(&self, id: ObjectId, buffer: &'a mut Vec<u8>) -> Result<Entries<'a>, Error> {
        self.odb.read_part(id, Kind::Tree, MAX_TREE, buffer)?;
        Ok(Entries::new(id, buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::model::HashKind;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// Returns what `git diff-tree -r` prints of the same.
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
            assert_eq!(repository.diff_trees(Some(main), Some(empty)).unwrap().len(), 3);
            assert_eq!(repository.diff_trees(None, None).unwrap(), []);
        }
    }

    #[test]
    #[ignore = "the outer ring: more than half a second of a core"]
    fn a_tree_that_stands_for_billions_of_paths_is_given_up() {
        let scratch = Scratch::new(&[]);
        let mut id = scratch.git_with(&["hash-object", "-w", "--stdin"], &[], b"x");
        for level in 0..9 {
            let (mode, kind) = if level == 0 { ("100644", "blob") } else { ("040000", "tree") };
            let entries: String = (0..10).map(|at| format!("{mode} {kind} {id}\t{at}\n")).collect();
            id = scratch.git_with(&["mktree"], &[], entries.as_bytes());
        }
        let id = ObjectId::from_hex(id.as_bytes()).unwrap();
        assert!(matches!(scratch.open().diff_trees(None, Some(id)), Err(Error::Limit { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn differences_equal_gits(
            old in proptest::collection::btree_map("[ab]([.-]?[ab])?(/[ab0]){0,2}", (0u8..3, 0u8..3), 0..10),
            new in proptest::collection::btree_map("[ab]([.-]?[ab])?(/[ab0]){0,2}", (0u8..3, 0u8..3), 0..10),
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
            let changes = repository.diff_trees(Some(old), Some(new)).unwrap();
            let expected = scratch.git(&["diff-tree", "-r", "--no-renames", "main~1", "main"]);
            let mut expected: Vec<&str> = expected.lines().collect();
            expected.sort_by_key(|line| line.split_once('\t').unwrap().1);
            let found = raw(&changes, HashKind::Sha1);
            prop_assert_eq!(found.lines().collect::<Vec<_>>(), expected);
        }
    }
}
