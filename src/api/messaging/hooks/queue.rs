//! Which hooks take their turn: each by itself, so that its events go in order, and those whose receiver is prompt
//! never behind those whose receiver is not.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::chat::model::id::HookId;

/// Where a hook waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Its receiver took the last event at once.
    Prompt,
    /// It did not, or nothing was sent yet.
    Slow,
}

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There was nothing to send.
    Idle,
    /// What there was is sent, or some of it; there may be more.
    Sent { is_prompt: bool },
    /// The receiver did not take it. It is tried again at a time that is written down.
    Failed,
    /// It came to nothing for a reason of this server.
    Again,
}

/// Hooks that have something to send.
pub struct Queue {
    prompt: VecDeque<HookId>,
    slow: VecDeque<HookId>,
    waiting: HashSet<HookId>,
    running: HashMap<HookId, Lane>,
    /// Something happened during their turn.
    again: HashSet<HookId>,
    /// Those whose receivers are.
    is_prompt: HashSet<HookId>,
    places: usize,
}

impl Queue {
    /// With so many places on either lane.
    pub fn new(places: usize) -> Self {
        Self {
            prompt: VecDeque::new(),
            slow: VecDeque::new(),
            waiting: HashSet::new(),
            running: HashMap::new(),
            again: HashSet::new(),
            is_prompt: HashSet::new(),
            places,
        }
    }

    /// Takes a hook for prompt, from before.
    pub fn trust(&mut self, hook: HookId) {
        self.is_prompt.insert(hook);
    }

    /// There may be something to send for a hook.
    pub fn add(&mut self, hook: HookId) {
        if self.running.contains_key(&hook) {
            self.again.insert(hook);
        } else if self.waiting.insert(hook) {
            let lane = if self.is_prompt.contains(&hook) { &mut self.prompt } else { &mut self.slow };
            lane.push_back(hook);
        }
    }

    /// The same for all that another knows of.
    pub fn add_all(&mut self, other: &Self) {
        other.waiting.iter().for_each(|hook| self.add(*hook));
    }

    /// How many have their turn, or wait for it.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// Whose turn begins now.
    pub fn next(&mut self) -> Option<(HookId, Lane)> {
        let under_way = |lane| self.running.values().filter(|running| **running == lane).count();
        let (prompt, slow) = (under_way(Lane::Prompt) < self.places, under_way(Lane::Slow) < self.places);
        let next = if prompt { self.prompt.pop_front().map(|hook| (hook, Lane::Prompt)) } else { None };
        let next = next.or_else(|| if slow { self.slow.pop_front().map(|hook| (hook, Lane::Slow)) } else { None });
        let (hook, lane) = next?;
        self.waiting.remove(&hook);
        self.running.insert(hook, lane);
        Some((hook, lane))
    }

    /// A turn is over.
    pub fn ended(&mut self, hook: HookId, turn: Turn) {
        self.running.remove(&hook);
        match turn {
            Turn::Sent { is_prompt: true } => drop(self.is_prompt.insert(hook)),
            Turn::Sent { is_prompt: false } | Turn::Failed => drop(self.is_prompt.remove(&hook)),
            Turn::Idle | Turn::Again => {}
        }
        let is_more = matches!(turn, Turn::Sent { .. } | Turn::Again);
        if self.again.remove(&hook) || is_more {
            self.add(hook);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, Queue, Turn};
    use crate::chat::model::id::HookId;

    const PROMPT: Turn = Turn::Sent { is_prompt: true };
    const SLOW: Turn = Turn::Sent { is_prompt: false };

    #[test]
    fn a_hook_has_one_turn_at_a_time_and_another_for_what_happened_meanwhile() {
        let mut queue = Queue::new(2);
        queue.add(HookId(1));
        queue.add(HookId(1));
        assert_eq!(queue.next(), Some((HookId(1), Lane::Slow)));
        queue.add(HookId(1));
        assert_eq!(queue.next(), None, "it has its turn");
        queue.ended(HookId(1), Turn::Idle);
        assert_eq!(queue.next(), Some((HookId(1), Lane::Slow)));
        queue.ended(HookId(1), Turn::Idle);
        assert_eq!(queue.next(), None);
        for turn in [PROMPT, Turn::Again] {
            queue.add(HookId(1));
            queue.next();
            queue.ended(HookId(1), turn);
            assert!(queue.next().is_some(), "there may be more");
            queue.ended(HookId(1), Turn::Idle);
        }
        queue.add(HookId(1));
        queue.next();
        queue.ended(HookId(1), Turn::Failed);
        assert_eq!((queue.next(), queue.len()), (None, 0), "it waits for its time");
    }

    #[test]
    fn whoever_is_slow_waits_for_the_slow_alone() {
        let mut queue = Queue::new(2);
        queue.trust(HookId(9));
        (1..=3).map(HookId).for_each(|hook| queue.add(hook));
        queue.add(HookId(9));
        assert_eq!(queue.next(), Some((HookId(9), Lane::Prompt)));
        assert_eq!([queue.next(), queue.next()], [Some((HookId(1), Lane::Slow)), Some((HookId(2), Lane::Slow))]);
        assert_eq!((queue.next(), queue.len()), (None, 4), "the third has no place yet");
        queue.ended(HookId(9), PROMPT);
        assert_eq!(queue.next(), Some((HookId(9), Lane::Prompt)));
        queue.ended(HookId(9), SLOW);
        assert_eq!(queue.next(), None, "now it is one of them");
        queue.ended(HookId(1), SLOW);
        assert_eq!(queue.next(), Some((HookId(3), Lane::Slow)), "and waits behind those who came before");
        queue.ended(HookId(2), PROMPT);
        assert_eq!(queue.next(), Some((HookId(2), Lane::Prompt)));
    }
}
