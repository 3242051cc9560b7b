//! How chats look: told once in a moment, however often it changes.
//!
//! Whoever hears of it looks at the newest state, so one event says as much as many would.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use crate::chat::model::event::Event;
use crate::chat::model::id::ChatId;

/// How long further changes wait after one was told.
pub(super) const MOMENT: Duration = Duration::from_secs(1);

/// The chats that were told of in the last moment, and what has happened to them since. An entry
/// goes when its moment ends with nothing to tell.
#[derive(Default)]
pub(super) struct Looks(HashMap<ChatId, Option<Event>>);

impl Looks {
    /// The event, if it is to be told now. A chat whose moment begins with it is put into `begun`.
    pub fn admit(&mut self, event: Event, begun: &mut Vec<ChatId>) -> Option<Event> {
        let (Event::ChatUpdated { chat } | Event::MemberChanged { chat, .. }) = event else { return Some(event) };
        match self.0.entry(chat) {
            Entry::Occupied(mut held) => {
                held.insert(Some(event));
                None
            }
            Entry::Vacant(place) => {
                place.insert(None);
                begun.push(chat);
                Some(event)
            }
        }
    }

    /// What is to be told now that a chat's moment is over. If there is something, another begins.
    pub fn end_moment(&mut self, chat: ChatId) -> Option<Event> {
        let held = self.0.get_mut(&chat)?.take();
        if held.is_none() {
            self.0.remove(&chat);
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::Looks;
    use crate::chat::model::event::Event;
    use crate::chat::model::id::{ChatId, UserId};

    const DEN: ChatId = ChatId(1);
    const SHED: ChatId = ChatId(2);

    #[test]
    fn what_changes_in_a_moment_is_told_together_at_its_end() {
        let (mut looks, mut begun) = (Looks::default(), Vec::new());
        let mut told = |chat| looks.admit(Event::ChatUpdated { chat }, &mut begun).is_some();
        assert_eq!([DEN, DEN, SHED, DEN].map(&mut told), [true, false, true, false]);
        assert_eq!(begun, [DEN, SHED], "each has its own");
        assert!(looks.end_moment(DEN).is_some(), "once for two");
        assert!(looks.end_moment(DEN).is_none() && looks.end_moment(SHED).is_none());
        assert!(looks.0.is_empty());
    }

    #[test]
    fn what_else_happens_waits_for_no_moment() {
        let (mut looks, mut begun) = (Looks::default(), Vec::new());
        for _ in 0..3 {
            assert!(looks.admit(Event::MemberRemoved { chat: DEN, user: UserId(1) }, &mut begun).is_some());
        }
        assert!(begun.is_empty() && looks.0.is_empty());
    }
}
