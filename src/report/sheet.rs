//! What a command found, whichever command it is: what the formats for other programs are written from.

use super::formats::markdown;
use super::items::{Items, Weight, items};
use super::{Colour, Stream};
use crate::gate::{Outcome, PolicyId};
use crate::model::{Exit, Verdict};
use crate::project::{Drawing, Ledger};

/// What a command has to say, in whichever format it is asked for.
pub(crate) trait Reported {
    /// Returns what the formats for other programs are written from.
    fn sheet(&self) -> Sheet<'_>;

    /// Returns the text for people.
    fn text(&self, colour: Colour) -> String;

    /// Returns the JSON document of the command.
    fn json(&self) -> String;

    /// Returns the stream that text for people goes to.
    fn stream(&self) -> Stream {
        Stream::Output
    }

    /// Returns the Markdown; only what has always had a table of its own there differs from the others.
    fn markdown(&self) -> String {
        markdown::document(&self.sheet())
    }

    /// Returns whether the files that a CI system names are for this: the environment of a hook is not a job's.
    fn is_of_a_job(&self) -> bool {
        true
    }
}

/// What a command found.
#[derive(Debug)]
pub(crate) struct Sheet<'s> {
    /// What `said` is about, for a page of its own: `The push is`.
    pub subject: &'static str,
    /// What came out, in a few words: `refused`.
    pub said: String,
    /// The verdict; `None` where nothing was judged.
    pub verdict: Option<Verdict>,
    /// The verdict that it would have been, where everything is lowered.
    pub would: Option<Verdict>,
    /// The exit code.
    pub exit: Exit,
    /// The policy, where there is one.
    pub policy: Option<PolicyId>,
    /// What was looked at.
    pub seen: Seen,
    /// What was found.
    pub items: Items,
    /// The project around it.
    pub drawing: Option<&'s Drawing>,
    /// Which change is on which branch.
    pub ledgers: &'s [Ledger],
}

impl Sheet<'_> {
    /// Returns the words after what came out: the policy that said it, where there is one.
    pub(super) fn by(&self, code: impl Fn(&str) -> String) -> String {
        self.policy.as_ref().map_or_else(String::new, |policy| format!(" by the policy {}", code(&policy.name)))
    }

    /// Returns how many errors and warnings there are, in words.
    pub(super) fn counts(&self) -> String {
        format!("{} errors, {} warnings", self.items.count(Weight::Error), self.items.count(Weight::Warning))
    }
}

/// What a command looked at, as a table.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The heading: `Refs`.
    pub heading: &'static str,
    /// What the rows are, after their number: `refs judged`.
    pub noun: &'static str,
    /// The headings of the columns.
    pub columns: [&'static str; 3],
    /// The rows.
    pub rows: Vec<SeenRow>,
    /// How many there are, of which the first are in `rows`.
    pub count: usize,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(crate) struct SeenRow {
    /// The ref.
    pub name: String,
    /// What is in the two other columns, with code in backticks.
    pub cells: [String; 2],
}

/// More things that were looked at are counted, not shown.
const MOST_SEEN: usize = 1000;

impl<'s> Sheet<'s> {
    /// Returns what judging a push found.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let rows = outcome.updates.iter().take(MOST_SEEN).map(|update| {
            let place = update.place.as_ref().map_or_else(|| "nothing".to_owned(), |place| format!("`{place}`"));
            let movement = update.movement.map_or("unknown", |movement| movement.name());
            SeenRow {
                name: update.name.to_string(),
                cells: [place, format!("{movement} `{}..{}`", update.old.short(), update.new.short())],
            }
        });
        Self {
            subject: "The push is",
            said: outcome.verdict.name().to_owned(),
            verdict: Some(outcome.verdict),
            would: outcome.would,
            exit: outcome.exit(),
            policy: Some(outcome.policy.clone()),
            seen: Seen {
                heading: "Refs",
                noun: "refs judged",
                columns: ["ref", "belongs to", "change"],
                rows: rows.collect(),
                count: outcome.updates.len(),
            },
            items: items(outcome),
            drawing: None,
            ledgers: &[],
        }
    }
}
