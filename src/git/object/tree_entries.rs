//! The entries of a tree object.
//!
//! Not gix-object's `TreeRefIter`: it accepts trees that are not in order or hold a name twice, and cannot skip equal
//! parts.

use bstr::{BStr, ByteSlice as _};
use std::cmp::Ordering;

use crate::git::diff::common::common_prefix;
use crate::git::{Entry, Error, Mode};
use crate::model::ObjectId;

/// A name in a tree and what it stands for.
pub(in crate::git) type Named<'a> = (&'a BStr, Entry);

/// Parses a tree, strictly in what matters: an unsorted tree or a repeated name would mean one thing to refgate and
/// another to git (`git-fsck(1)`: treeNotSorted, duplicateEntries, fullPathname, emptyName).
pub(in crate::git) struct Entries<'a> {
    id: ObjectId,
    rest: &'a [u8],
    before: Option<Named<'a>>,
    /// The names seen that could still recur: a file `a` and a directory `a` may have `a.b` between them.
    shorter: Vec<&'a [u8]>,
}

impl<'a> Entries<'a> {
    pub(in crate::git) fn new(id: ObjectId, content: &'a [u8]) -> Self {
        Self { id, rest: content, before: None, shorter: Vec::new() }
    }

    pub(in crate::git) fn next(&mut self) -> Result<Option<Named<'a>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let parsed = self.parse().map_err(|reason| Error::Malformed { id: self.id, reason })?;
        self.before = Some(parsed);
        Ok(Some(parsed))
    }

    /// Passes over entries that are the same, byte for byte, at the same place in both trees: in a typical difference,
    /// most are.
    pub(in crate::git) fn skip_equal(&mut self, other: &mut Self) -> Result<(), Error> {
        let common = self.rest.get(..common_prefix(self.rest, other.rest)).unwrap_or_default();
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
            // The last of them is parsed, in order to check the order of what follows.
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
        let mode = Mode::parse(mode).ok_or("a mode is not an octal number")?;
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

/// Compares as git orders entries: as though the name of a directory ended with a slash.
pub(in crate::git) fn order(a: &Named<'_>, b: &Named<'_>) -> Ordering {
    let common = a.0.len().min(b.0.len());
    let end = |named: &Named<'_>| if named.1.mode == Mode::Tree { b'/' } else { 0 };
    let following = |named: &Named<'_>| named.0.get(common).copied().unwrap_or_else(|| end(named));
    a.0.get(..common).cmp(&b.0.get(..common)).then_with(|| following(a).cmp(&following(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HashKind;
    use proptest::prelude::*;

    fn parse(id: ObjectId, content: &[u8]) -> Result<usize, Error> {
        let mut entries = Entries::new(id, content);
        let mut count = 0;
        while entries.next()?.is_some() {
            count += 1;
        }
        Ok(count)
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

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _result = parse(ObjectId::null(HashKind::Sha1), &bytes);
        }
    }
}
