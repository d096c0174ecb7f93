//! What looks like a repair without saying so: a later change of the mainline that rewrites most of what a pick brought.

use bstr::{BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::repairs::{Repair, Unrepaired};
use super::{FactError, Snapshot};
use crate::git::{Change, Entry, LineDiff, Mode, TreeDiff, middle};
use crate::landed::{self, Status};
use crate::model::ObjectId;

/// How much of what a change brought a later one has to take away, and at least how many lines.
const MOST: f64 = 0.5;
const MIN_LINES: usize = 3;

/// After so many days, it is development and no repair.
const MAX_DAYS: i64 = 365;

/// Shorter lines say nothing.
const MIN_LINE: usize = 4;

/// Larger files are not looked into.
const MAX_FILE: u64 = 512 << 10;

/// A change of more files than this is not looked into.
const MAX_FILES: usize = 100;

/// A line of a file: its place among those that are known.
type Lines = HashMap<(BString, BString), Vec<usize>>;

impl Snapshot<'_> {
    /// Returns the later changes of a line at `mainline` that rewrite most of the lines which a pick of a branch at
    /// `branch` brought, and that are not on the branch; oldest first. It is a guess: for a person to look at.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn rewritten(&self, branch: ObjectId, mainline: ObjectId) -> Result<Vec<Unrepaired>, FactError> {
        let repository = &self.project().repository().for_many_reads();
        let options = self.comparing();
        let compared = landed::compare(repository, branch, &[mainline], &options)?;
        let mut picks: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
        for verdict in compared.verdicts().iter().filter(|verdict| verdict.status == Status::Landed) {
            picks.extend(verdict.matched.filter(|matched| *matched != verdict.commit).map(|it| (it, verdict.commit)));
        }
        let mut reader = Reader { trees: TreeDiff::new(repository) };
        let (mut lines, mut paths) = (Lines::new(), BTreeSet::new());
        let mut brought: Vec<(ObjectId, i64, usize)> = Vec::new();
        let mut found: Vec<(ObjectId, ObjectId)> = Vec::new();
        // Oldest first: a line is rewritten after it was brought.
        for id in self.project().commits(&[mainline], &[branch])?.into_iter().rev() {
            self.project().step()?;
            let commit = repository.commit(id)?;
            let [parent] = *commit.parents else { continue };
            let changes = reader.trees.changes_of(Some(parent), commit.tree)?;
            if changes.len() > MAX_FILES {
                continue;
            }
            let is_pick = picks.contains_key(&id);
            let concerns = |change: &&Change| is_pick || paths.contains(&change.path);
            let (mut taken, mut added): (BTreeMap<usize, usize>, Vec<(BString, BString)>) = Default::default();
            for change in changes.iter().filter(concerns) {
                let (gone, new) = reader.lines(change)?;
                for line in gone.difference(&new) {
                    for at in lines.get(&(change.path.clone(), line.clone())).into_iter().flatten() {
                        *taken.entry(*at).or_default() += 1;
                    }
                }
                if is_pick {
                    added.extend(new.difference(&gone).map(|line| (change.path.clone(), line.clone())));
                }
            }
            for (at, count) in taken {
                let Some((original, seconds, all)) = brought.get(at) else { continue };
                let days = (commit.committer.seconds - seconds) / 86_400;
                if count >= MIN_LINES && count as f64 >= *all as f64 * MOST && days <= MAX_DAYS {
                    found.push((*original, id));
                }
            }
            if is_pick {
                for line in &added {
                    paths.insert(line.0.clone());
                    lines.entry(line.clone()).or_default().push(brought.len());
                }
                brought.push((id, commit.committer.seconds, added.len()));
            }
        }
        self.not_there(found, &picks, branch, mainline)
    }

    fn not_there(
        &self,
        found: Vec<(ObjectId, ObjectId)>,
        picks: &BTreeMap<ObjectId, ObjectId>,
        branch: ObjectId,
        mainline: ObjectId,
    ) -> Result<Vec<Unrepaired>, FactError> {
        let there = self.places(&found.iter().map(|(_, by)| *by).collect(), branch, mainline)?;
        let mut missing = Vec::new();
        for (original, by) in found.into_iter().filter(|(_, by)| !there.contains_key(by)) {
            let Some(pick) = picks.get(&original) else { continue };
            let by = self.project().commit(by)?;
            missing.push(Unrepaired { original, pick: *pick, by, repair: Repair::Rewrites });
        }
        Ok(missing)
    }
}

/// Reads what changes do to files.
struct Reader<'r> {
    trees: TreeDiff<&'r crate::git::Repository>,
}

impl Reader<'_> {
    /// Returns the lines that a change takes out of a file and those that it brings; none of a file that is not text.
    fn lines(&self, change: &Change) -> Result<(BTreeSet<BString>, BTreeSet<BString>), FactError> {
        let (Some(old), Some(new)) = (self.content(change.old)?, self.content(change.new)?) else {
            return Ok((BTreeSet::new(), BTreeSet::new()));
        };
        let diff = LineDiff::of_middle(middle(&old, &new));
        let (mut gone, mut brought) = (BTreeSet::new(), BTreeSet::new());
        for hunk in diff.hunks() {
            gone.extend(diff.old_lines(hunk.old.clone()).filter_map(telling));
            brought.extend(diff.new_lines(hunk.new.clone()).filter_map(telling));
        }
        Ok((gone, brought))
    }

    /// Returns what a file holds, nothing where there is none; `None` for what is not compared by lines.
    fn content(&self, entry: Option<Entry>) -> Result<Option<Vec<u8>>, FactError> {
        match entry {
            None => Ok(Some(Vec::new())),
            Some(Entry { mode: Mode::File | Mode::Executable, id }) => {
                match self.trees.repository().blob(id, MAX_FILE) {
                    Ok(bytes) if bytes.contains(&0) => Ok(None),
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(crate::git::Error::TooLarge { .. }) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            Some(_) => Ok(None),
        }
    }
}

/// Returns a line without the blanks around it, if it says something.
fn telling(line: &[u8]) -> Option<BString> {
    let line = line.trim();
    (line.len() >= MIN_LINE && line.iter().any(u8::is_ascii_alphanumeric)).then(|| line.into())
}
