//! The last place to look: mainline commits that change exactly the same files, whoever wrote them and under whatever
//! title.
//!
//! Only the same patch or the same lines count there, as they do for `git cherry`. One path of each unmatched change is
//! enough to find the commits that can be it; their trees are read down to the first directory in which something else
//! is changed.

use bstr::{BStr, BString, ByteSlice as _};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::candidates::Sought;
use super::change::Change;
use super::index::At;
use super::patch::{self, Patch, PathsKey};

/// Of commits that change the same files, this many nearest in time are compared.
const MAX_COMPARED: usize = 1024;

/// More paths than this are not searched for separately if half of the branch changes one of them: half of the mainline
/// will do so too.
const MAX_TELLING: usize = 64;

/// The files of the unmatched changes.
pub(super) struct SameFiles<'a> {
    sought: &'a [Sought<'a>],
    /// What may be changed in a directory: for each unmatched commit, exactly the names that it changes there.
    directories: HashMap<&'a BStr, HashSet<Vec<&'a BStr>>>,
    /// Which of the unmatched commits change exactly these files.
    by_files: HashMap<PathsKey, Vec<usize>>,
}

impl<'a> SameFiles<'a> {
    pub(super) fn new(sought: &'a [Sought<'a>]) -> Self {
        let mut same = Self { sought, directories: HashMap::new(), by_files: HashMap::new() };
        for (place, own) in sought.iter().enumerate().filter(|(_, own)| !own.patch.paths.is_empty()) {
            same.by_files.entry(patch::paths_key(&own.patch.paths)).or_default().push(place);
            let mut changed: BTreeMap<&BStr, Vec<&BStr>> = BTreeMap::new();
            for path in &own.patch.paths {
                let mut rest = path.as_slice();
                loop {
                    let (directory, name) = rest.rsplit_once_str("/").unwrap_or((b"", rest));
                    let names = changed.entry(directory.as_bstr()).or_default();
                    // Paths are in the order of trees, which puts those of one directory together.
                    if names.last().is_some_and(|last| *last == name) {
                        break;
                    }
                    names.push(name.as_bstr());
                    if directory.is_empty() {
                        break;
                    }
                    rest = directory;
                }
            }
            for (directory, names) in changed {
                same.directories.entry(directory).or_default().insert(names);
            }
        }
        same
    }

    /// Returns one path for each unmatched change: the one that the fewest changes of the branch touch, which few of
    /// the mainline will have touched either. `None` if too many will have.
    pub(super) fn telling<'p>(&self, branch: impl Iterator<Item = &'p Patch>, all: usize) -> Option<Vec<BString>> {
        let mut frequency: HashMap<&BString, usize> = HashMap::new();
        for path in branch.flat_map(|patch| &patch.paths) {
            *frequency.entry(path).or_default() += 1;
        }
        let times = |path: &BString| frequency.get(path).copied().unwrap_or_default();
        let rarest = |own: &Sought<'_>| {
            let rank = |path: &&BString| (times(path), Reverse(path.len()));
            own.patch.paths.iter().min_by_key(rank).cloned()
        };
        let paths: BTreeSet<BString> = self.sought.iter().filter_map(rarest).collect();
        let is_hot = paths.len() > MAX_TELLING && 2 * paths.iter().map(times).sum::<usize>() > all;
        (!is_hot).then(|| paths.into_iter().collect())
    }

    /// Returns the files of each unmatched change.
    pub(super) fn each(&self) -> impl Iterator<Item = (PathsKey, &[BString])> {
        let first = |places: &Vec<usize>| self.sought.get(*places.first()?);
        self.by_files.iter().filter_map(move |(key, places)| Some((*key, first(places)?.patch.paths.as_slice())))
    }

    /// Returns whether a change of just these names in a directory is of interest.
    pub(super) fn wants(&self, directory: &BStr, names: &[BString]) -> bool {
        let names: Vec<&BStr> = names.iter().map(|name| name.as_bstr()).collect();
        self.directories.get(directory).is_some_and(|wanted| wanted.contains(&names))
    }

    /// Returns for each unmatched commit those of the mainline that change the same files. `touched` says which files
    /// some of the mainline's commits change.
    pub(super) fn candidates<'t>(
        &self,
        mainline: &[Change],
        touched: impl Iterator<Item = &'t (At, PathsKey)>,
    ) -> BTreeMap<At, Vec<At>> {
        let mut found: BTreeMap<usize, Vec<(u64, At)>> = BTreeMap::new();
        for (at, files) in touched {
            let Some(change) = mainline.get(*at) else { continue };
            for place in self.by_files.get(files).into_iter().flatten() {
                let Some(own) = self.sought.get(*place) else { continue };
                found.entry(*place).or_default().push((own.change.seconds.abs_diff(change.seconds), *at));
            }
        }
        let nearest = |(place, mut found): (usize, Vec<(u64, At)>)| {
            found.sort_unstable();
            let own = self.sought.get(place)?.at;
            Some((own, found.into_iter().take(MAX_COMPARED).map(|(_, at)| at).collect()))
        };
        found.into_iter().filter_map(nearest).collect()
    }
}
