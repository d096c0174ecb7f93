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

/// Object directories as gix can read them when alternates lead back to themselves: links to everything in each but its
/// list of alternates, which are among the directories anyway.
struct Views {
    paths: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Views {
    /// Linking more directories in a ring than this takes too long to be worth it.
    const MOST: usize = 16;

    fn of(directories: &[PathBuf]) -> Result<Self, Error> {
        if directories.len() > Self::MOST {
            return Err(Error::Limit { what: "object directories that borrow from each other", limit: Self::MOST });
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        let folder =
            tempfile::Builder::new().prefix("refgate-objects-").tempdir().map_err(io(&std::env::temp_dir()))?;
        let mut paths = Vec::with_capacity(directories.len());
        for (at, directory) in directories.iter().enumerate() {
            let (directory, view) =
                (directory.canonicalize().map_err(io(directory))?, folder.path().join(at.to_string()));
            std::fs::create_dir(&view).map_err(io(&view))?;
            // A folder of loose objects may be created while this one is read.
            let names = (0..=u8::MAX).map(|byte| format!("{byte:02x}")).chain(["pack".to_owned()]);
            for name in names {
                let link = view.join(&name);
                symlink(&directory.join(&name), &link).map_err(io(&link))?;
            }
            paths.push(view);
        }
        Ok(Self { paths, _folder: folder })
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "alternates that lead back to themselves are read on Unix alone",
    ))
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
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::git::{Need, Repository};

    /// Writes a commit on top of main that exists only in `objects`, as a push in quarantine does.
    fn quarantined(scratch: &Scratch, objects: &str) -> ObjectId {
        std::fs::create_dir_all(scratch.path.join(objects)).unwrap();
        let absolute = scratch.path.join("objects");
        let quoted = format!("\"{}\"", absolute.to_str().unwrap().replace('"', "\\\""));
        let vars = [("GIT_OBJECT_DIRECTORY", objects), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted.as_str())];
        let id = scratch.git_with(&["commit-tree", "main^{tree}", "-p", "main", "-m", "pushed"], &vars, b"");
        ObjectId::from_hex(id.as_bytes()).unwrap()
    }

    #[test]
    fn pushed_objects_are_read_from_quarantine_in_every_format() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            let id = quarantined(&scratch, "objects/tmp_objdir-incoming-x");
            assert_eq!(scratch.open().kind(id).unwrap(), None);
            let absolute = scratch.path.join("objects/tmp_objdir-incoming-x");
            let repository = scratch
                .open_with(&[
                    ("GIT_OBJECT_DIRECTORY", absolute.to_str().unwrap()),
                    ("GIT_ALTERNATE_OBJECT_DIRECTORIES", scratch.path.join("objects").to_str().unwrap()),
                ])
                .unwrap();
            assert_eq!(repository.commit(id).unwrap().subject(), "pushed");
            assert_eq!(repository.commits(&[id], &[scratch.id("main")], 9).unwrap(), [id]);
            assert!(repository.is_ancestor(scratch.id("main~1"), id).unwrap());
        }
    }

    #[test]
    fn alternates_of_the_environment_may_be_relative_quoted_and_hold_colons() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        let id = quarantined(&scratch, "in:ner");
        for list in ["objects:\"in:ner\"", "\"in:ner\":objects", "/nowhere:\"in\\072ner\""] {
            let repository = scratch
                .open_with(&[("GIT_OBJECT_DIRECTORY", "objects"), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", list)])
                .unwrap();
            assert_eq!(repository.kind(id).unwrap(), Some(Kind::Commit), "{list}");
        }
    }

    #[test]
    fn nested_relative_alternates_are_relative_to_where_they_stand() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        let (deep, deeper) = (scratch.top().join("x/deep.git"), scratch.top().join("x/y/z/deeper.git"));
        for (dir, alternate) in [(&deep, "../../y/z/deeper.git/objects"), (&deeper, "../../../../../repo.git/objects")]
        {
            scratch.outside(&["init", "--quiet", "--bare", dir.to_str().unwrap()]);
            std::fs::write(dir.join("objects/info/alternates"), format!("# shared\n{alternate}\n")).unwrap();
        }
        let environment = crate::git::scratch::environment(&deep, &[("GIT_DIR", ".")]);
        let repository = Repository::open(None, &environment, crate::git::Trust::Hook).unwrap();
        assert_eq!(repository.commit(scratch.id("main")).unwrap().subject(), "add a");
    }

    #[test]
    fn an_alternate_that_is_gone_is_passed_over_and_a_ring_is_read_as_git_reads_it() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.outside(&["init", "--quiet", "--bare", "other.git"]);
        let (own, other) = (&scratch.path, scratch.top().join("other.git"));
        let alternates = "../../gone.git/objects\n../../other.git/objects\n";
        std::fs::write(own.join("objects/info/alternates"), alternates).unwrap();
        let repository = scratch.open();
        assert_eq!(repository.kind(scratch.id("main")).unwrap(), Some(Kind::Commit));
        let absent = ObjectId::Sha1([7; 20]);
        assert_eq!(repository.kind(absent).unwrap(), None);
        // There was a directory; that it is gone is for the machine's administrator to fix.
        for error in
            [repository.commit(absent).unwrap_err(), repository.peel(absent).unwrap_err(), repository.absent(absent)]
        {
            assert!(error.is_undecided() && error.need() == Some(Need::Alternate), "{error:?}");
            assert_eq!(error.absent_object(), Some(absent));
            assert!(error.to_string().contains("gone.git"), "{error}");
        }
        std::fs::write(other.join("objects/info/alternates"), "../../repo.git/objects\n").unwrap();
        let borrowed = scratch.git_with(
            &["hash-object", "-w", "--stdin"],
            &[("GIT_DIR", other.to_str().unwrap())],
            b"in the other one",
        );
        let borrowed = ObjectId::from_hex(borrowed.as_bytes()).unwrap();
        for _ in 0..2 {
            let ring = scratch.open();
            assert_eq!(ring.commit(scratch.id("main")).unwrap().subject(), "add a");
            assert_eq!(ring.blob(borrowed, 99).unwrap(), b"in the other one");
            assert_eq!(ring.kind(absent).unwrap(), None);
            scratch.git(&["repack", "-q", "-a", "-d", "-l"]);
        }
        // A directory that borrows from itself.
        std::fs::write(own.join("objects/info/alternates"), "../objects\n").unwrap();
        assert_eq!(scratch.open().commit(scratch.id("main")).unwrap().subject(), "add a");
    }

    #[test]
    fn packs_and_a_multi_pack_index_are_read_and_a_concurrent_repack_is_noticed() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a"]);
            scratch.git(&["repack", "-q", "-d"]);
            scratch.line("side", None, &["b"]);
            scratch.git(&["repack", "-q", "-d"]);
            let repository = scratch.open();
            assert!(repository.commit(scratch.id("main")).is_ok());
            scratch.line("late", None, &["c"]);
            scratch.git(&["repack", "-q", "-a", "-d"]);
            scratch.git(&["multi-pack-index", "write"]);
            for name in ["main", "side", "late"] {
                assert!(repository.commit(scratch.id(name)).is_ok(), "{name}");
                assert!(scratch.open().commit(scratch.id(name)).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn directories_are_listed_again_only_after_something_was_written_there() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.git(&["repack", "-q", "-d"]);
        let pack = std::fs::File::open(scratch.path.join("objects/pack")).unwrap();
        let long_ago = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
        pack.set_modified(long_ago(0)).unwrap();
        let repository = scratch.open();
        let nowhere = ObjectId::Sha1([7; 20]);
        assert!(repository.commit(scratch.id("main")).is_ok());
        assert_eq!(repository.kind(nowhere).unwrap(), None);
        assert!(!repository.odb.may_be_new_packs());
        scratch.line("late", None, &["b"]);
        scratch.git(&["repack", "-q", "-a", "-d"]);
        assert!(repository.odb.may_be_new_packs(), "it was written to just now");
        pack.set_modified(long_ago(1)).unwrap();
        // Both objects were loose for a moment, and were not read then; the second lookup lists nothing.
        assert_eq!(repository.commit(scratch.id("late")).unwrap().subject(), "add b");
        assert!(!repository.odb.may_be_new_packs());
        assert_eq!(repository.blob(scratch.id("late:b"), 9).unwrap(), b"b\n");
        assert_eq!(repository.kind(nowhere).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_symlinked_pack_index_is_an_error_and_not_a_missing_object() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.git(&["repack", "-q", "-a", "-d"]);
        let pack = scratch.path.join("objects/pack");
        let files = std::fs::read_dir(&pack).unwrap().map(|entry| entry.unwrap().path());
        let index =
            files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "idx")).unwrap();
        let moved = scratch.top().join("moved.idx");
        std::fs::rename(&index, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, &index).unwrap();
        let result = scratch.open_with(&[]).map(|_| ());
        assert!(matches!(&result, Err(error @ Error::SymlinkedIndex { .. }) if error.is_undecided()), "{result:?}");
    }

    #[test]
    fn what_a_partial_clone_lacks_is_undecided_and_never_fetched() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.git(&["config", "uploadpack.allowFilter", "true"]);
        let url = format!("file://{}", scratch.path.display());
        scratch.outside(&["clone", "--quiet", "--bare", "--filter=blob:none", &url, "partial.git"]);
        let partial = scratch.top().join("partial.git");
        let environment = crate::git::scratch::environment(&partial, &[("GIT_DIR", ".")]);
        let repository = Repository::open(None, &environment, crate::git::Trust::Hook).unwrap();
        let (main, blob) = (scratch.id("main"), scratch.id("main:a"));
        assert!(repository.is_partial());
        assert!(repository.tree_entry(main, "a".into()).unwrap().is_some());
        for error in [
            repository.blob(blob, 99).unwrap_err(),
            repository.kind(blob).unwrap_err(),
            repository.read_file(main, "a".into(), 99).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Promised { id } if id == blob) && error.is_undecided());
        }
        let asked = repository.git(&["cat-file", "-e"]).operand(blob.to_string()).run();
        assert!(matches!(asked, Err(Error::Git { .. })), "git must not fetch it either");
    }

    #[test]
    fn replacements_and_grafts_are_not_honoured() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b"]);
        scratch.line("decoy", None, &["c"]);
        let (main, first) = (scratch.id("main"), scratch.id("main~1"));
        scratch.git(&["replace", "main", "decoy"]);
        std::fs::write(scratch.path.join("info/grafts"), format!("{main}\n")).unwrap();
        let repository = scratch.open();
        assert_eq!(repository.commit(main).unwrap().subject(), "add b");
        assert!(repository.is_ancestor(first, main).unwrap());
        let shown = repository.git(&["log", "--format=%s"]).operand(main.to_string()).run().unwrap();
        assert_eq!(shown, b"add b\nadd a\n");
    }

    /// Returns the file of a loose object.
    fn stored(scratch: &Scratch, id: ObjectId) -> PathBuf {
        let (folder, file) = (id.to_string()[..2].to_owned(), id.to_string()[2..].to_owned());
        scratch.path.join("objects").join(folder).join(file)
    }

    /// Returns a zlib stream of these bytes, stored and not compressed (RFC 1950 and 1951).
    fn stream(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap();
        let (mut a, mut b) = (1u32, 0u32);
        for byte in bytes {
            a = (a + u32::from(*byte)) % 65521;
            b = (b + a) % 65521;
        }
        let mut stream = vec![0x78, 0x01, 1];
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(bytes);
        stream.extend((b << 16 | a).to_be_bytes());
        stream
    }

    #[test]
    fn a_loose_object_is_what_its_id_stands_for() {
        for format in FORMATS.iter().take(2) {
            let scratch = Scratch::new(format);
            let id = |content: &[u8]| {
                let id = scratch.git_with(&["hash-object", "-w", "--stdin"], &[], content);
                ObjectId::from_hex(id.as_bytes()).unwrap()
            };
            let text = b"# the version of the project\nversion = 1\n";
            let own = id(text);
            let read = |bytes: &[u8]| {
                let path = stored(&scratch, own);
                let _ = std::fs::remove_file(&path);
                std::fs::write(path, bytes).unwrap();
                scratch.open().blob(own, 99)
            };
            let whole = b"blob 41\0# the version of the project\nversion = 1\n";
            assert_eq!(read(&stream(whole)).unwrap(), text);
            let damaged = [
                // Different content, and more content than the header says, in the stream and after it.
                stream(b"blob 41\0# the version of the project\nversion = 2\n"),
                stream(b"blob 41\0# the version of the project\nversion = 1\n# and more"),
                [stream(whole), b"more".to_vec()].concat(),
            ];
            for bytes in damaged {
                let error = read(&bytes).unwrap_err();
                assert!(error.is_undecided() && error.need() == Some(Need::Repair), "{error:?}");
                assert!(scratch.open().git(&["fsck"]).run().is_err(), "git finds nothing wrong");
            }
        }
    }

    #[test]
    fn sizes_are_looked_at_before_content() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["abcdefgh"]);
        let repository = scratch.open();
        let blob = scratch.id("main:abcdefgh");
        assert_eq!(repository.blob(blob, 9).unwrap(), b"abcdefgh\n");
        assert!(matches!(repository.blob(blob, 8), Err(Error::TooLarge { size: 9, limit: 8, .. })));
        assert!(matches!(repository.blob(scratch.id("main"), 9999), Err(Error::WrongKind { .. })));
        assert!(matches!(repository.blob(ObjectId::Sha1([1; 20]), 9), Err(Error::Missing { .. })));
        assert!(matches!(repository.blob(ObjectId::Sha256([1; 32]), 9), Err(Error::Missing { .. })));
    }
}
