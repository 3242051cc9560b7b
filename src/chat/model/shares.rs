//! Shares of what can be done at once: one for each user, or each server that is called.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use tokio::sync::Semaphore;

/// Shares that are kept before those are forgotten that nobody holds: who they are for, strangers say.
const FEW: usize = 256;

/// A share for each of some keys, for as long as somebody holds it.
#[derive(Debug)]
pub struct Shares<K> {
    all: HashMap<K, Weak<Semaphore>>,
    size: usize,
}

impl<K: Eq + Hash> Shares<K> {
    /// Each with so many permits.
    pub fn of(size: usize) -> Self {
        Self { all: HashMap::new(), size }
    }

    /// The share of one.
    pub fn get(&mut self, key: K) -> Arc<Semaphore> {
        if let Some(share) = self.all.get(&key).and_then(Weak::upgrade) {
            return share;
        }
        if self.all.len() >= FEW {
            self.all.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.size));
        self.all.insert(key, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Shares};

    #[test]
    fn a_share_is_the_same_while_it_is_held_and_forgotten_afterwards() {
        let mut shares = Shares::of(2);
        let held = shares.get("held");
        for number in 0..2 * FEW {
            drop(shares.get(number.to_string().leak()));
        }
        assert!(shares.all.len() <= FEW, "{}", shares.all.len());
        let permit = held.clone().try_acquire_owned();
        assert_eq!((permit.is_ok(), shares.get("held").available_permits()), (true, 1));
    }
}
