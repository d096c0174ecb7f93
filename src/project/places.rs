//! Where changes of one line are on a branch of another, remembered for the later tips of that branch.
//!
//! Whoever judges the past asks about every version of a branch, each time by another tip: what was there stays there, and what
//! was not can only be among the commits that came since.

use bstr::{BString, ByteSlice as _};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{FactError, Snapshot};
use crate::landed::{self, Options, Status};
use crate::model::ObjectId;

/// As many branches are remembered, and so many answers for each.
const MAX_BRANCHES: usize = 64;
const MAX_ANSWERS: usize = 1 << 13;

/// A commit of a line on a branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The commit that it is there.
    pub(super) commit: Option<ObjectId>,
    /// Whether it has landed there, and is there still.
    pub(super) is_sure: bool,
}

/// Where commits of a line are on a branch; `None` is nowhere.
struct Places {
    branch: ObjectId,
    mainline: ObjectId,
    of: BTreeMap<ObjectId, Option<Place>>,
}

/// What is remembered of branches, the one that was asked about last at the end.
#[derive(Default)]
pub(super) struct KnownPlaces(RefCell<Vec<Places>>);

impl KnownPlaces {
    fn keep(&self, places: Places) {
        let known = &mut *self.0.borrow_mut();
        if known.len() == MAX_BRANCHES {
            known.remove(0);
        }
        if places.of.len() <= MAX_ANSWERS {
            known.push(places);
        }
    }
}

impl Snapshot<'_> {
    /// Returns where those of some commits of the mainline are on the branch that are there, or seem to be.
    pub(super) fn places(
        &self,
        asked: &BTreeSet<ObjectId>,
        branch: ObjectId,
        mainline: ObjectId,
    ) -> Result<BTreeMap<ObjectId, Place>, FactError> {
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut places = self.known_places(branch, mainline)?;
        let unknown: Vec<ObjectId> = asked.iter().copied().filter(|id| !places.of.contains_key(id)).collect();
        for verdict in self.found(unknown, branch, mainline)? {
            let is_there = !matches!(verdict.status, Status::Missing | Status::Exempt | Status::Elsewhere);
            let is_sure = verdict.status == Status::Landed;
            let place = is_there.then_some(Place { commit: verdict.matched, is_sure });
            places.of.insert(verdict.commit, place);
        }
        let found = asked.iter().filter_map(|id| Some((*id, (*places.of.get(id)?)?))).collect();
        self.project().known.places.keep(places);
        Ok(found)
    }

    /// Takes out what is known of a branch, or what is still true of what was known of an earlier tip.
    fn known_places(&self, branch: ObjectId, mainline: ObjectId) -> Result<Places, FactError> {
        let known = &self.project().known.places.0;
        let at = known.borrow().iter().rposition(|places| (places.branch, places.mainline) == (branch, mainline));
        if let Some(at) = at {
            return Ok(known.borrow_mut().remove(at));
        }
        let tips: Vec<(ObjectId, ObjectId)> =
            known.borrow().iter().map(|places| (places.branch, places.mainline)).collect();
        for (at, (earlier, line)) in tips.into_iter().enumerate().rev() {
            if self.project().is_ancestor(earlier, branch)? && self.project().is_ancestor(line, mainline)? {
                let since = self.names_touched(branch, &[earlier, mainline])?;
                let mut places = known.borrow_mut().remove(at);
                (places.branch, places.mainline) = (branch, mainline);
                places.of = self.still_true(places.of, &since)?;
                return Ok(places);
            }
        }
        Ok(Places { branch, mainline, of: BTreeMap::new() })
    }

    /// Returns those answers that commits which touch files of these names cannot have changed.
    fn still_true(
        &self,
        places: BTreeMap<ObjectId, Option<Place>>,
        since: &BTreeSet<BString>,
    ) -> Result<BTreeMap<ObjectId, Option<Place>>, FactError> {
        let mut still = BTreeMap::new();
        for (id, place) in places {
            let is_still_true = match place {
                Some(place) => place.is_sure && place.commit.is_some(),
                None => !self.touches_any(id, since)?,
            };
            if is_still_true {
                still.insert(id, place);
            }
        }
        Ok(still)
    }

    /// Returns the names of the files that the commits of a branch touch which some others do not have below them.
    pub(super) fn names_touched(&self, branch: ObjectId, without: &[ObjectId]) -> Result<BTreeSet<BString>, FactError> {
        let mut names = BTreeSet::new();
        for id in self.project().commits(&[branch], without)? {
            self.project().step()?;
            if self.project().repository().parents(id)?.len() < 2 {
                names.extend(self.project().touched_by(id)?.iter().map(|path| BString::from(landed::basename(path))));
            }
        }
        Ok(names)
    }

    /// Returns whether a commit touches a file of one of these names: what was picked touches one of the same name, wherever
    /// that has moved. Every change touches the changelog, so that counts where there is nothing else.
    pub(super) fn touches_any(&self, id: ObjectId, names: &BTreeSet<BString>) -> Result<bool, FactError> {
        let touched = self.project().touched_by(id)?;
        let is_notes = |path: &BString| landed::is_notes(path);
        let shared = || touched.iter().filter(|path| names.contains(landed::basename(path).as_bstr()));
        Ok(shared().any(|path| !is_notes(path)) || (shared().next().is_some() && touched.iter().all(is_notes)))
    }

    /// Returns what is known of some commits of the mainline on the branch, which is not remembered.
    pub(super) fn found(
        &self,
        asked: Vec<ObjectId>,
        branch: ObjectId,
        mainline: ObjectId,
    ) -> Result<Vec<landed::Verdict>, FactError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let only = Some(asked.into_iter().collect());
        let options = Options { only, owes_chores: true, ..self.comparing() };
        let compared = landed::compare(self.project().repository(), mainline, &[branch], &options)?;
        if compared.verdicts().iter().any(|verdict| verdict.status != Status::Landed) {
            self.all_read(compared.unread())?;
        }
        Ok(compared.verdicts().to_vec())
    }
}
