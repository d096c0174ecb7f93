//! The ledger: which change of the mainline is on which maintained branch, as what, and which of them are wanted there.

use std::collections::{BTreeMap, BTreeSet};

use super::wanted::Answer;
use super::{Exceptions, FactError, Granted, Memo, Snapshot};
use crate::git::{self, Commit, Picking, Trial};
use crate::landed::patch_id::{self, PatchId};
use crate::landed::{self, Evidence, Options, Status, Verdict};
use crate::model::{ObjectId, RefName};
use crate::policy::{Flow, Role, Way};

/// Files larger than this are not compared to tell a pick that was adapted from one that was not.
const MAX_FILE: u64 = 1 << 20;

/// More picks are not tried for one branch.
const MAX_TRIALS: usize = 200;

/// The changes of one line and the branches of another.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The branch that the changes are made on.
    pub from: RefName,
    /// The line whose branches they can be on.
    pub to: String,
    /// Its branches that are still maintained, lowest series first.
    pub branches: Vec<Column>,
    /// The changes that one of the branches has as a pick, or that are wanted on one; newest first.
    pub rows: Vec<Row>,
    /// The state of what is to be picked: what is wanted, or where nothing says what is wanted, what is missing.
    pub due: State,
}

/// A branch.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: RefName,
    /// Its commit.
    pub tip: ObjectId,
    /// What to pick, oldest first: what is wanted there, or where nothing says what is wanted, what is missing.
    pub picks: Vec<(ObjectId, Trial)>,
}

/// A change.
#[derive(Clone, Debug)]
pub struct Row {
    /// The commit.
    pub commit: Commit,
    /// Where it is, for each branch.
    pub cells: Vec<Cell>,
}

/// Where a change is on one branch.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Whether it is there.
    pub state: State,
    /// The commit that it is there.
    pub matched: Option<ObjectId>,
    /// What that rests on.
    pub evidence: Option<Evidence>,
    /// The answer in a sentence.
    pub reason: String,
    /// What says that it is wanted there.
    pub wanted: Option<String>,
}

/// Whether a change is on a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is wanted there and is not there.
    Wanted,
    /// It is not there.
    Missing,
    /// A part of it is there.
    Partial,
    /// It was there and was taken back.
    Reverted,
    /// It seems to be there.
    Probable,
    /// It is there with other lines.
    Adapted,
    /// It is there.
    Landed,
    /// It is not there, by an exception.
    Waived,
    /// It need not be there: the branch does not have what it fixes, or there is nothing of it left on its own line.
    NotAffected,
}

impl State {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Wanted,
        Self::Missing,
        Self::Partial,
        Self::Reverted,
        Self::Probable,
        Self::Adapted,
        Self::Landed,
        Self::Waived,
        Self::NotAffected,
    ];

    /// Returns the name in `refgate.ledger/v1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Missing => "missing",
            Self::Partial => "partial",
            Self::Reverted => "reverted",
            Self::Probable => "probable",
            Self::Adapted => "adapted",
            Self::Landed => "landed",
            Self::Waived => "waived",
            Self::NotAffected => "not affected",
        }
    }

    /// Returns whether there is nothing left to do.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Adapted | Self::Landed | Self::Waived | Self::NotAffected)
    }
}

/// Gives the exception for a change on a branch.
pub(crate) type Waives<'w> = &'w dyn Fn(ObjectId, &RefName) -> Exceptions;

impl Snapshot<'_> {
    /// Returns the ledgers of the policy: one for each branch that release branches are cut from, or that flows join them
    /// with, and each line of release branches. With `last`, only the newest changes are rows.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn ledgers(&self, last: Option<usize>, waives: Waives<'_>) -> Result<Vec<Ledger>, FactError> {
        let mut ledgers = Vec::new();
        for line in self.project().lines().iter().filter(|line| line.role == Role::Release) {
            let joined = self.project().flows().iter().filter_map(|flow| match (&flow.from, &flow.to) {
                (from, to) if *to == line.name => Some(from),
                (from, to) if *from == line.name => Some(to),
                _ => None,
            });
            let is_other = |name: &&String| {
                let role = self.project().policy().line(name).map(|line| line.role);
                role.is_some_and(|role| role != Role::Release)
            };
            let origins: BTreeSet<&String> = joined.chain(&line.cut_from).filter(is_other).collect();
            for origin in origins {
                for (from, tip) in self.branches_of(origin)? {
                    ledgers.extend(self.ledger(&from, tip, &line.name, (last, waives))?);
                }
            }
        }
        Ok(ledgers)
    }

    fn ledger(
        &self,
        from: &RefName,
        tip: ObjectId,
        to: &str,
        (last, waives): (Option<usize>, Waives<'_>),
    ) -> Result<Option<Ledger>, FactError> {
        let branches = self.maintained(to, from)?;
        if branches.is_empty() {
            return Ok(None);
        }
        let origin = self.project().line_of(from).map(|place| place.line.name.clone()).unwrap_or_default();
        let wanting: Vec<&Flow> =
            self.project().flows_to(to).filter(|flow| flow.from == origin && !flow.wanted_by.is_empty()).collect();
        let mut wanted: BTreeMap<(ObjectId, usize), Answer> = BTreeMap::new();
        let mut rows: BTreeSet<ObjectId> = BTreeSet::new();
        // The branches that changes can be wanted on, each with what it lacks.
        let mut lacking = Vec::new();
        for (column, (name, own)) in branches.iter().enumerate() {
            rows.extend(self.originals(*own, tip)?);
            if !wanting.is_empty() {
                lacking.push((column, name, *own, self.beyond(tip, *own)?));
            }
        }
        // Newest first, as history lists them; what all of the branches have has no place here.
        let tips: Vec<ObjectId> = branches.iter().map(|(_, own)| *own).collect();
        let base = self.shared_base(tip, &tips)?;
        let mut order: Vec<ObjectId> = self.project().commits(&[tip], &base)?;
        for id in &order {
            let mut lacking = lacking.iter().filter(|(.., beyond)| beyond.contains(id)).peekable();
            if lacking.peek().is_none() {
                continue;
            }
            let commit = self.project().commit(*id)?;
            if commit.parents.len() > 1 {
                continue;
            }
            for (column, name, own, _) in lacking {
                for flow in &wanting {
                    let answer = self.is_wanted(flow, &commit, tip, name, *own)?;
                    if answer != Answer::NotWanted {
                        rows.insert(*id);
                        wanted.insert((*id, *column), answer);
                    }
                }
            }
        }
        order.retain(|id| rows.contains(id));
        order.truncate(last.unwrap_or(usize::MAX));
        let mut table: Vec<Row> = Vec::new();
        for id in &order {
            table.push(Row { commit: self.project().commit(*id)?, cells: Vec::new() });
        }
        let mut columns = Vec::new();
        let patches = Patches::default();
        for (column, (name, own)) in branches.into_iter().enumerate() {
            let verdicts = self.verdicts(&order, tip, own)?;
            for row in &mut table {
                let wanted = wanted.get(&(row.commit.id, column));
                let between = Between { tip, branch: own, patches: &patches };
                row.cells.push(self.cell(&row.commit, between, (verdicts.get(&row.commit.id), wanted), || {
                    waives(row.commit.id, &name).granted
                })?);
            }
            columns.push(Column { name, tip: own, picks: Vec::new() });
        }
        let by_merge = self.project().flows_to(to).any(|flow| flow.from == origin && !flow.by.contains(&Way::Pick));
        let state = if wanting.is_empty() { State::Missing } else { State::Wanted };
        for (at, column) in columns.iter_mut().enumerate() {
            let is_due = |row: &&Row| row.cells.get(at).is_some_and(|cell| cell.state == state) && !by_merge;
            let due: Vec<ObjectId> = table.iter().rev().filter(is_due).map(|row| row.commit.id).collect();
            let mut picking = Picking::onto(self.project().repository(), column.tip)?;
            for (number, id) in due.into_iter().enumerate() {
                let trial = if number < MAX_TRIALS { picking.pick(id)? } else { Trial::NotTried };
                column.picks.push((id, trial));
            }
        }
        Ok(Some(Ledger { from: from.clone(), to: to.to_owned(), branches: columns, rows: table, due: state }))
    }

    /// Returns the commits of a line at `mainline` that a branch has as picks.
    fn originals(&self, branch: ObjectId, mainline: ObjectId) -> Result<Vec<ObjectId>, FactError> {
        let options = self.comparing();
        let compared = landed::compare(self.project().repository(), branch, &[mainline], &options)?;
        let is_there = |verdict: &&Verdict| matches!(verdict.status, Status::Landed | Status::Reverted);
        let mut originals = Vec::new();
        for verdict in compared.verdicts().iter().filter(is_there) {
            originals.extend(verdict.matched);
        }
        Ok(originals)
    }

    /// Returns what history need not be listed from: what the line and all of the branches have.
    fn shared_base(&self, tip: ObjectId, branches: &[ObjectId]) -> Result<Vec<ObjectId>, FactError> {
        let mut base = Some(tip);
        for branch in branches {
            base = match base {
                Some(base) => self.project().merge_base(base, *branch)?,
                None => None,
            };
        }
        Ok(base.into_iter().collect())
    }

    fn verdicts(
        &self,
        rows: &[ObjectId],
        tip: ObjectId,
        branch: ObjectId,
    ) -> Result<BTreeMap<ObjectId, Verdict>, FactError> {
        if rows.is_empty() {
            return Ok(BTreeMap::new());
        }
        let options = Options { only: Some(rows.to_vec()), ..self.comparing() };
        let compared = landed::compare(self.project().repository(), tip, &[branch], &options)?;
        Ok(compared.verdicts().iter().map(|verdict| (verdict.commit, verdict.clone())).collect())
    }

    fn cell(
        &self,
        commit: &Commit,
        Between { tip, branch, patches }: Between<'_>,
        (verdict, wanted): (Option<&Verdict>, Option<&Answer>),
        waiver: impl FnOnce() -> Option<Granted>,
    ) -> Result<Cell, FactError> {
        let cell = |state, reason: String| Cell {
            state,
            matched: verdict.and_then(|verdict| verdict.matched),
            evidence: verdict.and_then(|verdict| verdict.evidence),
            reason,
            wanted: match wanted {
                Some(Answer::Wanted(said)) => Some(said.clone()),
                Some(Answer::NotAffected | Answer::NotWanted) | None => None,
            },
        };
        let reason = verdict.map(|verdict| verdict.reason.clone()).unwrap_or_default();
        let state = match verdict.map(|verdict| verdict.status) {
            Some(Status::Landed) => {
                let is_same = match verdict {
                    Some(Verdict { matched: Some(matched), is_same_patch: false, .. }) if *matched != commit.id => {
                        self.has_same_patch(commit.id, *matched, patches)?
                    }
                    _ => true,
                };
                return Ok(cell(if is_same { State::Landed } else { State::Adapted }, reason));
            }
            Some(Status::Reverted) => State::Reverted,
            Some(Status::Partial) => State::Partial,
            Some(Status::Probable) => State::Probable,
            Some(Status::Exempt) => State::NotAffected,
            Some(Status::Missing | Status::Elsewhere) | None => State::Missing,
        };
        if state.is_settled() {
            return Ok(cell(state, reason));
        }
        if let Some(granted) = waiver() {
            return Ok(cell(State::Waived, format!("waived: {}", granted.reason)));
        }
        if state != State::Missing {
            return Ok(cell(state, reason));
        }
        let nothing = "nothing like it is there".to_owned();
        match wanted {
            Some(Answer::Wanted(_)) => Ok(cell(State::Wanted, nothing)),
            Some(Answer::NotAffected) => Ok(cell(State::NotAffected, "what it fixes is not there".to_owned())),
            Some(Answer::NotWanted) | None => {
                let fixed = self.fixed_by(commit)?;
                if !fixed.is_empty() && !self.has_one(&fixed, tip, branch)? {
                    return Ok(cell(State::NotAffected, "what it fixes is not there".to_owned()));
                }
                Ok(cell(State::Missing, nothing))
            }
        }
    }

    /// Returns whether two commits have git's patch-id in common.
    fn has_same_patch(&self, a: ObjectId, b: ObjectId, patches: &Patches) -> Result<bool, FactError> {
        let id = |commit| {
            patches.get(commit, || match patch_id::stable(self.project().repository(), commit, MAX_FILE) {
                Err(git::Error::TooLarge { .. }) => Ok(None),
                found => Ok(found?),
            })
        };
        Ok(match (id(a)?, id(b)?) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        })
    }
}

/// The patch-ids of commits: a change is looked at once, on however many branches it is.
type Patches = Memo<ObjectId, Option<PatchId>>;

/// The two branches that a cell is about.
#[derive(Clone, Copy)]
struct Between<'a> {
    tip: ObjectId,
    branch: ObjectId,
    patches: &'a Patches,
}
