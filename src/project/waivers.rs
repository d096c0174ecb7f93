//! What is waived: by the policy, and by notes that the policy accepts from whoever pushed them.

use bstr::BStr;
use jiff::civil::Date;

use super::{FactError, Project, Snapshot};
use crate::git;
use crate::model::{Level, ObjectId, RefName, WAIVER_NOTES};
use crate::policy::{ActorSet, MAX_NOTE_BYTES, NotedWaiver, Waiver};

/// The rule that guards [`WAIVER_NOTES`]: where it does not refuse, anybody can write notes, and they waive nothing.
pub(crate) const NOTES_GUARD: &str = "improper-waiver";

/// What is known of exceptions from a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// The one that counts.
    pub granted: Option<Granted>,
    /// The last day of one that is over.
    pub ended: Option<Date>,
    /// Why a note about the commit does not count.
    pub flaw: Option<String>,
}

/// An exception that counts. Its texts are somebody else's: show them escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Who granted it.
    pub by: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
}

impl Snapshot<'_> {
    /// Returns the exceptions from a rule for a commit on a ref, by the policy and by the notes of this moment. `today`
    /// is the day on which they have to be valid. Where the clock does not know the day, no exception with an end
    /// counts.
    pub fn exceptions(
        &self,
        rule: &str,
        commit: Option<ObjectId>,
        name: Option<&RefName>,
        today: Option<Date>,
    ) -> Exceptions {
        let mut found = Exceptions::default();
        for waiver in self.project().policy().waivers.iter().filter(|waiver| covers(waiver, rule, commit, name)) {
            found.add(waiver.by.as_ref(), &waiver.reason, waiver.until, today);
        }
        // The rule that guards waivers cannot be waived by the notes that it guards.
        if let Some(commit) = commit.filter(|_| found.granted.is_none() && rule != NOTES_GUARD) {
            match self.noted(commit) {
                Ok(waivers) => {
                    for waiver in waivers.iter().filter(|waiver| waiver.rule == rule) {
                        found.add(waiver.by.as_ref(), &waiver.reason, waiver.until, today);
                    }
                }
                Err(flaw) => found.flaw = Some(flaw),
            }
        }
        found
    }

    /// Returns the waivers in the notes about a commit, or why they do not count.
    fn noted(&self, commit: ObjectId) -> Result<Vec<NotedWaiver>, String> {
        let unread = |error: FactError| format!("the note about it cannot be read: {}", error.cause);
        let Some(notes) = self.waiver_notes().map_err(unread)? else { return Ok(Vec::new()) };
        let about = self.project().repository().notes_about(notes, commit).map_err(|error| unread(error.into()))?;
        let mut waivers = Vec::new();
        for blob in about {
            let read = self.project().read_note(blob).map_err(unread)?;
            waivers.extend(read.map_err(|error| format!("the note about it is not a waiver: {error}"))?);
        }
        Ok(waivers)
    }

    /// Returns the notes of this moment, if the policy takes waivers from them.
    fn waiver_notes(&self) -> Result<Option<ObjectId>, FactError> {
        if self.project().accepts_notes() { self.tip(&RefName::new(WAIVER_NOTES)) } else { Ok(None) }
    }
}

impl Project {
    /// Returns the actors from whom the policy accepts waivers in notes.
    pub fn waivers_accepted_from(&self) -> Option<&ActorSet> {
        self.policy().waiver_notes.as_ref()
    }

    /// Returns whether waivers in notes count: the policy names somebody whose notes are accepted, and the rule that
    /// guards them is on.
    pub fn accepts_notes(&self) -> bool {
        let is_guarded = self.policy().rules.get(NOTES_GUARD).is_none_or(|setting| {
            setting.level.is_none_or(|level| level == Level::Refuse)
                && setting.since.is_none()
                && setting.only.is_empty()
                && setting.except.is_empty()
        });
        is_guarded && self.waivers_accepted_from().is_some()
    }

    /// Returns the object that a note at this path is about: its id, with slashes anywhere between the digits.
    pub(crate) fn annotated(&self, path: &BStr) -> Option<ObjectId> {
        let digits: Vec<u8> = path.iter().copied().filter(|byte| *byte != b'/').collect();
        ObjectId::from_hex(&digits).ok().filter(|id| id.kind() == self.repository().hash_kind())
    }

    /// Returns a note's waivers; the inner error says why there are none.
    pub(crate) fn read_note(&self, blob: ObjectId) -> Result<Result<Vec<NotedWaiver>, String>, FactError> {
        let bytes = match self.repository().blob(blob, MAX_NOTE_BYTES) {
            Ok(bytes) => bytes,
            Err(error @ git::Error::TooLarge { .. }) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        Ok(NotedWaiver::read(&bytes).map_err(|error| error.to_string()))
    }
}

impl Exceptions {
    fn add(&mut self, by: Option<&String>, reason: &str, until: Option<Date>, today: Option<Date>) {
        match until.filter(|until| today.is_none_or(|today| today > *until)) {
            Some(over) => self.ended = self.ended.max(Some(over)),
            None if self.granted.is_none() => {
                self.granted = Some(Granted { by: by.cloned(), reason: reason.to_owned(), until });
            }
            None => {}
        }
    }
}

fn covers(waiver: &Waiver, rule: &str, commit: Option<ObjectId>, name: Option<&RefName>) -> bool {
    let names_ref =
        || name.is_some_and(|name| waiver.refs.iter().any(|pattern| pattern.matches(name.full()).is_some()));
    waiver.rule == rule
        && (waiver.commit.is_none() || waiver.commit == commit)
        && (waiver.refs.is_empty() || names_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn no_clock_makes_a_waiver_valid_that_ends() {
        let asked = |until: Option<Date>, today: Option<Date>| {
            let mut found = Exceptions::default();
            found.add(None, "x", until, today);
            (found.granted.is_some(), found.ended)
        };
        let until = Some(date(2026, 6, 30));
        assert_eq!(asked(until, until), (true, None));
        assert_eq!(asked(until, Some(date(2026, 7, 1))), (false, until));
        assert_eq!(asked(until, None), (false, until));
        assert_eq!(asked(None, None), (true, None));
    }
}
