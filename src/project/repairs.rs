//! What the mainline later repaired or took back of the changes that a branch has as picks.

use bstr::{BStr, BString};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::places::Place;
use super::{FactError, Snapshot};
use crate::git::Commit;
use crate::landed::{self, Status, TakesBack};
use crate::model::ObjectId;

/// A change that a branch has as a pick, without what its own line did about it later.
#[derive(Clone, Debug)]
pub struct Unrepaired {
    /// The change, as it was made on the other line.
    pub original: ObjectId,
    /// The commit of the branch that it is there.
    pub pick: ObjectId,
    /// What the other line did about it later, and the branch lacks.
    pub by: Commit,
    /// What that is.
    pub repair: Repair,
}

/// What a line did about an earlier change of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// It says that it fixes it (`Fixes:`).
    Fixes,
    /// It takes it back.
    TakesBack,
    /// It rewrites most of its lines, and says nothing of it: a guess.
    Rewrites,
}

impl Repair {
    /// Returns what the later commit does with the earlier one, for sentences.
    pub const fn deed(self) -> &'static str {
        match self {
            Self::Fixes => "repairs it",
            Self::TakesBack => "takes it back",
            Self::Rewrites => "probably repairs it, and rewrites most of its lines",
        }
    }

    /// Returns the name in `refgate.landed/v1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixes => "fixes",
            Self::TakesBack => "takes-back",
            Self::Rewrites => "probable",
        }
    }
}

/// A branch, and a commit of it that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// The tip of the branch, by which commits are looked for once for all of its versions.
    pub tip: ObjectId,
    /// The commit.
    pub at: ObjectId,
}

impl Snapshot<'_> {
    /// Returns what a line at `mainline` repaired or took back, by its messages, of the changes that a branch has as picks,
    /// and that is not on the branch; oldest first. What was made on the line after `until` is left out.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn unrepaired(&self, branch: Of, mainline: ObjectId, until: Option<i64>) -> Result<Vec<Unrepaired>, FactError> {
        let asked = (branch.at, branch.tip, mainline);
        // Tags of components are made of one commit, each with a push of its own.
        let all = self.project().known.unrepaired.get(&asked, || self.all_unrepaired(branch, mainline))?;
        let is_early = |found: &&Unrepaired| until.is_none_or(|until| found.by.committer.seconds <= until);
        Ok(all.iter().filter(is_early).cloned().collect())
    }

    fn all_unrepaired(&self, branch: Of, mainline: ObjectId) -> Result<Rc<[Unrepaired]>, FactError> {
        let ids = self.project().commits(&[mainline], &[branch.at])?;
        let later = self.that_say_something(&ids)?;
        let claims = self.repairs(&ids, &later)?;
        let mut picks = self.picks_of(&claims, branch, mainline)?;
        if picks.is_empty() {
            return Ok(Rc::default());
        }
        let gone = self.project().taken_back_in(branch.at, mainline)?;
        picks.retain(|_, pick| !gone.contains(pick));
        let of_picks = |claim: &&Claim| picks.contains_key(&claim.original);
        let asked: BTreeSet<ObjectId> = claims.iter().filter(of_picks).map(|claim| claim.by).collect();
        if asked.is_empty() {
            return Ok(Rc::default());
        }
        let there = self.places_of(asked, branch, mainline)?;
        let gone = self.project().taken_back_in(mainline, branch.at)?;
        let mut found = Vec::new();
        for claim in claims.iter().filter(of_picks).filter(|claim| !gone.contains(&claim.by)) {
            let (Some(by), Some(pick)) = (later.get(&claim.by), picks.get(&claim.original)) else { continue };
            let is_there = match there.get(&claim.by).and_then(|there| there.commit) {
                Some(commit) => self.project().is_ancestor(commit, branch.at)?,
                None => there.contains_key(&claim.by),
            };
            if !is_there {
                let (original, repair) = (claim.original, claim.repair);
                found.push(Unrepaired { original, pick: *pick, by: by.clone(), repair });
            }
        }
        let again = self.landed_again(&found, branch, mainline)?;
        found.retain(|found| found.repair != Repair::TakesBack || !again.contains(&found.pick));
        found.reverse();
        Ok(found.into())
    }

    /// Returns those picks that the line has once more after it took them back.
    fn landed_again(
        &self,
        found: &[Unrepaired],
        branch: Of,
        mainline: ObjectId,
    ) -> Result<BTreeSet<ObjectId>, FactError> {
        let taken = found.iter().filter(|found| found.repair == Repair::TakesBack);
        let picks: BTreeSet<ObjectId> = taken.map(|found| found.pick).collect();
        let verdicts = self.found(picks.into_iter().collect(), mainline, branch.at)?;
        let is_there = |verdict: &&landed::Verdict| verdict.status == Status::Landed;
        Ok(verdicts.iter().filter(is_there).map(|verdict| verdict.commit).collect())
    }

    /// Returns those of some commits whose messages may speak of another one.
    fn that_say_something(&self, ids: &[ObjectId]) -> Result<BTreeMap<ObjectId, Commit>, FactError> {
        let mut found = BTreeMap::new();
        for id in ids {
            let said = self.project().said(*id)?;
            if said.names_another && !said.told.is_merge() {
                found.insert(*id, self.project().commit(*id)?);
            }
        }
        Ok(found)
    }

    /// Returns what commits say that they repair or take back, newest first. What takes a change back and says `Fixes:` does
    /// so once.
    fn repairs(&self, ids: &[ObjectId], later: &BTreeMap<ObjectId, Commit>) -> Result<Vec<Claim>, FactError> {
        let says: BTreeMap<ObjectId, TakesBack> =
            later.iter().map(|(id, commit)| (*id, TakesBack::of(commit))).collect();
        let repository = self.project().repository();
        // Titles are read where no id leads anywhere.
        let mut titles: Option<HashMap<BString, Vec<usize>>> = None;
        let mut claims = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let (Some(commit), Some(said)) = (later.get(id), says.get(id)) else { continue };
            let mut taken = said.targets(
                |prefix| landed::lookup(repository, prefix).map_err(FactError::from),
                |_| Ok::<Option<ObjectId>, FactError>(None),
            )?;
            if taken.is_empty() && !said.is_nothing() {
                if titles.is_none() {
                    titles = Some(self.titles(ids)?);
                }
                let by_title = |title: &BStr| {
                    let of_title = titles.as_ref().and_then(|titles| titles.get(title)).into_iter().flatten();
                    Ok::<_, FactError>(of_title.copied().find(|other| *other > at).and_then(|at| ids.get(at)).copied())
                };
                taken = said.targets(|_| Ok(None), by_title)?;
            }
            let fixed = self.fixed_by(commit)?;
            let fixed = fixed.into_iter().filter(|id| !taken.contains(id)).map(|id| (id, Repair::Fixes));
            let all: BTreeSet<(ObjectId, Repair)> =
                taken.iter().map(|id| (*id, Repair::TakesBack)).chain(fixed).collect();
            let own = all.into_iter().filter(|(original, _)| original != id);
            claims.extend(own.map(|(original, repair)| Claim { original, by: *id, repair }));
        }
        Ok(claims)
    }

    /// Returns the places of commits by their titles.
    fn titles(&self, ids: &[ObjectId]) -> Result<HashMap<BString, Vec<usize>>, FactError> {
        let mut titles: HashMap<BString, Vec<usize>> = HashMap::new();
        for (at, id) in ids.iter().enumerate() {
            titles.entry(self.project().said(*id)?.told.key().to_owned()).or_default().push(at);
        }
        Ok(titles)
    }

    /// Returns the originals among these that the branch has as other commits, with those commits. A message may also name
    /// the pick itself.
    fn picks_of(
        &self,
        claims: &[Claim],
        branch: Of,
        mainline: ObjectId,
    ) -> Result<BTreeMap<ObjectId, ObjectId>, FactError> {
        let (mut picks, mut asked) = (BTreeMap::new(), BTreeSet::new());
        for original in claims.iter().map(|claim| claim.original).collect::<BTreeSet<_>>() {
            let (is_here, is_there) =
                (self.project().is_ancestor(original, branch.at)?, self.project().is_ancestor(original, mainline)?);
            match (is_here, is_there) {
                (false, true) => {
                    let names = self
                        .touched_names
                        .get((branch.at, mainline), || Ok(Rc::new(self.names_touched(branch.at, &[mainline])?)))?;
                    if self.touches_any(original, &names)? {
                        asked.insert(original);
                    }
                }
                (true, false) => drop(picks.insert(original, original)),
                // What both lines have was not picked, and what neither has is not on the branch.
                (true, true) | (false, false) => {}
            }
        }
        for (original, there) in self.places_of(asked, branch, mainline)? {
            if let Some(pick) = there.commit.filter(|pick| there.is_sure && *pick != original)
                && self.project().is_ancestor(pick, branch.at)?
            {
                picks.insert(original, pick);
            }
        }
        Ok(picks)
    }

    /// Does what [`Self::places`] does for a commit of a branch: by the tip, unless that has the commit itself by a later
    /// merge.
    fn places_of(
        &self,
        asked: BTreeSet<ObjectId>,
        branch: Of,
        mainline: ObjectId,
    ) -> Result<BTreeMap<ObjectId, Place>, FactError> {
        let (mut merged, mut apart) = (BTreeSet::new(), BTreeSet::new());
        for id in asked {
            let own = if self.project().is_ancestor(id, branch.tip)? { &mut merged } else { &mut apart };
            own.insert(id);
        }
        let mut places = self.places(&apart, branch.tip, mainline)?;
        places.extend(self.places(&merged, branch.at, mainline)?);
        Ok(places)
    }
}

/// A commit of a line that says that it repairs or takes back another.
#[derive(Clone, Copy, Debug)]
struct Claim {
    original: ObjectId,
    by: ObjectId,
    repair: Repair,
}
