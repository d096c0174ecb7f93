//! How much of what a commit does is on the other line, by its own lines: in the commits that it was found to be, or in
//! the files there, whichever commit brought it.
//!
//! This reads texts, and is asked only where lines that both change do not say enough: a pick that was adapted, one with
//! more in it than its original, one that has but the title of another.

use bstr::{BStr, BString, ByteSlice as _};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::adapted::Adapted;
use super::change::Change;
use super::patch::{self, Patch, Reader};
use super::verdict::Missing;
use super::{Error, chores, patch_id, telling};
use crate::git::{self, Entry, LineDiff, Mode, Repository};
use crate::manifest::is_vendored;
use crate::model::ObjectId;

/// More files and more lines of one commit are not looked at: what is in the first says enough.
const MAX_FILES: usize = 100;
const MAX_LINES: usize = 20_000;

/// A lighter line is not counted: it says nothing.
const COUNTED: f64 = 3.0;

/// With so many of its lines in the commits that it is, all of a change is there: the rest is what adapting it takes.
const WHOLE: f64 = 0.9;

/// With less of what it adds on the other line, a change is not there, whatever it takes away.
const NOTHING: f64 = 0.1;

/// Larger files are not read. What this reads is a few commits: it can read more of each than what compares all of them.
const MAX_TEXT: u64 = 8 << 20;

/// With more bytes than this between the first and the last difference, the lines of a file are not aligned.
const MAX_DIFF: usize = 512 << 10;

/// How many files are named in which lines are missing.
const MAX_NAMED: usize = 20;

/// How much of a commit is on the other line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Coverage {
    /// From 0 to 1.
    pub(super) part: f64,
    /// Whether nothing that it puts there is there: the same line may give way to different ones.
    pub(super) is_nothing: bool,
    /// The weight of what is not there, in nats.
    pub(super) weight: f64,
    /// How many lines are not there, in which files.
    pub(super) missing: Vec<Missing>,
}

/// What was measured of a change, with all that it depends on besides the commits themselves: kept for the next time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// The commits of the other line in which its lines were looked for.
    pub(super) commits: Vec<ObjectId>,
    /// How many tips the other line has.
    pub(super) tips: usize,
    /// The files at tips in which they were looked for as well: the tip by its place among them, and what the file was.
    pub(super) files: Vec<(usize, BString, Option<ObjectId>)>,
    /// `None` where nothing in it says anything.
    pub(super) coverage: Option<Coverage>,
}

/// What a commit does to one file.
struct File {
    path: BString,
    /// Signs and texts without blanks.
    lines: Vec<(u8, BString)>,
}

/// A file in which lines are looked for.
struct Wanted<'p> {
    /// Which of the other line's tips it is at; none where it is at a commit that a change was found to be.
    tip: Option<usize>,
    commit: ObjectId,
    path: &'p BString,
}

/// The lines of a file there without blanks, hashed and sorted, or nothing where there is no such file.
type Content = Option<Arc<[u64]>>;

/// Measures changes; the files that several of them touch are read once.
pub(super) struct Measuring {
    repository: Repository,
    /// The tips of the other line.
    tips: Vec<ObjectId>,
    entries: HashMap<(ObjectId, BString), Option<Entry>>,
    /// By what a file is, and whether only that counts.
    contents: HashMap<(ObjectId, bool), Content>,
}

impl Measuring {
    pub(super) fn new(repository: Repository, tips: &[ObjectId]) -> Self {
        Self { repository, tips: tips.to_vec(), entries: HashMap::new(), contents: HashMap::new() }
    }

    /// Returns whether what was measured once, with these commits, is what would be measured now: the files are the same.
    pub(super) fn still_holds(&mut self, known: &Measured, commits: &[&Change]) -> Result<bool, Error> {
        let is_same = known.commits.iter().eq(commits.iter().map(|commit| &commit.id));
        if !is_same || known.tips != self.tips.len() {
            return Ok(false);
        }
        for (at, path, id) in &known.files {
            let Some(tip) = self.tips.get(*at).copied() else { return Ok(false) };
            if self.entry(tip, path)?.map(|entry| entry.id) != *id {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns how much of a change is in some commits of the other line, and in the files there; `None` where it cannot
    /// be read.
    pub(super) fn of(
        &mut self,
        reader: &mut Reader,
        change: &Change,
        commits: &[&Change],
    ) -> Result<Option<Measured>, Error> {
        Error::unless_in_time(&self.repository, "comparing lines")?;
        let Some((own, counts_notes)) = texts(reader, change, None)? else { return Ok(None) };
        let mut others = Vec::new();
        for commit in commits {
            let Some((files, _)) = texts(reader, commit, Some(counts_notes))? else { return Ok(None) };
            others.extend(files);
        }
        let done: HashSet<(u8, &BStr)> =
            others.iter().flat_map(|file| &file.lines).map(|(sign, text)| (*sign, text.as_bstr())).collect();
        let mut adapted = Adapted::new(others.iter().flat_map(|file| &file.lines));
        let mut sum = Sum::default();
        let mut missing: Vec<Missing> = Vec::new();
        let mut looked_in = BTreeSet::new();
        for file in &own {
            let mut paths: BTreeSet<&BString> = BTreeSet::from([&file.path]);
            paths.extend(others.iter().map(|other| &other.path).filter(|path| is_same_name(path, &file.path)));
            let wanted = self.wanted(commits, &paths);
            let mut read: Vec<Content> = Vec::new();
            let mut lacking = 0;
            for (sign, text) in &file.lines {
                let weight = telling::weight(telling::line(*sign, 0, text, false));
                if weight < COUNTED {
                    continue;
                }
                let is_there = done.contains(&(*sign, text.as_bstr())) || {
                    let hash = patch::hashed(text);
                    let is_added = *sign == b'+';
                    // What was never there, or is no longer, cannot be taken away; files that are not there hold nothing.
                    let shows_it = |lines: &Content| lines.as_ref().is_some_and(|lines| holds(lines, hash)) == is_added;
                    self.any(&wanted, &mut read, shows_it)? || adapted.has(*sign, text)
                };
                sum.add(*sign == b'+', is_there, weight, 1);
                lacking += u32::from(!is_there);
            }
            if lacking > 0 {
                missing.push(Missing { path: file.path.clone(), lines: lacking });
            }
            let read = wanted.iter().take(read.len());
            looked_in.extend(read.filter_map(|place| Some((place.tip?, place.path.clone()))));
        }
        missing.truncate(MAX_NAMED);
        self.measured(commits, looked_in, sum.coverage(missing)).map(Some)
    }

    /// Returns the files to look for lines in, in their order.
    fn wanted<'p>(&self, commits: &[&Change], paths: &BTreeSet<&'p BString>) -> Vec<Wanted<'p>> {
        let commits = commits.iter().map(|commit| (None, commit.id));
        let places = commits.chain(self.tips.iter().enumerate().map(|(at, tip)| (Some(at), *tip)));
        places.flat_map(|(tip, commit)| paths.iter().map(move |path| Wanted { tip, commit, path })).collect()
    }

    fn measured(
        &mut self,
        commits: &[&Change],
        looked_in: BTreeSet<(usize, BString)>,
        coverage: Option<Coverage>,
    ) -> Result<Measured, Error> {
        let mut files = Vec::with_capacity(looked_in.len());
        for (at, path) in looked_in {
            let Some(tip) = self.tips.get(at).copied() else { continue };
            let id = self.entry(tip, &path)?.map(|entry| entry.id);
            files.push((at, path, id));
        }
        let commits = commits.iter().map(|commit| commit.id).collect();
        Ok(Measured { commits, tips: self.tips.len(), files, coverage })
    }

    /// Returns whether there is such a file among some at some commits. They are read, behind those that are read already,
    /// until there is one.
    fn any(
        &mut self,
        wanted: &[Wanted<'_>],
        read: &mut Vec<Content>,
        is_such: impl Fn(&Content) -> bool,
    ) -> Result<bool, Error> {
        if read.iter().any(&is_such) {
            return Ok(true);
        }
        for Wanted { commit, path, .. } in wanted.iter().skip(read.len()) {
            let content = self.content(*commit, path)?;
            let is_found = is_such(&content);
            read.push(content);
            if is_found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns what a file is at a commit; `None` where there is none, or it is not known here.
    fn entry(&mut self, commit: ObjectId, path: &BString) -> Result<Option<Entry>, Error> {
        let key = (commit, path.clone());
        if let Some(known) = self.entries.get(&key) {
            return Ok(*known);
        }
        let entry = match self.repository.tree_entry(commit, path.as_bstr()) {
            Ok(entry) => entry.filter(|entry| entry.mode != Mode::Tree),
            Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        self.entries.insert(key, entry);
        Ok(entry)
    }

    fn content(&mut self, commit: ObjectId, path: &BString) -> Result<Content, Error> {
        let Some(entry) = self.entry(commit, path)? else { return Ok(None) };
        let key = (entry.id, is_vendored(path.as_bstr()));
        if let Some(known) = self.contents.get(&key) {
            return Ok(known.clone());
        }
        let mut lines = vec![patch::hashed(entry.id.to_string().as_bytes())];
        if !key.1 {
            match patch_id::content(&self.repository, Some(entry), MAX_TEXT) {
                Ok(content) => {
                    let mut stripped = Vec::new();
                    lines.extend(content.lines().map(|line| {
                        patch_id::strip_into(line, &mut stripped);
                        patch::hashed(&stripped)
                    }));
                }
                Err(git::Error::TooLarge { .. } | git::Error::Missing { .. } | git::Error::Promised { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        lines.sort_unstable();
        let content = Some(Arc::from(lines));
        self.contents.insert(key, content.clone());
        Ok(content)
    }
}

fn holds(lines: &[u64], hash: u64) -> bool {
    lines.binary_search(&hash).is_ok()
}

/// Sums over lines.
#[derive(Default)]
struct Sum {
    all: f64,
    there: f64,
    all_added: f64,
    added: f64,
    count_added: u32,
    count_removed: u32,
}

impl Sum {
    fn add(&mut self, is_added: bool, is_there: bool, weight: f64, count: u32) {
        let part = if is_there { weight } else { 0.0 };
        self.all += weight;
        self.there += part;
        if is_added {
            self.all_added += weight;
            self.added += part;
            self.count_added += count;
        } else {
            self.count_removed += count;
        }
    }

    /// Returns the result; `None` where no line says anything.
    fn coverage(&self, missing: Vec<Missing>) -> Option<Coverage> {
        if self.all <= 0.0 {
            return None;
        }
        let part = self.there / self.all;
        // What mainly removes is there where it is gone.
        let adds = self.all_added > 0.0 && 2 * self.count_added >= self.count_removed;
        let of_added = if adds { self.added / self.all_added } else { part };
        Some(Coverage { part, is_nothing: of_added < NOTHING, weight: self.all - self.there, missing })
    }
}

/// Returns how much of a change is in some commits by the lines that were compared, without reading any text.
pub(super) fn by_lines(own: &Patch, others: &[&Patch]) -> Option<Coverage> {
    let counts_notes = own.lines.iter().all(|(line, _)| telling::is_notes(*line));
    let mut sum = Sum::default();
    for (line, count) in own.lines.iter().filter(|(line, _)| counts_notes || !telling::is_notes(*line)) {
        let weight = telling::weight(*line);
        if weight < COUNTED {
            continue;
        }
        let find = |other: &&Patch| other.lines.binary_search_by_key(line, |(line, _)| *line).is_ok();
        sum.add(telling::is_added(*line), others.iter().any(find), weight * f64::from(*count), *count);
    }
    sum.coverage(Vec::new())
}

/// Returns whether all of a change is there but for what adapting it takes.
pub(super) fn is_whole(coverage: &Coverage) -> bool {
    coverage.part >= WHOLE && !coverage.is_nothing
}

fn is_same_name(a: &BString, b: &BString) -> bool {
    super::change::basename(a) == super::change::basename(b)
}

/// Returns what a commit does to its files, and whether its notes count, which they do if it does nothing else or where
/// that is given; without that they are not read. `None` where something is not in this repository.
fn texts(reader: &mut Reader, change: &Change, counts_notes: Option<bool>) -> Result<Option<(Vec<File>, bool)>, Error> {
    let files = match reader.files(change) {
        Ok(files) => files,
        Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let files = files.get(..MAX_FILES).unwrap_or(&files);
    let counts_notes = counts_notes.unwrap_or_else(|| files.iter().all(|file| chores::is_notes(&file.path)));
    let mut found = Vec::new();
    let mut count = 0;
    for file in files.iter().filter(|file| counts_notes || !chores::is_notes(&file.path)) {
        match text(reader.repository(), file) {
            Ok(lines) => {
                count += lines.len();
                found.push(File { path: file.path.clone(), lines });
            }
            Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        if count > MAX_LINES {
            break;
        }
    }
    Ok(Some((found, counts_notes)))
}

/// Returns the changed lines of a file, or its ids where those are what is compared.
fn text(repository: &Repository, file: &git::Change) -> Result<Vec<(u8, BString)>, git::Error> {
    let ids = || {
        let id = |sign: u8, entry: Option<Entry>| Some((sign, BString::from(entry?.id.to_string())));
        [id(b'-', file.old), id(b'+', file.new)].into_iter().flatten().collect()
    };
    let content = |entry| match patch_id::content(repository, entry, MAX_TEXT) {
        Err(git::Error::TooLarge { .. }) => Ok(None),
        other => other.map(Some),
    };
    if is_vendored(file.path.as_ref()) {
        return Ok(ids());
    }
    // Nothing is known of what is too large.
    let Some((new, old)) = content(file.new)?.zip(content(file.old)?) else { return Ok(Vec::new()) };
    if patch_id::is_binary(&old) || patch_id::is_binary(&new) {
        return Ok(ids());
    }
    let (old, new) = git::middle(&old, &new);
    if old.len() + new.len() > MAX_DIFF {
        return Ok(Vec::new());
    }
    let diff = LineDiff::of_middle((old, new));
    let mut lines = Vec::new();
    for hunk in diff.hunks() {
        lines.extend(diff.old_lines(hunk.old.clone()).map(|line| (b'-', BString::from(patch_id::strip(line)))));
        lines.extend(diff.new_lines(hunk.new.clone()).map(|line| (b'+', BString::from(patch_id::strip(line)))));
    }
    Ok(lines)
}
