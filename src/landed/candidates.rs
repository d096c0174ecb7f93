//! Chooses the mainline's commits to compare with the changes for which title, author and timestamp found nothing.
//!
//! The rules for these ask for a common file (or file name), and for the same author, a similar title, a similar
//! message or exactly the same set of files. What commits say is at hand: it decides whose trees are read. Only the
//! candidates that are then left have their lines compared.

use bstr::{BStr, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher as _};

use super::change::basename;
use super::change::{Change, dice};
use super::index::At;
use super::patch::Patch;
use super::{Error, chores, titles};

/// How many mainline commits are compared line by line with one of the branch, the most alike first.
const MAX_COMPARED: usize = 8;

/// How many by the same author, and how many with a similar title, have their trees read.
const MAX_BY_AUTHOR: usize = 12;
const MAX_BY_TITLE: usize = 8;

/// A shorter mainline is searched as a whole.
const MAX_WHOLE: usize = 1000;

/// How alike titles must be to bring two commits together, as Dice of their words.
const TITLE: f64 = 0.45;

/// The same for the messages below them.
const BODY: f64 = 0.5;

/// A commit of the branch that is still unmatched.
pub(super) struct Sought<'a> {
    pub(super) at: At,
    pub(super) change: &'a Change,
    pub(super) patch: &'a Patch,
}

/// What a search has found.
pub(super) struct Found {
    /// For each unmatched commit, the mainline's commits worth comparing.
    pub(super) candidates: BTreeMap<At, Vec<At>>,
    /// The mainline's commits whose trees were read.
    pub(super) outlines: Vec<(At, Patch)>,
}

/// Reads the outlines of mainline commits.
type ReadOutlines<'a> = dyn Fn(&[At]) -> Result<Vec<Patch>, Error> + 'a;

/// Returns for each unmatched commit the mainline's commits worth comparing. `read` gives the outlines of those.
pub(super) fn by_files(sought: &[Sought<'_>], mainline: &[Change], read: &ReadOutlines<'_>) -> Result<Found, Error> {
    let titles = Titles::new(sought);
    // Of each unmatched commit its own: an answer must not depend on what else is asked.
    let chosen = (mainline.len() > MAX_WHOLE).then(|| by_words(sought, &titles, mainline));
    let searched: Vec<At> = match &chosen {
        None => mainline.iter().enumerate().filter(|(_, change)| !change.is_merge).map(|(at, _)| at).collect(),
        Some(chosen) => chosen.iter().flatten().copied().collect::<BTreeSet<At>>().into_iter().collect(),
    };
    let outlines = read(&searched)?;
    let wanted = Wanted::new(sought);
    let mut ranked: BTreeMap<At, Vec<(f64, At)>> = BTreeMap::new();
    for (at, outline) in searched.iter().zip(&outlines) {
        let Some(change) = mainline.get(*at) else { continue };
        let title = hashed_words(&change.key);
        for (place, files) in wanted.touched(outline) {
            let (Some(own), Some(own_title)) = (sought.get(place), titles.of.get(place)) else { continue };
            if chosen.as_ref().is_some_and(|chosen| chosen.get(place).is_none_or(|chosen| !chosen.contains(at))) {
                continue;
            }
            let title = dice(own_title, &title);
            let body = dice(&own.patch.words, &outline.words);
            let author = if own.change.author.is(change.author) { 1.0 } else { 0.0 };
            // A changelog's entry is added or left out without the change being another one.
            let has_files = has_files(own.patch);
            let counted = |patch: &Patch| patch.paths.iter().filter(|path| counts(has_files, path)).count();
            let (own_files, all) = (counted(own.patch), counted(outline));
            // All of its files are the other's, or most of the other's are its.
            let files = match (files == all, 5 * files >= 3 * own_files) {
                (true, _) if files == own_files => 1.0,
                (true, _) if files > 0 => 0.5,
                (false, true) if files > 1 => 0.4,
                // All of its files are among the other's.
                (false, true) if files > 0 && files >= own_files && author > 0.0 => 0.3,
                _ => 0.0,
            };
            // The author alone is not a reason: many authors wrote a lot.
            let is_authors = author > 0.0 && (title >= TITLE / 2.0 || body >= BODY / 2.0);
            if all > 20 * own_files + 50 && title < TITLE {
                continue;
            }
            if files > 0.0 || title >= TITLE || body >= BODY || is_authors {
                ranked.entry(own.at).or_default().push((author + files + title + body, *at));
            }
        }
    }
    let best = |mut found: Vec<(f64, At)>| {
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(MAX_COMPARED);
        found.into_iter().map(|(_, at)| at).collect()
    };
    let candidates = ranked.into_iter().map(|(own, found)| (own, best(found))).collect();
    Ok(Found { candidates, outlines: searched.into_iter().zip(outlines).collect() })
}

/// Returns whether a change touches more than notes.
fn has_files(patch: &Patch) -> bool {
    patch.paths.iter().any(|path| !chores::is_notes(path))
}

/// Returns whether a path counts: notes do where there is nothing else.
fn counts(has_files: bool, path: &[u8]) -> bool {
    !has_files || !chores::is_notes(path)
}

/// Returns the mainline's commits that are by the author of an unmatched commit, nearest in time first, or have a
/// similar title.
fn by_words(sought: &[Sought<'_>], titles: &Titles, mainline: &[Change]) -> Vec<BTreeSet<At>> {
    let mut authors: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, own) in sought.iter().enumerate() {
        for who in [own.change.author.email, own.change.author.name].into_iter().filter(|who| *who != 0) {
            authors.entry(who).or_default().push(place);
        }
    }
    let mut by_author: Vec<Vec<(u64, At)>> = vec![Vec::new(); sought.len()];
    let mut by_title: Vec<Vec<(f64, At)>> = vec![Vec::new(); sought.len()];
    let mut common: Vec<u32> = vec![0; sought.len()];
    for (at, change) in mainline.iter().enumerate().filter(|(_, change)| !change.is_merge) {
        let mut places: Vec<usize> = [change.author.email, change.author.name]
            .iter()
            .filter_map(|who| authors.get(who))
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            if let (Some(own), Some(found)) = (sought.get(place), by_author.get_mut(place)) {
                found.push((own.change.seconds.abs_diff(change.seconds), at));
            }
        }
        for (place, title) in titles.similar(&change.key, &mut common) {
            if let Some(found) = by_title.get_mut(place) {
                found.push((title, at));
            }
        }
    }
    by_author.iter_mut().for_each(|found| found.sort_unstable());
    by_title.iter_mut().for_each(|found| found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))));
    let choose = |(by_author, by_title): (Vec<_>, Vec<_>)| {
        let by_author = by_author.iter().take(MAX_BY_AUTHOR).map(|(_, at)| *at);
        by_author.chain(by_title.iter().take(MAX_BY_TITLE).map(|(_, at)| *at)).collect()
    };
    by_author.into_iter().zip(by_title).map(choose).collect()
}

/// The words in the titles of unmatched commits.
struct Titles {
    of: Vec<Vec<u32>>,
    /// Which of the unmatched commits have a word.
    by_word: HashMap<u32, Vec<usize>>,
}

impl Titles {
    fn new(sought: &[Sought<'_>]) -> Self {
        let of: Vec<Vec<u32>> = sought.iter().map(|own| hashed_words(&own.change.key)).collect();
        let mut by_word: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, words) in of.iter().enumerate() {
            for word in words {
                by_word.entry(*word).or_default().push(place);
            }
        }
        Self { of, by_word }
    }

    /// Returns which of the unmatched commits have a similar title, and how similar it is. `common` holds zeros, one
    /// for each.
    fn similar(&self, key: &[u8], common: &mut [u32]) -> Vec<(usize, f64)> {
        let words = hashed_words(key);
        let mut seen: Vec<usize> = Vec::new();
        for place in words.iter().filter_map(|word| self.by_word.get(word)).flatten() {
            if let Some(count) = common.get_mut(*place) {
                if *count == 0 {
                    seen.push(*place);
                }
                *count += 1;
            }
        }
        let mut found = Vec::new();
        for place in seen {
            let Some(count) = common.get_mut(place).map(std::mem::take) else { continue };
            let Some(own) = self.of.get(place) else { continue };
            let likeness = 2.0 * f64::from(count) / (own.len() + words.len()) as f64;
            if likeness >= TITLE {
                found.push((place, likeness));
            }
        }
        found
    }
}

/// The paths and file names of unmatched commits, and which commits have them.
struct Wanted<'a> {
    files: HashMap<&'a BStr, Vec<usize>>,
    names: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Wanted<'a> {
    fn new(sought: &'a [Sought<'_>]) -> Self {
        let mut wanted = Self { files: HashMap::new(), names: HashMap::new() };
        for (place, own) in sought.iter().enumerate() {
            let has_files = has_files(own.patch);
            for path in own.patch.paths.iter().filter(|path| counts(has_files, path)) {
                wanted.files.entry(path.as_bstr()).or_default().push(place);
                let named = wanted.names.entry(basename(path)).or_default();
                if named.last() != Some(&place) {
                    named.push(place);
                }
            }
        }
        wanted
    }

    /// Returns which of the unmatched commits share a file or a file's name, and how many files are shared.
    fn touched(&self, outline: &Patch) -> Vec<(usize, usize)> {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for path in &outline.paths {
            for place in self.files.get(path.as_bstr()).into_iter().flatten() {
                *shared.entry(*place).or_default() += 1;
            }
            for place in self.names.get(basename(path)).into_iter().flatten() {
                shared.entry(*place).or_default();
            }
        }
        shared.into_iter().collect()
    }
}

fn hashed_words(title: &[u8]) -> Vec<u32> {
    let mut words: Vec<u32> = titles::words(title)
        .map(|word| {
            let mut hasher = DefaultHasher::new();
            hasher.write(&word);
            hasher.finish() as u32
        })
        .collect();
    words.sort_unstable();
    words
}
