//! What the fuzz targets reach: readers of bytes that somebody else wrote. Each gives what was read as it is written again.

use bstr::ByteSlice as _;

use super::cache::Cache;
use super::change::Change;
use super::store::checksum;
use super::{Form, Grammar, answers, record, titles};
use crate::git::Commit;
use crate::model::{HashKind, ObjectId};

/// A cache file with checksums that are right, made of any bytes.
pub fn cache_file(bytes: &[u8]) -> Vec<u8> {
    Cache::sealed(bytes)
}

/// A cache file written again with what could be read of it; and how many changes and patches that was.
pub fn cache_again(file: &[u8]) -> (Vec<u8>, usize) {
    Cache::rewritten(file)
}

/// The record of a commit's own words.
pub fn change_again(bytes: &[u8]) -> Option<Vec<u8>> {
    record::change(bytes, ObjectId::null(HashKind::Sha1)).map(|change| record::encoded(&change))
}

/// The record of what a commit changed.
pub fn patch_again(bytes: &[u8]) -> Option<Vec<u8>> {
    record::patch(bytes).map(|patch| record::encoded(&patch))
}

/// A kept answer to an empty question, without its checksum.
pub fn answer_again(content: &[u8]) -> Option<Vec<u8>> {
    let file = [checksum(content).to_le_bytes().as_slice(), content].concat();
    let again = answers::Kept::read(&file, b"")?.file();
    again.get(8..).map(<[u8]>::to_vec)
}

/// What a commit says, as its record; and how many originals it names.
pub fn said(commit: &Commit, own: Vec<Form>) -> (Vec<u8>, usize) {
    let change = Change::new(commit, &Grammar::with(own));
    (record::encoded(&change), change.named.len())
}

/// Two titles: without what backporting adds, and how alike they are.
pub fn titles(a: &[u8], b: &[u8]) -> (Vec<u8>, f64) {
    let (a, b) = (titles::start(a.as_bstr()), titles::start(b.as_bstr()));
    let _ = (titles::Numbers::compare(a, b), titles::share_long_number(a, b), titles::share_numbers(a, b));
    let _ = (titles::replaced(a, b), titles::is_revert(a), titles::effective(a, b));
    (titles::normalised(a).into(), titles::likeness(a, b))
}
