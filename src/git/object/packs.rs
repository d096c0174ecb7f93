//! Packs, for reading thousands of objects in a row.
//!
//! Most objects are deltas against neighbours of theirs (`gitformat-pack(5)`, "Deltified representation"). gix caches
//! what it was asked for and inflates the rest of the chain again for the next version of the same file; here each
//! object of a chain is cached, as git itself does it. Anything odd is left to gix, which reports what is wrong with
//! it.

use gix::odb::pack::Bundle;
use gix::odb::pack::data::Entry as PackEntry;
use gix::odb::pack::data::decode::header::ResolvedBase;
use gix::odb::pack::data::entry::Header;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::git::Kind;
use crate::git::object::deltas::{apply, composed, size};
use crate::git::object::kept::{Kept, Object, Place};

/// The largest packs contain nearly everything; opening more costs more than it gains.
const MAX_PACKS: usize = 16;

/// Larger objects on the way to what was asked for are not cached: a chain of them would fill the cache.
const SMALL: usize = 64 << 10;

/// Of larger ones, so many deltas are applied at once: with more, what they consist of is in too many pieces.
const AT_ONCE: usize = 8;

/// Longer chains than git makes (`--depth` in `git-pack-objects(1)`).
const MAX_DEPTH: usize = 4096;

/// Reads objects of packs. A clone shares the files and what was read of them.
#[derive(Default)]
pub(in crate::git) struct Packs {
    bundles: Arc<[Bundle]>,
    kept: Arc<Kept>,
    /// The pack in which the last object was found: the next is probably there too.
    last: usize,
    inflate: gix::zlib::Inflate,
    /// The deltas that are being applied.
    deltas: Vec<u8>,
}

impl Clone for Packs {
    fn clone(&self) -> Self {
        Self { bundles: Arc::clone(&self.bundles), kept: Arc::clone(&self.kept), ..Self::default() }
    }
}

impl Packs {
    /// Maps the largest packs of some object directories. One that cannot be opened is not used.
    pub(in crate::git) fn open(directories: &[PathBuf], hash: gix::hash::Kind) -> Self {
        let mut found: Vec<(u64, PathBuf)> = directories.iter().flat_map(|path| indices(path)).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        let bundles = found.into_iter().take(MAX_PACKS).filter_map(|(_, path)| Bundle::at(path, hash).ok());
        Self { bundles: bundles.collect(), ..Self::default() }
    }

    /// Returns kind and size of an object. `None` says nothing about whether it exists.
    pub(in crate::git) fn header(&mut self, id: &gix::oid) -> Option<(Kind, u64)> {
        let (at, offset) = self.place(id)?;
        if let Some((kind, object)) = self.kept.get((at, offset)) {
            return Some((kind, object.len() as u64));
        }
        let bundle = self.bundles.get(at)?;
        let base = |id: &gix::oid| {
            let entry = offset_of(bundle, id).map(|offset| bundle.pack.entry(offset)).transpose()?;
            Ok(entry.map(ResolvedBase::InPack))
        };
        let header = bundle.pack.decode_header(bundle.pack.entry(offset).ok()?, &mut self.inflate, &base).ok()?;
        Some((header.kind.into(), header.object_size))
    }

    /// Returns the content of an object. `None` says nothing about whether it exists.
    pub(in crate::git) fn read(&mut self, id: &gix::oid) -> Option<Object> {
        let (at, mut offset) = self.place(id)?;
        let bundles = Arc::clone(&self.bundles);
        let bundle = bundles.get(at)?;
        let mut chain = Vec::new();
        let (kind, mut object) = loop {
            if let Some(found) = self.kept.get((at, offset)) {
                break found;
            }
            let entry = bundle.pack.entry(offset).ok().filter(|_| chain.len() < MAX_DEPTH)?;
            let base = match entry.header {
                Header::OfsDelta { base_distance } => entry.checked_base_pack_offset(base_distance)?,
                Header::RefDelta { ref base_id } => offset_of(bundle, base_id)?,
                _ => {
                    let kind = entry.header.as_kind()?.into();
                    let mut content = vec![0; size(entry.decompressed_size)?];
                    bundle.pack.decompress_entry(&entry, &mut self.inflate, &mut content).ok()?;
                    let object = (kind, Arc::new(content));
                    // Only a delta asks for a commit twice.
                    if kind != Kind::Commit || !chain.is_empty() {
                        self.kept.put((at, offset), &object);
                    }
                    break object;
                }
            };
            chain.push((offset, entry));
            offset = base;
        };
        while !chain.is_empty() {
            // Of large files the steps in between are not made: each would be a copy of the file.
            let steps = if object.len() > SMALL { AT_ONCE } else { 1 };
            let later = chain.split_off(chain.len().saturating_sub(steps));
            let offset = later.first()?.0;
            object = Arc::new(self.made(bundle, &later, &object)?);
            if chain.is_empty() || steps > 1 || object.len() <= SMALL {
                self.kept.put((at, offset), &(kind, Arc::clone(&object)));
            }
        }
        Some((kind, object))
    }

    /// Returns what deltas, the last one first, make of an object.
    fn made(&mut self, bundle: &Bundle, chain: &[(u64, PackEntry)], base: &[u8]) -> Option<Vec<u8>> {
        self.deltas.clear();
        let mut ends = Vec::with_capacity(chain.len());
        for (_, entry) in chain {
            let start = self.deltas.len();
            self.deltas.resize(start + size(entry.decompressed_size)?, 0);
            bundle.pack.decompress_entry(entry, &mut self.inflate, self.deltas.get_mut(start..)?).ok()?;
            ends.push(start..self.deltas.len());
        }
        let deltas: Vec<&[u8]> = ends.into_iter().filter_map(|range| self.deltas.get(range)).collect();
        if deltas.len() > 1
            && let Some(whole) = composed(base, &deltas)
        {
            return Some(whole);
        }
        let mut steps = deltas.iter().rev();
        let first = apply(base, steps.next()?)?;
        steps.try_fold(first, |object, delta| apply(&object, delta))
    }

    fn place(&mut self, id: &gix::oid) -> Option<Place> {
        let (before, from_last) = self.bundles.split_at_checked(self.last)?;
        let mut numbered = (self.last..).zip(from_last).chain((0..).zip(before));
        let place = numbered.find_map(|(at, bundle)| Some((at, offset_of(bundle, id)?)))?;
        self.last = place.0;
        Some(place)
    }
}

/// Returns the index files of an object directory with the sizes of their packs.
fn indices(objects: &Path) -> Vec<(u64, PathBuf)> {
    let entries = std::fs::read_dir(objects.join("pack")).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|kind| kind == "idx"));
    paths.filter_map(|path| Some((path.with_extension("pack").metadata().ok()?.len(), path))).collect()
}

fn offset_of(bundle: &Bundle, id: &gix::oid) -> Option<u64> {
    let offset = bundle.index.pack_offset_at_index(place_in(&bundle.index, id)?);
    // A broken index; behind the end there is nothing but the checksum.
    (offset < bundle.pack.pack_end() as u64).then_some(offset)
}

/// How many places are guessed before the rest is bisected: ids may be chosen not to be spread evenly.
const MAX_GUESSES: usize = 5;

/// Returns the place of an object in an index. Ids are sorted and spread evenly: where one has to be is known to within a
/// few places after two or three looks, each of which reads another part of a large file. Bisecting takes ten more.
fn place_in(index: &gix::odb::pack::index::File, id: &gix::oid) -> Option<u32> {
    let key = |id: &gix::oid| id.as_bytes().first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
    let own = key(id);
    let (mut low, mut high) = (0, index.num_objects());
    let (mut lowest, mut highest) = (0, u64::MAX);
    for guess in 0.. {
        let width = high - low;
        if width == 0 {
            return None;
        }
        let at = if guess < MAX_GUESSES {
            let part = u128::from(own.saturating_sub(lowest)) * u128::from(width);
            let part = part / (u128::from(highest.saturating_sub(lowest)) + 1);
            low + u32::try_from(part).unwrap_or(width).min(width - 1)
        } else {
            low + width / 2
        };
        let found = index.oid_at_index(at);
        match found.cmp(id) {
            Ordering::Equal => return Some(at),
            Ordering::Less => (low, lowest) = (at + 1, key(found)),
            Ordering::Greater => (high, highest) = (at, key(found)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Repository;
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::model::ObjectId;
    use std::fmt::Write as _;

    /// Makes a repository with a file of 300 lines, one of which differs in each commit, packed as one or two chains of
    /// deltas.
    fn packed(format: &[&str], settings: &[&str]) -> Scratch {
        let scratch = Scratch::new(format);
        let mut stream = String::new();
        for at in 0..30 {
            writeln!(stream, "commit refs/heads/main\ncommitter C <c@x> {at} +0000\ndata 0\n").unwrap();
            let line = |line| if line == at * 7 { format!("changed by {at}\n") } else { format!("line {line}\n") };
            let text: String = (0..300).map(line).collect();
            writeln!(stream, "M 644 inline a\ndata {}\n{text}\nM 644 inline d/b{at}\ndata 1\nb", text.len()).unwrap();
        }
        scratch.import(&stream);
        scratch.git(&[settings, &["repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50"]].concat());
        scratch
    }

    fn ids(scratch: &Scratch) -> Vec<ObjectId> {
        let list = scratch.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
        list.lines().map(|line| ObjectId::from_hex(line.as_bytes()).unwrap()).collect()
    }

    /// Returns kind, size and content of an object.
    fn read(repository: &Repository, id: ObjectId) -> (Kind, u64, Vec<u8>) {
        let (kind, size) = repository.odb.existing_header(id).unwrap();
        let mut content = Vec::new();
        repository.odb.read(id, kind, 1 << 20, &mut content).unwrap();
        (kind, size, content)
    }

    #[test]
    fn every_object_of_a_pack_is_what_gix_says() {
        for (format, settings) in FORMATS.iter().zip([&[][..], &["-c", "repack.useDeltaBaseOffset=false"]]) {
            let scratch = packed(format, settings);
            let index = scratch.path.join("objects/pack").read_dir().unwrap().map(|entry| entry.unwrap().path());
            let index = index.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "idx")).unwrap();
            let chains = scratch.git(&["verify-pack", "--stat-only", index.to_str().unwrap()]);
            assert!(chains.contains("chain length = 4: "), "{chains}");
            let (plain, many) = (scratch.open(), scratch.open().for_many_reads());
            for id in ids(&scratch) {
                let expected = read(&plain, id);
                assert_eq!(read(&many, id), expected, "{id}");
                let content = many.odb.packed(id, expected.0, 1 << 20).unwrap();
                assert_eq!(content.as_deref(), Some(&expected.2), "{id} is read here");
            }
        }
    }

    #[test]
    fn large_files_are_made_of_all_their_deltas_at_once() {
        let scratch = Scratch::new(&[]);
        let mut stream = String::new();
        for at in 0..30 {
            writeln!(stream, "commit refs/heads/main\ncommitter C <c@x> {at} +0000\ndata 0\n").unwrap();
            // Lines are changed, added and taken away, and some are changed twice.
            let line = |line: usize| match (line / 100).cmp(&(at % 20)) {
                Ordering::Equal if line.is_multiple_of(7) => format!("changed by {at} where it was {line}\n{at}\n"),
                Ordering::Less if line.is_multiple_of(50) => String::new(),
                _ => format!("line {line} of a file that is large enough for it\n"),
            };
            let text: String = (0..2500).map(line).collect();
            assert!(text.len() > SMALL);
            writeln!(stream, "M 644 inline a\ndata {}\n{text}", text.len()).unwrap();
        }
        scratch.import(&stream);
        scratch.git(&["repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50"]);
        let plain = scratch.open();
        for id in ids(&scratch) {
            // A new one each time: nothing of a chain is cached.
            assert_eq!(read(&scratch.open().for_many_reads(), id), read(&plain, id), "{id}");
        }
    }

    #[test]
    fn what_is_not_in_a_pack_is_read_all_the_same() {
        let scratch = packed(&[], &[]);
        let many = scratch.open().for_many_reads();
        scratch.line("late", Some("main"), &["c"]);
        let id = scratch.id("late:c");
        assert_eq!(many.odb.packed(id, Kind::Blob, 99).unwrap(), None);
        assert_eq!(many.blob(id, 99).unwrap(), b"c\n");
        assert_eq!(many.clone().kind(scratch.id("late")).unwrap(), Some(Kind::Commit));
    }

    #[test]
    fn limits_and_kinds_hold() {
        use crate::git::Error;
        let scratch = packed(&[], &[]);
        let many = scratch.open().for_many_reads();
        assert!(matches!(many.blob(scratch.id("main:a"), 100), Err(Error::TooLarge { .. })));
        assert!(matches!(many.shared_blob(scratch.id("main:a"), 100), Err(Error::TooLarge { .. })));
        assert!(matches!(many.blob(scratch.id("main:d"), 9999), Err(Error::WrongKind { .. })));
        assert!(matches!(many.blob(ObjectId::Sha256([1; 32]), 9999), Err(Error::Missing { .. })));
    }

    #[test]
    fn a_broken_pack_is_no_panic() {
        let scratch = packed(&[], &[]);
        let ids = ids(&scratch);
        for kind in ["pack", "idx"] {
            let files = scratch.path.join("objects/pack").read_dir().unwrap().map(|entry| entry.unwrap().path());
            let file = files.into_iter().find(|path| path.extension().is_some_and(|found| found == kind)).unwrap();
            let whole = std::fs::read(&file).unwrap();
            for at in (0..whole.len()).step_by(whole.len() / 60) {
                let mut broken = whole.clone();
                broken.get_mut(at..whole.len().min(at + 3)).unwrap().fill(0xff);
                // The file is mapped, and must not be written to.
                std::fs::remove_file(&file).unwrap();
                std::fs::write(&file, &broken).unwrap();
                let mut packs = Packs::open(&[scratch.path.join("objects")], gix::hash::Kind::Sha1);
                for id in &ids {
                    let id = crate::git::object::ids::gix_id(*id);
                    let _ = (packs.header(&id), packs.read(&id));
                }
            }
            std::fs::remove_file(&file).unwrap();
            std::fs::write(&file, &whole).unwrap();
        }
    }
}
