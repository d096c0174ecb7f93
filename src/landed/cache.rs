//! A cache of what was found out about commits, in `refgate/landed` below the repository's directory.
//!
//! All of it is a pure function of a commit, or says what else it depends on, and is stored under the commit's id: nothing
//! is ever out of date, and losing it costs nothing but time. A file that is truncated, changed or of another version is
//! ignored, and so is each record whose checksum is wrong.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::OnceLock;

use super::change::Change;
use super::coverage::Measured;
use super::patch::{Patch, PathsKey};
use super::record;
use super::seen::Seen;
use super::store::{Store, checksum};
use crate::git::Repository;
use crate::model::{HashKind, ObjectId};

/// To be changed whenever something else is cached, or the same is computed in another way.
pub(super) const VERSION: u64 = 10;

/// The name of the file.
const FILE: &str = "landed";

const MAGIC: &[u8; 8] = b"refgate\n";

/// A larger file is not read, and none is written.
const MAX_FILE: u64 = 128 << 20;

/// A record of more bytes is not worth keeping: reading the commit is hardly slower.
const MAX_RECORD: usize = 256 << 10;

/// Magic, length of the list, checksum of the list.
const HEADER: usize = 8 + 8 + 8;

/// What a record is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum About {
    /// What a commit says of itself.
    Change,
    /// Its paths, and what it does to them.
    Patch,
    /// All of its paths as one number.
    Paths,
    /// How much of it is on another line.
    Measured,
}

/// Where a record is behind the list.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Place {
    start: u64,
    length: u32,
    checksum: u64,
}

/// What a record is about, and where it is.
type Entry = (About, ObjectId, Place);

/// What a record is about, its checksum, and the record.
type Record<'r> = (About, ObjectId, u64, &'r [u8]);

/// The list of a file's records.
#[derive(Default, Serialize, Deserialize)]
struct List {
    fingerprint: u64,
    /// Sorted.
    records: Vec<Entry>,
}

/// What is cached of earlier comparisons.
pub(super) struct Cache<'s> {
    /// None if nothing is kept.
    store: Option<Store>,
    /// What was read in this run.
    seen: Option<&'s Seen>,
    fingerprint: u64,
    content: Vec<u8>,
    /// Where the records begin in the content.
    first: usize,
    /// Sorted.
    list: Vec<Entry>,
    /// Of each record whether it is what was written, as far as anybody looked.
    is_whole: Vec<OnceLock<bool>>,
}

/// What was found out in a comparison.
pub(super) struct Fresh<'a> {
    pub(super) changes: Vec<&'a Change>,
    pub(super) patches: Vec<(ObjectId, &'a Patch)>,
    pub(super) paths: Vec<(ObjectId, PathsKey)>,
    /// Those that were not known.
    pub(super) measured: Vec<(ObjectId, &'a Measured)>,
}

impl<'s> Cache<'s> {
    /// Reads what there is. `forms` are those in which messages name originals: what commits say depends on them.
    pub(super) fn open(repository: &Repository, forms: &[&str]) -> Self {
        let store = Store::new(repository);
        let fingerprint = fingerprint(repository.hash_kind(), forms);
        let content = store.read(FILE, MAX_FILE).unwrap_or_default();
        let cache = Self::none().with(content, fingerprint, repository.hash_kind());
        Self { store: Some(store), ..cache }
    }

    /// Looks also at what was read in this run.
    pub(super) fn and(self, seen: Option<&'s Seen>) -> Self {
        Self { seen, ..self }
    }

    /// Makes a cache with what a file holds, if it was written by this version and with these forms.
    fn with(self, content: Vec<u8>, fingerprint: u64, hash: HashKind) -> Self {
        let (first, list) = parse(&content, fingerprint, hash).unwrap_or_default();
        let is_whole = vec![OnceLock::new(); list.len()];
        Self { fingerprint, content, first, list, is_whole, ..self }
    }

    /// Makes a cache that keeps nothing.
    pub(super) const fn none() -> Self {
        Self {
            store: None,
            seen: None,
            fingerprint: 0,
            content: Vec::new(),
            first: 0,
            list: Vec::new(),
            is_whole: Vec::new(),
        }
    }

    pub(super) fn change(&self, id: ObjectId) -> Option<Change> {
        record::change(self.record(About::Change, id)?, id)
    }

    pub(super) fn patch(&self, id: ObjectId) -> Option<Patch> {
        let kept = || record::patch(self.record(About::Patch, id)?);
        match self.seen.and_then(|seen| seen.patch(id)) {
            // It may be kept with its lines.
            Some(outline) if !outline.has_lines => kept().filter(|kept| kept.has_lines).or(Some(outline)),
            seen => seen.or_else(kept),
        }
    }

    pub(super) fn paths(&self, id: ObjectId) -> Option<PathsKey> {
        record::decoded(self.record(About::Paths, id)?)
    }

    pub(super) fn measured(&self, id: ObjectId) -> Option<Measured> {
        record::decoded(self.record(About::Measured, id)?)
    }

    fn record(&self, about: About, id: ObjectId) -> Option<&[u8]> {
        let at = self.list.binary_search_by(|(other, key, _)| (*other, *key).cmp(&(about, id))).ok()?;
        let (_, _, place) = self.list.get(at)?;
        let record = self.at(place)?;
        let is_whole = self.is_whole.get(at)?.get_or_init(|| checksum(record) == place.checksum);
        is_whole.then_some(record)
    }

    /// Returns the bytes of a record, whether they are whole or not.
    fn at(&self, place: &Place) -> Option<&[u8]> {
        let start = self.first.checked_add(usize::try_from(place.start).ok()?)?;
        self.content.get(start..start.checked_add(place.length as usize)?)
    }

    /// Returns whether something can be kept here.
    pub(super) fn may_write(&self) -> bool {
        self.store.as_ref().is_some_and(Store::may_write)
    }

    /// Adds what is new and writes the file. A failure to write it is not an error: the next comparison takes longer.
    pub(super) fn keep(&self, found: &Fresh<'_>) {
        let Some(store) = self.store.as_ref().filter(|store| store.may_write()) else { return };
        let mut fresh: BTreeMap<(About, ObjectId), Vec<u8>> = BTreeMap::new();
        let mut add = |about, id, record: Vec<u8>| {
            if record.len() <= MAX_RECORD {
                fresh.insert((about, id), record);
            }
        };
        for change in found.changes.iter().filter(|change| self.record(About::Change, change.id).is_none()) {
            add(About::Change, change.id, record::encoded(change));
        }
        for (id, patch) in found.patches.iter().filter(|(_, patch)| patch.unread.is_none()) {
            let known = self.record(About::Patch, *id);
            let is_known = known.is_some_and(|known| !patch.has_lines || record::has_lines(known));
            if !is_known {
                add(About::Patch, *id, record::encoded(patch));
            }
        }
        for (id, key) in found.paths.iter().filter(|(id, _)| self.record(About::Paths, *id).is_none()) {
            add(About::Paths, *id, record::encoded(key));
        }
        for (id, measured) in &found.measured {
            add(About::Measured, *id, record::encoded(measured));
        }
        if fresh.is_empty() {
            return;
        }
        let added: usize = fresh.values().map(Vec::len).sum();
        let mut records: Vec<Record<'_>> =
            fresh.iter().map(|((about, id), record)| (*about, *id, checksum(record), record.as_slice())).collect();
        // When there is too much, the file starts anew with what was needed last.
        if (self.content.len() + added) as u64 <= MAX_FILE / 2 {
            // Whoever reads a record looks whether it is whole: what is only copied need not be.
            let known = self.list.iter().filter(|(about, id, _)| !fresh.contains_key(&(*about, *id)));
            records.extend(known.filter_map(|(about, id, place)| Some((*about, *id, place.checksum, self.at(place)?))));
            records.sort_unstable_by_key(|(about, id, ..)| (*about, *id));
        }
        let content = serialised(&records, self.fingerprint);
        if content.len() as u64 <= MAX_FILE {
            let _not_kept = store.write(FILE, &content);
        }
    }
}

/// Returns what records depend on besides their commits: this version, the forms, and how the standard library hashes.
fn fingerprint(hash: HashKind, forms: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(VERSION);
    hasher.write(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.write_usize(hash.hex_len());
    for form in forms {
        hasher.write(form.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

/// Returns where the records begin, and the list of them; their content is looked at when it is needed.
fn parse(content: &[u8], fingerprint: u64, hash: HashKind) -> Option<(usize, Vec<Entry>)> {
    let (length, rest) = content.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let bytes = rest.get(..length)?;
    if checksum(bytes) != u64::from_le_bytes(*sum) {
        return None;
    }
    let list: List = record::decoded(bytes)?;
    let records = list.records;
    let is_whole = list.fingerprint == fingerprint
        && records.iter().all(|(_, id, _)| id.kind() == hash)
        && records.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1));
    is_whole.then_some((HEADER + length, records))
}

/// Returns a file of records, which are sorted.
fn serialised(records: &[Record<'_>], fingerprint: u64) -> Vec<u8> {
    let mut list = List { fingerprint, records: Vec::with_capacity(records.len()) };
    let mut start = 0;
    for (about, id, checksum, record) in records {
        let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
        list.records.push((*about, *id, Place { start, length, checksum: *checksum }));
        start += u64::from(length);
    }
    let list = record::encoded(&list);
    let mut content = Vec::with_capacity(HEADER + list.len() + usize::try_from(start).unwrap_or_default());
    content.extend_from_slice(MAGIC);
    for number in [list.len() as u64, checksum(&list)] {
        content.extend_from_slice(&number.to_le_bytes());
    }
    content.extend_from_slice(&list);
    records.iter().for_each(|(.., record)| content.extend_from_slice(record));
    content
}

/// Entry points for the fuzz targets.
#[cfg(fuzzing)]
impl Cache<'_> {
    /// Returns a file of records whose checksums are right, whatever else is wrong with it. Each record is one byte
    /// that says what it is about and how long it is, and is about the null id or one near to it.
    pub(super) fn sealed(mut bytes: &[u8]) -> Vec<u8> {
        let mut records: BTreeMap<(About, ObjectId), &[u8]> = BTreeMap::new();
        while let Some((head, rest)) = bytes.split_first() {
            let about = match head % 4 {
                0 => About::Change,
                1 => About::Patch,
                2 => About::Paths,
                _ => About::Measured,
            };
            let (record, rest) = rest.split_at(rest.len().min(usize::from(*head)));
            records.insert((about, ObjectId::Sha1([head % 2; 20])), record);
            bytes = rest;
        }
        let records: Vec<Record<'_>> =
            records.into_iter().map(|((about, id), record)| (about, id, checksum(record), record)).collect();
        serialised(&records, fingerprint(HashKind::Sha1, &[]))
    }

    /// Returns a file as it is rewritten with all records that could be read, and how many are changes and patches.
    pub(super) fn rewritten(content: &[u8]) -> (Vec<u8>, usize) {
        let fingerprint = fingerprint(HashKind::Sha1, &[]);
        let cache = Self::none().with(content.to_vec(), fingerprint, HashKind::Sha1);
        let mut records = Vec::new();
        let mut read = 0;
        for (about, id, place) in &cache.list {
            records.extend(cache.record(*about, *id).map(|record| (*about, *id, place.checksum, record)));
            read += usize::from(cache.change(*id).is_some()) + usize::from(cache.patch(*id).is_some());
            let _any = (cache.paths(*id), cache.measured(*id));
        }
        (serialised(&records, fingerprint), read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_kept_are_found_behind_an_outline_that_was_seen() {
        let id = ObjectId::Sha1([1; 20]);
        let whole = Patch { has_lines: true, lines: vec![(5, 1)], ..Patch::default() };
        let record = record::encoded(&whole);
        let file = serialised(&[(About::Patch, id, checksum(&record), &record)], 7);
        let (outlines, wholes) = (Seen::default(), Seen::default());
        outlines.add([(id, whole.clone().into_outline())].into_iter());
        wholes.add([(id, whole.clone()), (id, whole.into_outline())].into_iter());
        for (seen, file, has_lines) in [
            (None, file.as_slice(), Some(true)),
            (Some(&outlines), &file, Some(true)),
            (Some(&outlines), b"", Some(false)),
            (Some(&wholes), b"", Some(true)),
            (None, b"", None),
        ] {
            let cache = Cache::none().with(file.to_vec(), 7, HashKind::Sha1).and(seen);
            assert_eq!(cache.patch(id).map(|patch| patch.has_lines), has_lines);
        }
    }
}
