//! Answers that are asked for more than once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::FactError;

/// Answers by question. An error is not remembered: the question is asked again.
pub(crate) struct Memo<K, V>(RefCell<BTreeMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Ord, V: Clone> Memo<K, V> {
    /// Returns the answer that is remembered, or else the one that `find` finds.
    pub(crate) fn get(&self, key: K, find: impl FnOnce() -> Result<V, FactError>) -> Result<V, FactError> {
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        // The map is not borrowed here: finding one answer may ask for another.
        let found = find()?;
        self.0.borrow_mut().insert(key, found.clone());
        Ok(found)
    }
}
