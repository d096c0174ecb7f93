//! Computes ids of content that need not be in the repository.

use crate::git::object::ids::gix_kind;
use crate::model::{HashKind, ObjectId};

/// Returns the id a blob of these bytes has, as `git hash-object` prints it; the null id should hashing detect a
/// collision attack.
pub(crate) fn blob_id(kind: HashKind, bytes: &[u8]) -> ObjectId {
    let id = gix::objs::compute_hash(gix_kind(kind), gix::objs::Kind::Blob, bytes).ok();
    id.and_then(|id| ObjectId::from_bytes(id.as_bytes())).unwrap_or(ObjectId::null(kind))
}

/// Hashes bytes as they come: SHA-1 or SHA-256.
pub(crate) struct Digest(gix::hash::Hasher);

impl Digest {
    /// Makes one that has hashed nothing yet.
    pub(crate) fn new(kind: HashKind) -> Self {
        Self(gix::hash::hasher(gix_kind(kind)))
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the hash of all that was added; `None` should the input be a SHA-1 collision attack.
    pub(crate) fn finish(self) -> Option<ObjectId> {
        self.0.try_finalize().ok().and_then(|id| ObjectId::from_bytes(id.as_bytes()))
    }
}
