//! Compares changes as wholes of which only parts were read: tree-wide ones, and those of large or vendored files.
//!
//! Both have to change the same files. File by file, the same two blobs are the same change, and where blobs differ the
//! lines decide: git's patch-id of the file, as `git cherry` has it. The first file that differs ends it, so that most
//! candidates cost one file, and only one file's two blobs are held at a time.

use std::collections::BTreeSet;

use super::Error;
use super::chores;
use super::index::At;
use super::metadata::ByChange;
use super::patch::{self, MAX_LINES, Patch, Reader};
use super::patch_id::{self, PatchId};
use super::reading::{Patches, Reading};
use super::telling::Line;
use crate::git;
use crate::model::ObjectId;

/// git takes larger files for binary ones (`core.bigFileThreshold`), which are the same only where their ids are.
const MAX_BLOB: u64 = 512 << 20;

/// With more bytes than this between the first and the last difference of a file, it is not compared by lines.
const MAX_DIFF: usize = 64 << 20;

/// The files of a change, as far as they were compared by lines.
struct Files {
    files: Vec<git::Change>,
    digests: Vec<Option<Option<ObjectId>>>,
    /// The lines that were changed in those.
    lines: Vec<Line>,
}

impl Files {
    fn new(files: Vec<git::Change>) -> Self {
        let digests = vec![None; files.len()];
        Self { files, digests, lines: Vec::new() }
    }

    /// Returns the digest of one file's lines; `None` where they cannot be compared.
    fn digest(&mut self, repository: &git::Repository, at: usize) -> Result<Option<ObjectId>, Error> {
        let (Some(file), Some(known)) = (self.files.get(at), self.digests.get_mut(at)) else { return Ok(None) };
        if let Some(known) = known {
            return Ok(*known);
        }
        let (lines, is_notes) = (&mut self.lines, chores::is_notes(&file.path));
        let mut keep = |sign: u8, text: &[u8]| {
            if lines.len() < MAX_LINES {
                lines.push(patch::line(sign, text, is_notes));
            }
        };
        let found = match patch_id::of_file(repository, file, (MAX_BLOB, MAX_DIFF), &mut keep) {
            Ok(found) => found,
            // What is not here cannot be compared; the rest can.
            Err(git::Error::Missing { .. } | git::Error::Promised { .. } | git::Error::TooLarge { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        *known = Some(found);
        Ok(found)
    }
}

/// Returns the pairs that turn out to be the same patch, and gives the patches of both the same patch-id and lines.
pub(super) fn compare(
    reading: &Reading<'_>,
    candidates: &ByChange,
    own: &mut Patches<'_>,
    there: &mut Patches<'_>,
) -> Result<BTreeSet<(At, At)>, Error> {
    let repository = reading.repository;
    let mut same = BTreeSet::new();
    let mut lent = reading.readers.lend(repository.clone());
    for (at, candidates) in candidates {
        let mut read: Option<Files> = None;
        for other in &candidates.found {
            let asked = own.get(*at).zip(there.get(*other));
            if !asked.is_some_and(|(patch, other)| is_open(patch, other)) {
                continue;
            }
            Error::unless_in_time(repository, "comparing large changes")?;
            let reader = lent.reader();
            let files = match read.take() {
                Some(files) => files,
                None => Files::new(changed(reader, own, *at)?),
            };
            let mut theirs = Files::new(changed(reader, there, *other)?);
            let files = read.insert(files);
            if let Some(id) = are_same(repository, files, &mut theirs)? {
                // How telling it is that they are the same depends on their lines.
                own.identify(*at, id, &files.lines);
                there.identify(*other, id, &files.lines);
                same.insert((*at, *other));
            }
        }
    }
    Ok(same)
}

/// Returns whether two patches were read in part, and could still be the same.
fn is_open(patch: &Patch, other: &Patch) -> bool {
    let is_read = patch.has_lines && other.has_lines && patch.unread.is_none() && other.unread.is_none();
    let is_same = (patch.id.is_some() && patch.id == other.id) || patch.exact == other.exact;
    is_read && (patch.is_partial || other.is_partial) && !is_same && patch.paths == other.paths
}

fn changed(reader: &mut Reader, patches: &Patches<'_>, at: At) -> Result<Vec<git::Change>, Error> {
    match patches.changes.get(at) {
        Some(change) => match reader.files(change) {
            Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => Ok(Vec::new()),
            other => Ok(other?),
        },
        None => Ok(Vec::new()),
    }
}

/// Returns the patch-id that two changes have in common, if they have the same.
fn are_same(repository: &git::Repository, own: &mut Files, theirs: &mut Files) -> Result<Option<PatchId>, Error> {
    if own.files.is_empty() || own.files.len() != theirs.files.len() {
        return Ok(None);
    }
    // Without reading: a file that was added, deleted, or whose mode was changed.
    let is_alike = |(a, b): (&git::Change, &git::Change)| {
        let modes = |file: &git::Change| [file.old, file.new].map(|entry| entry.map(|entry| entry.mode));
        a.path == b.path && modes(a) == modes(b)
    };
    if !own.files.iter().zip(&theirs.files).all(is_alike) {
        return Ok(None);
    }
    let mut sum = PatchId::default();
    for at in 0..own.files.len() {
        Error::unless_in_time(repository, "comparing large changes")?;
        let is_equal =
            own.files.get(at).zip(theirs.files.get(at)).is_some_and(|(a, b)| (a.old, a.new) == (b.old, b.new));
        let digest = if is_equal {
            // Its place in the sum does not matter, but that it has one: the same files give the same.
            patch_id::of_blobs(repository, own.files.get(at))
        } else {
            let Some(digest) = own.digest(repository, at)? else { return Ok(None) };
            (theirs.digest(repository, at)? == Some(digest)).then_some(digest)
        };
        let Some(digest) = digest else { return Ok(None) };
        sum.add(digest);
    }
    Ok(Some(sum))
}
