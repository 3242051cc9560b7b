//! How chats look, and who comes to large groups and leaves them: told once in a moment,
//! however often it changes.
//!
//! Whoever hears of it looks at the newest state, so one event says as much as many would.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use crate::chat::model::chat::MAX_MEMBERS_TOLD;
use crate::chat::model::event::{ChatEvent, Event, MemberEvent, Turnover};
use crate::chat::model::id::ChatId;

/// How long further changes wait after one was told.
pub(super) const MOMENT: Duration = Duration::from_secs(1);
/// Comings and goings of a large group in one moment that are told one by one. Of those beyond,
/// each is told to whom it happens alone, and all of them together when the moment is over: a
/// thousand at once would be a thousand events for each of thousands, and close every socket.
const MAX_TOLD_SINGLY: u32 = 16;

/// The chats that were told of in the last moment, and what has happened to them since. An entry
/// goes when its moment ends with nothing to tell.
#[derive(Default)]
pub(super) struct Coalescer(HashMap<ChatId, Moment>);

#[derive(Default)]
struct Moment {
    /// How the chat looks was told.
    is_shown: bool,
    /// How many comings and goings were told one by one.
    singles: u32,
    held: Option<Event>,
}

impl Coalescer {
    /// The event, if it is to be told now. A chat whose moment begins with it is put into `begun`.
    pub fn admit(&mut self, mut event: Event, begun: &mut Vec<ChatId>) -> Option<Event> {
        match &mut event {
            Event::Chat(ChatEvent::Updated { chat } | ChatEvent::MemberChanged { chat, .. }) => {
                let moment = self.moment(*chat, begun);
                if !std::mem::replace(&mut moment.is_shown, true) {
                    return Some(event);
                }
                moment.hold(event);
                return None;
            }
            Event::Member(MemberEvent::Added { chat, user, members, is_quiet }) if is_large(*members) => {
                let latest = || Turnover::Joined(user.clone());
                *is_quiet = self.moment(*chat, begun).has_enough(*chat, *members, latest);
            }
            Event::Member(MemberEvent::Removed { chat, user, members, is_quiet }) if is_large(*members) => {
                *is_quiet = self.moment(*chat, begun).has_enough(*chat, *members, || Turnover::Left(*user));
            }
            _ => {}
        }
        Some(event)
    }

    fn moment(&mut self, chat: ChatId, begun: &mut Vec<ChatId>) -> &mut Moment {
        match self.0.entry(chat) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => {
                begun.push(chat);
                place.insert(Moment::default())
            }
        }
    }

    /// What is to be told now that a chat's moment is over. If there is something, another begins.
    pub fn end_moment(&mut self, chat: ChatId) -> Option<Event> {
        let held = self.0.remove(&chat)?.held?;
        self.0.insert(chat, Moment { is_shown: true, ..Moment::default() });
        Some(held)
    }
}

impl Moment {
    /// Counts somebody who came or left. `true`: more have than are told one by one, and this
    /// one is held with the rest of them.
    fn has_enough(&mut self, chat: ChatId, members: i64, latest: impl FnOnce() -> Turnover) -> bool {
        self.singles = self.singles.saturating_add(1);
        let has_enough = self.singles > MAX_TOLD_SINGLY;
        if has_enough {
            self.hold(Event::Member(MemberEvent::ManyChanged { chat, latest: latest(), members }));
        }
        has_enough
    }

    /// Who came or left says how the chat looks as well, and not the other way round.
    fn hold(&mut self, event: Event) {
        let says_more = matches!(self.held, Some(Event::Member(MemberEvent::ManyChanged { .. })));
        if !says_more || matches!(event, Event::Member(MemberEvent::ManyChanged { .. })) {
            self.held = Some(event);
        }
    }
}

fn is_large(members: i64) -> bool {
    members > i64::from(MAX_MEMBERS_TOLD)
}

#[cfg(test)]
mod tests {
    use super::{Coalescer, MAX_MEMBERS_TOLD, MAX_TOLD_SINGLY};
    use crate::chat::model::event::{ChatEvent, Event, MemberEvent, Turnover};
    use crate::chat::model::id::{ChatId, UserId};

    const DEN: ChatId = ChatId(1);
    const SHED: ChatId = ChatId(2);

    #[test]
    fn what_changes_in_a_moment_is_told_together_at_its_end() {
        let (mut coalescer, mut begun) = (Coalescer::default(), Vec::new());
        let mut published = |chat| coalescer.admit(Event::Chat(ChatEvent::Updated { chat }), &mut begun).is_some();
        assert_eq!([DEN, DEN, SHED, DEN].map(&mut published), [true, false, true, false]);
        assert_eq!(begun, [DEN, SHED], "each has its own");
        assert!(coalescer.end_moment(DEN).is_some(), "once for two");
        assert!(coalescer.end_moment(DEN).is_none() && coalescer.end_moment(SHED).is_none());
        assert!(coalescer.0.is_empty());
    }

    /// Whether somebody who leaves a group of so many is told of to themselves alone.
    fn leaves_quietly(coalescer: &mut Coalescer, user: u32, members: i64) -> bool {
        let event =
            Event::Member(MemberEvent::Removed { chat: DEN, user: UserId(user.into()), members, is_quiet: false });
        match coalescer.admit(event, &mut Vec::new()) {
            Some(Event::Member(MemberEvent::Removed { is_quiet, .. })) => is_quiet,
            other => panic!("it is told in any case, to end what they hear, and was {other:?}"),
        }
    }

    #[test]
    fn of_a_small_group_everybody_is_told_who_leaves() {
        let mut coalescer = Coalescer::default();
        for user in 0..100 {
            assert!(!leaves_quietly(&mut coalescer, user, i64::from(MAX_MEMBERS_TOLD)));
        }
        assert!(coalescer.0.is_empty());
    }

    #[test]
    fn of_many_who_leave_a_large_group_the_first_are_told_and_the_latest_with_the_rest() {
        let mut coalescer = Coalescer::default();
        let quiet = (0..100).filter(|user| leaves_quietly(&mut coalescer, *user, 5_000 - i64::from(*user)));
        assert_eq!(quiet.count(), 100 - MAX_TOLD_SINGLY as usize);
        // How it looks is told for the first time in this moment, and later with the rest.
        assert!(coalescer.admit(Event::Chat(ChatEvent::Updated { chat: DEN }), &mut Vec::new()).is_some());
        assert!(coalescer.admit(Event::Chat(ChatEvent::Updated { chat: DEN }), &mut Vec::new()).is_none());
        let held = coalescer.end_moment(DEN);
        assert!(
            matches!(
                held,
                Some(Event::Member(MemberEvent::ManyChanged {
                    latest: Turnover::Left(UserId(99)),
                    members: 4_901,
                    ..
                }))
            ),
            "{held:?}"
        );
        assert!(!leaves_quietly(&mut coalescer, 100, 4_900), "another moment has begun");
        assert!(coalescer.end_moment(DEN).is_none() && coalescer.0.is_empty());
    }
}
