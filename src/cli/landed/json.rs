//! The answers as documents: `refgate.landed/v1` and `refgate.ledger/v1`. Fields are in the order of the alphabet, as in
//! every document.

use bstr::{BString, ByteSlice as _};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::ledger::counts;
use super::questions::Question;
use super::text::{Answer, reason, status};
use crate::git::Trial;
use crate::landed::{Evidence, Missing, Verdict};
use crate::model::{ObjectId, RefName};
use crate::project::{self, Column, Granted, Ledger, Released, Snapshot, Unrepaired};
use crate::rules::{cherry_pick, switch_to};

/// Renders `refgate.landed/v1`: one document, or a list of them where there may be several.
pub(super) fn of_answers(answered: &[(&Question<'_>, Answer)], is_list: bool) -> String {
    let documents: Vec<Document<'_>> =
        answered.iter().map(|(question, answer)| Document::new(question, answer)).collect();
    match documents.as_slice() {
        [only] if !is_list => crate::report::json(only),
        all => crate::report::json(&all),
    }
}

/// The document about one question.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changelogs: Option<Vec<Changelog<'a>>>,
    commits: Vec<Change<'a>>,
    counts: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<Ends<'a>>,
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repairs: Option<Vec<Repaired<'a>>>,
    schema: &'static str,
    to: &'a str,
}

/// Two lines of a policy.
#[derive(Serialize)]
struct Ends<'a> {
    from: &'a str,
    to: &'a str,
}

/// One change.
#[derive(Serialize)]
struct Change<'a> {
    commit: ObjectId,
    evidence: Option<&'static str>,
    #[serde(rename = "match")]
    matched: Option<ObjectId>,
    matches: Vec<ObjectId>,
    missing: Vec<Lacking<'a>>,
    part: f64,
    reason: String,
    score: f64,
    status: &'static str,
    subject: Cow<'a, str>,
}

/// What of a change is not there, in one file.
#[derive(Serialize)]
struct Lacking<'a> {
    lines: u32,
    path: Cow<'a, str>,
}

/// What was repaired since.
#[derive(Serialize)]
struct Repaired<'a> {
    commit: ObjectId,
    kind: &'static str,
    original: ObjectId,
    pick: ObjectId,
    subject: Cow<'a, str>,
}

/// The entries of one changelog that are not there.
#[derive(Serialize)]
struct Changelog<'a> {
    missing: Vec<Entry<'a>>,
    path: Cow<'a, str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    distribution: Option<&'a str>,
    version: &'a str,
}

impl<'a> Document<'a> {
    fn new(question: &'a Question<'_>, answer: &'a Answer) -> Self {
        let changelogs =
            || answer.changelogs.iter().map(|(path, missing)| Changelog::new(path, missing)).collect::<Vec<_>>();
        Self {
            changelogs: question.flow.map(|_| changelogs()),
            commits: answer.changes.iter().map(|(verdict, waiver)| Change::new(verdict, waiver.as_ref())).collect(),
            counts: answer.counts(),
            flow: question.flow.map(|flow| Ends { from: &flow.from, to: &flow.to }),
            from: &question.from,
            repairs: answer.repairs.as_ref().map(|repairs| repairs.iter().map(Repaired::new).collect()),
            schema: "refgate.landed/v1",
            to: &question.to,
        }
    }
}

impl<'a> Change<'a> {
    fn new(verdict: &'a Verdict, waiver: Option<&Granted>) -> Self {
        let lacking =
            |missing: &'a Missing| Lacking { lines: missing.lines, path: String::from_utf8_lossy(&missing.path) };
        Self {
            commit: verdict.commit,
            evidence: verdict.evidence.map(Evidence::name),
            matched: verdict.matched,
            matches: verdict.matched.iter().chain(&verdict.also).copied().collect(),
            missing: verdict.missing.iter().map(lacking).collect(),
            part: verdict.part,
            reason: reason(verdict, waiver),
            score: verdict.score,
            status: status(verdict, waiver),
            subject: String::from_utf8_lossy(&verdict.subject),
        }
    }
}

impl<'a> Repaired<'a> {
    fn new(found: &'a Unrepaired) -> Self {
        Self {
            commit: found.by.id,
            kind: found.repair.name(),
            original: found.original,
            pick: found.pick,
            subject: String::from_utf8_lossy(found.by.subject()),
        }
    }
}

impl<'a> Changelog<'a> {
    fn new(path: &'a BString, missing: &'a [Released]) -> Self {
        let entry = |entry: &'a Released| Entry {
            distribution: Some(entry.distribution.as_str()).filter(|distribution| !distribution.is_empty()),
            version: &entry.version,
        };
        Self { missing: missing.iter().map(entry).collect(), path: String::from_utf8_lossy(path) }
    }
}

/// Returns a branch by its short name, as far as it is text.
fn short(name: &RefName) -> Cow<'_, str> {
    name.short().to_str_lossy()
}

/// Renders `refgate.ledger/v1`.
pub(super) fn of_ledgers(refs: &Snapshot<'_>, ledgers: &[Ledger]) -> String {
    let ledgers = ledgers.iter().map(|ledger| Table::new(refs, ledger)).collect();
    crate::report::json(&Tables { ledgers, schema: "refgate.ledger/v1" })
}

/// All ledgers of a policy.
#[derive(Serialize)]
struct Tables<'a> {
    ledgers: Vec<Table<'a>>,
    schema: &'static str,
}

/// The changes of one branch, and the branches of one line.
#[derive(Serialize)]
struct Table<'a> {
    branches: Vec<Branch<'a>>,
    changes: Vec<Row<'a>>,
    counts: BTreeMap<&'static str, usize>,
    from: Cow<'a, str>,
    to: &'a str,
}

#[derive(Serialize)]
struct Branch<'a> {
    branch: Cow<'a, str>,
    picks: Vec<Pick>,
    start: Option<String>,
    tip: ObjectId,
}

/// A command that brings a change to a branch.
#[derive(Serialize)]
struct Pick {
    command: String,
    commit: ObjectId,
    trial: &'static str,
}

/// One change.
#[derive(Serialize)]
struct Row<'a> {
    cells: Vec<Cell<'a>>,
    commit: ObjectId,
    subject: Cow<'a, str>,
}

/// What one change is on one branch.
#[derive(Serialize)]
struct Cell<'a> {
    branch: Cow<'a, str>,
    evidence: Option<&'static str>,
    #[serde(rename = "match")]
    matched: Option<ObjectId>,
    reason: &'a str,
    status: &'static str,
    wanted_by: Option<&'a str>,
}

impl<'a> Table<'a> {
    fn new(refs: &Snapshot<'_>, ledger: &'a Ledger) -> Self {
        let row = |row: &'a project::Row| Row {
            cells: row.cells.iter().zip(&ledger.branches).map(Cell::new).collect(),
            commit: row.commit.id,
            subject: String::from_utf8_lossy(row.commit.subject()),
        };
        Self {
            branches: ledger.branches.iter().map(|column| Branch::new(refs, column)).collect(),
            changes: ledger.rows.iter().map(row).collect(),
            counts: counts(ledger),
            from: short(&ledger.from),
            to: &ledger.to,
        }
    }
}

impl<'a> Branch<'a> {
    fn new(refs: &Snapshot<'_>, column: &'a Column) -> Self {
        let start = Some(&column.picks).filter(|picks| !picks.is_empty());
        let pick =
            |(id, trial): &(ObjectId, Trial)| Pick { command: cherry_pick(*id), commit: *id, trial: trial.name() };
        Self {
            branch: short(&column.name),
            picks: column.picks.iter().map(pick).collect(),
            start: start.and_then(|_| switch_to(refs.project(), &column.name)),
            tip: column.tip,
        }
    }
}

impl<'a> Cell<'a> {
    fn new((cell, column): (&'a project::Cell, &'a Column)) -> Self {
        Self {
            branch: short(&column.name),
            evidence: cell.evidence.map(Evidence::name),
            matched: cell.matched,
            reason: &cell.reason,
            status: cell.state.name(),
            wanted_by: cell.wanted.as_deref(),
        }
    }
}
