//! Whether a merge kept the changes that it brought.
//!
//! That a commit is below a merge says that it came, not that its lines did: `git merge -s ours` keeps none of them, and a
//! conflict can be resolved by dropping what came. Trees are compared first, since a path that is in the merge as it was in
//! what was merged needs no more. For the others lines decide: telling ones that a commit added and that what was merged
//! still had are gone from the merge, and telling ones that it removed are back.
//!
//! What the other side had already rewritten is not lost. There a change says nothing: its place is gone.

use bstr::{BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hasher as _};

use super::patch_id;
use crate::git::{self, Change, Commit, Entry, LineDiff, Repository, TreeDiff, middle};
use crate::model::ObjectId;

/// A commit that changes more files than this, or a merge that brings more commits, is not looked into.
const MAX_FILES: usize = 500;
const MAX_BROUGHT: usize = 2000;

/// A larger file is compared by its id.
const MAX_BLOB: u64 = 4 << 20;

/// So many of the files that a merge changes are searched for lines that came to another place.
const MAX_MOVED: usize = 100;

/// A line that says something has so many letters and digits.
const MIN_LETTERS: usize = 4;

/// A change that a merge did not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The commit that made it.
    pub(crate) commit: ObjectId,
    /// Whether nothing of it was kept: otherwise it is most of its lines, as where a conflict was resolved by hand.
    pub(crate) is_whole: bool,
}

/// Lines that say something, hashed without their blanks.
type Lines = HashSet<u64>;

/// What was found out about one merge.
struct Merge<'r> {
    trees: TreeDiff<&'r Repository>,
    /// The first parent, what was merged, the merge itself, and what the branch holds now.
    ours: ObjectId,
    theirs: ObjectId,
    merge: ObjectId,
    tip: ObjectId,
    /// What the merge changed on its first parent's side, and the lines in it.
    changed: BTreeSet<BString>,
    moved: Option<Lines>,
}

/// How many telling lines of a change are there, and how many are not.
#[derive(Default)]
struct Count {
    all: usize,
    lost: usize,
    /// Whether each file with lost lines is as the first parent had it.
    is_ours: bool,
}

/// Returns which of the commits that a merge brought it did not keep. What is on the branch by now, at `tip`, is not lost.
///
/// # Errors
/// Objects that cannot be read, or a deadline that has passed.
pub(crate) fn lost(
    repository: &Repository,
    merge: &Commit,
    brought: &[ObjectId],
    tip: ObjectId,
) -> Result<Vec<Lost>, git::Error> {
    let (Some(ours), Some(theirs)) = (merge.parents.first(), merge.parents.get(1)) else { return Ok(Vec::new()) };
    if brought.len() > MAX_BROUGHT || merge.parents.len() > 2 {
        return Ok(Vec::new());
    }
    let mut trees = TreeDiff::new(repository);
    let mut changes: Vec<(ObjectId, Vec<Change>)> = Vec::new();
    for id in brought {
        repository.step()?;
        let commit = repository.commit(*id)?;
        if commit.parents.len() < 2 {
            let own = trees.changes_of(commit.parents.first().copied(), commit.tree)?;
            if own.len() <= MAX_FILES {
                changes.push((*id, own));
            }
        }
    }
    let paths: BTreeSet<&BString> = changes.iter().flat_map(|(_, own)| own.iter().map(|change| &change.path)).collect();
    let paths: Vec<BString> = paths.into_iter().cloned().collect();
    let all: Vec<usize> = (0..paths.len()).collect();
    let their_tree = trees.tree_of_commit(*theirs)?;
    let differing = trees.differing(Some(their_tree), Some(merge.tree), &paths, &all)?;
    let differing: BTreeSet<&BString> = differing.into_iter().filter_map(|at| paths.get(at)).collect();
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    let changed = trees.changes_of(Some(*ours), merge.tree)?.into_iter().map(|change| change.path).collect();
    let mut found = Merge { trees, ours: *ours, theirs: *theirs, merge: merge.id, tip, changed, moved: None };
    let mut lost = Vec::new();
    for (id, own) in &changes {
        if !own.iter().any(|change| differing.contains(&change.path)) {
            continue;
        }
        let mut count = Count { is_ours: true, ..Count::default() };
        for change in own {
            found.count(change, differing.contains(&change.path), &mut count)?;
        }
        if count.lost > 0 && 2 * count.lost >= count.all {
            lost.push(Lost { commit: *id, is_whole: count.lost == count.all && count.is_ours });
        }
    }
    Ok(lost)
}

impl Merge<'_> {
    fn repository(&self) -> &Repository {
        self.trees.repository()
    }

    fn entry(&self, commit: ObjectId, path: &BString) -> Result<Option<Entry>, git::Error> {
        self.repository().tree_entry(commit, path.as_ref())
    }

    /// Returns what a file holds; `None` where it is not text of a reasonable size.
    fn text(&self, entry: Option<Entry>) -> Result<Option<Vec<u8>>, git::Error> {
        match patch_id::content(self.repository(), entry, MAX_BLOB) {
            Ok(content) => Ok(Some(content.to_vec()).filter(|content| !patch_id::is_binary(content))),
            Err(git::Error::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Counts what is left of a change to one file.
    fn count(&mut self, change: &Change, differs: bool, count: &mut Count) -> Result<(), git::Error> {
        let [ours, theirs, merged, now] = [
            self.entry(self.ours, &change.path)?,
            self.entry(self.theirs, &change.path)?,
            self.entry(self.merge, &change.path)?,
            self.entry(self.tip, &change.path)?,
        ];
        // The other side has taken the file away, or moved it: there is nothing to change.
        if ours.is_none() && change.old.is_some() {
            return Ok(());
        }
        let is_kept = !differs || now == theirs;
        let (Some(old), Some(new), Some(theirs_text)) =
            (self.text(change.old)?, self.text(change.new)?, self.text(theirs)?)
        else {
            // What is not compared by lines is kept or not as a whole, if what was merged still had it.
            if theirs == change.new {
                let is_lost = !is_kept && merged == ours && ours == change.old && now == ours;
                count.all += 1;
                count.lost += usize::from(is_lost);
            }
            return Ok(());
        };
        let Edit { added, removed, around } = Edit::of(&old, &new);
        let theirs_lines = telling(&theirs_text);
        let still: Vec<u64> = added.intersection(&theirs_lines).copied().collect();
        let gone: Vec<u64> = removed.difference(&theirs_lines).copied().collect();
        count.all += still.len() + gone.len();
        if is_kept {
            return Ok(());
        }
        let (Some(ours_text), Some(merged_text), Some(now_text)) =
            (self.text(ours)?, self.text(merged)?, self.text(now)?)
        else {
            return Ok(());
        };
        let [ours_lines, merged_lines, now_lines] = [&ours_text, &merged_text, &now_text].map(|text| telling(text));
        // Where the lines around it are others, what it changed is not there any more.
        let is_placed = 2 * around.intersection(&merged_lines).count() >= around.len();
        let is_back = |line: &u64| merged_lines.contains(line) && now_lines.contains(line) && ours_lines.contains(line);
        let back = gone.iter().filter(|line| is_back(line)).count();
        if !is_placed || (back == 0 && !gone.is_empty()) {
            return Ok(());
        }
        let absent = still.iter().filter(|line| !merged_lines.contains(line) && !now_lines.contains(line));
        let absent: Vec<u64> = absent.copied().collect();
        let moved = if absent.is_empty() { &Lines::new() } else { self.moved()? };
        let lost = absent.iter().filter(|line| !moved.contains(line)).count() + back;
        count.lost += lost;
        count.is_ours &= lost == 0 || merged == ours;
        Ok(())
    }

    /// Returns the lines of the files that the merge changed: what came may have come to another file.
    fn moved(&mut self) -> Result<&Lines, git::Error> {
        if self.moved.is_none() {
            let mut lines = Lines::new();
            for path in self.changed.iter().take(MAX_MOVED) {
                if let Some(text) = self.text(self.entry(self.merge, path)?)? {
                    lines.extend(telling(&text));
                }
            }
            self.moved = Some(lines);
        }
        Ok(self.moved.get_or_insert_default())
    }
}

/// What a change does to one file, in lines that say something.
#[derive(Default)]
struct Edit {
    added: Lines,
    removed: Lines,
    around: Lines,
}

impl Edit {
    fn of(old: &[u8], new: &[u8]) -> Self {
        let (old, new) = middle(old, new);
        let mut lines: BTreeMap<u8, Lines> = BTreeMap::new();
        patch_id::with_context(&LineDiff::of_middle((old, new)), &mut |sign, line| {
            lines.entry(sign).or_default().extend(hashed(line));
        });
        let mut of = |sign: u8| lines.remove(&sign).unwrap_or_default();
        let (added, removed, around) = (of(b'+'), of(b'-'), of(b' '));
        Self {
            added: added.difference(&removed).copied().collect(),
            removed: removed.difference(&added).copied().collect(),
            around,
        }
    }
}

/// Returns the lines of a text that say something.
fn telling(text: &[u8]) -> Lines {
    text.lines().filter_map(hashed).collect()
}

fn hashed(line: &[u8]) -> Option<u64> {
    let letters = line.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).take(MIN_LETTERS);
    (letters.count() == MIN_LETTERS).then(|| {
        let mut hasher = DefaultHasher::new();
        hasher.write(&patch_id::strip(line));
        hasher.finish()
    })
}
