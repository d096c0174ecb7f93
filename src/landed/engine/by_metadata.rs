//! Candidates by what commits say: what their messages name, title, author and second.

use std::collections::BTreeSet;

use super::Engine;
use crate::landed::change::Change;
use crate::landed::explicit::Follower;
use crate::landed::index::{At, Reverts};
use crate::landed::{Error, titles};

/// A title of fewer words may be chance.
const MIN_TELLING: usize = 4;

impl Engine<'_> {
    /// Candidates by what messages say, and by title, author and second.
    pub(super) fn by_metadata(&mut self, reverts: &Reverts) -> Result<(), Error> {
        let (repository, index, grammar) = (self.repository, self.index, &self.options.grammar);
        let deadline = self.options.deadline;
        let mut follower = Follower { repository, index, grammar, deadline, lookups: Vec::new() };
        for (at, change) in self.branch.iter().enumerate() {
            let mut found: BTreeSet<At> = self.index.alike(change).into_iter().collect();
            let mut plain = self.plainly(at, change, &found).filter(|same| reverts.standing(*same).is_none());
            if !self.options.ignore_explicit {
                let claims = follower.claims(change)?;
                found.extend(claims.found.iter().map(|(at, _)| *at));
                if let Some(own) = self.claims.get_mut(at) {
                    *own = claims;
                }
            }
            let of_second = |at: &At| self.index.commits.get(*at).is_some_and(|other| other.seconds == change.seconds);
            if !plain.as_ref().is_some_and(of_second) {
                let mut listed = self.index.listed(self.repository.commit(change.id)?.body());
                listed.retain(|other| Some(*other) != plain);
                // With more than one original, titles are not enough.
                plain = plain.filter(|_| listed.is_empty());
                found.extend(&listed);
                self.listed.extend(listed.into_iter().map(|other| (at, other)));
            }
            let is_claimed = |same: &At| {
                let mut claimed = self.claims.get(at).into_iter().flat_map(|claims| &claims.found);
                claimed.all(|(other, _)| other == same)
            };
            if let Some(same) = plain.filter(is_claimed) {
                self.plain.insert(at, same);
            }
            if !found.is_empty() {
                self.candidates.insert(at, found);
            }
        }
        self.lookups = follower.lookups;
        Ok(())
    }

    /// The one candidate by the same author and with the same title: of the same second, or else the only one with a title
    /// that says enough and that nothing else has. Whatever is less like it need not be read. A merge counts where it was
    /// picked itself.
    fn plainly(&self, branch: At, change: &Change, found: &BTreeSet<At>) -> Option<At> {
        // Of a few changes, such as those a push is judged by, the content is read whatever they are called.
        if self.options.only.is_some() {
            return None;
        }
        let titled = found.iter().filter_map(|at| Some((*at, self.index.commits.get(*at)?))).filter(|(at, other)| {
            other.key == change.key
                && (!other.is_merge || other.subject == change.subject)
                && !self.without.contains(&(branch, *at))
        });
        let titled: Vec<(At, &Change)> = titled.collect();
        let mut same =
            titled.iter().filter(|(_, other)| other.seconds == change.seconds && other.author.is(change.author));
        if let Some((first, _)) = same.next() {
            return same.next().is_none().then_some(*first);
        }
        let is_telling = titles::words(&change.key).count() >= MIN_TELLING && !self.repeated.contains(&change.key);
        match titled.as_slice() {
            [(only, other)] if is_telling && other.author.is(change.author) && !self.is_chore(branch) => Some(*only),
            _ => None,
        }
    }
}
