//! Which commits of the mainline are compared with what nothing was found for by title, author and second.
//!
//! The rules for these ask for a common file (or file name), and for the same author, a similar title, a similar message
//! or the very same set of files: so much is found out from trees, and only what is left has its lines compared.

use bstr::{BStr, BString, ByteSlice as _};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::time::Instant;

use super::change::{Change, dice};
use super::index::At;
use super::patch::{Patch, Reader, basename};
use super::{Error, parallel, titles};
use crate::git::{self, Repository};

/// How many mainline commits are compared line by line with one of the branch, the most alike first.
const MAX_COMPARED: usize = 24;

/// How alike titles must be to bring two commits together, as Dice of their words.
const TITLE: f64 = 0.45;

/// The same for the messages below them.
const BODY: f64 = 0.5;

/// A commit of the branch that is still looked for.
pub(super) struct Sought<'a> {
    pub(super) at: At,
    pub(super) change: &'a Change,
    pub(super) patch: &'a Patch,
}

/// For each commit that is sought, the mainline's commits worth comparing.
pub(super) fn by_files(
    repository: &Repository,
    sought: &[Sought<'_>],
    mainline: &[Change],
    deadline: Option<Instant>,
) -> Result<BTreeMap<At, Vec<At>>, Error> {
    let wanted = Wanted::new(sought);
    let touched = parallel::map(
        repository,
        mainline,
        deadline,
        "reading the mainline's trees",
        Reader::new,
        |reader, change| {
            if change.is_merge {
                return Ok((0, Vec::new()));
            }
            let is_by_author =
                wanted.authors.contains(&change.author.email) || wanted.authors.contains(&change.author.name);
            let others = Cell::new(0usize);
            let wants = |path: &BStr, is_tree: bool| {
                let is_wanted = is_by_author
                    || if is_tree { wanted.directories.contains(path) } else { wanted.files.contains_key(path) };
                others.set(others.get() + usize::from(!is_wanted));
                is_wanted
            };
            match reader.files(change, &wants) {
                Ok(files) => Ok((files.len() + others.get(), wanted.touched(&files))),
                // What is not here cannot be compared; the rest can.
                Err(git::Error::Missing { .. } | git::Error::Promised { .. }) => Ok((0, Vec::new())),
                Err(error) => Err(error.into()),
            }
        },
    )?;
    let titles: Vec<Vec<u32>> = sought.iter().map(|own| hashed_words(&own.change.key)).collect();
    let mut ranked: BTreeMap<At, Vec<(f64, At)>> = BTreeMap::new();
    for (at, (all, touched)) in touched.iter().enumerate() {
        let Some(change) = mainline.get(at).filter(|_| !touched.is_empty()) else { continue };
        let title = hashed_words(&change.key);
        for (place, files) in touched {
            let (Some(own), Some(own_title)) = (sought.get(*place), titles.get(*place)) else { continue };
            let title = dice(own_title, &title);
            let body = dice(&own.change.words, &change.words);
            let author = if own.change.author.is(change.author) { 1.0 } else { 0.0 };
            let own_files = own.patch.paths.len();
            // All of its files are the other's, or most of the other's are its.
            let files = match (files == all, 5 * files >= 3 * own_files) {
                (true, _) if *files == own_files => 1.0,
                (true, _) if *files > 0 => 0.5,
                (false, true) if *files > 1 => 0.4,
                _ => 0.0,
            };
            if author + files > 0.0 || title >= TITLE || body >= BODY {
                ranked.entry(own.at).or_default().push((author + files + title + body, at));
            }
        }
    }
    let best = |mut found: Vec<(f64, At)>| {
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(MAX_COMPARED);
        found.into_iter().map(|(_, at)| at).collect()
    };
    Ok(ranked.into_iter().map(|(own, found)| (own, best(found))).collect())
}

/// The paths, names and authors of what is sought.
struct Wanted<'a> {
    directories: HashSet<BString>,
    /// Who of those sought has a file, by its path and by its name.
    files: HashMap<&'a BStr, Vec<usize>>,
    names: HashMap<&'a [u8], Vec<usize>>,
    authors: HashSet<u64>,
}

impl<'a> Wanted<'a> {
    fn new(sought: &'a [Sought<'_>]) -> Self {
        let mut wanted =
            Self { directories: HashSet::new(), files: HashMap::new(), names: HashMap::new(), authors: HashSet::new() };
        for (place, own) in sought.iter().enumerate() {
            wanted
                .authors
                .extend([own.change.author.email, own.change.author.name].into_iter().filter(|who| *who != 0));
            for path in &own.patch.paths {
                wanted.files.entry(path.as_bstr()).or_default().push(place);
                let named = wanted.names.entry(basename(path)).or_default();
                if named.last() != Some(&place) {
                    named.push(place);
                }
                let mut directory = path.as_slice();
                while let Some((parent, _)) = directory.rsplit_once_str("/") {
                    wanted.directories.insert(BString::from(parent));
                    directory = parent;
                }
            }
        }
        wanted
    }

    /// Who of those sought shares a file or a file's name, and how many files are shared.
    fn touched(&self, files: &[git::Change]) -> Vec<(usize, usize)> {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for file in files {
            for place in self.files.get(file.path.as_bstr()).into_iter().flatten() {
                *shared.entry(*place).or_default() += 1;
            }
            for place in self.names.get(basename(&file.path)).into_iter().flatten() {
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
