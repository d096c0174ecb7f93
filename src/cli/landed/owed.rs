//! What changes are owed, for the formats that list findings.

use super::questions::Question;
use super::text::{Answer, reason, status};
use crate::gate::PolicyId;
use crate::landed::Status;
use crate::model::{Exit, ObjectId, RefName, Untrusted};
use crate::project::{Cell, Column, Ledger, Row, State, Unrepaired};
use crate::report::{Item, Items, Seen, SeenRow, Sheet, Weight};
use crate::rules::{DUE_CHANGES, REPAIRED_SINCE, STRANDED_ENTRIES, cherry_pick};

fn shown(text: impl AsRef<[u8]>) -> String {
    Untrusted::new(&text).to_string()
}

/// Returns what the answers to questions owe.
pub(super) fn of_answers(answered: &[(&Question<'_>, Answer)], policy: Option<PolicyId>) -> Sheet<'static> {
    let mut items = Vec::new();
    let (mut owed, mut changes) = (0, 0);
    let mut rows = Vec::new();
    for (question, answer) in answered {
        let own: Vec<Item> = debts(question, answer).collect();
        let count = own.iter().filter(|item| item.weight > Weight::Note).count();
        rows.push(SeenRow {
            name: branch_of(question),
            cells: [
                format!("`{}`", shown(&question.to)),
                format!("{count} of {} changes are not there", answer.changes.len()),
            ],
        });
        owed += count;
        changes += answer.changes.len();
        items.extend(own);
        items.extend(answer.repairs.iter().flatten().map(|found| repair(question, found)));
        items.extend(changelogs(question, answer));
        items.extend(answer.unread.iter().map(|object| unread(question, *object)));
    }
    let said = format!("{owed} of {changes} changes are not where they were looked for");
    sheet(said, policy, rows, ["branch", "compared with", "changes"], items)
}

/// Returns what the ledgers of a policy owe.
pub(super) fn of_ledgers<'s>(ledgers: &'s [Ledger], policy: Option<PolicyId>) -> Sheet<'s> {
    let mut items = Vec::new();
    let mut rows = Vec::new();
    let (mut owed, mut cells) = (0, 0);
    for ledger in ledgers {
        for (at, column) in ledger.branches.iter().enumerate() {
            let own = ledger.rows.iter().filter_map(|row| cell(ledger, column, row, row.cells.get(at)?));
            let own: Vec<Item> = own.collect();
            let count = own.iter().filter(|item| item.weight > Weight::Note).count();
            rows.push(SeenRow {
                name: shown(column.name.full()),
                cells: [
                    format!("`{}`", shown(ledger.from.short())),
                    format!("{count} of {} changes are not there", ledger.rows.len()),
                ],
            });
            owed += count;
            cells += ledger.rows.len();
            items.extend(own);
        }
    }
    let said = format!("{owed} of {cells} changes are not on the branch that they are listed for");
    let sheet = sheet(said, policy, rows, ["branch", "changes of", "changes"], items);
    Sheet { ledgers, ..sheet }
}

fn sheet(
    said: String,
    policy: Option<PolicyId>,
    rows: Vec<SeenRow>,
    columns: [&'static str; 3],
    items: Vec<Item>,
) -> Sheet<'static> {
    let count = rows.len();
    Sheet {
        subject: "",
        said,
        // It answers, and refuses nothing.
        verdict: None,
        would: None,
        exit: Exit::Accepted,
        policy,
        seen: Seen { heading: "Branches", noun: "branches compared", columns, rows, count },
        items: Items::of(items, 0),
        drawing: None,
        ledgers: &[],
    }
}

/// Returns the ref that a question is about, or what it was called.
fn branch_of(question: &Question<'_>) -> String {
    question.branch.as_ref().map_or_else(|| shown(&question.from), ToString::to_string)
}

/// Returns an item for each change that is not there for certain. What need not be there is not one.
fn debts(question: &Question<'_>, answer: &Answer) -> impl Iterator<Item = Item> {
    let (branch, to) = (branch_of(question), shown(&question.to));
    answer.changes.iter().filter_map(move |(verdict, waiver)| {
        let weight = match verdict.status {
            _ if waiver.is_some() => Weight::Note,
            Status::Landed | Status::Exempt => return None,
            Status::Probable => Weight::Note,
            Status::Missing | Status::Reverted | Status::Elsewhere | Status::Partial => Weight::Warning,
        };
        let (status, reason) = (status(verdict, waiver.as_ref()), reason(verdict, waiver.as_ref()));
        let subject = shown(&verdict.subject);
        let message = match waiver {
            Some(_) => format!("{} is not on {to}, by an exception", verdict.commit.short()),
            None => format!("{} on {to}: {status}: {}", verdict.commit.short(), shown(&reason)),
        };
        let parts = verdict.missing.iter().filter(|_| verdict.status == Status::Partial);
        let parts: Vec<String> = parts.map(|part| format!("{} lines of {}", part.lines, shown(&part.path))).collect();
        let item = Item {
            ref_name: Some(branch.clone()),
            commit: Some(verdict.commit.to_string()),
            command: (verdict.status == Status::Missing && question.picks() && waiver.is_none())
                .then(|| cherry_pick(verdict.commit)),
            waived: waiver.as_ref().map(|_| shown(&reason)),
            aside: (!parts.is_empty()).then(|| format!("not there: {}", parts.join(", "))),
            // A subject outlives a rebase; an id does not.
            ..Item::new(DUE_CHANGES, weight, &message, &[&branch, &to, &subject])
        };
        Some(item.about(subject))
    })
}

fn repair(question: &Question<'_>, found: &Unrepaired) -> Item {
    let branch = branch_of(question);
    let subject = shown(found.by.subject());
    let (by, pick, deed) = (found.by.id.short(), found.pick.short(), found.repair.deed());
    let message = format!("{pick} was picked, and not {by}, which {deed}");
    let item = Item::new(REPAIRED_SINCE, Weight::Warning, &message, &[&branch, &subject]);
    Item { ref_name: Some(branch), commit: Some(found.by.id.to_string()), ..item }.about(subject)
}

fn changelogs(question: &Question<'_>, answer: &Answer) -> impl Iterator<Item = Item> {
    let (branch, to) = (branch_of(question), shown(&question.to));
    let lacking = answer.changelogs.iter().filter(|(_, missing)| !missing.is_empty());
    lacking.map(move |(path, missing)| {
        let entries: Vec<String> = missing.iter().map(|entry| shown(entry.to_string())).collect();
        let path = shown(path);
        let message = format!("{path} on {to} lacks {}", entries.join(", "));
        let item = Item::new(STRANDED_ENTRIES, Weight::Warning, &message, &[&branch, &to, &path]);
        Item { ref_name: Some(branch.clone()), path: Some(path), ..item }
    })
}

fn unread(question: &Question<'_>, object: ObjectId) -> Item {
    let branch = branch_of(question);
    let message = format!("not judged: object {object} is not in this repository; what needs it was judged without it");
    let item = Item::new(DUE_CHANGES, Weight::Warning, &message, &[&branch, "not judged"]);
    Item { is_open: true, ref_name: Some(branch), ..item }
}

/// Returns the item of a change on one branch, where something is left to say about it. What is there, or need not be
/// there, is not one.
fn cell(ledger: &Ledger, column: &Column, row: &Row, cell: &Cell) -> Option<Item> {
    let weight = match cell.state {
        State::Landed | State::Adapted | State::NotAffected => return None,
        State::Waived | State::Probable => Weight::Note,
        // Where the policy says what is wanted, nobody asks for the rest.
        State::Missing if ledger.due != State::Missing => Weight::Note,
        State::Wanted | State::Missing | State::Partial | State::Reverted => Weight::Warning,
    };
    let (branch, subject): (String, String) = (shown(column.name.full()), shown(row.commit.subject()));
    let (short, name) = (row.commit.id.short(), short(&column.name));
    let why = cell.wanted.as_ref().map_or_else(String::new, |wanted| format!(" ({})", shown(wanted)));
    let is_due = column.picks.iter().any(|(id, _)| *id == row.commit.id);
    let message = format!("{short} on {name}: {}{why}: {}", cell.state.name(), shown(&cell.reason));
    let item = Item {
        ref_name: Some(branch.clone()),
        commit: Some(row.commit.id.to_string()),
        command: is_due.then(|| cherry_pick(row.commit.id)),
        waived: (cell.state == State::Waived).then(|| shown(&cell.reason)),
        ..Item::new(DUE_CHANGES, weight, &message, &[&branch, &subject])
    };
    Some(item.about(subject))
}

fn short(name: &RefName) -> String {
    shown(name.short())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::{Commit, Trial};
    use crate::model::HashKind;
    use crate::model::hostile;
    use crate::report::acting::acting;
    use crate::report::{Colour, Reported};
    use proptest::prelude::*;

    /// Ledgers for the formats that list findings; the tables have a test of their own.
    struct Listed(Vec<Ledger>);

    impl Reported for Listed {
        fn sheet(&self) -> Sheet<'_> {
            of_ledgers(&self.0, None)
        }

        fn text(&self, _: Colour) -> String {
            String::new()
        }

        fn json(&self) -> String {
            String::new()
        }
    }

    proptest! {
        #![proptest_config(hostile::cases())]
        #[test]
        fn no_ledger_acts(bytes in hostile::bytes(), text in hostile::text(), at in 0..State::ALL.len()) {
            let id = ObjectId::null(HashKind::Sha1);
            let head = format!("tree {id}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\n");
            let commit = Commit::parse(id, &[head.as_bytes(), &bytes].concat()).unwrap();
            let name = RefName::new(bytes.as_slice());
            let cell = Cell {
                state: State::ALL[at],
                matched: None,
                evidence: None,
                reason: text.clone(),
                wanted: Some(text.clone()),
            };
            let ledger = Ledger {
                from: name.clone(),
                to: text,
                branches: vec![Column { name, tip: id, picks: vec![(id, Trial::Clean)] }],
                rows: vec![Row { commit, cells: vec![cell] }],
                due: State::Missing,
            };
            prop_assert_eq!(acting(&Listed(vec![ledger])), None);
        }
    }
}
