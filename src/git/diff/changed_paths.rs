//! The changed-path filters of the commit-graph: Bloom filters of the paths that a commit changes against its first
//! parent.
//!
//! A filter is a function of the set of paths and of three settings. Commits that change the same paths therefore have
//! the same filter, byte for byte, and for two commits with different filters no tree has to be read to see that they
//! differ. Format and hash: `gitformat-commit-graph(5)`, `bloom.c`.
//!
//! gix-commitgraph reads no filters.

use bstr::{BString, ByteSlice as _};
use gix::commitgraph::File as Graph;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::git::Repository;
use crate::git::budget::Budget;
use crate::git::object::ids::gix_id;
use crate::model::ObjectId;

/// A larger file is not searched for filters.
const MAX_FILE: u64 = 2 << 30;

/// How much is read at once: the largest files take seconds, and the deadline is checked in between.
const PIECE: usize = 4 << 20;

/// With more paths and directories than this, git makes a filter that says yes to everything (`max_changed_paths`).
const MAX_PATHS: usize = 512;

/// How filters are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// 1 hashes bytes as though they were signed, 2 as they are.
    version: u32,
    /// How many bits each path sets.
    hashes: u32,
    /// How many bits there are for each path.
    bits: u32,
}

/// The filters of a repository's commit-graph.
pub struct ChangedPaths {
    layers: Vec<Layer>,
}

/// The filters of one file of a chain.
struct Layer {
    graph: Graph,
    settings: Settings,
    /// Where the filter of each commit ends, as big-endian numbers of four bytes.
    ends: Vec<u8>,
    filters: Vec<u8>,
}

impl Repository {
    /// Returns the changed-path filters; `None` where the repository has no filters, or none that can be read: they
    /// only save time.
    pub fn changed_paths(&self) -> Option<ChangedPaths> {
        let layers: Vec<Layer> = self
            .odb
            .graph_files()
            .iter()
            .filter_map(|path| Layer::read(path, self.hash_kind().hex_len() / 2, &self.odb.budget))
            .collect();
        (!layers.is_empty()).then_some(ChangedPaths { layers })
    }
}

impl ChangedPaths {
    /// Opens the filters of one file of a repository with ids of 20 bytes.
    #[cfg(fuzzing)]
    pub fn at(path: &Path) -> Option<Self> {
        Some(Self { layers: vec![Layer::read(path, 20, &Budget::unlimited())?] })
    }

    /// Returns the filter of a commit, if it has one, and how it was made.
    pub fn filter(&self, commit: ObjectId) -> Option<(Settings, &[u8])> {
        let id = gix_id(commit);
        self.layers.iter().find_map(|layer| {
            let place = layer.graph.lookup(id)?.0 as usize;
            let end = |place: usize| layer.ends.get(4 * place..)?.first_chunk().copied().map(u32::from_be_bytes);
            let start = if place == 0 { 0 } else { end(place - 1)? };
            let filter = layer.filters.get(start as usize..end(place)? as usize)?;
            (!filter.is_empty()).then_some((layer.settings, filter))
        })
    }

    /// Returns how the filters are made: usually in one way.
    pub fn settings(&self) -> Vec<Settings> {
        let mut settings: Vec<Settings> = Vec::new();
        for layer in &self.layers {
            if !settings.contains(&layer.settings) {
                settings.push(layer.settings);
            }
        }
        settings
    }
}

impl Settings {
    /// Returns the filter of a commit that changes just these paths.
    pub fn filter(self, paths: &[BString]) -> Vec<u8> {
        let mut names: BTreeSet<&[u8]> = BTreeSet::new();
        for path in paths {
            let mut rest = Some(path.as_slice());
            while let Some(name) = rest.filter(|name| names.insert(name)) {
                rest = name.rsplit_once_str("/").map(|(directory, _)| directory);
            }
        }
        if names.len() > MAX_PATHS {
            return vec![0xff];
        }
        let length = (names.len() * self.bits as usize).div_ceil(8).max(1);
        let mut filter = vec![0; length];
        for name in names {
            let (first, second) = (self.hash(0x293a_e76f, name), self.hash(0x7e64_6e2c, name));
            for nth in 0..self.hashes {
                let bit = first.wrapping_add(nth.wrapping_mul(second)) as usize % (8 * length);
                if let Some(byte) = filter.get_mut(bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
        filter
    }

    /// Computes MurmurHash3, 32 bits.
    fn hash(self, seed: u32, bytes: &[u8]) -> u32 {
        let wide =
            |byte: &u8| if self.version == 1 { i32::from(byte.cast_signed()).cast_unsigned() } else { (*byte).into() };
        let word = |bytes: &[u8], join: fn(u32, u32) -> u32| {
            let places = bytes.iter().zip([0, 8, 16, 24]);
            places.fold(0, |word, (byte, place)| join(word, wide(byte) << place))
        };
        let scramble = |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        let blocks = bytes.chunks_exact(4);
        let rest = blocks.remainder();
        let mut hash = blocks.fold(seed, |hash, block| {
            let mixed = hash ^ scramble(word(block, |a, b| a | b));
            mixed.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
        });
        if !rest.is_empty() {
            hash ^= scramble(word(rest, |a, b| a ^ b));
        }
        hash ^= u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
        hash ^ hash >> 16
    }
}

impl Layer {
    fn read(path: &Path, id_length: usize, budget: &Budget) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        if file.metadata().ok()?.len() > MAX_FILE {
            return None;
        }
        let ends = chunk(&mut file, *b"BIDX", budget)?;
        let filters = chunk(&mut file, *b"BDAT", budget)?;
        let (header, filters) = filters.split_first_chunk::<12>()?;
        let mut numbers =
            header.chunks_exact(4).filter_map(|bytes| bytes.first_chunk().copied().map(u32::from_be_bytes));
        let settings = Settings { version: numbers.next()?, hashes: numbers.next()?, bits: numbers.next()? };
        let graph = Graph::at(path).ok()?;
        let is_sound = graph.object_hash().len_in_bytes() == id_length && matches!(settings.version, 1 | 2);
        // The work is bounded by what a file says about its own filters.
        let is_sane = settings.hashes <= 64 && settings.bits <= 1024 && ends.len() == 4 * graph.num_commits() as usize;
        (is_sound && is_sane).then(|| Self { graph, settings, ends, filters: filters.to_vec() })
    }
}

/// Returns the bytes of a chunk, by the table of contents behind the file's header.
fn chunk(file: &mut File, wanted: [u8; 4], budget: &Budget) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    const ENTRY: usize = 12;
    let mut header = [0; HEADER];
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_exact(&mut header).ok()?;
    let [b'C', b'G', b'P', b'H', 1, _, count, _] = header else { return None };
    let mut table = vec![0; (usize::from(count) + 1) * ENTRY];
    file.read_exact(&mut table).ok()?;
    let entry = |bytes: &[u8]| {
        let (name, start) = bytes.split_first_chunk::<4>()?;
        Some((*name, u64::from_be_bytes(*start.first_chunk()?)))
    };
    let starts: Vec<([u8; 4], u64)> = table.chunks_exact(ENTRY).filter_map(entry).collect();
    let (_, start) = *starts.iter().find(|(name, _)| *name == wanted)?;
    let end = starts.iter().map(|(_, other)| *other).filter(|other| *other > start).min()?;
    let length = (end - start).min(file.metadata().ok()?.len().checked_sub(start)?);
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.seek(SeekFrom::Start(start)).ok()?;
    for piece in bytes.chunks_mut(PIECE) {
        budget.check().ok()?;
        file.read_exact(piece).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::TreeDiff;
    use crate::git::scratch::{FORMATS, Scratch};
    use std::fmt::Write as _;

    /// Makes commits that change one path, many, none, paths in nested directories, and some that are not ASCII.
    fn history(scratch: &Scratch) -> Vec<ObjectId> {
        let mut stream = String::new();
        let many: Vec<String> = (0..600).map(|at| format!("many/{}/{at}", at % 7)).collect();
        let some: Vec<String> = (0..60).map(|at| format!("d{}/e{}/{at}.txt", at % 3, at % 11)).collect();
        let few = ["a", "ab/c", "abc/d/e/f/g", "grün/Übung/文字.md", "Ünïcödé", "x y/z"].map(str::to_owned);
        let changes = [few.to_vec(), some, many, vec![], vec!["a".into()], vec!["ab/c".into(), "ab/new".into()]];
        for (at, paths) in changes.iter().enumerate() {
            writeln!(stream, "commit refs/heads/main\ncommitter C <c@x> {} +0000\ndata 1\n{at}", at + 1).unwrap();
            for path in paths {
                writeln!(stream, "M 100644 inline \"{path}\"\ndata 2\n{at}\n").unwrap();
            }
        }
        scratch.import(&stream);
        let ids = scratch.git(&["rev-list", "refs/heads/main"]);
        ids.lines().map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect()
    }

    #[test]
    fn filters_are_gits_in_both_versions_and_in_chains() {
        for (format, version, split) in [(0, "1", false), (1, "2", false), (0, "2", true)] {
            let scratch = Scratch::new(&FORMATS[format]);
            let ids = history(&scratch);
            let version = format!("commitGraph.changedPathsVersion={version}");
            let write = ["-c", &version, "commit-graph", "write", "--changed-paths", "--stdin-commits"];
            if split {
                for id in ids.iter().rev() {
                    let write = [write.as_slice(), &["--split=no-merge"]].concat();
                    scratch.git_with(&write, &[], format!("{id}\n").as_bytes());
                }
            } else {
                scratch.git_with(&write, &[], format!("{}\n", ids[0]).as_bytes());
            }
            let repository = scratch.open();
            let kept = repository.changed_paths().unwrap();
            assert_eq!(kept.layers.len(), if split { ids.len() } else { 1 });
            let [settings] = kept.settings()[..] else { panic!("one way") };
            let mut trees = TreeDiff::new(repository.clone());
            for id in ids {
                let commit = repository.commit(id).unwrap();
                let changes = trees.changes_of(commit.parents.first().copied(), commit.tree).unwrap();
                let paths: Vec<BString> = changes.into_iter().map(|change| change.path).collect();
                let (_, filter) = kept.filter(id).unwrap();
                assert_eq!(filter, settings.filter(&paths), "{version} {id}");
            }
            assert!(kept.filter(ObjectId::null(repository.hash_kind())).is_none());
        }
    }

    #[test]
    fn a_damaged_graph_has_none_or_says_nothing_worse() {
        let scratch = Scratch::new(&[]);
        let ids = history(&scratch);
        assert!(scratch.open().changed_paths().is_none());
        scratch.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
        let path = scratch.git(&["rev-parse", "--git-path", "objects/info/commit-graph"]);
        let path = scratch.path.join(path);
        let good = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            std::fs::write(&path, &bad).unwrap();
            if let Some(kept) = scratch.open().changed_paths() {
                ids.iter().for_each(|id| drop(kept.filter(*id).map(|(settings, _)| settings.filter(&["a/b".into()]))));
            }
            std::fs::write(&path, &good[..at]).unwrap();
            scratch.open().changed_paths();
        }
    }
}
