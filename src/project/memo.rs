//! Answers that are asked for more than once.

use std::cell::{Cell, RefCell};
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
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
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

/// Answers about what never changes, for any number of pushes: those that were asked for last are remembered.
pub(super) struct Recent<K, V> {
    /// Those that were asked for since `older` was last thrown away.
    newer: RefCell<HashMap<K, V>>,
    older: RefCell<HashMap<K, V>>,
    /// What all of `newer` weigh.
    weight: Cell<usize>,
    /// As much as `newer` may weigh, and `older`.
    room: usize,
    weigh: fn(&V) -> usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Makes room for answers that together weigh at most twice as much as this.
    pub(super) fn with_room(room: usize, weigh: fn(&V) -> usize) -> Self {
        Self { newer: RefCell::default(), older: RefCell::default(), weight: Cell::new(0), room, weigh }
    }

    /// Returns the answer that is remembered, or else the one that `find` finds. An error is not remembered.
    pub(super) fn get(&self, key: &K, find: impl FnOnce() -> Result<V, FactError>) -> Result<V, FactError> {
        if let Some(known) = self.newer.borrow().get(key) {
            return Ok(known.clone());
        }
        let known = self.older.borrow_mut().remove(key);
        let found = known.map_or_else(find, Ok)?;
        let weight = (self.weigh)(&found);
        if self.weight.get().saturating_add(weight) > self.room {
            self.older.replace(self.newer.take());
            self.weight.set(0);
        }
        // What is larger than all the room is not worth forgetting everything else for.
        if weight <= self.room {
            self.weight.set(self.weight.get() + weight);
            self.newer.borrow_mut().insert(key.clone(), found.clone());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_last_is_remembered() {
        let recent: Recent<u32, usize> = Recent::with_room(10, |weight| *weight);
        let asked = Cell::new(0);
        let ask = |key: u32, weight: usize| {
            recent.get(&key, || {
                asked.set(asked.get() + 1);
                Ok(weight)
            })
        };
        let count = |key, weight| {
            let before = asked.get();
            assert_eq!(ask(key, weight), Ok(weight));
            asked.get() - before
        };
        assert_eq!([count(1, 4), count(1, 4), count(2, 4), count(3, 4)], [1, 0, 1, 1]);
        assert_eq!([count(1, 4), count(2, 4), count(3, 4)], [0, 0, 0], "twice the room is there");
        assert_eq!([count(4, 11), count(4, 11), count(5, 8), count(6, 8), count(2, 4)], [1, 1, 1, 1, 1]);
        assert!(recent.get(&9, || Err(FactError::late())).is_err());
        assert_eq!(count(9, 1), 1);
    }
}
