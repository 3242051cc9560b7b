//! Taking turns: what waits for one stands behind each other, and those it waits for take turns, so that whoever has
//! much to do keeps nobody else waiting.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// What waits, for whom.
pub struct Turns<K, T> {
    order: VecDeque<K>,
    waiting: HashMap<K, VecDeque<T>>,
}

impl<K, T> Default for Turns<K, T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), waiting: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash, T> Turns<K, T> {
    /// Puts it behind what waits for the same one.
    pub fn push(&mut self, whose: K, what: T) {
        let queue = self.waiting.entry(whose).or_default();
        if queue.is_empty() {
            self.order.push_back(whose);
        }
        queue.push_back(what);
    }

    /// The next of one who may have a turn.
    pub fn pop(&mut self, may: impl Fn(K) -> bool) -> Option<(K, T)> {
        let place = self.order.iter().position(|whose| may(*whose))?;
        let whose = self.order.remove(place)?;
        let queue = self.waiting.get_mut(&whose)?;
        let what = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(&whose);
        } else {
            self.order.push_back(whose);
        }
        Some((whose, what))
    }

    /// How many wait for one.
    pub fn len_of(&self, whose: K) -> usize {
        self.waiting.get(&whose).map_or(0, VecDeque::len)
    }

    /// How many wait.
    pub fn total(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }
}
