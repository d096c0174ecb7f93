//! What was found out about commits, kept for the next time in `refgate/landed` below the repository's directory.
//!
//! All of it is a pure function of a commit and is kept under the commit's id, so that nothing is ever out of date, and
//! losing it costs time alone. A file that is cut off, changed or of another version is as good as none, and so is each
//! record whose checksum is wrong.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};

use super::change::Change;
use super::patch::{Patch, PathsKey};
use super::record::{Decoder, Encoder};
use super::store::{Store, checksum};
use crate::git::Repository;
use crate::model::{HashKind, ObjectId};

/// Changed whenever something else is kept, or the same is computed in another way.
const VERSION: u64 = 5;

/// The name of the file.
const FILE: &str = "landed";

const MAGIC: &[u8; 8] = b"refgate\n";

/// A larger file is not read, and none is written.
const MAX_FILE: u64 = 128 << 20;

/// A record of more bytes is not worth keeping: reading the commit is hardly slower.
const MAX_RECORD: usize = 256 << 10;

/// Magic, fingerprint, number of records, checksum of the list.
const HEADER: usize = 8 + 8 + 8 + 8;

/// What a record is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// What a commit says of itself.
    Change,
    /// Its paths, and what it does to them.
    Patch,
    /// All of its paths as one number.
    Paths,
}

/// Where a record is in the file.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    length: usize,
    checksum: u64,
}

/// What is kept of earlier comparisons.
pub(super) struct Cache {
    /// None if nothing is kept.
    store: Option<Store>,
    fingerprint: u64,
    content: Vec<u8>,
    /// Sorted.
    list: Vec<(About, ObjectId, Place)>,
}

/// What was found out in a comparison.
pub(super) struct Fresh<'a> {
    pub(super) changes: Vec<&'a Change>,
    pub(super) patches: Vec<(ObjectId, &'a Patch)>,
    pub(super) paths: Vec<(ObjectId, PathsKey)>,
}

impl Cache {
    /// Reads what there is. `forms` are those in which messages name originals: what commits say depends on them.
    pub(super) fn open(repository: &Repository, forms: &[&str]) -> Self {
        let store = Store::new(repository);
        let fingerprint = fingerprint(repository.hash_kind(), forms);
        let content = store.read(FILE, MAX_FILE).unwrap_or_default();
        let cache = Self::none().with(content, fingerprint, repository.hash_kind());
        Self { store: Some(store), ..cache }
    }

    /// With what a file holds, if it was written by this version and with these forms.
    fn with(self, content: Vec<u8>, fingerprint: u64, hash: HashKind) -> Self {
        let list = parse(&content, fingerprint, hash).unwrap_or_default();
        Self { fingerprint, content, list, ..self }
    }

    /// No cache at all.
    pub(super) const fn none() -> Self {
        Self { store: None, fingerprint: 0, content: Vec::new(), list: Vec::new() }
    }

    pub(super) fn change(&self, id: ObjectId) -> Option<Change> {
        Decoder::new(self.record(About::Change, id)?).change(id)
    }

    pub(super) fn patch(&self, id: ObjectId) -> Option<Patch> {
        Decoder::new(self.record(About::Patch, id)?).patch()
    }

    pub(super) fn paths(&self, id: ObjectId) -> Option<PathsKey> {
        Decoder::new(self.record(About::Paths, id)?).u64()
    }

    fn record(&self, about: About, id: ObjectId) -> Option<&[u8]> {
        let at = self.list.binary_search_by(|(other, key, _)| (*other, *key).cmp(&(about, id))).ok()?;
        let (_, _, place) = self.list.get(at)?;
        let record = self.content.get(place.start..place.start.checked_add(place.length)?)?;
        (checksum(record) == place.checksum).then_some(record)
    }

    /// Whether something can be kept here.
    pub(super) fn may_write(&self) -> bool {
        self.store.as_ref().is_some_and(Store::may_write)
    }

    /// Adds what is new and writes the file. That it cannot be written is no error: the next comparison takes longer.
    pub(super) fn keep(&self, found: &Fresh<'_>) {
        let Some(store) = self.store.as_ref().filter(|store| store.may_write()) else { return };
        let mut fresh: BTreeMap<(About, ObjectId), Vec<u8>> = BTreeMap::new();
        let mut add = |about, id, encode: &dyn Fn(&mut Encoder)| {
            let mut encoder = Encoder::default();
            encode(&mut encoder);
            let record = encoder.finish();
            if record.len() <= MAX_RECORD {
                fresh.insert((about, id), record);
            }
        };
        for change in found.changes.iter().filter(|change| self.record(About::Change, change.id).is_none()) {
            add(About::Change, change.id, &|encoder| encoder.change(change));
        }
        for (id, patch) in found.patches.iter().filter(|(_, patch)| patch.unread.is_none()) {
            let known = self.record(About::Patch, *id);
            let is_known = known.is_some_and(|known| !patch.has_lines || Decoder::new(known).has_lines());
            if !is_known {
                add(About::Patch, *id, &|encoder| encoder.patch(patch));
            }
        }
        for (id, key) in found.paths.iter().filter(|(id, _)| self.paths(*id).is_none()) {
            add(About::Paths, *id, &|encoder| encoder.u64(*key));
        }
        if fresh.is_empty() {
            return;
        }
        let added: usize = fresh.values().map(Vec::len).sum();
        let mut records: BTreeMap<(About, ObjectId), &[u8]> = BTreeMap::new();
        // When there is too much, one starts anew with what was needed last.
        if (self.content.len() + added) as u64 <= MAX_FILE / 2 {
            for (about, id, _) in &self.list {
                if let Some(record) = self.record(*about, *id) {
                    records.insert((*about, *id), record);
                }
            }
        }
        records.extend(fresh.iter().map(|(key, record)| (*key, record.as_slice())));
        let content = serialised(&records, self.fingerprint);
        if content.len() as u64 <= MAX_FILE {
            let _not_kept = store.write(FILE, &content);
        }
    }
}

/// What records depend on besides their commits: this version, the forms, and how the standard library hashes.
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

/// The list of records; their content is looked at when it is needed.
fn parse(content: &[u8], fingerprint: u64, hash: HashKind) -> Option<Vec<(About, ObjectId, Place)>> {
    let (header, rest) = content.split_at_checked(HEADER)?;
    let mut decoder = Decoder::new(header.strip_prefix(MAGIC)?);
    let (theirs, count, sum) = (decoder.u64()?, decoder.u64()?, decoder.u64()?);
    let width = hash.hex_len() / 2;
    let entry = 1 + width + 8 + 4 + 8;
    let length = usize::try_from(count).ok()?.checked_mul(entry)?;
    let bytes = rest.get(..length)?;
    if theirs != fingerprint || checksum(bytes) != sum {
        return None;
    }
    let mut list = Vec::with_capacity(bytes.len() / entry);
    for entry in bytes.chunks_exact(entry) {
        let (head, tail) = entry.split_at_checked(1 + width)?;
        let (about, id) = head.split_first()?;
        let about = match about {
            0 => About::Change,
            1 => About::Patch,
            2 => About::Paths,
            _ => return None,
        };
        let mut decoder = Decoder::new(tail);
        let start = usize::try_from(decoder.u64()?).ok()?;
        let place = Place { start, length: decoder.u32()? as usize, checksum: decoder.u64()? };
        list.push((about, ObjectId::from_bytes(id)?, place));
    }
    list.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)).then_some(list)
}

fn serialised(records: &BTreeMap<(About, ObjectId), &[u8]>, fingerprint: u64) -> Vec<u8> {
    let entry = |id: &ObjectId| 1 + id.as_bytes().len() + 8 + 4 + 8;
    let mut start = HEADER + records.keys().map(|(_, id)| entry(id)).sum::<usize>();
    let mut list = Vec::with_capacity(start);
    for ((about, id), record) in records {
        list.push(match about {
            About::Change => 0,
            About::Patch => 1,
            About::Paths => 2,
        });
        list.extend_from_slice(id.as_bytes());
        list.extend_from_slice(&(start as u64).to_le_bytes());
        list.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_le_bytes());
        list.extend_from_slice(&checksum(record).to_le_bytes());
        start += record.len();
    }
    let mut content = Vec::with_capacity(start);
    content.extend_from_slice(MAGIC);
    for number in [fingerprint, records.len() as u64, checksum(&list)] {
        content.extend_from_slice(&number.to_le_bytes());
    }
    content.extend_from_slice(&list);
    records.values().for_each(|record| content.extend_from_slice(record));
    content
}

/// What the fuzz targets reach.
#[cfg(fuzzing)]
impl Cache {
    /// A file of records whose checksums are right, whatever else is wrong with it. The first byte is the number of its
    /// records, then comes their list; what is left are the records.
    pub(super) fn sealed(bytes: &[u8]) -> Vec<u8> {
        const ENTRY: usize = 1 + 20 + 8 + 4 + 8;
        let (count, rest) = bytes.split_first().map_or((0, bytes), |(count, rest)| (usize::from(*count), rest));
        let (list, records) = rest.split_at(rest.len().min(count * ENTRY) / ENTRY * ENTRY);
        let mut entries: Vec<Vec<u8>> = list.chunks_exact(ENTRY).map(<[u8]>::to_vec).collect();
        entries.sort();
        entries.dedup_by(|a, b| a.get(..21) == b.get(..21));
        let first = HEADER + entries.len() * ENTRY;
        for entry in &mut entries {
            let mut decoder = Decoder::new(entry.get(21..).unwrap_or_default());
            let (start, length) = (decoder.u64().unwrap_or_default(), decoder.u32().unwrap_or_default());
            // Near the records, so that some of the places are theirs.
            let start = first + usize::from(start as u8);
            let length = if length >> 31 == 0 { usize::from(length as u16) } else { length as usize };
            let at = (start - first).min(records.len());
            let record = records.get(at..at.saturating_add(length)).unwrap_or_default();
            let mut sealed = entry.get(..21).unwrap_or_default().to_vec();
            sealed.extend_from_slice(&(start as u64).to_le_bytes());
            sealed.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
            sealed.extend_from_slice(&checksum(record).to_le_bytes());
            *entry = sealed;
        }
        let list = entries.concat();
        let mut content = MAGIC.to_vec();
        for number in [fingerprint(HashKind::Sha1, &[]), entries.len() as u64, checksum(&list)] {
            content.extend_from_slice(&number.to_le_bytes());
        }
        [content, list, records.to_vec()].concat()
    }

    /// A file as it is written again with all records that could be read; and how many are changes and patches.
    pub(super) fn rewritten(content: &[u8]) -> (Vec<u8>, usize) {
        let fingerprint = fingerprint(HashKind::Sha1, &[]);
        let cache = Self::none().with(content.to_vec(), fingerprint, HashKind::Sha1);
        let mut records = BTreeMap::new();
        let mut read = 0;
        for (about, id, _) in &cache.list {
            if let Some(record) = cache.record(*about, *id) {
                records.insert((*about, *id), record);
            }
            read += usize::from(cache.change(*id).is_some()) + usize::from(cache.patch(*id).is_some());
            let _any = cache.paths(*id);
        }
        (serialised(&records, fingerprint), read)
    }
}
