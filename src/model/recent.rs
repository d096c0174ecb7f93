//! What was found out last, as much of it as there is room for.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;

/// Answers about what never changes, for any number of questions: those that were asked for last are remembered.
pub(crate) struct Recent<K, V> {
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
    pub(crate) fn with_room(room: usize, weigh: fn(&V) -> usize) -> Self {
        Self { newer: RefCell::default(), older: RefCell::default(), weight: Cell::new(0), room, weigh }
    }

    /// Returns the answer that is remembered, or else the one that `find` finds. An error is not remembered.
    pub(crate) fn get<E>(&self, key: &K, find: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        let found = find()?;
        self.insert(key.clone(), found.clone());
        Ok(found)
    }

    /// Returns the answer that is remembered.
    pub(crate) fn known(&self, key: &K) -> Option<V> {
        if let Some(known) = self.newer.borrow().get(key) {
            return Some(known.clone());
        }
        let known = self.older.borrow_mut().remove(key)?;
        self.insert(key.clone(), known.clone());
        Some(known)
    }

    /// Remembers an answer, in place of one that was there.
    pub(crate) fn insert(&self, key: K, found: V) {
        let weight = (self.weigh)(&found);
        // What is larger than all the room is not worth forgetting everything else for.
        if weight > self.room {
            return;
        }
        if self.weight.get().saturating_add(weight) > self.room {
            self.older.replace(self.newer.take());
            self.weight.set(0);
        }
        self.weight.set(self.weight.get() + weight);
        if let Some(before) = self.newer.borrow_mut().insert(key, found) {
            self.weight.set(self.weight.get().saturating_sub((self.weigh)(&before)));
        }
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
            assert_eq!(ask(key, weight), Ok::<usize, ()>(weight));
            asked.get() - before
        };
        assert_eq!([count(1, 4), count(1, 4), count(2, 4), count(3, 4)], [1, 0, 1, 1]);
        assert_eq!([count(1, 4), count(2, 4), count(3, 4)], [0, 0, 0], "twice the room is there");
        assert_eq!([count(4, 11), count(4, 11), count(5, 8), count(6, 8), count(2, 4)], [1, 1, 1, 1, 1]);
        assert_eq!(recent.get(&9, || Err(())), Err(()));
        assert_eq!(count(9, 1), 1);
        recent.insert(9, 2);
        assert_eq!((recent.known(&9), recent.known(&10)), (Some(2), None));
    }
}
