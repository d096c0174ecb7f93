//! Keeps of two commits that no merge below the one lost what it brought from below the other, which takes as long to find
//! out as there are merges.
//!
//! This is a function of the two commits. Where lines were lost, nothing is kept: whether somebody misses them depends on
//! more.

use super::record;
use super::store::{Store, sealed, unsealed};
use crate::git::Repository;
use crate::model::ObjectId;

/// To be changed whenever this is found out or encoded in another way.
pub(super) const VERSION: u32 = 2;

const FILE: &str = "merges";

/// How many pairs are kept.
const MAX_PAIRS: usize = 256;

const MAX_FILE: u64 = 64 << 10;

/// The version, the program's own, and the pairs: what merges might have brought, and the tip to which; the last one asked
/// about last.
pub(super) type Kept = (u32, String, Vec<(ObjectId, ObjectId)>);

/// Returns whether it was kept that no merge below the second commit lost what it brought from below the first.
pub(crate) fn lost_nothing(repository: &Repository, from: ObjectId, tip: ObjectId) -> bool {
    known(&Store::new(repository)).contains(&(from, tip))
}

/// Keeps that no merge did. A failure to write it is not an error.
pub(crate) fn keep_lost_nothing(repository: &Repository, from: ObjectId, tip: ObjectId) {
    let store = Store::new(repository);
    // Where a history is cut off, more of it may come.
    if !store.may_write() || repository.is_shallow() {
        return;
    }
    let mut pairs = known(&store);
    pairs.push((from, tip));
    pairs.drain(..pairs.len().saturating_sub(MAX_PAIRS));
    let content = record::encoded(&(VERSION, env!("CARGO_PKG_VERSION"), pairs));
    let _not_kept = store.write(FILE, &sealed(&content));
}

/// Returns the pairs that are kept; none where the file is damaged or another version's.
fn known(store: &Store) -> Vec<(ObjectId, ObjectId)> {
    let read = || {
        let file = store.read(FILE, MAX_FILE)?;
        let (version, program, pairs): Kept = record::decoded(unsealed(&file)?)?;
        (version == VERSION && program == env!("CARGO_PKG_VERSION")).then_some(pairs)
    };
    read().unwrap_or_default()
}
