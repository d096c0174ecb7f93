//! What a commit changed, in the forms in which changes are compared.

use bstr::{BStr, BString, ByteSlice as _};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex};

use super::change::{self, Change};
use super::patch_id::{self, PatchId};
use super::telling::{self, Line, SIGN};
use super::{Error, chores};
use crate::git::{self, LineDiff, TreeDiff};
use crate::manifest::{is_generated, is_vendored};
use crate::model::ObjectId;

/// Larger files are compared by their ids, as binary ones are, until nothing else is left to look at: see
/// [`super::whole`].
pub(super) const MAX_BLOB: u64 = 4 << 20;

/// With more bytes than this between the first and the last difference, lines are counted and not aligned.
const MAX_DIFF: usize = 128 << 10;

/// With more changed files, only paths and ids are compared: imports, merges of whole branches, tree-wide changes.
const MAX_FILES: usize = 2000;

/// How many files, in the order of paths, have their lines read; of the others only that they were changed is compared.
const MAX_READ: usize = 100;

/// With more changed lines than this, the rest is dropped.
pub(super) const MAX_LINES: usize = 400_000;

/// The paths of a change, hashed: equal for the same paths.
pub(super) type PathsKey = u64;

/// What a commit changed against its first parent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Patch {
    /// Whether lines were looked at, not only trees. The cached record begins with it.
    pub(super) has_lines: bool,
    /// git's patch-id, in the form that `git cherry` compares. `None` if nothing changed or not all could be read.
    pub(super) id: Option<PatchId>,
    /// Whether some of its text files were compared by their ids: then the same patch-id is the same patch, and another
    /// one says nothing.
    pub(super) is_partial: bool,
    /// Which paths got which content in place of which: equal only for exactly the same change.
    pub(super) exact: Option<u64>,
    /// Changed lines with their paths, without context.
    pub(super) bare: Option<u64>,
    /// Changed lines without paths or context.
    pub(super) moved: Option<u64>,
    /// How often each line was added or removed, by line.
    pub(super) lines: Vec<(Line, u32)>,
    pub(super) paths: Vec<BString>,
    /// What was at these paths and is there now, until lines are read.
    #[serde(skip)]
    pub(super) files: Vec<git::Change>,
    /// The words of the message below the title: see [`change::body_words`].
    pub(super) words: Vec<u32>,
    /// Whether nothing but release notes, translations and versions changed.
    pub(super) is_bookkeeping: bool,
    /// An object that is not here.
    #[serde(skip)]
    pub(super) unread: Option<ObjectId>,
}

impl Patch {
    /// Returns the same patch as though no lines had been read.
    pub(super) fn into_outline(self) -> Self {
        let nothing = Self { id: None, is_partial: false, bare: None, moved: None, lines: Vec::new(), ..self };
        Self { has_lines: false, is_bookkeeping: false, ..nothing }
    }

    /// Returns whether the very same files took the place of the very same files: then lines say no more.
    pub(super) fn is_exactly(&self, other: &Self) -> bool {
        self.exact.is_some() && self.exact == other.exact
    }

    /// Returns about how many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        const OF_PATH: usize = 32;
        let paths = self.paths.iter().chain(self.files.iter().map(|file| &file.path));
        let paths: usize = paths.map(|path| path.len() + OF_PATH).sum();
        size_of::<Self>()
            + size_of_val(self.lines.as_slice())
            + size_of_val(self.words.as_slice())
            + size_of_val(self.files.as_slice())
            + paths
    }

    /// Returns whether only a few lines were added and removed.
    pub(super) fn is_tiny(&self) -> bool {
        const FEW: u32 = 6;
        self.has_lines && self.lines.iter().map(|(_, count)| *count).sum::<u32>() <= FEW
    }
}

/// Reads patches; one for each thread.
pub(super) struct Reader {
    trees: TreeDiff,
}

/// Readers that are not in use: what they have read before helps with what comes next.
#[derive(Default)]
pub(super) struct Readers(Mutex<Vec<Reader>>);

/// A reader that goes back when it is done.
pub(super) struct Lent<'r> {
    reader: Option<Reader>,
    home: &'r Readers,
}

impl Readers {
    pub(super) fn lend(&self, repository: git::Repository) -> Lent<'_> {
        let idle = self.0.lock().ok().and_then(|mut idle| idle.pop());
        Lent { reader: Some(idle.unwrap_or_else(|| Reader::new(repository))), home: self }
    }
}

impl Lent<'_> {
    pub(super) fn reader(&mut self) -> &mut Reader {
        self.reader.as_mut().expect("it is only given back at the end")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let (Some(reader), Ok(mut idle)) = (self.reader.take(), self.home.0.lock()) {
            idle.push(reader);
        }
    }
}

impl Reader {
    fn new(repository: git::Repository) -> Self {
        Self { trees: TreeDiff::new(repository) }
    }

    /// Returns the paths of a commit's patch and the words of its message, without its lines. What cannot be read for
    /// want of an object is marked in it and is not an error: the rest of the history can still be judged.
    pub(super) fn outline(&mut self, change: &Change) -> Result<Patch, Error> {
        let mut patch = Patch::default();
        let files = match self.trees.changes_of(change.parent, change.tree) {
            Ok(files) => files,
            Err(git::Error::Missing { id } | git::Error::Promised { id }) => {
                patch.unread = Some(id);
                return Ok(patch);
            }
            Err(error) => return Err(error.into()),
        };
        patch.exact = exact(&files);
        patch.paths = files.iter().map(|file| file.path.clone()).collect();
        patch.words = change::body_words(self.trees.repository().commit(change.id)?.body());
        patch.files = files;
        Ok(patch)
    }

    /// Returns what was at the paths that a commit changes and is there now.
    pub(super) fn files(&mut self, change: &Change) -> Result<Vec<git::Change>, git::Error> {
        self.trees.changes_of(change.parent, change.tree)
    }

    pub(super) fn repository(&self) -> &git::Repository {
        self.trees.repository()
    }

    /// Returns the paths that a commit changes, if `wants` says so; see [`TreeDiff::changes_within`].
    pub(super) fn paths_within(
        &mut self,
        change: &Change,
        wants: &dyn Fn(&BStr, &[BString]) -> bool,
    ) -> Result<Option<Vec<BString>>, Error> {
        match self.trees.changes_within(change.parent, change.tree, wants) {
            Ok(files) => Ok(files.map(|files| files.into_iter().map(|file| file.path).collect())),
            // What is not here cannot be compared; the rest can.
            Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns which of the wanted paths differ between a commit and a tree; see [`TreeDiff::differing`].
    pub(super) fn differing(
        &mut self,
        before: Option<ObjectId>,
        tree: ObjectId,
        paths: &[BString],
        wanted: &[usize],
    ) -> Result<Vec<usize>, git::Error> {
        let before = before.map(|id| self.trees.tree_of_commit(id)).transpose()?;
        self.trees.differing(before, Some(tree), paths, wanted)
    }

    /// Returns the patch of a commit whose outline may be known, as far as it can be read.
    pub(super) fn patch(&mut self, change: &Change, outline: Option<Patch>) -> Result<Patch, Error> {
        // One from the cache has paths only.
        let outline = outline.filter(|outline| outline.files.len() == outline.paths.len());
        let mut patch = match outline {
            Some(outline) => outline,
            None => self.outline(change)?,
        };
        let files = std::mem::take(&mut patch.files);
        patch.has_lines = true;
        if files.is_empty() {
            return Ok(patch);
        }
        if files.len() > MAX_FILES {
            patch.is_partial = true;
            patch.lines = counted(by_ids(&files));
            return Ok(patch);
        }
        let mut building = Building { is_bookkeeping: files.len() <= MAX_READ, ..Building::default() };
        let (read, listed) = files.split_at(files.len().min(MAX_READ));
        listed.iter().for_each(|file| building.listed(self.trees.repository(), file));
        for file in read {
            match building.file(self.trees.repository(), file) {
                Ok(()) => {}
                Err(git::Error::Missing { id } | git::Error::Promised { id }) => patch.unread = Some(id),
                Err(error) => return Err(error.into()),
            }
        }
        if patch.unread.is_none() {
            patch.id = building.sum;
            patch.is_partial = building.is_partial;
            patch.bare = Some(building.bare);
            let has_lines = !building.lines.is_empty();
            patch.moved = has_lines.then_some(building.moved);
            patch.is_bookkeeping = building.is_bookkeeping;
        }
        patch.lines = counted(building.lines);
        Ok(patch)
    }
}

/// Sums over files.
#[derive(Default)]
struct Building {
    sum: Option<PatchId>,
    bare: u64,
    moved: u64,
    lines: Vec<Line>,
    /// A text file was compared by the ids of its content.
    is_partial: bool,
    /// Nothing but release notes and versions changed so far.
    is_bookkeeping: bool,
    /// The file that is being read holds notes.
    is_notes: bool,
}

impl Building {
    fn file(&mut self, repository: &git::Repository, file: &git::Change) -> Result<(), git::Error> {
        let mut digest = git::Digest::new(repository.hash_kind());
        patch_id::header(&mut digest, file);
        let mut own = DefaultHasher::new();
        let content = |entry| match patch_id::content(repository, entry, MAX_BLOB) {
            Err(git::Error::TooLarge { .. }) => Ok(None),
            other => other.map(Some),
        };
        let same = file.old.map(|entry| entry.id) == file.new.map(|entry| entry.id);
        // Most changes fail this on their first line; for the others it is worth looking at every line.
        let is_notes = chores::is_notes(&file.path);
        self.is_notes = is_notes;
        let mut versions = (self.is_bookkeeping && !is_notes).then(|| chores::Versions::of_file(&file.path));
        // The new one first: packs have the old one as a delta against it. A copy of another project's code differs by
        // version alone: ids say as much as lines.
        let both =
            if same || is_vendored(file.path.as_ref()) { None } else { content(file.new)?.zip(content(file.old)?) };
        let is_text =
            |(new, old): &(Arc<Vec<u8>>, Arc<Vec<u8>>)| !patch_id::is_binary(old) && !patch_id::is_binary(new);
        let is_read_binary = both.as_ref().is_some_and(|both| !is_text(both));
        match both.filter(is_text) {
            _ if same => {
                patch_id::sides(&mut digest, file);
                self.is_bookkeeping = false;
            }
            Some((new, old)) => {
                patch_id::sides(&mut digest, file);
                let (old, new) = git::middle(&old, &new);
                if old.len() + new.len() > MAX_DIFF {
                    self.large(old, new, &mut own);
                    self.is_partial = true;
                    self.sum.get_or_insert_default().add_any(patch_id::of_blobs(repository, Some(file)));
                    self.is_bookkeeping &= is_notes;
                    self.place(&file.path, own);
                    return Ok(());
                }
                let diff = LineDiff::of_middle((old, new));
                let mut stripped = Vec::new();
                patch_id::with_context(&diff, &mut |sign, line| {
                    patch_id::sign_and_line(&mut digest, sign, line, &mut stripped);
                    if sign != b' ' && !stripped.is_empty() {
                        self.line(sign, &stripped, &mut own);
                        versions = versions.take().and_then(|mut seen| seen.add(sign, &stripped).then_some(seen));
                    }
                });
                self.is_bookkeeping &= is_notes || versions.is_some_and(|versions| versions.is_even());
            }
            None => {
                self.is_partial |= !is_read_binary;
                self.is_bookkeeping &= is_notes;
                for (sign, id) in [b'-', b'+'].into_iter().zip(patch_id::object_ids(repository.hash_kind(), file)) {
                    digest.update(id.as_bytes());
                    self.line(sign, id.as_bytes(), &mut own);
                }
            }
        }
        if let Some(id) = digest.finish() {
            self.sum.get_or_insert_default().add(id);
        }
        self.place(&file.path, own);
        Ok(())
    }

    /// Adds a file that is not read.
    fn listed(&mut self, repository: &git::Repository, file: &git::Change) {
        self.is_partial = true;
        self.sum.get_or_insert_default().add_any(patch_id::of_blobs(repository, Some(file)));
        self.is_notes = chores::is_notes(&file.path);
        let mut own = DefaultHasher::new();
        // Both that something was done to it, and that this was reverted.
        self.line(b'-', &file.path, &mut own);
        self.line(b'+', &file.path, &mut own);
        self.place(&file.path, own);
    }

    /// Adds what a file's lines hash to, alone and with its path.
    fn place(&mut self, path: &[u8], own: DefaultHasher) {
        let own = own.finish();
        self.moved = self.moved.wrapping_add(own);
        let mut placed = DefaultHasher::new();
        placed.write(path);
        placed.write_u64(own);
        self.bare = self.bare.wrapping_add(placed.finish());
    }

    /// Compares the lines of large rewrites: which there are more and fewer of, wherever they are. A diff could take
    /// seconds, and its order would say no more.
    fn large(&mut self, old: &[u8], new: &[u8], file: &mut DefaultHasher) {
        let mut lines: Vec<(u64, i64, &[u8])> = Vec::new();
        let mut stripped = Vec::new();
        for (text, change) in [(old, -1), (new, 1)] {
            for bytes in text.lines() {
                patch_id::strip_into(bytes, &mut stripped);
                if !stripped.is_empty() {
                    lines.push((telling::only_text(hashed(&stripped)), change, bytes));
                }
            }
        }
        lines.sort_unstable_by_key(|(hash, ..)| *hash);
        for same in lines.chunk_by(|(a, ..), (b, ..)| a == b) {
            let balance: i64 = same.iter().map(|(_, change, _)| change).sum();
            let Some((_, _, bytes)) = same.first().filter(|_| balance != 0) else { continue };
            patch_id::strip_into(bytes, &mut stripped);
            let removed = line(b'-', &stripped, self.is_notes);
            for _ in 0..balance.unsigned_abs() {
                self.push(if balance < 0 { removed } else { removed | SIGN }, file);
            }
        }
    }

    fn line(&mut self, sign: u8, text: &[u8], file: &mut DefaultHasher) {
        self.push(line(sign, text, self.is_notes), file);
    }

    fn push(&mut self, line: Line, file: &mut DefaultHasher) {
        file.write_u64(line);
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        }
    }
}

/// Returns a changed line without blanks.
pub(super) fn line(sign: u8, text: &[u8], is_notes: bool) -> Line {
    telling::line(sign, hashed(text), text, is_notes)
}

/// Hashes a line without blanks.
pub(super) fn hashed(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    hasher.finish()
}

/// Returns lines that stand for what was at each path, and what is there now.
fn by_ids(files: &[git::Change]) -> Vec<Line> {
    let line = |sign: u8, path: &[u8], entry: Option<git::Entry>| {
        let hash = |entry: git::Entry| hashed(&[path, b"\0", entry.id.as_bytes()].concat());
        entry.map(|entry| telling::line(sign, hash(entry), path, chores::is_notes(path.as_bstr())))
    };
    let sides = |file: &git::Change| [line(b'-', &file.path, file.old), line(b'+', &file.path, file.new)];
    files.iter().flat_map(sides).flatten().take(MAX_LINES).collect()
}

pub(super) fn counted(mut lines: Vec<Line>) -> Vec<(Line, u32)> {
    lines.sort_unstable();
    let mut counted: Vec<(Line, u32)> = Vec::with_capacity(lines.len());
    for line in lines {
        match counted.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => counted.push((line, 1)),
        }
    }
    counted.shrink_to_fit();
    counted
}

fn exact(files: &[git::Change]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&file.path);
        for entry in [file.old, file.new].into_iter().flatten() {
            hasher.write(entry.mode.octal().as_bytes());
            hasher.write(entry.id.as_bytes());
        }
        hasher.write_u8(0);
    }
    (!files.is_empty()).then(|| hasher.finish())
}

/// Returns how much of a change others revert exactly, from 0 to 1. Where no lines are known, it is all or nothing, by
/// the paths.
pub(super) fn taken_back(patch: &Patch, by: &[&Patch]) -> f64 {
    let (mut all, mut gone) = (0u32, 0u32);
    for (line, count) in &patch.lines {
        let inverse = line ^ SIGN;
        let of = |other: &&Patch| {
            let at = other.lines.binary_search_by_key(&inverse, |(line, _)| *line).ok();
            at.and_then(|at| other.lines.get(at)).map_or(0, |(_, count)| *count)
        };
        let found = by.iter().map(of).fold(0, u32::saturating_add);
        (all, gone) = (all.saturating_add(*count), gone.saturating_add(found.min(*count)));
    }
    if all > 0 {
        return f64::from(gone) / f64::from(all);
    }
    let touches = |path: &BString| by.iter().any(|other| other.paths.contains(path));
    f64::from(u8::from(patch.paths.iter().all(touches)))
}

/// How many of the paths of two changes must be common where nothing else of their content is compared: two of three.
pub(super) const MOST_PATHS: f64 = 0.6;

/// Returns how many of the paths of two changes are common, from 0 to 1 (Jaccard).
pub(super) fn common_paths(a: &Patch, b: &Patch) -> f64 {
    let paths: HashSet<&BString> = a.paths.iter().collect();
    let common = b.paths.iter().filter(|path| paths.contains(path)).count();
    common as f64 / (a.paths.len() + b.paths.len()).saturating_sub(common).max(1) as f64
}

/// Hashes the paths that a change has.
pub(super) fn paths_key(paths: &[BString]) -> PathsKey {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        hasher.write(path);
        hasher.write_u8(0);
    }
    hasher.finish()
}

/// Returns whether more than half of the paths hold what nobody writes by hand: vendored, locked, generated or
/// translated.
pub(super) fn is_mostly_generated(paths: &[BString]) -> bool {
    let generated = paths.iter().filter(|path| is_generated(path.as_ref())).count();
    2 * generated > paths.len()
}
