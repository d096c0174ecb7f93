//! What is waived: by the policy, and by notes that the policy takes from the one who pushed them.

use bstr::{BStr, BString};
use jiff::civil::Date;
use std::collections::BTreeMap;

use super::{FactError, Facts};
use crate::git::{self, Entry, Mode};
use crate::model::{Level, ObjectId, RefName, WAIVER_NOTES};
use crate::policy::{ActorSet, MAX_NOTE_BYTES, NotedWaiver, Waiver};

/// The rule that guards [`WAIVER_NOTES`]: where it does not refuse, notes are anybody's and waive nothing.
const GUARD: &str = "improper-waiver";

/// More notes than these in one push are no waivers that somebody wrote.
const MAX_NOTES: usize = 10_000;

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

/// A note that a push brings or changes.
#[derive(Clone, Debug)]
pub struct ArrivingNote {
    /// Its path in the tree of notes.
    pub path: BString,
    /// What it waives, or why it is no waiver.
    pub waivers: Result<Vec<NotedWaiver>, String>,
    /// What the note about the same object waived before.
    pub before: Vec<NotedWaiver>,
}

impl<'a> Facts<'a> {
    /// The exceptions from a rule for a commit on a ref. `today` is the day on which they have to be valid.
    pub fn exceptions(&self, rule: &str, commit: Option<ObjectId>, name: Option<&RefName>, today: Date) -> Exceptions {
        let mut found = Exceptions::default();
        for waiver in self.policy.waivers.iter().filter(|waiver| covers(waiver, rule, commit, name)) {
            found.add(waiver.by.as_ref(), &waiver.reason, waiver.until, today);
        }
        // What waives cannot be waived by what it guards.
        if let Some(commit) = commit.filter(|_| found.granted.is_none() && rule != GUARD) {
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

    /// From whom the policy takes waivers in notes.
    pub fn waivers_accepted_from(&self) -> Option<&'a ActorSet> {
        self.policy.waiver_notes.as_ref()
    }

    /// The notes that an update of [`WAIVER_NOTES`] brings or changes; what it takes away is not told.
    pub fn arriving_notes(&self, old: Option<ObjectId>, new: ObjectId) -> Result<Vec<ArrivingNote>, FactError> {
        self.in_time()?;
        let changes = self.repository.diff_trees(old, Some(new))?;
        if changes.len() > MAX_NOTES {
            return Err(FactError::undecided(format!("the push changes more than {MAX_NOTES} notes")));
        }
        // By object and not by path: git moves notes into directories as they become more.
        let mut before: BTreeMap<ObjectId, (ObjectId, Vec<NotedWaiver>)> = BTreeMap::new();
        for change in &changes {
            if let (Some(object), Some(Entry { mode: Mode::File | Mode::Executable, id })) =
                (self.annotated(change.path.as_ref()), change.old)
            {
                before.insert(object, (id, self.read_note(id)?.unwrap_or_default()));
            }
        }
        let mut notes = Vec::new();
        for change in changes {
            self.in_time()?;
            let Some(entry) = change.new else { continue };
            let object = self.annotated(change.path.as_ref());
            let known = object.and_then(|object| before.get(&object));
            if known.is_some_and(|(blob, _)| *blob == entry.id) {
                continue;
            }
            let waivers = match (object, entry.mode) {
                (None, _) => Err("its name is not the id of an object".to_owned()),
                (Some(_), Mode::Tree | Mode::Symlink | Mode::Submodule) => Err("it is no file".to_owned()),
                (Some(_), Mode::File | Mode::Executable) => self.read_note(entry.id)?,
            };
            let before = known.map(|(_, waivers)| waivers.clone()).unwrap_or_default();
            notes.push(ArrivingNote { path: change.path, waivers, before });
        }
        Ok(notes)
    }

    /// The object that a note at this path is about: its id, with slashes anywhere between the digits.
    fn annotated(&self, path: &BStr) -> Option<ObjectId> {
        let digits: Vec<u8> = path.iter().copied().filter(|byte| *byte != b'/').collect();
        ObjectId::from_hex(&digits).ok().filter(|id| id.kind() == self.repository.hash_kind())
    }

    /// The waivers in the notes about a commit, or why they do not count.
    fn noted(&self, commit: ObjectId) -> Result<Vec<NotedWaiver>, String> {
        let unread = |error: FactError| format!("the note about it cannot be read: {}", error.cause);
        let Some(notes) = self.waiver_notes().map_err(unread)? else { return Ok(Vec::new()) };
        let about = self.repository.notes_about(notes, commit).map_err(|error| unread(error.into()))?;
        let mut waivers = Vec::new();
        for blob in about {
            let read = self.read_note(blob).map_err(unread)?;
            waivers.extend(read.map_err(|error| format!("the note about it is no waiver: {error}"))?);
        }
        Ok(waivers)
    }

    /// A note's waivers; inside, why there are none.
    fn read_note(&self, blob: ObjectId) -> Result<Result<Vec<NotedWaiver>, String>, FactError> {
        let bytes = match self.repository.blob(blob, MAX_NOTE_BYTES) {
            Ok(bytes) => bytes,
            Err(error @ git::Error::TooLarge { .. }) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        Ok(NotedWaiver::read(&bytes).map_err(|error| error.to_string()))
    }

    /// The notes that count: the receiving side's, or those that come with this push from somebody whom the policy takes
    /// them from. Where only the server knows who pushes, it decides, and they count until then.
    fn waiver_notes(&self) -> Result<Option<ObjectId>, FactError> {
        let guard = self.policy.rules.get(GUARD);
        let is_guarded = guard.is_none_or(|setting| {
            setting.level.is_none_or(|level| level == Level::Refuse)
                && setting.since.is_none()
                && setting.only.is_empty()
                && setting.except.is_empty()
        });
        let Some(accepted) = self.waivers_accepted_from().filter(|_| is_guarded) else { return Ok(None) };
        let name = RefName::new(WAIVER_NOTES);
        let arriving = match self.update_of(&name) {
            Some(update) if accepted.is_everyone() => Some(update),
            Some(update) => match self.actor() {
                Ok(actor) => accepted.contains(actor).then_some(update),
                Err(error) if error.elsewhere => Some(update),
                Err(error) => return Err(error),
            },
            None => None,
        };
        match arriving {
            Some(update) => Ok(Some(update.new).filter(|id| !id.is_null())),
            None => Ok(self.view.find(self.repository, &name)?),
        }
    }
}

impl Exceptions {
    fn add(&mut self, by: Option<&String>, reason: &str, until: Option<Date>, today: Date) {
        match until.filter(|until| today > *until) {
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
