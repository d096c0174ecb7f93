//! A replay: what a policy would have said of the pushes of the past.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::formats::json::{FindingDto, FoundDto, PolicyDto, UnevaluatedDto, found, policy};
use crate::gate::{Outcome, PolicyId};
use crate::model::{Exit, Finding, Level, ObjectId, Verdict};

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// Pushes.
    pub(super) pushes: usize,
    /// Those that would have been refused.
    pub(super) refused: usize,
}

/// What a rule found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuleCount {
    /// The level of its weightiest finding.
    pub(super) level: String,
    /// Pushes in which it found something.
    pub(super) pushes: usize,
    pub(super) findings: usize,
}

/// Totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(super) pushes: usize,
    pub(super) refused: usize,
    pub(super) undecided: usize,
    /// Pushes that would have been accepted with a warning.
    pub(super) warned: usize,
    pub(super) rules: BTreeMap<String, RuleCount>,
    /// By ref, those of which a push would have been refused.
    pub(super) refs: BTreeMap<String, Count>,
    pub(super) months: BTreeMap<String, Count>,
    pub(super) authors: BTreeMap<String, Count>,
}

impl Tally {
    /// Adds other totals to these.
    pub(crate) fn add(&mut self, other: Self) {
        self.pushes += other.pushes;
        self.refused += other.refused;
        self.undecided += other.undecided;
        self.warned += other.warned;
        for (id, more) in other.rules {
            let own = self.rules.entry(id).or_default();
            own.level = heavier(&own.level, &more.level);
            own.pushes += more.pushes;
            own.findings += more.findings;
        }
        for (own, more) in
            [(&mut self.refs, other.refs), (&mut self.months, other.months), (&mut self.authors, other.authors)]
        {
            for (key, more) in more {
                let own = own.entry(key).or_default();
                own.pushes += more.pushes;
                own.refused += more.refused;
            }
        }
    }
}

fn heavier(a: &str, b: &str) -> String {
    let weight = |word: &str| Level::ALL.iter().position(|level| level.name() == word);
    if weight(a) >= weight(b) { a.to_owned() } else { b.to_owned() }
}

/// A push of which something was found. Its texts are escaped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Replayed {
    pub(super) time: String,
    pub(super) author: String,
    pub(super) r#ref: String,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) line: Option<String>,
    pub(super) verdict: String,
    #[serde(flatten)]
    pub(super) found: FoundDto,
}

/// A push of the past, as it is known.
#[derive(Debug)]
pub(crate) struct Past<'a> {
    /// When, `2026-11-21T10:00:00Z`.
    pub time: String,
    /// Who made it, escaped.
    pub author: &'a str,
    pub old: ObjectId,
    pub new: ObjectId,
}

/// What came of pushes that follow each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(super) tally: Tally,
    pub(super) pushes: Vec<Replayed>,
    /// How many pushes of which something was found are only counted.
    pub(super) left_out: usize,
}

/// As many pushes of a part are listed.
const MAX_LISTED: usize = 200;

impl Part {
    /// Adds what was said of a push.
    pub(crate) fn count(&mut self, past: &Past<'_>, outcome: &Outcome) {
        // What a policy that is only tried would say is the question here.
        let verdict = outcome.would.unwrap_or(outcome.verdict);
        let is_refused = verdict == Verdict::Refused;
        let level = |finding: &Finding| finding.meant.unwrap_or(finding.level);
        let findings: Vec<_> = outcome.findings.iter().filter(|finding| level(finding) > Level::Off).collect();
        let is_open = outcome.unevaluated.iter().any(|open| !open.elsewhere);
        let tally = &mut self.tally;
        tally.pushes += 1;
        tally.refused += usize::from(is_refused);
        tally.undecided += usize::from(verdict == Verdict::Undecided);
        let warns = findings.iter().any(|finding| level(finding) >= Level::Warn);
        tally.warned += usize::from(warns && verdict == Verdict::Accepted);
        let name = outcome.updates.first().map_or_else(String::new, |update| update.name.to_string());
        let month = past.time.get(..7).unwrap_or_default().to_owned();
        for (counts, key) in [(&mut tally.months, month), (&mut tally.authors, past.author.to_owned())] {
            let count = counts.entry(key).or_default();
            count.pushes += 1;
            count.refused += usize::from(is_refused);
        }
        if is_refused {
            let count = tally.refs.entry(name.clone()).or_default();
            count.pushes += 1;
            count.refused += 1;
        }
        let mut rules: Vec<&str> = Vec::new();
        for finding in &findings {
            let count = tally.rules.entry(finding.rule.to_owned()).or_default();
            count.level = heavier(&count.level, level(finding).name());
            count.findings += 1;
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule);
                count.pushes += 1;
            }
        }
        if findings.is_empty() && !is_open {
            return;
        }
        if self.pushes.len() == MAX_LISTED {
            self.left_out += 1;
            return;
        }
        let mut found = found(outcome, 0);
        found.unevaluated.retain(|open| !open.elsewhere);
        self.pushes.push(Replayed {
            time: past.time.clone(),
            author: past.author.to_owned(),
            r#ref: name,
            old: past.old.to_string(),
            new: past.new.to_string(),
            line: outcome.updates.first().and_then(|update| update.place.clone()),
            verdict: verdict.name().to_owned(),
            found,
        });
    }
}

/// A push that would not have been accepted. Its texts are escaped.
#[derive(Debug)]
pub(crate) struct Declined<'r> {
    /// When it was made.
    pub time: &'r str,
    /// The ref.
    pub name: &'r str,
    /// The rules that would have refused it or could not tell, each with what it said.
    pub reasons: Vec<(&'r str, &'r str)>,
}

/// What a replay came to.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(super) policy: PolicyDto,
    pub(super) tally: Tally,
    pub(super) pushes: Vec<Replayed>,
    pub(super) left_out: usize,
    /// The first and the last day.
    pub(super) span: Option<(String, String)>,
    /// What is not known of the past.
    pub(super) unknown: Vec<String>,
    pub(super) milliseconds: f64,
}

/// More pushes than this are only counted.
const MAX_PUSHES: usize = 10_000;

impl Replay {
    /// Puts the parts together, in order.
    pub(crate) fn of(
        id: &PolicyId,
        parts: impl IntoIterator<Item = Part>,
        span: Option<(String, String)>,
        unknown: Vec<String>,
        milliseconds: f64,
    ) -> Self {
        let (mut tally, mut pushes, mut left_out) = (Tally::default(), Vec::new(), 0);
        for part in parts {
            tally.add(part.tally);
            let room = MAX_PUSHES.saturating_sub(pushes.len());
            left_out += part.left_out + part.pushes.len().saturating_sub(room);
            pushes.extend(part.pushes.into_iter().take(room));
        }
        Self { policy: policy(id), tally, pushes, left_out, span, unknown, milliseconds }
    }

    /// Returns the exit code: whether a push would have been refused.
    pub(crate) const fn exit(&self) -> Exit {
        match (self.tally.refused, self.tally.undecided) {
            (1.., _) => Exit::Refused,
            (0, 1..) => Exit::Undecided,
            (0, 0) => Exit::Accepted,
        }
    }

    /// Returns how many pushes were judged.
    pub(crate) const fn pushes(&self) -> usize {
        self.tally.pushes
    }

    /// Returns the pushes that would not have been accepted, as far as they are listed, in their order.
    pub(crate) fn declined(&self) -> impl Iterator<Item = Declined<'_>> {
        let is_declined = |push: &&Replayed| push.verdict != Verdict::Accepted.name();
        self.pushes.iter().filter(is_declined).map(|push| {
            let weighs = |level: &str| level == Level::Refuse.name();
            let found = push.found.findings.iter().map(|finding| {
                let level = finding.meant.as_ref().unwrap_or(&finding.level);
                (finding.rule.as_str(), level.as_str(), finding.message.as_str())
            });
            let open = push.found.unevaluated.iter();
            let open = open.map(|open| (open.rule.as_str(), open.level.as_str(), open.cause.as_str()));
            let reasons = found.chain(open).filter(|(_, level, _)| weighs(level));
            Declined {
                time: &push.time,
                name: &push.r#ref,
                reasons: reasons.map(|(rule, _, said)| (rule, said)).collect(),
            }
        })
    }

    /// Returns how many pushes are only counted.
    pub(crate) const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns all findings that are listed, and for each push the places of its own.
    pub(super) fn findings(&self) -> (Vec<&FindingDto>, Vec<&UnevaluatedDto>) {
        let findings = self.pushes.iter().flat_map(|push| &push.found.findings).collect();
        (findings, self.pushes.iter().flat_map(|push| &push.found.unevaluated).collect())
    }
}

/// Returns what two replays of one past say differently, for people.
pub(crate) fn replay_differences(old: &Replay, new: &Replay) -> String {
    let refused = |replay: &Replay| -> BTreeSet<(String, String, String)> {
        let pushes = replay.pushes.iter().filter(|push| push.verdict == Verdict::Refused.name());
        pushes.map(|push| (push.time.clone(), push.r#ref.clone(), push.new.clone())).collect()
    };
    let (before, after) = (refused(old), refused(new));
    let all = old.tally.pushes;
    let mut text = format!(
        "\nover the past: of {all} pushes {} would have been refused, and not {}\n",
        new.tally.refused, old.tally.refused
    );
    for (word, some, others) in [("now refused", &after, &before), ("no longer refused", &before, &after)] {
        let own: Vec<_> = some.difference(others).collect();
        for (time, name, new) in own.iter().take(SHOWN) {
            let (day, id) = (time.get(..10).unwrap_or_default(), new.get(..12).unwrap_or_default());
            text.push_str(&format!("  {word}: {day} {name} {id}\n"));
        }
        if own.len() > SHOWN {
            text.push_str(&format!("  and {} more\n", own.len() - SHOWN));
        }
    }
    text
}

/// As many pushes of each kind are shown to people.
const SHOWN: usize = 20;
