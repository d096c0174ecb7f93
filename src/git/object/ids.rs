//! Ids and hash functions in gix's words, and back.

use crate::model::{HashKind, ObjectId};

/// Returns gix's word for a hash function.
pub(in crate::git) fn gix_kind(kind: HashKind) -> gix::hash::Kind {
    match kind {
        HashKind::Sha1 => gix::hash::Kind::Sha1,
        HashKind::Sha256 => gix::hash::Kind::Sha256,
    }
}

/// Returns an id as gix has it.
pub(in crate::git) fn gix_id(id: ObjectId) -> gix::ObjectId {
    match id {
        ObjectId::Sha1(bytes) => gix::ObjectId::Sha1(bytes),
        ObjectId::Sha256(bytes) => gix::ObjectId::Sha256(bytes),
    }
}

/// Returns an id of gix as one of ours.
pub(in crate::git) fn model_id(id: &gix::oid) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("gix has the same two hash functions")
}
