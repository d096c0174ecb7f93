//! Entry points for the fuzz targets: readers of bytes that somebody else wrote. Each returns what was read in the form
//! in which it is written again.

use bstr::ByteSlice as _;

use super::cache::Cache;
use super::change::Change;
use super::store::sealed;
use super::{Form, Grammar, answers, record, titles};
use crate::git::Commit;
use crate::model::{HashKind, ObjectId};

/// Makes a cache file with correct checksums out of any bytes.
pub fn cache_file(bytes: &[u8]) -> Vec<u8> {
    Cache::sealed(bytes)
}

/// Rewrites a cache file with what could be read of it, and returns how many changes and patches that was.
pub fn cache_again(file: &[u8]) -> (Vec<u8>, usize) {
    Cache::rewritten(file)
}

/// Returns the record of a commit's own words.
pub fn change_again(bytes: &[u8]) -> Option<Vec<u8>> {
    record::change(bytes, ObjectId::null(HashKind::Sha1)).map(|change| record::encoded(&change))
}

/// Returns the record of what a commit changed.
pub fn patch_again(bytes: &[u8]) -> Option<Vec<u8>> {
    record::patch(bytes).map(|patch| record::encoded(&patch))
}

/// Returns a cached answer to an empty question, without its checksum.
pub fn answer_again(content: &[u8]) -> Option<Vec<u8>> {
    let file = sealed(content);
    let again = answers::Kept::read(&file, b"")?.file();
    again.get(8..).map(<[u8]>::to_vec)
}

/// Returns what a commit says, as its record, and how many originals it names.
pub fn said(commit: &Commit, own: Vec<Form>) -> (Vec<u8>, usize) {
    let change = Change::new(commit, &Grammar::with(own));
    (record::encoded(&change), change.named.len())
}

/// Returns two titles without what backporting adds, and how alike they are.
pub fn titles(a: &[u8], b: &[u8]) -> (Vec<u8>, f64) {
    let (a, b) = (titles::start(a.as_bstr()), titles::start(b.as_bstr()));
    let _ = (titles::Numbers::compare(a, b), titles::share_long_number(a, b), titles::share_numbers(a, b));
    let _ = (titles::replaced(a, b), titles::is_revert(a), titles::effective(a, b));
    (titles::normalised(a).into(), titles::likeness(a, b))
}
