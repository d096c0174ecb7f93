//! Objects of packs that were read, for all threads: deltas ask for them again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::git::Kind;

/// How many bytes are kept.
const KEPT: usize = 16 << 20;

/// Which pack, and the offset of an object in it.
pub(super) type Place = (usize, u64);

pub(super) type Object = (Kind, Arc<Vec<u8>>);

/// What was read last. Threads take neighbouring commits, whose files are deltas against each other: what one of them has
/// read, the others need next.
#[derive(Default)]
pub(super) struct Kept(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    /// What was used since [`Self::old`] was put aside; the old generation is dropped when this one is put aside.
    young: HashMap<Place, Object>,
    old: HashMap<Place, Object>,
    /// The size of the young generation.
    bytes: usize,
}

impl Kept {
    pub(super) fn get(&self, place: Place) -> Option<Object> {
        let mut kept = self.lock()?;
        if let Some(found) = kept.young.get(&place) {
            return Some(found.clone());
        }
        let found = kept.old.remove(&place)?;
        let dropped = kept.put(place, &found);
        drop(kept);
        drop(dropped);
        Some(found)
    }

    pub(super) fn put(&self, place: Place, object: &Object) {
        // Nobody waits for the old ones to be freed.
        let dropped = self.lock().map(|mut kept| kept.put(place, object));
        drop(dropped);
    }

    /// Returns nothing where another thread panicked: what is kept only saves time.
    fn lock(&self) -> Option<MutexGuard<'_, Generations>> {
        self.0.lock().ok()
    }
}

impl Generations {
    /// Returns what is no longer kept.
    fn put(&mut self, place: Place, object: &Object) -> HashMap<Place, Object> {
        let mut dropped = HashMap::new();
        if self.bytes > KEPT / 2 {
            dropped = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.bytes = 0;
        }
        self.bytes += object.1.len() + size_of::<(Place, Object)>();
        self.young.insert(place, object.clone());
        dropped
    }
}
