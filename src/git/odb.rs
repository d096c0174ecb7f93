//! One reader over all object directories.
//!
//! gix reads one object directory and its alternates; a pre-receive hook has at least two, because the pushed
//! objects are in quarantine until the push is accepted (`git-receive-pack(1)`, "Quarantine Environment").

use gix::objs::Find as _;
use gix::odb::store::RefreshMode;
use gix::odb::{Header as _, pack, store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alternates::is_absent;
use super::{Error, Kind};
use crate::model::{HashKind, ObjectId};

/// Room for the pack indices of one directory. Given, so that opening does not list the directory; costs nothing.
const SLOTS: u16 = 4096;

/// Reads objects by id. `refs/replace` is not honoured: whoever may push there could change what a check sees.
#[derive(Clone)]
pub(super) struct Odb {
    directories: Arc<[PathBuf]>,
    hash: HashKind,
    is_partial: bool,
    /// One for each directory, the repository's own first: most objects are there, and it costs one look.
    stores: Vec<gix::odb::Handle>,
    /// The same stores once more, listing their directories again: a repack may have moved what all have missed.
    refreshing: Vec<gix::odb::Handle>,
}

impl Odb {
    pub(super) fn open(directories: Vec<PathBuf>, hash: HashKind, is_partial: bool) -> Result<Self, Error> {
        let mut stores = Vec::with_capacity(directories.len());
        for path in &directories {
            let options = store::init::Options { slots: store::init::Slots::Given(SLOTS), ..Default::default() };
            let handle = gix::odb::at_opts(path, gix_kind(hash), None, options);
            stores.push(handle.map_err(|source| Error::Io { path: path.clone(), source })?);
        }
        let mut refreshing = stores.clone();
        for handle in &mut stores {
            // A miss in one directory must not list it again: the object may well be in the next.
            handle.refresh_never();
        }
        for handle in &mut refreshing {
            handle.refresh = RefreshMode::AfterAllIndicesLoaded;
        }
        for handle in stores.iter_mut().chain(&mut refreshing) {
            handle.set_pack_cache(|| Box::<pack::cache::lru::StaticLinkedList<64>>::default());
        }
        Ok(Self { directories: directories.into(), hash, is_partial, stores, refreshing })
    }

    pub(super) fn hash_kind(&self) -> HashKind {
        self.hash
    }

    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Kind and size without the content, or `None` if the object is nowhere.
    ///
    /// In a partial clone, "nowhere" is no answer and therefore an error.
    pub(super) fn header(&self, id: ObjectId) -> Result<Option<(Kind, u64)>, Error> {
        if id.kind() != self.hash || id.is_null() {
            return Ok(None);
        }
        let gix_id = gix_id(id);
        if gix_id.is_empty_tree() {
            return Ok(Some((Kind::Tree, 0)));
        }
        for handle in self.stores.iter().chain(&self.refreshing) {
            if let Some(header) = handle.try_header(&gix_id).map_err(Error::ObjectStore)? {
                return Ok(Some((header.kind().into(), header.size())));
            }
        }
        self.refuse_unreadable_indices()?;
        if self.is_partial { Err(Error::Promised { id }) } else { Ok(None) }
    }

    /// Kind and size of an object that must be there.
    pub(super) fn existing_header(&self, id: ObjectId) -> Result<(Kind, u64), Error> {
        self.header(id)?.ok_or(Error::Missing { id })
    }

    /// Reads an object of a known kind into `buffer`. Its size is looked at first: nothing larger than `limit` is
    /// inflated.
    pub(super) fn read(&self, id: ObjectId, expected: Kind, limit: u64, buffer: &mut Vec<u8>) -> Result<(), Error> {
        buffer.clear();
        let (actual, size) = self.existing_header(id)?;
        if actual != expected {
            return Err(Error::WrongKind { id, expected, actual });
        }
        if size > limit {
            return Err(Error::TooLarge { id, size, limit });
        }
        let gix_id = gix_id(id);
        if gix_id.is_empty_tree() {
            return Ok(());
        }
        for handle in self.stores.iter().chain(&self.refreshing) {
            if let Some(length) =
                handle.try_find(&gix_id, buffer).map_err(Error::ObjectStore)?.map(|data| data.data.len())
            {
                buffer.truncate(length);
                return Ok(());
            }
        }
        Err(Error::Missing { id })
    }

    /// The commit-graph of the repository or of an alternate; never of a quarantine, where git puts none.
    pub(super) fn commit_graph(&self) -> Option<gix::commitgraph::Graph> {
        let directories = self.directories.iter();
        directories.map(|dir| dir.join("info")).filter(|info| has_graph(info)).find_map(|info| {
            // A broken or foreign graph only costs speed.
            gix::commitgraph::at(info, gix_kind(self.hash), None).ok()
        })
    }

    /// gix skips pack indices that are symbolic links, which some mirroring set-ups have.
    fn refuse_unreadable_indices(&self) -> Result<(), Error> {
        for directory in self.directories.iter() {
            let path = directory.join("pack");
            let entries = match std::fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(source) => return Err(Error::Io { path, source }),
            };
            for entry in entries {
                let entry = entry.map_err(|source| Error::Io { path: path.clone(), source })?;
                let is_index = Path::new(&entry.file_name()).extension().is_some_and(|extension| extension == "idx");
                if is_index && entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                    return Err(Error::SymlinkedIndex { path: entry.path() });
                }
            }
        }
        Ok(())
    }
}

fn has_graph(info: &Path) -> bool {
    info.join("commit-graph").is_file() || info.join("commit-graphs/commit-graph-chain").is_file()
}

pub(super) fn gix_kind(kind: HashKind) -> gix::hash::Kind {
    match kind {
        HashKind::Sha1 => gix::hash::Kind::Sha1,
        HashKind::Sha256 => gix::hash::Kind::Sha256,
    }
}

pub(super) fn gix_id(id: ObjectId) -> gix::ObjectId {
    match id {
        ObjectId::Sha1(bytes) => gix::ObjectId::Sha1(bytes),
        ObjectId::Sha256(bytes) => gix::ObjectId::Sha256(bytes),
    }
}

pub(super) fn model_id(id: &gix::oid) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("gix has the same two hash functions")
}
