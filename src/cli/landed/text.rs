//! How the answers are written for people.

use bstr::BString;
use std::collections::BTreeMap;

use super::questions::Question;
use crate::landed::{Status, Verdict};
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

    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
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
    use crate::landed::Missing;
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
