//! Finds the commits of a line that were reverted there, and the later commits that reverted them.

use bstr::{BStr, BString, ByteSlice as _};
use std::borrow::Borrow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use super::Error;
use super::change::Change;
use super::index::{self, At, Index};
use super::named::Prefix;
use super::said::{self, TakesBack};
use crate::git::Commit;
use crate::model::ObjectId;

/// How long a chain of reverts of reverts is followed.
const MAX_CHAIN: u8 = 16;

/// Gives the commits that a merge brought in.
pub(super) type Brought<'b> = &'b mut dyn FnMut(&Change) -> Result<Vec<ObjectId>, Error>;

/// Which commits of a line have been reverted there, by which others.
#[derive(Default)]
pub(super) struct Reverts {
    by: BTreeMap<At, Vec<At>>,
    /// The same the other way round: what each commit reverted.
    taken: BTreeMap<At, Vec<At>>,
}

impl Reverts {
    /// Reads the reverts of a line. Reverting a merge reverts what it brought in.
    ///
    /// # Errors
    /// The commits that a merge brought in cannot be determined.
    pub(super) fn new(index: &Index<'_>, brought: Brought<'_>) -> Result<Self, Error> {
        let mut reverts = Self::default();
        for (at, commit) in index.commits.iter().enumerate().filter(|(_, commit)| !commit.takes_back.is_nothing()) {
            // A merge has the title of one change, and what it brought in speaks for itself.
            let by_title = |title: &BStr| {
                let older = index.titled_behind(title, at);
                Ok::<_, Infallible>(older.filter(|_| !commit.is_merge))
            };
            let Ok(targets) = commit.takes_back.targets(|prefix| Ok(index.with_id(prefix)), by_title);
            for target in targets {
                reverts.add(at, target);
                let Some(merge) = index.commits.get(target).filter(|target| target.is_merge) else { continue };
                for id in brought(merge)? {
                    if let Some(target) = index.with_id(&BString::from(id.to_string())) {
                        reverts.add(at, target);
                    }
                }
            }
        }
        Ok(reverts)
    }

    fn add(&mut self, revert: At, target: At) {
        // A line is listed newest first: a revert comes before what it reverts.
        if revert < target {
            self.by.entry(target).or_default().push(revert);
            self.taken.entry(revert).or_default().push(target);
        }
    }

    /// Returns the commit that reverted this one and was not reverted itself.
    pub(super) fn standing(&self, at: At) -> Option<At> {
        self.standing_within(at, MAX_CHAIN)
    }

    fn standing_within(&self, at: At, depth: u8) -> Option<At> {
        self.of(at).min().filter(|revert| depth == 0 || self.standing_within(*revert, depth - 1).is_none())
    }

    /// Returns the commits that reverted this one.
    pub(super) fn of(&self, at: At) -> impl Iterator<Item = At> {
        self.by.get(&at).into_iter().flatten().copied()
    }

    /// Returns the commits that this one reverted.
    pub(super) fn taken_by(&self, at: At) -> &[At] {
        self.taken.get(&at).map_or(&[], Vec::as_slice)
    }
}

/// As much of a commit as it takes to see what reverted it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    id: ObjectId,
    /// The title as titles are compared.
    key: BString,
    takes_back: TakesBack,
    is_merge: bool,
}

impl Told {
    pub(crate) fn of(commit: &Commit) -> Self {
        let key = said::key_of(commit);
        let takes_back = TakesBack::read(key.as_bstr(), commit.body());
        Self { id: commit.id, key, takes_back, is_merge: commit.parents.len() > 1 }
    }

    /// Returns the title as titles are compared.
    pub(crate) fn key(&self) -> &BStr {
        self.key.as_bstr()
    }

    /// Returns what the commit says that it reverts.
    pub(crate) const fn takes_back(&self) -> &TakesBack {
        &self.takes_back
    }

    pub(crate) const fn is_merge(&self) -> bool {
        self.is_merge
    }
}

/// Returns, for commits of one line that are listed newest first, whether each was reverted by a later one that was not
/// reverted itself.
pub(crate) fn taken_back<T: Borrow<Told>>(commits: &[T]) -> Vec<bool> {
    let told = || commits.iter().map(Borrow::borrow).enumerate();
    let mut reverts = Reverts::default();
    let (by_id, by_title) = (OnceCell::new(), OnceCell::new());
    for (at, commit) in told().filter(|(_, commit)| !commit.takes_back.is_nothing()) {
        let of_id = |prefix: &Prefix| {
            let places = by_id.get_or_init(|| places(told().map(|(at, commit)| (commit.id, at))));
            Ok::<_, Infallible>(index::with_prefix(places, prefix))
        };
        let of_title = |title: &BStr| {
            let places = by_title.get_or_init(|| places(told().map(|(at, commit)| (commit.key(), at))));
            let behind = places.partition_point(|place| *place <= (title, at));
            let older = places.get(behind).filter(|(other, _)| *other == title && !commit.is_merge);
            Ok(older.map(|(_, at)| *at))
        };
        let Ok(targets) = commit.takes_back.targets(of_id, of_title);
        for target in targets {
            reverts.add(at, target);
        }
    }
    (0..commits.len()).map(|at| reverts.standing(at).is_some()).collect()
}

/// Sorts the places of commits by what they are looked for by.
fn places<K: Ord>(all: impl Iterator<Item = (K, At)>) -> Vec<(K, At)> {
    let mut places: Vec<(K, At)> = all.collect();
    places.sort_unstable();
    places
}
