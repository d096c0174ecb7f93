//! Finds the files that the commits of the mainline change, as far as an unmatched change has exactly the same ones.
//!
//! The cache of earlier comparisons answers at once, and so do the changed-path filters of the commit-graph. For all
//! other commits trees are read: one by one if they are few or the unmatched changes are in files that everybody
//! changes, otherwise only where one of their paths was changed.

use bstr::{BStr, BString};
use std::collections::{BTreeSet, HashMap};

use super::cache::Cache;
use super::change::Change;
use super::index::At;
use super::patch::{self, PathsKey, Reader, Readers};
use super::path_search::Chains;
use super::reading::Patches;
use super::same_files::SameFiles;
use super::{Error, parallel};
use crate::git::Repository;

/// Up to so many commits have their trees read one by one.
const MAX_FEW: usize = 512;

const DURING: &str = "comparing files";

/// Where to look.
pub(super) struct MainlineFiles<'a> {
    pub(super) repository: &'a Repository,
    pub(super) mainline: &'a [Change],
    pub(super) cache: &'a Cache<'a>,
    pub(super) readers: &'a Readers,
    /// Whether what is read will be cached: then it is read for all commits, once and for all.
    pub(super) keeps: bool,
}

/// What was found.
#[derive(Default)]
pub(super) struct Files {
    /// Commits and the files that they change.
    pub(super) known: Vec<(At, PathsKey)>,
    /// Commits that, by their filters, may change the same files as an unmatched change, and certainly not the same as
    /// any other one.
    pub(super) filtered: Vec<(At, PathsKey)>,
}

impl MainlineFiles<'_> {
    /// Finds the files of the mainline. `branch` are the changes of the branch, as far as they were read.
    pub(super) fn find(&self, same: &SameFiles<'_>, branch: &Patches<'_>) -> Result<Files, Error> {
        let mut files = Files::default();
        let mut unknown = Vec::new();
        for (at, change) in self.mainline.iter().enumerate().filter(|(_, change)| !change.is_merge) {
            match self.cache.paths(change.id) {
                Some(paths) => files.known.push((at, paths)),
                None => unknown.push(at),
            }
        }
        if !unknown.is_empty() {
            files.filtered = self.by_filters(same, &mut unknown);
        }
        // The repository itself cannot leave this thread.
        let Self { mainline, readers, keeps, .. } = *self;
        let wants = |directory: &BStr, names: &[BString]| keeps || same.wants(directory, names);
        let read = |reader: &mut Reader, at: At| {
            let Some(change) = mainline.get(at) else { return Ok(None) };
            let paths = reader.paths_within(change, &wants)?;
            Ok::<_, Error>(paths.map(|paths| (at, patch::paths_key(&paths))))
        };
        let start = |repository| readers.lend(repository);
        let one_by_one = keeps || unknown.len() <= MAX_FEW;
        let telling =
            if one_by_one { None } else { same.telling(branch.iter().map(|(_, patch)| patch), branch.changes.len()) };
        let found = if let Some(telling) = telling {
            let chains = Chains::new(self.repository, self.mainline)?;
            let is_unknown: BTreeSet<At> = unknown.into_iter().collect();
            parallel::map(self.repository, &chains.parts(), DURING, start, |lent, part| {
                let reader = lent.reader();
                let mut found = chains.touching(reader, *part, &telling)?;
                found.retain(|at| is_unknown.contains(at));
                found.into_iter().filter_map(|at| read(reader, at).transpose()).collect()
            })?
        } else {
            parallel::map(self.repository, &unknown, DURING, start, |lent, at| {
                Ok(Vec::from_iter(read(lent.reader(), *at)?))
            })?
        };
        files.known.extend(found.into_iter().flatten());
        Ok(files)
    }

    /// Removes those that have a filter from `unknown`, and returns those whose filter is that of an unmatched change.
    fn by_filters(&self, same: &SameFiles<'_>, unknown: &mut Vec<At>) -> Vec<(At, PathsKey)> {
        let mut found = Vec::new();
        let Some(filters) = self.repository.changed_paths() else { return found };
        let mut wanted: HashMap<_, Vec<PathsKey>> = HashMap::new();
        for settings in filters.settings() {
            for (key, paths) in same.each() {
                wanted.entry((settings, settings.filter(paths))).or_default().push(key);
            }
        }
        unknown.retain(|at| {
            let filter = self.mainline.get(*at).and_then(|change| filters.filter(change.id));
            let Some((settings, filter)) = filter else { return true };
            let keys = wanted.get(&(settings, filter.to_vec()));
            found.extend(keys.into_iter().flatten().map(|key| (*at, *key)));
            false
        });
        found
    }
}
