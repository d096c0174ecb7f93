//! Notes: what is written about an object without changing it (`git-notes(1)`).
//!
//! gix has no reader for notes.

use bstr::{BString, ByteSlice as _};

use crate::git::{Entry, Mode};
use crate::git::{Error, Repository};
use crate::model::ObjectId;

impl Repository {
    /// Returns the blobs that are the notes about `object` in the tree of `notes`. git spreads them over directories
    /// of two digits (`ab/cd/ef…`), more of them the more notes there are; while it does so the same object can have
    /// several.
    ///
    /// # Errors
    /// An object on the way is missing or malformed.
    pub fn notes_about(&self, notes: ObjectId, object: ObjectId) -> Result<Vec<ObjectId>, Error> {
        let name = object.to_string();
        let mut rest = name.as_str();
        let mut folder = BString::default();
        let mut found = Vec::new();
        loop {
            let path = [folder.as_slice(), rest.as_bytes()].concat();
            if let Some(Entry { mode: Mode::File | Mode::Executable, id }) = self.tree_entry(notes, path.as_bstr())? {
                found.push(id);
            }
            let Some((pair, deeper)) = rest.split_at_checked(2).filter(|(_, deeper)| !deeper.is_empty()) else { break };
            folder.extend_from_slice(pair.as_bytes());
            match self.tree_entry(notes, folder.as_bstr())? {
                Some(Entry { mode: Mode::Tree, .. }) => folder.push(b'/'),
                _ => break,
            }
            rest = deeper;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use crate::git::scratch::{FORMATS, Scratch};
    use std::fmt::Write as _;

    #[test]
    fn a_note_is_found_however_git_spreads_them() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            scratch.git(&["notes", "add", "-m", "about b", "main"]);
            let about = |scratch: &Scratch, revision| {
                let repository = scratch.open();
                let found = repository.notes_about(scratch.id("refs/notes/commits"), scratch.id(revision)).unwrap();
                found.iter().map(|id| String::from_utf8(repository.blob(*id, 1 << 10).unwrap()).unwrap()).collect()
            };
            let found: Vec<String> = about(&scratch, "main");
            assert_eq!(found, ["about b\n"]);
            assert!(Vec::<String>::is_empty(&about(&scratch, "main~")));
            // Enough notes for git to make directories when it adds another.
            let width = scratch.id("main").to_string().len();
            let mut stream = "blob\nmark :1\ndata 1\nx\ncommit refs/notes/commits\n".to_owned();
            stream.push_str("committer C <c@example.com> 1700000000 +0000\ndata 0\nfrom refs/notes/commits^0\n");
            for at in 0..700_u32 {
                let digits: String = format!("{:08x}", at.wrapping_mul(2_654_435_761)).chars().rev().collect();
                writeln!(stream, "M 100644 :1 {digits:0<width$}").unwrap();
            }
            scratch.import(&stream);
            scratch.git(&["notes", "append", "-m", "more", "main"]);
            scratch.git(&["notes", "add", "-m", "about a", "main~"]);
            let spread = scratch.git(&["ls-tree", "refs/notes/commits"]);
            assert!(spread.lines().all(|line| line.starts_with("040000 tree")), "{format:?}: {spread}");
            let found: Vec<String> = about(&scratch, "main");
            assert_eq!(found, ["about b\n\nmore\n"], "{format:?}");
            let found: Vec<String> = about(&scratch, "main~");
            assert_eq!(found, ["about a\n"], "{format:?}");
        }
    }
}
