//! The patches that a run has read, for its questions to come.
//!
//! A ledger compares each of its branches with the same mainline, and a push is judged by several flows. What a commit
//! changed is a function of the commit, so that an answer is the same whether its patch was seen before.

use std::sync::{Arc, Mutex};

use super::patch::Patch;
use crate::model::{ObjectId, Recent};

/// Bytes, about: twice as many are remembered at most.
const ROOM: usize = 64 << 20;

/// Patches by commit, those that were asked for last.
pub struct Seen(Mutex<Recent<ObjectId, Arc<Patch>>>);

impl Default for Seen {
    fn default() -> Self {
        Self(Mutex::new(Recent::with_room(ROOM, |patch| patch.size())))
    }
}

impl Seen {
    pub(super) fn patch(&self, id: ObjectId) -> Option<Patch> {
        let known = self.0.lock().ok()?.known(&id)?;
        Some(Patch::clone(&known))
    }

    /// Remembers patches, unless some of what they change could not be read. Without its lines, a patch says no more than
    /// what is known of it.
    pub(super) fn add(&self, patches: impl Iterator<Item = (ObjectId, Patch)>) {
        let Ok(known) = self.0.lock() else { return };
        for (id, patch) in patches.filter(|(_, patch)| patch.unread.is_none()) {
            if patch.has_lines || known.known(&id).is_none() {
                known.insert(id, Arc::new(patch));
            }
        }
    }
}
