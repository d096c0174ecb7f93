//! Waivers in the notes that a push brings.

use bstr::BString;
use jiff::civil::Date;
use std::collections::BTreeMap;

use super::{Exceptions, FactError, Facts};
use crate::git::{Entry, Mode};
use crate::model::{ObjectId, RefName, WAIVER_NOTES};
use crate::policy::NotedWaiver;

/// More notes than this in one push are not waivers that a person wrote.
const MAX_NOTES: usize = 10_000;

/// A note that a push brings or changes.
#[derive(Clone, Debug)]
pub struct ArrivingNote {
    /// Its path in the tree of notes.
    pub path: BString,
    /// What it waives, or why it is not a waiver.
    pub waivers: Result<Vec<NotedWaiver>, String>,
    /// What the note about the same object waived before.
    pub before: Vec<NotedWaiver>,
}

impl Facts<'_> {
    /// Returns the exceptions from a rule for a commit on a ref. `today` is the day on which they have to be valid; see
    /// [`Snapshot::exceptions`](super::Snapshot::exceptions).
    ///
    /// Notes that come with this push count where the policy takes them from whoever pushes, otherwise those that were
    /// there before.
    ///
    /// # Errors
    /// A note of this push waives it, and only the server knows whether it may.
    pub fn exceptions(
        &self,
        rule: &str,
        commit: Option<ObjectId>,
        name: Option<&RefName>,
        today: Option<Date>,
    ) -> Result<Exceptions, FactError> {
        let before = self.before().exceptions(rule, commit, name, today);
        if before.granted.is_some() || self.update_of(&RefName::new(WAIVER_NOTES)).is_none() {
            return Ok(before);
        }
        let after = self.after().exceptions(rule, commit, name, today);
        match self.takes_arriving_notes() {
            Ok(true) => Ok(after),
            Ok(false) => Ok(before),
            Err(unknown) if after.granted.is_some() => Err(unknown),
            Err(_) => Ok(before),
        }
    }

    fn takes_arriving_notes(&self) -> Result<bool, FactError> {
        let Some(accepted) = self.project().waivers_accepted_from() else { return Ok(false) };
        Ok(accepted.is_everyone() || accepted.contains(self.actor()?))
    }

    /// Returns the notes that an update of [`WAIVER_NOTES`] brings or changes; notes that it removes are left out.
    pub fn arriving_notes(&self, old: Option<ObjectId>, new: ObjectId) -> Result<Vec<ArrivingNote>, FactError> {
        let changes = self.project().repository().diff_trees(old, Some(new))?;
        if changes.len() > MAX_NOTES {
            return Err(FactError::undecided(format!("the push changes more than {MAX_NOTES} notes")));
        }
        // By object and not by path: git moves notes into subdirectories as their number grows.
        let mut before: BTreeMap<ObjectId, (ObjectId, Vec<NotedWaiver>)> = BTreeMap::new();
        for change in &changes {
            if let (Some(object), Some(Entry { mode: Mode::File | Mode::Executable, id })) =
                (self.project().annotated(change.path.as_ref()), change.old)
            {
                before.insert(object, (id, self.project().read_note(id)?.unwrap_or_default()));
            }
        }
        let mut notes = Vec::new();
        for change in changes {
            let Some(entry) = change.new else { continue };
            let object = self.project().annotated(change.path.as_ref());
            let known = object.and_then(|object| before.get(&object));
            if known.is_some_and(|(blob, _)| *blob == entry.id) {
                continue;
            }
            let waivers = match (object, entry.mode) {
                (None, _) => Err("its name is not the id of an object".to_owned()),
                (Some(_), Mode::Tree | Mode::Symlink | Mode::Submodule) => Err("it is not a file".to_owned()),
                (Some(_), Mode::File | Mode::Executable) => self.project().read_note(entry.id)?,
            };
            let before = known.map(|(_, waivers)| waivers.clone()).unwrap_or_default();
            notes.push(ArrivingNote { path: change.path, waivers, before });
        }
        Ok(notes)
    }
}
