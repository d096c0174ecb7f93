//! Computes git's patch-ids: the same change has the same one wherever it is applied, if its context is the same.
//!
//! git has two of them. What `git patch-id --stable` prints is computed from the text of a diff ([`stable`]); what
//! `git cherry` and `git rebase` compare is computed from the files (`diff.c`, `diff_get_patch_id`). They differ in how
//! paths are quoted and in where ambiguous blocks of lines are placed; here the first is for people and the second for
//! matching.

use bstr::{BStr, BString, ByteSlice as _, ByteVec as _};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::git::{Change, Digest, Entry, Error, LineDiff, Mode, Repository, Sliders, middle};
use crate::model::{HashKind, ObjectId, hex};

/// Lines of context in a diff, and how close changes must be to share a hunk.
const CONTEXT: u32 = 3;

/// How far into a file git looks for the zero byte that makes it binary (`xdiff-interface.c`).
const BINARY_PREFIX: usize = 8000;

/// A sum of digests, one for each file, which makes the order of the files irrelevant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct PatchId([u8; 32]);

impl PatchId {
    #[cfg(test)]
    pub(super) const fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Adds a digest, if there is one.
    pub(super) fn add_any(&mut self, digest: Option<ObjectId>) {
        digest.into_iter().for_each(|digest| self.add(digest));
    }

    /// Adds a digest as a little-endian number (`builtin/patch-id.c`, `flush_one_hunk`).
    pub(super) fn add(&mut self, digest: ObjectId) {
        let mut carry = 0u16;
        for (sum, byte) in self.0.iter_mut().zip(digest.as_bytes()) {
            carry += u16::from(*sum) + u16::from(*byte);
            *sum = carry.to_le_bytes()[0];
            carry >>= 8;
        }
    }
}

impl std::fmt::Display for PatchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(self.0.get(..20).unwrap_or_default()))
    }
}

impl std::fmt::Debug for PatchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Returns the patch-id of a commit against its first parent, as
/// `git diff-tree -p --full-index --root --no-renames COMMIT | git patch-id --stable` prints it; `None` for a commit
/// that changes nothing.
///
/// # Errors
/// An object is missing or malformed, or a file is larger than `limit` bytes.
pub fn stable(repository: &Repository, commit: ObjectId, limit: u64) -> Result<Option<PatchId>, Error> {
    let parent = repository.commit(commit)?.parents.first().copied();
    let changes = repository.diff_trees(parent, Some(commit))?;
    let mut text = Text { sum: PatchId::default(), digest: Digest::new(HashKind::Sha1), after: After::Header };
    for change in &changes {
        match (change.old, change.new) {
            // git shows a file that became a link as a deletion and a creation.
            (Some(old), Some(new)) if kind(old.mode) != kind(new.mode) => {
                text.file(repository, &Change { new: None, ..change.clone() }, limit)?;
                text.file(repository, &Change { old: None, ..change.clone() }, limit)?;
            }
            _ => text.file(repository, change, limit)?,
        }
    }
    text.flush();
    Ok((!changes.is_empty()).then_some(text.sum))
}

/// What the reader has seen last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Nothing, or headers of a file without hunks.
    Header,
    /// Hunks.
    Hunks,
    /// A binary file.
    Binary,
}

/// The state of the reader in `builtin/patch-id.c`, which recognises a diff by its lines and is followed exactly.
struct Text {
    sum: PatchId,
    digest: Digest,
    after: After,
}

impl Text {
    fn flush(&mut self) {
        let digest = std::mem::replace(&mut self.digest, Digest::new(HashKind::Sha1));
        if let Some(id) = digest.finish() {
            self.sum.add(id);
        }
    }

    fn file(&mut self, repository: &Repository, change: &Change, limit: u64) -> Result<(), Error> {
        let (a, b) = (quoted(b"a/", change.path.as_bstr()), quoted(b"b/", change.path.as_bstr()));
        if self.after == After::Hunks {
            self.flush();
        }
        // After a binary file git passes over everything up to and including the next file's first line.
        if self.after != After::Binary {
            self.line(&[b"diff --git ", a.as_slice(), b" ", b.as_slice()].concat());
        }
        self.after = After::Header;
        for part in modes(change) {
            self.line(part.as_bytes());
        }
        if change.old.map(|entry| entry.id) == change.new.map(|entry| entry.id) {
            return Ok(());
        }
        let (old, new) = (content(repository, change.old, limit)?, content(repository, change.new, limit)?);
        if is_binary(&old) || is_binary(&new) {
            for id in object_ids(repository.hash_kind(), change) {
                self.digest.update(id.as_bytes());
            }
            self.flush();
            self.after = After::Binary;
            return Ok(());
        }
        let diff = LineDiff::new(&old, &new, Sliders::ByIndentation);
        if diff.hunks().is_empty() {
            return Ok(());
        }
        let side = |entry: Option<Entry>, path: BString| entry.map_or_else(|| BString::from("/dev/null"), |_| path);
        self.line(&[b"--- ".as_slice(), &side(change.old, a)].concat());
        self.line(&[b"+++ ".as_slice(), &side(change.new, b)].concat());
        let mut stripped = Vec::new();
        with_context(&diff, &mut |sign, line| {
            // Lines are C strings to git.
            let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
            sign_and_line(&mut self.digest, sign, line, &mut stripped);
        });
        self.after = After::Hunks;
        Ok(())
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        self.digest.update(&strip(line));
    }
}

/// Adds the part of the internal patch-id that comes from one file, without the content of a text file: what
/// `git cherry` hashes before it knows that it needs the rest. The caller adds hunks with [`sign_and_line`], or the ids
/// of binaries.
pub(super) fn header(digest: &mut Digest, change: &Change) {
    let path = strip(&change.path);
    digest.update(b"diff--git");
    for side in [b"a/".as_slice(), &path, b"b/", &path] {
        digest.update(side);
    }
    for part in modes(change) {
        digest.update(&strip(part.as_bytes()));
    }
}

/// Adds the `---` and `+++` of the internal patch-id, which are there even if no line differs.
pub(super) fn sides(digest: &mut Digest, change: &Change) {
    let path = strip(&change.path);
    for (mark, entry, prefix) in [(b"---", change.old, b"a/"), (b"+++", change.new, b"b/")] {
        digest.update(mark);
        if entry.is_some() {
            digest.update(prefix);
            digest.update(&path);
        } else {
            digest.update(b"/dev/null");
        }
    }
}

/// Adds one line of a hunk without its blanks, which is left in `stripped`.
pub(super) fn sign_and_line(digest: &mut Digest, sign: u8, line: &[u8], stripped: &mut Vec<u8>) {
    strip_into(line, stripped);
    if sign != b' ' {
        digest.update(&[sign]);
    }
    digest.update(stripped);
}

/// Calls `sink` with each line of a diff with three lines of context, and its sign.
pub(super) fn with_context(diff: &LineDiff<'_>, sink: &mut dyn FnMut(u8, &[u8])) {
    // Up to which line the old file was written out.
    let mut told: Option<u32> = None;
    for hunk in diff.hunks() {
        let start = match told {
            // Two changes with at most six lines between them share a hunk.
            Some(told) if hunk.old.start.saturating_sub(told) <= 2 * CONTEXT => told,
            Some(told) => {
                diff.old_lines(told..told + CONTEXT).for_each(|line| sink(b' ', line));
                hunk.old.start - CONTEXT
            }
            None => hunk.old.start.saturating_sub(CONTEXT),
        };
        diff.old_lines(start..hunk.old.start).for_each(|line| sink(b' ', line));
        diff.old_lines(hunk.old.clone()).for_each(|line| sink(b'-', line));
        diff.new_lines(hunk.new.clone()).for_each(|line| sink(b'+', line));
        told = Some(hunk.old.end);
    }
    if let Some(told) = told {
        diff.old_lines(told..diff.old_len().min(told + CONTEXT)).for_each(|line| sink(b' ', line));
    }
}

/// Returns the lines about modes between `diff --git` and `index`.
fn modes(change: &Change) -> Vec<String> {
    match (change.old, change.new) {
        (None, Some(new)) => vec![format!("new file mode {}", new.mode.octal())],
        (Some(old), None) => vec![format!("deleted file mode {}", old.mode.octal())],
        (Some(old), Some(new)) if old.mode != new.mode => {
            vec![format!("old mode {}", old.mode.octal()), format!("new mode {}", new.mode.octal())]
        }
        _ => Vec::new(),
    }
}

/// Returns both ids of a file in hexadecimal, zeros where one is missing.
pub(super) fn object_ids(hash: HashKind, change: &Change) -> [String; 2] {
    [change.old, change.new].map(|entry| entry.map_or(ObjectId::null(hash), |entry| entry.id).to_string())
}

/// Returns the part of the internal patch-id that comes from one file, and calls `sink` with each line that was changed and
/// its sign; `None` where more than `most` bytes are between the file's first and its last difference.
///
/// # Errors
/// An object is missing or malformed, or a file is larger than `limit` bytes.
pub(super) fn of_file(
    repository: &Repository,
    file: &Change,
    (limit, most): (u64, usize),
    sink: &mut dyn FnMut(u8, &[u8]),
) -> Result<Option<ObjectId>, Error> {
    let same = file.old.map(|entry| entry.id) == file.new.map(|entry| entry.id);
    // The new one first: packs have the old one as a delta against it.
    let (new, old) = match same {
        true => Default::default(),
        false => (content(repository, file.new, limit)?, content(repository, file.old, limit)?),
    };
    if is_binary(&old) || is_binary(&new) {
        return Ok(of_blobs(repository, Some(file)));
    }
    let mut digest = Digest::new(repository.hash_kind());
    header(&mut digest, file);
    sides(&mut digest, file);
    let (old, new) = middle(&old, &new);
    if old.len().saturating_add(new.len()) > most {
        return Ok(None);
    }
    let mut stripped = Vec::new();
    with_context(&LineDiff::of_middle((old, new)), &mut |sign, line| {
        sign_and_line(&mut digest, sign, line, &mut stripped);
        if sign != b' ' && !stripped.is_empty() {
            sink(sign, &stripped);
        }
    });
    Ok(digest.finish())
}

/// Returns the same for a binary file: by the ids of its content.
pub(super) fn of_blobs(repository: &Repository, file: Option<&Change>) -> Option<ObjectId> {
    let file = file?;
    let mut digest = Digest::new(repository.hash_kind());
    header(&mut digest, file);
    for id in object_ids(repository.hash_kind(), file) {
        digest.update(id.as_bytes());
    }
    digest.finish()
}

/// Returns what git compares for one side of a change: a submodule is a line of text.
pub(super) fn content(repository: &Repository, entry: Option<Entry>, limit: u64) -> Result<Arc<Vec<u8>>, Error> {
    match entry {
        None => Ok(Arc::default()),
        Some(Entry { mode: Mode::Submodule, id }) => Ok(Arc::new(format!("Subproject commit {id}\n").into_bytes())),
        Some(entry) => repository.shared_blob(entry.id, limit),
    }
}

/// Returns whether git shows no lines of a file (`buffer_is_binary`). Attributes of the tree do not count, as they do
/// not in a bare repository.
pub(super) fn is_binary(content: &[u8]) -> bool {
    content.get(..BINARY_PREFIX).unwrap_or(content).find_byte(0).is_some()
}

/// Returns the kind of an entry: files, links and submodules do not turn into each other in a diff.
fn kind(mode: Mode) -> Mode {
    if mode == Mode::Executable { Mode::File } else { mode }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Removes blanks (`remove_space` in git).
pub(super) fn strip(line: &[u8]) -> Vec<u8> {
    let mut stripped = Vec::with_capacity(line.len());
    strip_into(line, &mut stripped);
    stripped
}

/// Does the same into a buffer that is reused.
pub(super) fn strip_into(line: &[u8], stripped: &mut Vec<u8>) {
    stripped.clear();
    stripped.resize(line.len(), 0);
    let mut length = 0;
    for byte in line {
        // Without a branch: a blank is written over by what comes next.
        if let Some(place) = stripped.get_mut(length) {
            *place = *byte;
        }
        length += usize::from(!is_space(*byte));
    }
    stripped.truncate(length);
}

/// Quotes a path as `git diff` shows it (`core.quotePath` in `git-config(1)`).
fn quoted(prefix: &[u8], path: &BStr) -> BString {
    let needs_quotes = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f..);
    let mut shown = BString::from(prefix);
    if !path.iter().any(needs_quotes) {
        shown.push_str(path);
        return shown;
    }
    shown.insert(0, b'"');
    for byte in path.iter() {
        match byte {
            0x07 => shown.push_str(br"\a"),
            0x08 => shown.push_str(br"\b"),
            b'\t' => shown.push_str(br"\t"),
            b'\n' => shown.push_str(br"\n"),
            0x0b => shown.push_str(br"\v"),
            0x0c => shown.push_str(br"\f"),
            b'\r' => shown.push_str(br"\r"),
            b'"' => shown.push_str(br#"\""#),
            b'\\' => shown.push_str(br"\\"),
            other if needs_quotes(other) => shown.push_str(format!("\\{other:03o}")),
            other => shown.push(*other),
        }
    }
    shown.push(b'"');
    shown
}
