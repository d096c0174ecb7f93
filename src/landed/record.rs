//! What is known of a commit, as bytes: pure functions of the commit, so that a copy is as good as the original.
//!
//! Numbers are little-endian; texts and lists begin with their length. Reading checks every length and takes nothing on
//! trust: what does not fit is no record.

use bstr::BString;

use super::change::{Author, Change};
use super::patch::Patch;
use super::patch_id::PatchId;
use super::trailers::Named;
use crate::model::ObjectId;

/// Writes a record.
#[derive(Default)]
pub(super) struct Encoder(Vec<u8>);

impl Encoder {
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(super) fn flag(&mut self, is_set: bool) {
        self.u8(u8::from(is_set));
    }

    fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn i64(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn optional(&mut self, number: Option<u64>) {
        self.flag(number.is_some());
        self.u64(number.unwrap_or_default());
    }

    fn length(&mut self, length: usize) {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX));
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.0.extend_from_slice(text);
    }

    pub(super) fn optional_text(&mut self, text: Option<&[u8]>) {
        self.flag(text.is_some());
        self.text(text.unwrap_or_default());
    }

    /// Nothing for none.
    pub(super) fn id(&mut self, id: Option<ObjectId>) {
        self.text(id.as_ref().map_or(&[], ObjectId::as_bytes));
    }

    pub(super) fn list<T>(&mut self, items: &[T], item: impl Fn(&mut Self, &T)) {
        self.length(items.len());
        items.iter().for_each(|one| item(self, one));
    }

    pub(super) fn change(&mut self, change: &Change) {
        self.id(Some(change.tree));
        self.id(change.parent);
        self.u8(u8::from(change.is_merge) | u8::from(change.is_revert) << 1);
        self.u64(change.author.email);
        self.u64(change.author.name);
        self.i64(change.seconds);
        self.i64(change.committed);
        self.text(&change.subject);
        self.text(&change.key);
        self.list(&change.named, |encoder, named| match named {
            Named::Commit(prefix) => {
                encoder.u8(0);
                encoder.text(prefix);
            }
            Named::PullRequest(number) => {
                encoder.u8(1);
                encoder.u64(*number);
            }
        });
        self.list(&change.reverts, |encoder, prefix| encoder.text(prefix));
        self.optional_text(change.change_id.as_ref().map(|id| id.as_slice()));
        self.optional(change.pull_request);
        self.optional_text(change.release_only.as_ref().map(|reason| reason.as_slice()));
    }

    pub(super) fn patch(&mut self, patch: &Patch) {
        self.flag(patch.has_lines);
        self.flag(patch.is_small);
        self.text(patch.id.as_ref().map_or(&[], PatchId::as_bytes));
        self.optional(patch.exact);
        self.optional(patch.bare);
        self.optional(patch.moved);
        self.list(&patch.lines, |encoder, (line, count)| {
            encoder.u64(*line);
            encoder.u32(*count);
        });
        self.list(&patch.paths, |encoder, path| encoder.text(path));
        self.list(&patch.words, |encoder, word| encoder.u32(*word));
    }
}

/// Reads a record; `None` where it is not one.
pub(super) struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn optional(&mut self) -> Option<Option<u64>> {
        let (is_there, number) = (self.flag()?, self.u64()?);
        Some(is_there.then_some(number))
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub(super) fn owned(&mut self) -> Option<BString> {
        self.text().map(BString::from)
    }

    pub(super) fn optional_text(&mut self) -> Option<Option<BString>> {
        let (is_there, text) = (self.flag()?, self.owned()?);
        Some(is_there.then_some(text))
    }

    /// An id, or none.
    pub(super) fn id(&mut self) -> Option<Option<ObjectId>> {
        match self.text()? {
            [] => Some(None),
            bytes => ObjectId::from_bytes(bytes).map(Some),
        }
    }

    /// A list whose items take at least `least` bytes each, so that no length makes room for what is not there.
    pub(super) fn list<T>(&mut self, least: usize, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.u32()? as usize;
        if length.checked_mul(least)? > self.0.len() {
            return None;
        }
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(item(self)?);
        }
        Some(items)
    }

    pub(super) fn end<T>(self, whole: T) -> Option<T> {
        self.0.is_empty().then_some(whole)
    }

    /// A commit's own words, if this is all there is.
    pub(super) fn change(mut self, id: ObjectId) -> Option<Change> {
        let (tree, parent) = (self.id()??, self.id()?);
        if tree.kind() != id.kind() || parent.is_some_and(|parent| parent.kind() != id.kind()) {
            return None;
        }
        let flags = self.u8().filter(|flags| *flags < 4)?;
        let change = Change {
            id,
            tree,
            parent,
            is_merge: flags & 1 != 0,
            is_revert: flags & 2 != 0,
            author: Author { email: self.u64()?, name: self.u64()? },
            seconds: self.i64()?,
            committed: self.i64()?,
            subject: self.owned()?,
            key: self.owned()?,
            named: self.list(5, |decoder| match decoder.u8()? {
                0 => decoder.owned().map(Named::Commit),
                1 => decoder.u64().map(Named::PullRequest),
                _ => None,
            })?,
            reverts: self.list(4, Self::owned)?,
            change_id: self.optional_text()?,
            pull_request: self.optional()?,
            release_only: self.optional_text()?,
        };
        self.end(change)
    }

    /// Whether the record of a patch has its lines.
    pub(super) fn has_lines(mut self) -> bool {
        self.flag() == Some(true)
    }

    /// What a commit changed, if this is all there is.
    pub(super) fn patch(mut self) -> Option<Patch> {
        let (has_lines, is_small) = (self.flag()?, self.flag()?);
        let id = match self.text()? {
            [] => None,
            bytes => Some(PatchId::from_bytes(bytes)?),
        };
        let (exact, bare, moved) = (self.optional()?, self.optional()?, self.optional()?);
        let lines = self.list(12, |decoder| Some((decoder.u64()?, decoder.u32()?)))?;
        if !lines.is_sorted_by(|(a, _), (b, _)| a < b) {
            return None;
        }
        let paths = self.list(4, Self::owned)?;
        let words = self.list(4, Self::u32)?;
        if !words.is_sorted() {
            return None;
        }
        self.end(Patch { id, exact, bare, moved, lines, paths, words, is_small, has_lines, ..Patch::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::Sha1([byte; 20])
    }

    fn change() -> Change {
        Change {
            id: id(1),
            tree: id(2),
            parent: Some(id(3)),
            is_merge: false,
            is_revert: true,
            author: Author { email: 7, name: 8 },
            seconds: -1,
            committed: 1 << 40,
            subject: "Revert \"it\" (#12)".into(),
            key: "revert \"it\"".into(),
            named: vec![Named::Commit("1234567".into()), Named::PullRequest(12)],
            reverts: vec!["89abcdef".into()],
            change_id: None,
            pull_request: Some(12),
            release_only: Some("".into()),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut encoder = Encoder::default();
        encoder.change(&change());
        let bytes = encoder.finish();
        let read = Decoder::new(&bytes).change(id(1)).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", change()));
        for end in 0..bytes.len() {
            assert!(Decoder::new(&bytes[..end]).change(id(1)).is_none(), "cut off at {end}");
        }
        assert!(Decoder::new(&[bytes.as_slice(), b"x"].concat()).change(id(1)).is_none());
        assert!(Decoder::new(&bytes).change(ObjectId::Sha256([1; 32])).is_none());

        let patch = Patch {
            id: Some(PatchId::from_bytes(&[9; 32]).unwrap()),
            bare: Some(4),
            lines: vec![(1, 2), (5, 1)],
            paths: vec!["a/b".into()],
            words: vec![1, 1, 3],
            has_lines: true,
            ..Patch::default()
        };
        let mut encoder = Encoder::default();
        encoder.patch(&patch);
        let bytes = encoder.finish();
        assert_eq!(format!("{:?}", Decoder::new(&bytes).patch().unwrap()), format!("{patch:?}"));
        for end in 0..bytes.len() {
            assert!(Decoder::new(&bytes[..end]).patch().is_none(), "cut off at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_make_room_for_more_than_there_is(bytes in any::<Vec<u8>>()) {
            let _change = Decoder::new(&bytes).change(id(1));
            if let Some(patch) = Decoder::new(&bytes).patch() {
                prop_assert!(patch.lines.len() * 12 <= bytes.len());
            }
        }
    }
}
