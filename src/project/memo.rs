//! Answers that are asked for more than once.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::FactError;

/// Answers by question. An error is not remembered: the question is asked again.
pub(crate) struct Memo<K, V>(RefCell<BTreeMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Ord, V: Clone> Memo<K, V> {
    /// Returns the answer that is remembered.
    pub(crate) fn known(&self, key: &K) -> Option<V> {
        self.0.borrow().get(key).cloned()
    }

    /// Returns the answer that is remembered, or else the one that `find` finds.
    pub(crate) fn get(&self, key: K, find: impl FnOnce() -> Result<V, FactError>) -> Result<V, FactError> {
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        // The map is not borrowed here: finding one answer may ask for another.
        let found = find()?;
        self.0.borrow_mut().insert(key, found.clone());
        Ok(found)
    }
}

/// Answers that any number of questions can have: the first ones are remembered, and there is no error in any.
pub(super) struct Remembered<K, V>(RefCell<HashMap<K, V>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Remembered<K, V> {
    /// So many answers are remembered.
    const MAX: usize = 20_000;

    /// Returns the answer that is remembered, or else the one that `find` finds.
    pub(super) fn get(&self, key: &K, find: impl FnOnce() -> V) -> V {
        if let Some(known) = self.0.borrow().get(key) {
            return known.clone();
        }
        let found = find();
        let known = &mut *self.0.borrow_mut();
        if known.len() < Self::MAX {
            known.insert(key.clone(), found.clone());
        }
        found
    }
}
