//! Which changes of a branch are asked about, and which of them need not be on the other line at all.

use bstr::BString;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::change::Change;
use super::index::{At, Index};
use super::options::Options;
use super::patch::{self, Patch};
use super::reading::{Patches, Reading};
use super::reverts::{Brought, Reverts};
use super::said::{RELEASE_ONLY, stays};
use super::{Error, chores};
use crate::model::ObjectId;

/// How much of a change a revert must take back, with how little else in it, for nothing of the change to be left: an
/// exact inverse would be 1, and a revert that was adapted to later changes is a little less.
const ALL_TAKEN_BACK: f64 = 0.9;

/// The changes of a branch that are asked about.
#[derive(Default)]
pub(super) struct Asked {
    /// Newest first; merges are left out unless one is asked about by its id, for what they brought in is judged on
    /// its own.
    pub(super) branch: Vec<Change>,
    /// The others of the branch.
    pub(super) passed: Vec<Change>,
    /// Commits that are asked about and are on the other line too.
    pub(super) present: Vec<ObjectId>,
    /// Titles that several of the branch have.
    pub(super) repeated: BTreeSet<BString>,
    /// The commits of the branch that were reverted there by a commit that says so and was not reverted itself.
    pub(super) taken_back: BTreeMap<ObjectId, ObjectId>,
    /// What each commit of the branch says that it reverts there.
    pub(super) takes_back: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// The place of each commit of the branch, asked about or not, newest first.
    pub(super) places: BTreeMap<ObjectId, At>,
}

impl Asked {
    /// Chooses from all commits of a branch, newest first. Reverts on the branch count even where they are not asked
    /// about.
    pub(super) fn of(mut all: Vec<Change>, options: &Options<'_>, brought: Brought<'_>) -> Result<Self, Error> {
        let index = Index::new(&all);
        let reverts = Reverts::new(&index, brought)?;
        let id = |at: At| all.get(at).map(|change| change.id);
        let places = all.iter().enumerate().map(|(at, change)| (change.id, at)).collect();
        let mut asked = Self { repeated: repeated_titles(&all), places, ..Self::default() };
        for (at, change) in all.iter().enumerate() {
            asked.taken_back.extend(reverts.standing(at).and_then(id).map(|by| (change.id, by)));
            let taken: Vec<ObjectId> = reverts.taken_by(at).iter().filter_map(|at| id(*at)).collect();
            if !taken.is_empty() {
                asked.takes_back.insert(change.id, taken);
            }
        }
        if let Some(only) = &options.only {
            let known: BTreeSet<ObjectId> = all.iter().map(|change| change.id).collect();
            asked.present = only.iter().filter(|id| !known.contains(id)).copied().collect();
            let wanted: BTreeSet<ObjectId> = only.iter().copied().collect();
            asked.passed.extend(all.extract_if(.., |change| !wanted.contains(&change.id)));
        }
        asked.passed.extend(all.extract_if(.., |change| change.is_merge && options.only.is_none()));
        asked.branch = all;
        Ok(asked)
    }
}

/// Returns the titles that more than one of these has.
fn repeated_titles(branch: &[Change]) -> BTreeSet<BString> {
    let mut seen = BTreeSet::new();
    branch.iter().filter(|change| !seen.insert(&change.key)).map(|change| change.key.clone()).collect()
}

/// Why a change need not be on the other line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exclusion {
    /// It says so.
    Stays,
    /// It changes nothing.
    Empty,
    /// This later commit reverted all of it.
    TakenBack(ObjectId),
    /// It only reverts this earlier commit.
    TakesBack(ObjectId),
    /// It is a chore of its own line.
    Chore,
}

impl Exclusion {
    /// Returns the reason in a sentence without its period.
    pub(super) fn reason(self, trailer: &str) -> String {
        match self {
            Self::Stays => format!("its `{trailer}` trailer says that it is for this line alone"),
            Self::Empty => "it changes nothing".to_owned(),
            Self::TakenBack(by) => format!("reverted on the same line by {}", by.short()),
            Self::TakesBack(what) => format!("it takes back {} of the same line", what.short()),
            Self::Chore => "a chore of its own line, by its title and content".to_owned(),
        }
    }
}

/// What need not be on the other line.
#[derive(Default)]
pub(super) struct Excluded {
    by: BTreeMap<At, Exclusion>,
    /// Chores, whatever else they are: they resemble each other without being the same.
    chores: BTreeSet<At>,
}

impl Excluded {
    pub(super) fn get(&self, at: At) -> Option<Exclusion> {
        self.by.get(&at).copied()
    }

    pub(super) fn is_chore(&self, at: At) -> bool {
        self.chores.contains(&at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (At, Exclusion)> {
        self.by.iter().map(|(at, why)| (*at, *why))
    }
}

/// Finds what need not be on the other line. A message alone excludes nothing: the content of chores and of reverted
/// changes has to bear it out.
pub(super) fn exclude(reading: &Reading<'_>, asked: &Asked, own: &mut Patches<'_>) -> Result<Excluded, Error> {
    let chores = chores(reading, own)?;
    let undone: Vec<At> =
        asked.branch.iter().enumerate().filter(|(_, it)| asked.is_undone(it.id)).map(|(at, _)| at).collect();
    own.read_lines(reading, undone)?;
    let mut excluded = Excluded { chores, by: BTreeMap::new() };
    let contents = Contents::read(reading, asked, own)?;
    let trees: HashMap<ObjectId, ObjectId> =
        asked.branch.iter().chain(&asked.passed).map(|change| (change.id, change.tree)).collect();
    for (at, change) in asked.branch.iter().enumerate() {
        let why = if says_so(reading, change)? {
            Some(Exclusion::Stays)
        } else if is_empty(reading, change, &trees)? {
            Some(Exclusion::Empty)
        } else {
            let chore = excluded.is_chore(at).then_some(Exclusion::Chore);
            contents.undone(asked, change.id).or(chore)
        };
        excluded.by.extend(why.map(|why| (at, why)));
    }
    Ok(excluded)
}

/// Returns which changes are chores of their own line, by title and content.
fn chores(reading: &Reading<'_>, own: &mut Patches<'_>) -> Result<BTreeSet<At>, Error> {
    if reading.options.owes_chores {
        return Ok(BTreeSet::new());
    }
    let is_titled = |(_, change): &(At, &Change)| chores::by_title(change.key.as_ref());
    let titled: Vec<At> = own.changes.iter().enumerate().filter(is_titled).map(|(at, _)| at).collect();
    own.read_lines(reading, titled.iter().copied())?;
    Ok(titled.into_iter().filter(|at| own.get(*at).is_some_and(|patch| patch.is_bookkeeping)).collect())
}

impl Excluded {
    /// Returns which of some changes are chores, without asking what else they are.
    pub(super) fn of_chores(reading: &Reading<'_>, own: &mut Patches<'_>) -> Result<Self, Error> {
        Ok(Self { chores: chores(reading, own)?, by: BTreeMap::new() })
    }
}

impl Asked {
    /// Returns whether it was reverted or reverts something, according to messages.
    fn is_undone(&self, id: ObjectId) -> bool {
        self.taken_back.contains_key(&id) || self.takes_back.contains_key(&id)
    }
}

fn says_so(reading: &Reading<'_>, change: &Change) -> Result<bool, Error> {
    let token = reading.options.exempt_trailer;
    if token == RELEASE_ONLY {
        return Ok(change.stays);
    }
    Ok(stays(&reading.repository.commit(change.id)?, token).is_some())
}

/// Returns whether a change leaves everything as it was. `trees` are those of the branch's commits, most of which are
/// the parent of another.
fn is_empty(reading: &Reading<'_>, change: &Change, trees: &HashMap<ObjectId, ObjectId>) -> Result<bool, Error> {
    let Some(parent) = change.parent else { return Ok(false) };
    Ok(match trees.get(&parent) {
        Some(tree) => *tree == change.tree,
        None => reading.repository.commit(parent)?.tree == change.tree,
    })
}

/// The content of reverted commits and of their reverts, by commit.
struct Contents<'p> {
    own: &'p Patches<'p>,
    own_places: BTreeMap<ObjectId, At>,
    others: BTreeMap<ObjectId, Patch>,
}

impl<'p> Contents<'p> {
    fn read(reading: &Reading<'_>, asked: &Asked, own: &'p Patches<'p>) -> Result<Self, Error> {
        let own_places: BTreeMap<ObjectId, At> =
            asked.branch.iter().enumerate().map(|(at, change)| (change.id, at)).collect();
        let wanted: BTreeSet<ObjectId> = asked
            .branch
            .iter()
            .flat_map(|change| {
                let taken = asked.takes_back.get(&change.id).into_iter().flatten();
                asked.taken_back.get(&change.id).into_iter().chain(taken)
            })
            .copied()
            .collect();
        let mut patches = Patches::of(&asked.passed);
        let wanted = asked.passed.iter().enumerate().filter(|(_, change)| wanted.contains(&change.id));
        patches.read_lines(reading, wanted.map(|(at, _)| at).collect::<Vec<At>>())?;
        let others = patches.iter().map(|(change, patch)| (change.id, patch.clone())).collect();
        Ok(Self { own, own_places, others })
    }

    fn get(&self, id: ObjectId) -> Option<&Patch> {
        self.own_places.get(&id).and_then(|at| self.own.get(*at)).or_else(|| self.others.get(&id))
    }

    /// Checks whether what messages say is true.
    fn undone(&self, asked: &Asked, id: ObjectId) -> Option<Exclusion> {
        let patch = self.get(id)?;
        let by = asked
            .taken_back
            .get(&id)
            .filter(|by| self.get(**by).is_some_and(|revert| patch::taken_back(patch, &[revert]) >= ALL_TAKEN_BACK));
        if let Some(by) = by {
            return Some(Exclusion::TakenBack(*by));
        }
        let targets = asked.takes_back.get(&id)?;
        let patches: Vec<&Patch> = targets.iter().filter_map(|target| self.get(*target)).collect();
        let does_nothing_else = patch::taken_back(patch, &patches) >= ALL_TAKEN_BACK;
        targets.first().filter(|_| does_nothing_else).map(|target| Exclusion::TakesBack(*target))
    }
}
