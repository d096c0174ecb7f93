//! How the answers are written: a table for people, and `refgate.landed/v1`.

use bstr::BString;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::questions::Question;
use crate::landed::{Evidence, Missing, Status, Verdict};
use crate::model::{ObjectId, Untrusted, counted, quote};
use crate::project::{Granted, Released, Unrepaired};

/// The answer to one question.
pub(super) struct Answer {
    /// One for each change, newest first, with the waiver that excepts it.
    pub(super) changes: Vec<(Verdict, Option<Granted>)>,
    /// Files that could not be read.
    pub(super) unread: Vec<ObjectId>,
    /// Entries of changelogs that are not there, by file.
    pub(super) changelogs: Vec<(BString, Vec<Released>)>,
    /// What was repaired or taken back since of what was picked, where that was asked for.
    pub(super) repairs: Option<Vec<Unrepaired>>,
}

/// What a waived change is called.
const WAIVED: &str = "waived";

impl Answer {
    fn of_status(&self, wanted: &str) -> impl DoubleEndedIterator<Item = &(Verdict, Option<Granted>)> {
        self.changes.iter().filter(move |(verdict, waiver)| status(verdict, waiver.as_ref()) == wanted)
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        names().map(|name| (name, self.of_status(name).count())).collect()
    }
}

/// Returns the statuses in the order of reports.
fn names() -> impl Iterator<Item = &'static str> {
    Status::ALL.into_iter().map(Status::name).chain([WAIVED])
}

/// Returns what a change is called.
pub(super) fn status(verdict: &Verdict, waiver: Option<&Granted>) -> &'static str {
    if waiver.is_some() { WAIVED } else { verdict.status.name() }
}

/// Returns why, in a sentence.
pub(super) fn reason(verdict: &Verdict, waiver: Option<&Granted>) -> String {
    let Some(waiver) = waiver else { return verdict.reason.clone() };
    let by = waiver.by.as_ref().map_or_else(String::new, |by| format!(" by {}", Untrusted::new(by)));
    let until = waiver.until.map_or_else(String::new, |until| format!(" until {until}"));
    format!("waived{by}{until}: {}", Untrusted::new(&waiver.reason))
}

/// Renders `refgate.landed/v1`: one document, or a list of them where there may be several.
pub(super) fn json(answered: &[(&Question<'_>, Answer)], is_list: bool) -> String {
    let documents: Vec<Document<'_>> =
        answered.iter().map(|(question, answer)| Document::new(question, answer)).collect();
    match documents.as_slice() {
        [only] if !is_list => crate::report::json(only),
        all => crate::report::json(&all),
    }
}

/// The document about one question. Fields are in the order of the alphabet, as in every document.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changelogs: Option<Vec<Changelog<'a>>>,
    commits: Vec<Row<'a>>,
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
struct Row<'a> {
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
            commits: answer.changes.iter().map(|(verdict, waiver)| Row::new(verdict, waiver.as_ref())).collect(),
            counts: answer.counts(),
            flow: question.flow.map(|flow| Ends { from: &flow.from, to: &flow.to }),
            from: &question.from,
            repairs: answer.repairs.as_ref().map(|repairs| repairs.iter().map(Repaired::new).collect()),
            schema: "refgate.landed/v1",
            to: &question.to,
        }
    }
}

impl<'a> Row<'a> {
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

/// Returns a table for people, with the commands that bring what is missing.
pub(super) fn human(question: &Question<'_>, answer: &Answer, all: bool) -> String {
    let mut text = String::new();
    let is_settled =
        |name: &str| [Status::Landed, Status::Exempt].iter().any(|status| status.name() == name) || name == WAIVED;
    for name in names().filter(|name| all || !is_settled(name)) {
        let count = answer.of_status(name).count();
        if count == 0 {
            continue;
        }
        text.push_str(&format!("{name} ({count})\n"));
        for (verdict, waiver) in answer.of_status(name) {
            let (subject, reason) = (Untrusted::new(&verdict.subject), reason(verdict, waiver.as_ref()));
            let reason = Untrusted::new(&reason);
            text.push_str(&format!("  {}  {subject}\n              {reason}\n", verdict.commit.short()));
            for missing in verdict.missing.iter().filter(|_| name == Status::Partial.name()) {
                let lines = counted(missing.lines as usize, "line", "lines");
                let path = Untrusted::new(&missing.path);
                text.push_str(&format!("              not there: {lines} of {path}\n"));
            }
        }
        text.push('\n');
    }
    for unread in &answer.unread {
        text.push_str(&format!(
            "note: object {unread} is not in this repository; what needs it was judged without it\n"
        ));
    }
    let to = Untrusted::new(&question.to);
    for (path, missing) in answer.changelogs.iter().filter(|(_, missing)| !missing.is_empty()) {
        let entries: Vec<String> = missing.iter().map(ToString::to_string).collect();
        text.push_str(&format!("{} on {to} lacks {}\n\n", Untrusted::new(path), entries.join(", ")));
    }
    let repairs = answer.repairs.as_deref().unwrap_or_default();
    if !repairs.is_empty() {
        text.push_str(&format!("repaired since ({})\n", repairs.len()));
        for found in repairs {
            let (by, subject) = (found.by.id.short(), Untrusted::new(found.by.subject()));
            let (deed, original) = (found.repair.deed(), found.original.short());
            let of = if found.pick == found.original {
                String::new()
            } else {
                format!(", of which {} is a pick", found.pick.short())
            };
            text.push_str(&format!("  {by}  {subject}\n              {deed}: {original}{of}\n"));
        }
        text.push('\n');
    }
    // Oldest first: picks apply in the order in which they were made.
    let missing: Vec<String> = answer
        .of_status(Status::Missing.name())
        .rev()
        .map(|(verdict, _)| format!("  git cherry-pick -x {}\n", verdict.commit))
        .collect();
    if !missing.is_empty() && question.picks() {
        text.push_str(&format!("To pick what is missing, on {to}:\n{}\n", missing.concat()));
    } else if !missing.is_empty() {
        // By its id: the branch need not be one of the clone's own.
        let message = quote(&format!("Merge {}", question.from));
        let message = message.map_or("--no-edit".to_owned(), |message| format!("-m {message}"));
        text.push_str(&format!("To merge what is missing, on {to}:\n  git merge {message} {}\n\n", question.tip));
    }
    let counts = answer.counts();
    let counts: Vec<String> = names()
        .filter_map(|name| counts.get(name).filter(|count| **count > 0).map(|count| format!("{count} {name}")))
        .collect();
    let counts = if counts.is_empty() { "nothing to look for".to_owned() } else { counts.join(", ") };
    text.push_str(&format!("{} -> {to}: {counts}\n", Untrusted::new(&question.from)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::landed::LandedReport;
    use crate::gate::PolicyId;
    use crate::model::HashKind;
    use crate::model::hostile;
    use crate::report::acting::acting;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(hostile::cases())]
        #[test]
        fn no_answer_acts(bytes in hostile::bytes(), text in hostile::text(), at in 0..Status::ALL.len()) {
            let id = ObjectId::null(HashKind::Sha1);
            let own = || text.clone();
            let verdict = Verdict {
                commit: id,
                subject: bytes.as_slice().into(),
                status: Status::ALL[at],
                matched: None,
                evidence: None,
                score: 0.0,
                reason: own(),
                reverted_by: None,
                disputed: Some(own()),
                also: Vec::new(),
                part: 0.5,
                missing: vec![Missing { path: bytes.as_slice().into(), lines: 3 }],
                is_false_name: false,
                is_same_patch: false,
            };
            let waiver = Granted { by: Some(own()), reason: own(), until: None };
            let answer = Answer {
                changes: vec![(verdict.clone(), Some(waiver)), (verdict, None)],
                unread: vec![id],
                changelogs: vec![(bytes.as_slice().into(), vec![Released { version: own(), distribution: own() }])],
                repairs: None,
            };
            let place = crate::project::Destination { name: own(), branches: Vec::new() };
            let question =
                Question { from: own(), branch: None, tip: id, to: own(), place, flow: None };
            let policy = PolicyId { name: own(), source: own(), id: own() };
            let report =
                LandedReport { answered: vec![(&question, answer)], is_list: true, all: true, policy: Some(policy) };
            prop_assert_eq!(acting(&report), None);
        }
    }
}
