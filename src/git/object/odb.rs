//! One reader over all object directories.
//!
//! gix reads one object directory and its alternates; a pre-receive hook has at least two, because the pushed
//! objects are in quarantine until the push is accepted (`git-receive-pack(1)`, "Quarantine Environment").

use gix::odb::pack::Find as _;
use gix::odb::store::RefreshMode;
use gix::odb::{Header as _, pack, store};
use std::cell::RefCell;
#[cfg(test)]
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::git::budget::Budget;
use crate::git::object::alternates::{Directories, is_absent};
use crate::git::object::deltas::MAX_SIZE;
use crate::git::object::hash::Digest;
use crate::git::object::ids::{gix_id, gix_kind};
use crate::git::object::packs::Packs;
use crate::git::object::views::Views;
use crate::git::{Error, Kind};
use crate::model::{HashKind, ObjectId};

/// Room for pack indices that are written while we run. gix needs to know the number in advance, and fails on more;
/// room for thousands would cost as much as everything else at startup.
const SPARE_SLOTS: usize = 64;

/// Reads objects by id. `refs/replace` is not honoured: whoever may push there could change what a check sees.
#[derive(Clone)]
pub(in crate::git) struct Odb {
    directories: Arc<[PathBuf]>,
    /// Alternates that do not exist.
    lost: Arc<[PathBuf]>,
    /// What gix opens instead; held for as long as gix may look there.
    _views: Option<Arc<Views>>,
    hash: HashKind,
    is_partial: bool,
    /// One for each directory. The repository's own comes first: most objects are there, and are found with one lookup.
    stores: Vec<gix::odb::Handle>,
    /// The same stores once more, which list their directories again: a repack may have moved what none of the first
    /// found.
    refreshing: Vec<gix::odb::Handle>,
    /// When the directories were last written to, as of the last listing.
    listed: RefCell<Option<Vec<Option<SystemTime>>>>,
    /// Checked for each object.
    pub(in crate::git) budget: Budget,
    /// The packs, where there are many reads; see [`Self::for_many_reads`].
    packs: Option<RefCell<Packs>>,
    /// Objects that are in no directory, for tests.
    #[cfg(test)]
    memory: Arc<BTreeMap<ObjectId, (Kind, Vec<u8>)>>,
}

impl Odb {
    /// Makes a database of objects in memory, without any directory.
    #[cfg(test)]
    pub(in crate::git) fn in_memory(hash: HashKind, objects: BTreeMap<ObjectId, (Kind, Vec<u8>)>) -> Self {
        let nowhere = Directories { found: Vec::new(), lost: Vec::new(), is_ring: false };
        Self { memory: Arc::new(objects), ..Self::open(nowhere, hash, false).unwrap() }
    }

    pub(in crate::git) fn open(directories: Directories, hash: HashKind, is_partial: bool) -> Result<Self, Error> {
        let Directories { found: directories, lost, is_ring } = directories;
        let views = if is_ring { Some(Views::of(&directories)?) } else { None };
        // gix follows alternates too, and each store may have to hold the indices of all directories.
        let mut slots = SPARE_SLOTS;
        for path in &directories {
            slots += count_indices(path)?;
        }
        let slots = store::init::Slots::Given(u16::try_from(slots).unwrap_or(u16::MAX));
        let mut stores = Vec::with_capacity(directories.len());
        for path in views.as_ref().map_or(&directories, |views| &views.paths) {
            let options = store::init::Options { slots, ..Default::default() };
            let handle = gix::odb::at_opts(path, gix_kind(hash), None, options);
            stores.push(handle.map_err(|source| Error::Io { path: path.clone(), source })?);
        }
        let mut refreshing = stores.clone();
        for handle in &mut stores {
            // A miss in one directory must not cause it to be listed again: the object may well be in the next.
            handle.refresh_never();
        }
        for handle in &mut refreshing {
            handle.refresh = RefreshMode::AfterAllIndicesLoaded;
        }
        for handle in stores.iter_mut().chain(&mut refreshing) {
            handle.set_pack_cache(|| Box::<pack::cache::lru::StaticLinkedList<64>>::default());
        }
        Ok(Self {
            directories: directories.into(),
            lost: lost.into(),
            _views: views.map(Arc::new),
            hash,
            is_partial,
            stores,
            refreshing,
            listed: RefCell::default(),
            budget: Budget::unlimited(),
            packs: None,
            #[cfg(test)]
            memory: Arc::default(),
        })
    }

    /// Makes a database that sets up caches first: slower for a handful of reads, faster from a few hundred on.
    pub(in crate::git) fn for_many_reads(&self) -> Self {
        let packs = Packs::open(&self.directories, gix_kind(self.hash));
        Self { packs: Some(RefCell::new(packs)), ..self.clone() }
    }

    pub(in crate::git) fn hash_kind(&self) -> HashKind {
        self.hash
    }

    pub(in crate::git) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Returns kind and size without the content, or `None` if the object is nowhere.
    ///
    /// In a partial clone, "nowhere" does not answer the question and is therefore an error.
    pub(in crate::git) fn header(&self, id: ObjectId) -> Result<Option<(Kind, u64)>, Error> {
        self.budget.read(0)?;
        if id.kind() != self.hash || id.is_null() {
            return Ok(None);
        }
        let gix_id = gix_id(id);
        if gix_id.is_empty_tree() {
            return Ok(Some((Kind::Tree, 0)));
        }
        if let Some(header) = self.packs.as_ref().and_then(|packs| packs.borrow_mut().header(&gix_id)) {
            return Ok(Some(header));
        }
        #[cfg(test)]
        if let Some((kind, content)) = self.memory.get(&id) {
            return Ok(Some((*kind, content.len() as u64)));
        }
        for handle in self.handles() {
            if let Some(header) = handle.try_header(&gix_id).map_err(Error::ObjectStore)? {
                return Ok(Some((header.kind().into(), header.size())));
            }
        }
        if self.is_partial { Err(Error::Promised { id }) } else { Ok(None) }
    }

    /// Returns the objects whose ids begin with these hexadecimal digits, sorted.
    pub(in crate::git) fn with_prefix(&self, prefix: &[u8]) -> Result<Vec<ObjectId>, Error> {
        let mut lowest = prefix.to_vec();
        lowest.resize(self.hash.hex_len().max(prefix.len()), b'0');
        let Ok(lowest) = ObjectId::from_hex(&lowest) else { return Ok(Vec::new()) };
        let Ok(prefix) = gix::hash::Prefix::new(&gix_id(lowest), prefix.len()) else { return Ok(Vec::new()) };
        for handles in [&self.stores, &self.refreshing] {
            let mut found = HashSet::new();
            for handle in handles {
                // Each store may list its directory, and has to search all its packs.
                self.budget.check()?;
                handle.lookup_prefix(prefix, Some(&mut found)).map_err(Error::ObjectStore)?;
            }
            if !found.is_empty() {
                let mut found: Vec<ObjectId> =
                    found.into_iter().filter_map(|id| ObjectId::from_bytes(id.as_slice())).collect();
                found.sort_unstable();
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Returns the error for an object that must exist and is nowhere.
    pub(in crate::git) fn absent(&self, id: ObjectId) -> Error {
        match self.lost.first() {
            _ if self.is_partial => Error::Promised { id },
            Some(path) => Error::LostAlternate { id, path: path.clone() },
            None => Error::Missing { id },
        }
    }

    /// Returns kind and size of an object that must exist.
    pub(in crate::git) fn existing_header(&self, id: ObjectId) -> Result<(Kind, u64), Error> {
        self.header(id)?.ok_or_else(|| self.absent(id))
    }

    /// Reads an object of any origin into `buffer`, unless it is of another kind or larger than `limit` bytes, which is
    /// checked before anything is inflated.
    pub(in crate::git) fn read(
        &self,
        id: ObjectId,
        expected: Kind,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.read_packed(id, expected, limit, buffer)? {
            return Ok(());
        }
        let (actual, size) = self.existing_header(id)?;
        check(id, expected, actual, limit, size)?;
        self.read_stored(id, expected, limit, buffer)
    }

    /// Does the same for a parent of a commit or an entry of a tree, without asking for its size first, which would
    /// take half as long again: to accept what refers to it, git has already held it in memory, as the kind that it is
    /// named as.
    pub(in crate::git) fn read_part(
        &self,
        id: ObjectId,
        expected: Kind,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.read_packed(id, expected, limit, buffer)? {
            Ok(())
        } else {
            self.read_stored(id, expected, limit, buffer)
        }
    }

    /// Does the same from the packs whose delta chains are cached; returns `false` where the object is not in one.
    fn read_packed(&self, id: ObjectId, expected: Kind, limit: u64, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        let found = self.packed(id, expected, limit)?;
        if let Some(object) = &found {
            buffer.clone_from(object);
        }
        Ok(found.is_some())
    }

    /// Does the same from wherever gix finds the object.
    fn read_stored(&self, id: ObjectId, expected: Kind, limit: u64, buffer: &mut Vec<u8>) -> Result<(), Error> {
        buffer.clear();
        if id.kind() != self.hash || id.is_null() {
            return Err(Error::Missing { id });
        }
        let gix_id = gix_id(id);
        if gix_id.is_empty_tree() {
            return check(id, expected, Kind::Tree, limit, 0);
        }
        #[cfg(test)]
        if let Some((kind, content)) = self.memory.get(&id) {
            buffer.clone_from(content);
            return check(id, expected, *kind, limit, content.len() as u64);
        }
        for handle in self.handles() {
            let found = handle.try_find(&gix_id, buffer).map_err(Error::ObjectStore)?;
            if let Some((kind, size, place)) =
                found.map(|(data, place)| (Kind::from(data.kind), data.data.len(), place))
            {
                buffer.truncate(size);
                self.budget.read(size as u64)?;
                check(id, expected, kind, limit, size as u64)?;
                // Packs have checksums, which git looks at when a push comes in.
                return if place.is_some() { Ok(()) } else { self.check_loose(id, kind, buffer) };
            }
        }
        Err(self.absent(id))
    }

    /// Makes sure that a loose object is what its id stands for, as git does before it reads one: gix reads as much of a
    /// file as its header says, whatever comes after it.
    fn check_loose(&self, id: ObjectId, kind: Kind, content: &[u8]) -> Result<(), Error> {
        let header = format!("{kind} {}\0", content.len());
        let mut digest = Digest::new(self.hash);
        digest.update(header.as_bytes());
        digest.update(content);
        if digest.finish() != Some(id) {
            return Err(Error::Damaged { id });
        }
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        let mut files = self.directories.iter().map(|directory| directory.join(folder).join(file));
        // Where the file is missing, the object has been packed since.
        let Some(stream) = files.find_map(|path| std::fs::read(path).ok()) else { return Ok(()) };
        let length = header.len() + content.len();
        // With room for the bytes that must not be there.
        let mut whole = vec![0; length + 1];
        match gix::zlib::Inflate::default().once(&stream, &mut whole) {
            Ok((gix::zlib::Status::StreamEnd, read, written)) if read == stream.len() && written == length => Ok(()),
            _ => Err(Error::Damaged { id }),
        }
    }

    /// Does the same from what [`Self::for_many_reads`] caches; returns `None` where the object must be read in another
    /// way.
    pub(in crate::git) fn packed(
        &self,
        id: ObjectId,
        expected: Kind,
        limit: u64,
    ) -> Result<Option<Arc<Vec<u8>>>, Error> {
        self.budget.read(0)?;
        let Some(packs) = self.packs.as_ref().filter(|_| id.kind() == self.hash) else { return Ok(None) };
        let (mut packs, gix_id) = (packs.borrow_mut(), gix_id(id));
        // What is read here is never large; a lower limit must hold before anything is inflated.
        if expected == Kind::Blob && limit < MAX_SIZE as u64 {
            let Some((actual, size)) = packs.header(&gix_id) else { return Ok(None) };
            check(id, expected, actual, limit, size)?;
        }
        let Some((kind, object)) = packs.read(&gix_id) else { return Ok(None) };
        self.budget.read(object.len() as u64)?;
        check(id, expected, kind, limit, object.len() as u64).map(|()| Some(object))
    }

    /// Returns the handles to look into, in this order. The directories are listed again only for an object that may
    /// have been moved: messages name hundreds of commits that never were in this repository.
    fn handles(&self) -> impl Iterator<Item = &gix::odb::Handle> {
        let refreshing = std::iter::once_with(|| self.may_be_new_packs().then_some(&self.refreshing));
        self.stores.iter().chain(refreshing.flatten().flatten())
    }

    /// Returns whether packs may have come or gone since this was last asked.
    fn may_be_new_packs(&self) -> bool {
        /// A directory that was written to within this time may be written to again without its timestamp changing.
        const TICK: Duration = Duration::from_secs(2);
        // A repository that borrows all its objects has no such directory.
        let modified = |path: &PathBuf| match path.join("pack").metadata().and_then(|metadata| metadata.modified()) {
            Err(error) if is_absent(&error) => Some(None),
            modified => modified.ok().filter(|time| time.elapsed().is_ok_and(|age| age > TICK)).map(Some),
        };
        let now: Option<Vec<_>> = self.directories.iter().map(modified).collect();
        now.is_none() || self.listed.replace_with(|_| now.clone()) != now
    }

    /// Returns the files of the commit-graph that [`Self::commit_graph`] opens, or of a later one.
    pub(in crate::git) fn graph_files(&self) -> Vec<PathBuf> {
        let files = |directory: &PathBuf| {
            let (single, chain) = (directory.join("info/commit-graph"), directory.join("info/commit-graphs"));
            if single.is_file() {
                return vec![single];
            }
            let list = std::fs::read_to_string(chain.join("commit-graph-chain")).unwrap_or_default();
            let is_hash = |line: &&str| line.bytes().all(|byte| byte.is_ascii_hexdigit());
            list.lines().filter(is_hash).map(|hash| chain.join(format!("graph-{hash}.graph"))).collect()
        };
        self.directories.iter().map(files).find(|files| !files.is_empty()).unwrap_or_default()
    }

    /// Returns the commit-graph of the repository or of an alternate; never that of a quarantine, since git does not
    /// write one there.
    pub(in crate::git) fn commit_graph(&self) -> Option<gix::commitgraph::Graph> {
        let directories = self.directories.iter();
        directories.map(|dir| dir.join("info")).filter(|info| has_graph(info)).find_map(|info| {
            // A broken or foreign graph only costs speed.
            gix::commitgraph::at(info, gix_kind(self.hash), None).ok()
        })
    }
}

fn check(id: ObjectId, expected: Kind, actual: Kind, limit: u64, size: u64) -> Result<(), Error> {
    if actual != expected {
        return Err(Error::WrongKind { id, expected, actual });
    }
    if size > limit { Err(Error::TooLarge { id, size, limit }) } else { Ok(()) }
}

/// Returns how many pack indices there are.
///
/// # Errors
/// One of them is a symbolic link, as some ways of mirroring make them: gix skips those without a word.
fn count_indices(objects: &Path) -> Result<usize, Error> {
    let path = objects.join("pack");
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(0),
        Err(source) => return Err(Error::Io { path, source }),
    };
    let mut count = 0;
    for entry in entries {
        let entry = entry.map_err(|source| Error::Io { path: path.clone(), source })?;
        if entry.file_name().as_encoded_bytes().ends_with(b".idx") {
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                return Err(Error::SymlinkedIndex { path: entry.path() });
            }
            count += 1;
        }
    }
    Ok(count)
}

fn has_graph(info: &Path) -> bool {
    info.join("commit-graph").is_file() || info.join("commit-graphs/commit-graph-chain").is_file()
}

#[cfg(test)]
mod tests;
