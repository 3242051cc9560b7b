//! Which hooks take their turn: each by itself, so that its events go in order, those whose receiver is prompt never
//! behind those whose receiver is not, and those of one person never behind those of another, however many that one has.

use std::collections::{HashMap, HashSet};

use crate::chat::model::hook::SendingHook;
use crate::chat::model::id::{HookId, UserId};
use crate::chat::model::turns::Turns;

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

/// Hooks that wait on a lane: those of one maker behind each other, and the makers take turns.
type Waiting = Turns<Option<UserId>, HookId>;

/// Hooks that have something to send.
pub struct Queue {
    prompt: Waiting,
    slow: Waiting,
    /// Those on either lane.
    waiting: HashMap<HookId, SendingHook>,
    running: HashMap<HookId, (Lane, Option<UserId>)>,
    /// Something happened during their turn.
    again: HashSet<HookId>,
    /// Those whose receivers are.
    is_prompt: HashSet<HookId>,
    places: usize,
}

impl Queue {
    /// With so many places on either lane, of which a maker has half at most.
    pub fn new(places: usize) -> Self {
        Self {
            prompt: Waiting::default(),
            slow: Waiting::default(),
            waiting: HashMap::new(),
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
    pub fn add(&mut self, hook: SendingHook) {
        if self.running.contains_key(&hook.id) {
            self.again.insert(hook.id);
        } else if self.waiting.insert(hook.id, hook).is_none() {
            let lane = if self.is_prompt.contains(&hook.id) { &mut self.prompt } else { &mut self.slow };
            lane.push(hook.maker, hook.id);
        }
    }

    /// The same for all that another knows of.
    pub fn add_all(&mut self, other: &Self) {
        other.waiting.values().for_each(|hook| self.add(*hook));
    }

    /// How many have their turn, or wait for it.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// Whose turn begins now.
    pub fn next(&mut self) -> Option<(SendingHook, Lane)> {
        let (hook, lane) = [Lane::Prompt, Lane::Slow].into_iter().find_map(|lane| Some((self.next_of(lane)?, lane)))?;
        self.waiting.remove(&hook.id);
        self.running.insert(hook.id, (lane, hook.maker));
        Some((hook, lane))
    }

    fn next_of(&mut self, lane: Lane) -> Option<SendingHook> {
        let under_way: Vec<_> = self.running.values().filter(|(of, _)| *of == lane).map(|(_, maker)| *maker).collect();
        if under_way.len() >= self.places {
            return None;
        }
        let waiting = if lane == Lane::Prompt { &mut self.prompt } else { &mut self.slow };
        let share = self.places.div_ceil(2);
        let (maker, id) = waiting.pop(|maker| under_way.iter().filter(|other| **other == maker).count() < share)?;
        Some(SendingHook { id, maker })
    }

    /// A turn is over.
    pub fn ended(&mut self, hook: SendingHook, turn: Turn) {
        self.running.remove(&hook.id);
        match turn {
            Turn::Sent { is_prompt: true } => drop(self.is_prompt.insert(hook.id)),
            Turn::Sent { is_prompt: false } | Turn::Failed => drop(self.is_prompt.remove(&hook.id)),
            Turn::Idle | Turn::Again => {}
        }
        let is_more = matches!(turn, Turn::Sent { .. } | Turn::Again);
        if self.again.remove(&hook.id) || is_more {
            self.add(hook);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, Queue, Turn};
    use crate::chat::model::hook::SendingHook;
    use crate::chat::model::id::{HookId, UserId};

    const PROMPT: Turn = Turn::Sent { is_prompt: true };
    const SLOW: Turn = Turn::Sent { is_prompt: false };

    /// A hook, and who made it.
    fn hook(id: i64, maker: i64) -> SendingHook {
        SendingHook { id: HookId(id), maker: Some(UserId(maker)) }
    }

    #[test]
    fn a_hook_has_one_turn_at_a_time_and_another_for_what_happened_meanwhile() {
        let (mut queue, one) = (Queue::new(2), hook(1, 1));
        queue.add(one);
        queue.add(one);
        assert_eq!(queue.next(), Some((one, Lane::Slow)));
        queue.add(one);
        assert_eq!(queue.next(), None, "it has its turn");
        queue.ended(one, Turn::Idle);
        assert_eq!(queue.next(), Some((one, Lane::Slow)));
        queue.ended(one, Turn::Idle);
        assert_eq!(queue.next(), None);
        for turn in [PROMPT, Turn::Again] {
            queue.add(one);
            queue.next();
            queue.ended(one, turn);
            assert!(queue.next().is_some(), "there may be more");
            queue.ended(one, Turn::Idle);
        }
        queue.add(one);
        queue.next();
        queue.ended(one, Turn::Failed);
        assert_eq!((queue.next(), queue.len()), (None, 0), "it waits for its time");
    }

    #[test]
    fn whoever_is_slow_waits_for_the_slow_alone() {
        let mut queue = Queue::new(2);
        let (one, two, three, nine) = (hook(1, 1), hook(2, 2), hook(3, 3), hook(9, 9));
        queue.trust(nine.id);
        [one, two, three, nine].into_iter().for_each(|hook| queue.add(hook));
        assert_eq!(queue.next(), Some((nine, Lane::Prompt)));
        assert_eq!([queue.next(), queue.next()], [Some((one, Lane::Slow)), Some((two, Lane::Slow))]);
        assert_eq!((queue.next(), queue.len()), (None, 4), "the third has no place yet");
        queue.ended(nine, PROMPT);
        assert_eq!(queue.next(), Some((nine, Lane::Prompt)));
        queue.ended(nine, SLOW);
        assert_eq!(queue.next(), None, "now it is one of them");
        queue.ended(one, SLOW);
        assert_eq!(queue.next(), Some((three, Lane::Slow)), "and waits behind those who came before");
        queue.ended(two, PROMPT);
        assert_eq!(queue.next(), Some((two, Lane::Prompt)));
    }

    #[test]
    fn whoever_has_many_waits_for_nobody_but_himself() {
        let mut queue = Queue::new(4);
        (1..=9).for_each(|id| queue.add(hook(id, 1)));
        queue.add(hook(10, 2));
        let begun: Vec<_> = std::iter::from_fn(|| queue.next()).map(|(hook, _)| hook.id.0).collect();
        assert_eq!(begun, [1, 10, 2], "half of the places, and one is free for whoever comes");
        queue.ended(hook(1, 1), SLOW);
        queue.add(hook(11, 2));
        queue.add(hook(12, 3));
        let begun: Vec<_> = std::iter::from_fn(|| queue.next()).map(|(hook, _)| hook.id.0).collect();
        assert_eq!(begun, [3, 11], "each maker in turn");
        queue.ended(hook(11, 2), Turn::Idle);
        assert_eq!(queue.next(), Some((hook(12, 3), Lane::Slow)));
    }
}
