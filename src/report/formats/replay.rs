//! A replay as tables for people, as `refgate.replay/v1`, and as what other formats are written from.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::json::{FindingDto, PolicyDto, UnevaluatedDto};
use crate::model::{Exit, Level, Untrusted, Verdict};
use crate::report::items::{Item, Items, Weight};
use crate::report::replay::{Count, Replay, Replayed, RuleCount};
use crate::report::{Colour, Reported, Seen, SeenRow, Sheet, json};

/// A replay as a command shows it.
#[derive(Debug)]
pub(crate) struct ReplayReport<'r> {
    /// What came out.
    pub replay: &'r Replay,
    /// Whether text for people lists the findings.
    pub lists_findings: bool,
}

impl Reported for ReplayReport<'_> {
    fn sheet(&self) -> Sheet<'_> {
        sheet(self.replay)
    }

    fn text(&self, _: Colour) -> String {
        tables(self.replay, self.lists_findings)
    }

    fn json(&self) -> String {
        document(self.replay)
    }
}

/// Returns the findings of the pushes that are listed: each is of a push that would have been refused, warned of or
/// recorded.
fn sheet(replay: &Replay) -> Sheet<'_> {
    let tally = &replay.tally;
    let (verdict, count) = match replay.exit() {
        Exit::Accepted => (Verdict::Accepted, tally.pushes),
        Exit::Refused => (Verdict::Refused, tally.refused),
        _ => (Verdict::Undecided, tally.undecided),
    };
    let mut items = Vec::new();
    for push in &replay.pushes {
        items.extend(push.found.findings.iter().map(|finding| of_finding(push, finding)));
        items.extend(push.found.unevaluated.iter().map(|open| of_open(push, open)));
    }
    let rows = tally.refs.iter().take(MOST_REFS).map(|(name, count)| SeenRow {
        name: name.clone(),
        cells: [count.pushes.to_string(), count.refused.to_string()],
    });
    Sheet {
        subject: "",
        said: format!("{count} of {} pushes would have been {}", tally.pushes, verdict.name()),
        verdict: Some(verdict),
        would: None,
        exit: replay.exit(),
        policy: Some(replay.policy.id()),
        seen: Seen {
            heading: "Refs with refused pushes",
            noun: "refs with refused pushes",
            columns: ["ref", "pushes", "refused"],
            rows: rows.collect(),
            count: tally.refs.len(),
        },
        // Of a push that is only counted at least one finding is missing.
        items: Items::of(items, replay.left_out),
        drawing: None,
        ledgers: &[],
    }
}

/// More refs are only counted.
const MOST_REFS: usize = 1000;

fn weight(level: &str) -> Weight {
    Level::ALL.into_iter().find(|known| known.name() == level).map_or(Weight::Error, Weight::of)
}

/// Returns when a push was made, and by whom.
fn pushed(push: &Replayed) -> String {
    let day = push.time.get(..10).unwrap_or_default();
    format!("the push of {day} by {}, {}..{}", push.author, short(&push.old), short(&push.new))
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn shown(text: &String) -> String {
    Untrusted::new(text).to_string()
}

fn of_finding(push: &Replayed, finding: &FindingDto) -> Item {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let name = finding.r#ref.as_ref().unwrap_or(&push.r#ref);
    // What is past keeps its ids.
    let identity = [name.as_str(), &part(&finding.path), &push.new, &part(&finding.commit)];
    let waived = finding.evidence.as_ref().filter(|evidence| evidence.starts_with("waived"));
    let level = finding.meant.as_ref().unwrap_or(&finding.level);
    Item {
        ref_name: Some(name.clone()),
        commit: finding.commit.clone(),
        path: finding.path.clone(),
        line: finding.line,
        column: finding.column,
        help: finding.help.as_ref().map(shown),
        command: finding.command.as_ref().map(shown),
        waived: waived.map(shown),
        aside: Some(pushed(push)),
        ..Item::new(
            &finding.rule,
            if waived.is_some() { Weight::Note } else { weight(level) },
            &finding.message,
            &identity,
        )
    }
}

fn of_open(push: &Replayed, open: &UnevaluatedDto) -> Item {
    let message = format!("not judged: {} - {}", open.r#while, open.cause);
    Item {
        is_open: true,
        ref_name: Some(push.r#ref.clone()),
        help: open.help.as_ref().map(shown),
        aside: Some(pushed(push)),
        ..Item::new(&open.rule, weight(&open.level), &message, &[&push.r#ref, &push.new, "not judged"])
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    exit_code: u8,
    policy: &'a PolicyDto,
    counts: Counts<'a>,
    pushes: Vec<PushDto<'a>>,
    findings: Vec<&'a FindingDto>,
    unevaluated: Vec<&'a UnevaluatedDto>,
    /// How many pushes of which something was found are only counted.
    left_out: usize,
    unknown: &'a [String],
    timings_ms: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct Counts<'a> {
    pushes: usize,
    refused: usize,
    undecided: usize,
    warned: usize,
    rules: &'a BTreeMap<String, RuleCount>,
    refs: &'a BTreeMap<String, Count>,
    months: &'a BTreeMap<String, Count>,
    authors: &'a BTreeMap<String, Count>,
}

#[derive(Serialize)]
struct PushDto<'a> {
    time: &'a str,
    author: &'a str,
    r#ref: &'a str,
    old: &'a str,
    new: &'a str,
    line: Option<&'a str>,
    verdict: &'a str,
    /// The places of its own in the list of all findings.
    findings: std::ops::Range<usize>,
    unevaluated: std::ops::Range<usize>,
}

fn document(replay: &Replay) -> String {
    let (findings, unevaluated) = replay.findings();
    let (mut at, mut open) = (0, 0);
    let pushes = replay.pushes.iter().map(|push| {
        let (from, open_from) = (at, open);
        at += push.found.findings.len();
        open += push.found.unevaluated.len();
        PushDto {
            time: &push.time,
            author: &push.author,
            r#ref: &push.r#ref,
            old: &push.old,
            new: &push.new,
            line: push.line.as_deref(),
            verdict: &push.verdict,
            findings: from..at,
            unevaluated: open_from..open,
        }
    });
    let tally = &replay.tally;
    json(&Document {
        schema: "refgate.replay/v1",
        exit_code: replay.exit().code(),
        policy: &replay.policy,
        counts: Counts {
            pushes: tally.pushes,
            refused: tally.refused,
            undecided: tally.undecided,
            warned: tally.warned,
            rules: &tally.rules,
            refs: &tally.refs,
            months: &tally.months,
            authors: &tally.authors,
        },
        pushes: pushes.collect(),
        findings,
        unevaluated,
        left_out: replay.left_out,
        unknown: &replay.unknown,
        timings_ms: BTreeMap::from([("total", replay.milliseconds)]),
    })
}

/// As many rows of a table are shown to people, and as many findings.
const SHOWN: usize = 20;

fn tables(replay: &Replay, lists_findings: bool) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_tables(replay, lists_findings, &mut text);
    text
}

fn write_tables(replay: &Replay, lists_findings: bool, text: &mut String) -> std::fmt::Result {
    let tally = &replay.tally;
    let days = replay.span.as_ref().map_or_else(String::new, |(from, to)| format!(", {from} to {to}"));
    writeln!(text, "replayed {} pushes{days}, by the policy `{}`", tally.pushes, Untrusted::new(&replay.policy.name))?;
    let percent = 100.0 * ratio(tally.refused, tally.pushes);
    writeln!(text, "would have refused {} of {} pushes ({percent:.1} %)", tally.refused, tally.pushes)?;
    if tally.warned > 0 {
        writeln!(text, "would have warned of {}", tally.warned)?;
    }
    if tally.undecided > 0 {
        writeln!(text, "could not decide {}", tally.undecided)?;
    }
    for sentence in &replay.unknown {
        writeln!(text, "note: {sentence}")?;
    }
    if !tally.rules.is_empty() {
        writeln!(text, "\n{:<22} {:<8} {:>7} {:>9}", "by rule", "level", "pushes", "findings")?;
    }
    let mut rules: Vec<_> = tally.rules.iter().collect();
    rules.sort_by_key(|(id, count)| (std::cmp::Reverse(count.pushes), *id));
    for (id, RuleCount { level, pushes, findings }) in rules {
        writeln!(text, "{id:<22} {level:<8} {pushes:>7} {findings:>9}")?;
    }
    for (title, counts, by_number) in
        [("by ref", &tally.refs, true), ("by month", &tally.months, false), ("by author", &tally.authors, true)]
    {
        write_counts(title, counts, by_number, text)?;
    }
    let shown = if lists_findings { usize::MAX } else { SHOWN };
    for push in replay.pushes.iter().filter(|push| lists_findings || push.verdict != "accepted").take(shown) {
        writeln!(text, "\n{} {} {}", push.time.get(..10).unwrap_or_default(), push.r#ref, push.author)?;
        for finding in &push.found.findings {
            let commit = finding.commit.as_ref().and_then(|id| id.get(..12)).unwrap_or_default();
            let message = Untrusted::new(&finding.message);
            writeln!(text, "  {}[{}]: {message} {commit}", finding.level, finding.rule)?;
        }
        for open in &push.found.unevaluated {
            writeln!(text, "  undecided[{}]: {}", open.rule, Untrusted::new(&open.cause))?;
        }
    }
    let listed = replay.pushes.iter().filter(|push| push.verdict != "accepted").count();
    if !lists_findings && listed > SHOWN {
        writeln!(text, "\nhint: the first {SHOWN} are shown; `--findings` lists all of them")?;
    }
    if replay.left_out > 0 {
        writeln!(text, "hint: {} more pushes are only counted", replay.left_out)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
fn ratio(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// Writes the rows in which something would have been refused.
fn write_counts(title: &str, counts: &BTreeMap<String, Count>, by_number: bool, text: &mut String) -> std::fmt::Result {
    let mut rows: Vec<_> = counts.iter().filter(|(_, count)| count.refused > 0).collect();
    if rows.is_empty() {
        return Ok(());
    }
    if by_number {
        rows.sort_by_key(|(key, count)| (std::cmp::Reverse(count.refused), *key));
    }
    writeln!(text, "\n{title:<40} {:>8} {:>8}", "refused", "pushes")?;
    // Of months, the last ones.
    let skipped = if by_number { 0 } else { rows.len().saturating_sub(SHOWN) };
    for (key, count) in rows.iter().skip(skipped).take(SHOWN) {
        writeln!(text, "{key:<40} {:>8} {:>8}", count.refused, count.pushes)?;
    }
    match rows.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(text, "and {more} more"),
    }
}
