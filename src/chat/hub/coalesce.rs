//! How chats look, up to where somebody has read, and who comes to large groups and leaves them:
//! told once in a moment, however often it changes.
//!
//! Whoever hears of it looks at the newest state, so one event says as much as many would.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use crate::chat::model::chat::MAX_MEMBERS_TOLD;
use crate::chat::model::event::{ChatEvent, Event, MemberEvent, Turnover};
use crate::chat::model::id::{ChatId, UserId};

/// A chat as all of it looks, or somebody's mark in it.
pub(super) type Told = (ChatId, Option<UserId>);

/// How long further changes wait after one was told.
pub(super) const MOMENT: Duration = Duration::from_secs(1);
/// Comings and goings of a large group in one moment that are told one by one. Of those beyond,
/// each is told to whom it happens alone, and all of them together when the moment is over: a
/// thousand at once would be a thousand events for each of thousands, and close every socket.
const MAX_TOLD_SINGLY: u32 = 16;

/// What was told in the last moment, and what has happened to it since. An entry goes when its
/// moment ends with nothing to tell.
#[derive(Default)]
pub(super) struct Coalescer(HashMap<Told, Moment>);

#[derive(Default)]
struct Moment {
    /// How the chat looks was told, or the mark.
    is_shown: bool,
    /// How many comings and goings were told one by one.
    singles: u32,
    held: Option<Event>,
}

impl Coalescer {
    /// The event, if it is to be told now. What has a moment that begins with it is put into `begun`.
    pub fn admit(&mut self, mut event: Event, begun: &mut Vec<Told>) -> Option<Event> {
        match &mut event {
            Event::Chat(ChatEvent::Updated { chat } | ChatEvent::MemberChanged { chat, .. }) => {
                let chat = *chat;
                return self.moment((chat, None), begun).show(event);
            }
            Event::Read { chat, user, .. } => {
                let told = (*chat, Some(*user));
                return self.moment(told, begun).show(event);
            }
            Event::Member(MemberEvent::Removed { chat, user, .. }) => self.drop_mark((*chat, Some(*user))),
            _ => {}
        }
        match &mut event {
            Event::Member(MemberEvent::Added { chat, user, members, is_quiet }) if is_large(*members) => {
                let latest = || Turnover::Joined(user.clone());
                *is_quiet = self.moment((*chat, None), begun).has_enough(*chat, *members, latest);
            }
            Event::Member(MemberEvent::Removed { chat, user, members, is_quiet }) if is_large(*members) => {
                let latest = || Turnover::Left(*user);
                *is_quiet = self.moment((*chat, None), begun).has_enough(*chat, *members, latest);
            }
            _ => {}
        }
        Some(event)
    }

    /// Whose mark it is is gone: nothing more is told of it.
    fn drop_mark(&mut self, told: Told) {
        if let Some(moment) = self.0.get_mut(&told) {
            moment.held = None;
        }
    }

    fn moment(&mut self, told: Told, begun: &mut Vec<Told>) -> &mut Moment {
        match self.0.entry(told) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => {
                begun.push(told);
                place.insert(Moment::default())
            }
        }
    }

    /// What is to be told now that a moment is over. If there is something, another begins.
    pub fn end_moment(&mut self, told: Told) -> Option<Event> {
        let held = self.0.remove(&told)?.held?;
        self.0.insert(told, Moment { is_shown: true, ..Moment::default() });
        Some(held)
    }
}

impl Moment {
    /// The event, if it is the first of its moment; else it is held until that is over.
    fn show(&mut self, event: Event) -> Option<Event> {
        if !std::mem::replace(&mut self.is_shown, true) {
            return Some(event);
        }
        self.hold(event);
        None
    }

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
    use crate::chat::model::id::{ChatId, MessageId, UserId};

    const DEN: ChatId = ChatId(1);
    const SHED: ChatId = ChatId(2);

    #[test]
    fn what_changes_in_a_moment_is_told_together_at_its_end() {
        let (mut coalescer, mut begun) = (Coalescer::default(), Vec::new());
        let mut published = |chat| coalescer.admit(Event::Chat(ChatEvent::Updated { chat }), &mut begun).is_some();
        assert_eq!([DEN, DEN, SHED, DEN].map(&mut published), [true, false, true, false]);
        assert_eq!(begun, [(DEN, None), (SHED, None)], "each has its own");
        assert!(coalescer.end_moment((DEN, None)).is_some(), "once for two");
        assert!(coalescer.end_moment((DEN, None)).is_none() && coalescer.end_moment((SHED, None)).is_none());
        assert!(coalescer.0.is_empty());
    }

    #[test]
    fn of_marks_the_first_is_told_and_the_last_when_its_moment_is_over_unless_its_owner_left() {
        let (mut coalescer, mut begun) = (Coalescer::default(), Vec::new());
        let (alice, bob) = (UserId(1), UserId(2));
        let mut reads = |user, upto| {
            let read = Event::Read { chat: DEN, user, upto: MessageId(upto) };
            coalescer.admit(read, &mut begun).is_some()
        };
        assert_eq!([reads(alice, 1), reads(bob, 1), reads(alice, 2), reads(alice, 3)], [true, true, false, false]);
        assert!(!reads(bob, 2));
        let left = MemberEvent::Removed { chat: DEN, user: bob, members: 1, is_quiet: false };
        assert!(coalescer.admit(Event::Member(left), &mut begun).is_some());
        assert_eq!(begun, [(DEN, Some(alice)), (DEN, Some(bob))]);
        let held = coalescer.end_moment((DEN, Some(alice)));
        assert!(matches!(held, Some(Event::Read { upto: MessageId(3), .. })), "{held:?}");
        assert!(coalescer.end_moment((DEN, Some(bob))).is_none());
        assert!(coalescer.end_moment((DEN, Some(alice))).is_none() && coalescer.0.is_empty());
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
        let held = coalescer.end_moment((DEN, None));
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
        assert!(coalescer.end_moment((DEN, None)).is_none() && coalescer.0.is_empty());
    }
}
