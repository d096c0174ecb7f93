//! `refgate landed --ledger`: changes and branches in one table.

use std::collections::BTreeMap;

use super::{Args, json, owed};
use crate::cli::judge::today;
use crate::gate::PolicyId;
use crate::git::Trial;
use crate::model::{Exit, Failure, Stage, Untrusted};
use crate::project::{Column, Ledger, Row, Snapshot, State};
use crate::report::{Colour, Reported, Sheet};
use crate::rules::{DUE_CHANGES, cherry_pick, switch_to};

/// Longer subjects are cut off in tables.
const MAX_SUBJECT: usize = 60;

/// What is done while ledgers are made.
const DETAIL: &str = "putting the ledger together";

/// Returns the ledgers of the policy, of the newest changes alone where `last` says how many.
pub(in crate::cli) fn ledgers(refs: &Snapshot<'_>, last: Option<usize>) -> Result<Vec<Ledger>, Failure> {
    let waives = |commit, branch: &_| refs.exceptions(DUE_CHANGES, Some(commit), Some(branch), today());
    refs.ledgers(last, &waives).map_err(|error| error.into_failure(DETAIL, Stage::Ci))
}

/// Returns the ledgers of the policy, as they were asked for.
pub(super) fn asked(refs: &Snapshot<'_>, arguments: &Args) -> Result<Vec<Ledger>, Failure> {
    if arguments.from.is_some() || arguments.to.is_some() {
        let cause = "`--ledger` is about all lines of the policy, without `--from` and `--to`";
        return Err(Failure::new(Exit::Usage, DETAIL, cause));
    }
    ledgers(refs, arguments.last)
}

/// The ledgers of a policy.
pub(super) struct LedgerReport<'r, 'p> {
    pub(super) ledgers: Vec<Ledger>,
    pub(super) refs: &'r Snapshot<'p>,
    /// Whether tables have what nothing is left to do about, too.
    pub(super) all: bool,
    pub(super) policy: Option<PolicyId>,
}

impl LedgerReport<'_, '_> {
    fn tables(&self, table: fn(&Snapshot<'_>, &Ledger, bool) -> String) -> String {
        if self.ledgers.is_empty() {
            return "the policy has no line of release branches that changes could be on\n".to_owned();
        }
        let tables = self.ledgers.iter().map(|ledger| table(self.refs, ledger, self.all));
        tables.collect::<Vec<String>>().join("\n")
    }
}

impl Reported for LedgerReport<'_, '_> {
    fn sheet(&self) -> Sheet<'_> {
        owed::of_ledgers(&self.ledgers, self.policy.clone())
    }

    fn text(&self, _: Colour) -> String {
        self.tables(human)
    }

    fn json(&self) -> String {
        json::of_ledgers(self.refs, &self.ledgers)
    }

    /// A table of changes and branches says more than a list.
    fn markdown(&self) -> String {
        self.tables(markdown)
    }
}

fn title(ledger: &Ledger) -> String {
    format!("{} -> line {}", Untrusted::new(ledger.from.short()), Untrusted::new(&ledger.to))
}

fn subject(row: &Row) -> String {
    let shown = Untrusted::new(row.commit.subject()).to_string();
    let start: String = shown.chars().take(MAX_SUBJECT).collect();
    if start.len() < shown.len() { format!("{start}…") } else { start }
}

/// Returns the rows to show, and how many are left out because nothing is left to do about them.
fn shown(ledger: &Ledger, all: bool) -> (Vec<&Row>, usize) {
    let is_open = |row: &&Row| all || row.cells.iter().any(|cell| !cell.state.is_settled());
    let rows: Vec<&Row> = ledger.rows.iter().filter(is_open).collect();
    let hidden = ledger.rows.len() - rows.len();
    (rows, hidden)
}

pub(super) fn counts(ledger: &Ledger) -> BTreeMap<&'static str, usize> {
    let cells = || ledger.rows.iter().flat_map(|row| &row.cells);
    let count = |state: State| cells().filter(|cell| cell.state == state).count();
    State::ALL.into_iter().map(|state| (state.name(), count(state))).collect()
}

fn summary(ledger: &Ledger) -> String {
    let counts = counts(ledger);
    let found = State::ALL.into_iter().filter_map(|state| {
        let count = counts.get(state.name()).copied().filter(|count| *count > 0)?;
        Some(format!("{count} {}", state.name()))
    });
    let found: Vec<String> = found.collect();
    if found.is_empty() { "nothing to list".to_owned() } else { found.join(", ") }
}

/// Returns the commands that pick what a branch lacks, each with what a trial came to; the first checks the branch out.
fn commands(refs: &Snapshot<'_>, column: &Column) -> Vec<(String, Option<Trial>)> {
    if column.picks.is_empty() {
        return Vec::new();
    }
    let Some(start) = switch_to(refs.project(), &column.name) else { return Vec::new() };
    let picks = column.picks.iter().map(|(id, trial)| (cherry_pick(*id), Some(*trial)));
    [(start, None)].into_iter().chain(picks).collect()
}

fn lines(refs: &Snapshot<'_>, ledger: &Ledger, indent: &str) -> String {
    let mut text = String::new();
    for column in &ledger.branches {
        let commands = commands(refs, column);
        if commands.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{indent}# {}\n", Untrusted::new(column.name.short())));
        for (command, trial) in commands {
            let trial = trial.map_or_else(String::new, |trial| format!("  # {}", trial.name()));
            text.push_str(&format!("{indent}{command}{trial}\n"));
        }
    }
    text
}

fn human(refs: &Snapshot<'_>, ledger: &Ledger, all: bool) -> String {
    let (rows, hidden) = shown(ledger, all);
    let names: Vec<String> =
        ledger.branches.iter().map(|column| Untrusted::new(column.name.short()).to_string()).collect();
    let width = |at: usize, name: &String| {
        let cells = rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.state.name().len());
        cells.chain([name.chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = names.iter().enumerate().map(|(at, name)| width(at, name)).collect();
    let mut text = format!("{}\n", title(ledger));
    let put = |text: &mut String, first: &str, cells: &mut dyn Iterator<Item = &str>, last: &str| {
        text.push_str(&format!("{first:<10}"));
        for (cell, width) in cells.zip(&widths) {
            text.push_str(&format!("  {cell:<width$}"));
        }
        text.push_str(&format!("  {last}"));
        text.truncate(text.trim_end().len());
        text.push('\n');
    };
    if !rows.is_empty() {
        put(&mut text, "", &mut names.iter().map(String::as_str), "");
    }
    for row in &rows {
        let cells = &mut row.cells.iter().map(|cell| cell.state.name());
        put(&mut text, &row.commit.id.short(), cells, &subject(row));
    }
    if hidden > 0 {
        text.push_str(&format!("{hidden} more with nothing left to do (`--all` lists them)\n"));
    }
    let commands = lines(refs, ledger, "  ");
    if !commands.is_empty() {
        text.push_str(&format!(
            "\nto pick what is not there, and whether each applies behind the ones before it:\n{commands}"
        ));
    }
    text.push_str(&format!("\n{}: {}\n", title(ledger), summary(ledger)));
    text
}

/// Escapes what would end a cell of a table or begin markup.
fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '&' | '!') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

fn markdown(refs: &Snapshot<'_>, ledger: &Ledger, all: bool) -> String {
    let (rows, hidden) = shown(ledger, all);
    let mut text = format!("## {}\n\n| commit | change |", cell(&title(ledger)));
    for column in &ledger.branches {
        text.push_str(&format!(" {} |", cell(&Untrusted::new(column.name.short()).to_string())));
    }
    text.push_str(&format!("\n|---|---|{}\n", "---|".repeat(ledger.branches.len())));
    for row in rows {
        text.push_str(&format!("| {} | {} |", row.commit.id.short(), cell(&subject(row))));
        for found in &row.cells {
            let matched = found.matched.filter(|matched| *matched != row.commit.id);
            let matched = matched.map_or_else(String::new, |matched| format!(" ({})", matched.short()));
            text.push_str(&format!(" {}{matched} |", found.state.name()));
        }
        text.push('\n');
    }
    text.push_str(&format!("\n{}", summary(ledger)));
    if hidden > 0 {
        text.push_str(&format!("; {hidden} changes with nothing left to do are not listed"));
    }
    text.push('\n');
    let commands = lines(refs, ledger, "");
    if !commands.is_empty() {
        text.push_str(&format!("\n```sh{commands}```\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_subject_ends_a_cell() {
        assert_eq!(cell("a | b `c` <d>"), "a \\| b \\`c\\` \\<d\\>");
    }
}
