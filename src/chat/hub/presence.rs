//! Who came online and who went, told to large audiences no faster than everybody can hear it.
//!
//! Each of 5,000 members of a group who reconnect at once is news for the 4,999 others: 12 million
//! frames, of which nobody needs the most. So what few hear is told at once, and of what many hear
//! as much as is bounded for a moment; the rest waits, in order, one event for each user. Whoever
//! asks meanwhile is answered with what is so, not with what was told.

use std::collections::{BTreeMap, HashMap};

use crate::chat::model::chat::MAX_MEMBERS_TOLD;
use crate::chat::model::event::Event;
use crate::chat::model::id::{ChatId, UserId};

/// Frames of presence for large audiences in one moment, in all.
pub(super) const MAX_TOLD_IN_A_MOMENT: usize = 50_000;

/// What waits to be told of who is online.
#[derive(Default)]
pub(super) struct PresenceQueue {
    /// Frames for large audiences since the moment began.
    told: usize,
    /// Somebody ends the moments.
    is_watched: bool,
    /// In the order of their coming.
    held: BTreeMap<u64, Event>,
    place_of: HashMap<UserId, u64>,
    last_place: u64,
}

impl PresenceQueue {
    /// The event, if it is to be told now to `audience` sockets. Somebody who is back before
    /// their leaving was told, or the other way round, is no news at all.
    pub fn admit(&mut self, user: UserId, event: Event, audience: usize) -> Option<Event> {
        if let Some(place) = self.place_of.remove(&user) {
            self.held.remove(&place);
            return None;
        }
        if audience <= MAX_MEMBERS_TOLD as usize {
            return Some(event);
        }
        if self.held.is_empty() && self.told < MAX_TOLD_IN_A_MOMENT {
            self.told += audience;
            return Some(event);
        }
        self.last_place += 1;
        self.held.insert(self.last_place, event);
        self.place_of.insert(user, self.last_place);
        None
    }

    /// Somebody left a chat: its members are no more told what was held back of them.
    pub fn leave(&mut self, user: UserId, chat: ChatId) {
        let held = self.place_of.get(&user).and_then(|place| self.held.get_mut(place));
        if let Some(Event::Presence { chats, .. }) = held {
            chats.retain(|told| *told != chat);
        }
    }

    /// Whether a moment has begun that nobody is going to end yet.
    pub fn begins(&mut self) -> bool {
        self.told > 0 && !std::mem::replace(&mut self.is_watched, true)
    }

    /// Another moment begins. `false`: nothing was told in the last, and nobody needs to watch.
    pub fn end_moment(&mut self) -> bool {
        self.is_watched = self.told > 0;
        self.told = 0;
        self.is_watched
    }

    /// The next that was held and may be told now, to the audience that `audience_of` counts.
    pub fn next(&mut self, audience_of: impl FnOnce(&Event) -> usize) -> Option<Event> {
        if self.told >= MAX_TOLD_IN_A_MOMENT {
            return None;
        }
        let (_, event) = self.held.pop_first()?;
        if let Event::Presence { user, .. } = &event {
            self.place_of.remove(user);
        }
        // One at least, so that a queue is emptied within bounds even where nobody listens any more.
        self.told += audience_of(&event).max(1);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::{ChatId, Event, MAX_MEMBERS_TOLD, MAX_TOLD_IN_A_MOMENT, PresenceQueue, UserId};

    const MANY: usize = 5_000;
    const AT_ONCE: usize = MAX_TOLD_IN_A_MOMENT / MANY;

    fn presence(user: i64, online: bool) -> Event {
        Event::Presence { user: UserId(user), online, last_seen: None, chats: Vec::new() }
    }

    fn is_told(queue: &mut PresenceQueue, user: i64, online: bool, audience: usize) -> bool {
        queue.admit(UserId(user), presence(user, online), audience).is_some()
    }

    /// The users of whom is told in one more moment.
    fn next_moment(queue: &mut PresenceQueue) -> Vec<i64> {
        queue.end_moment();
        let told = std::iter::from_fn(|| queue.next(|_| MANY));
        told.map(|event| if let Event::Presence { user, .. } = event { user.0 } else { 0 }).collect()
    }

    #[test]
    fn a_crowd_that_comes_at_once_is_told_of_moment_by_moment_and_in_order() {
        let mut queue = PresenceQueue::default();
        assert!(!queue.begins());
        let told = (0..1_000).filter(|user| is_told(&mut queue, *user, true, MANY)).count();
        assert_eq!(told, AT_ONCE);
        assert!(queue.begins() && !queue.begins(), "one watches");
        let first = AT_ONCE as i64;
        assert_eq!(next_moment(&mut queue), (first..2 * first).collect::<Vec<_>>());
        let mut rest = Vec::new();
        loop {
            match next_moment(&mut queue) {
                told if told.is_empty() => break,
                told => rest.extend(told),
            }
        }
        assert_eq!(rest, (2 * first..1_000).collect::<Vec<_>>());
        assert!(queue.held.is_empty() && queue.place_of.is_empty() && !queue.end_moment());
    }

    #[test]
    fn what_few_hear_does_not_wait_behind_a_crowd() {
        let mut queue = PresenceQueue::default();
        let crowd = (0..100).filter(|user| is_told(&mut queue, *user, true, MANY)).count();
        assert_eq!(crowd, AT_ONCE);
        assert!(is_told(&mut queue, 100, true, MAX_MEMBERS_TOLD as usize));
        assert!(!is_told(&mut queue, 101, true, MAX_MEMBERS_TOLD as usize + 1));
    }

    #[test]
    fn members_of_a_chat_that_somebody_left_are_told_no_more_of_them() {
        let mut queue = PresenceQueue { told: MAX_TOLD_IN_A_MOMENT, ..PresenceQueue::default() };
        let chats = vec![ChatId(1), ChatId(2)];
        let event = Event::Presence { user: UserId(1), online: true, last_seen: None, chats };
        assert!(queue.admit(UserId(1), event, MANY).is_none());
        queue.leave(UserId(1), ChatId(1));
        queue.leave(UserId(2), ChatId(2));
        queue.end_moment();
        let told = queue.next(|_| MANY);
        assert!(matches!(told, Some(Event::Presence { chats, .. }) if chats == [ChatId(2)]));
    }

    #[test]
    fn who_is_back_before_their_leaving_was_told_was_never_gone() {
        let mut queue = PresenceQueue::default();
        for user in 0..=AT_ONCE as i64 {
            is_told(&mut queue, user, false, MANY);
        }
        assert_eq!(queue.held.len(), 1);
        assert!(!is_told(&mut queue, AT_ONCE as i64, true, MANY));
        assert!(queue.held.is_empty() && next_moment(&mut queue).is_empty());
        assert!(is_told(&mut queue, AT_ONCE as i64, false, MANY), "the next is news again");
    }
}
