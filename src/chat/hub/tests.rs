//! Who hears what, and who is closed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use super::{Closing, Event, Hub, Inbox, Sink, SocketRegistration};
use crate::chat::model::event::{CallEvent, MemberEvent, Scope, Steering};
use crate::chat::model::id::{ChatId, CredentialId, UserId};
use crate::chat::model::name::Username;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::model::user::{MAX_SOCKETS, User};

const DEN: ChatId = ChatId(1);

fn hub() -> Arc<Hub> {
    let (hub, fan_out) = Hub::new();
    fan_out.start().expect("a thread");
    Arc::new(hub)
}

fn said(user: i64) -> Event {
    Event::Call(CallEvent::Left { chat: DEN, user: UserId(user), participants: Vec::new() })
}

fn listen(hub: &Arc<Hub>, user: i64, scope: Scope, chats: &[ChatId]) -> SocketRegistration {
    let subscription = hub.reserve(UserId(user), CredentialId(user), scope, Topics::ALL).expect("a place");
    hub.publish([Event::Steering(Steering::SocketOpened { socket: subscription.id(), chats: chats.to_vec() })]);
    subscription
}

#[tokio::test]
async fn a_socket_hears_its_chat_from_its_opening_on() {
    let hub = hub();
    let early = hub.reserve(UserId(1), CredentialId(1), Scope::Chat(DEN), Topics::ALL).expect("a place");
    hub.publish([said(7)]);
    hub.publish([Event::Steering(Steering::SocketOpened { socket: early.id(), chats: vec![DEN] }), said(8)]);
    let heard = early.inbox().take().expect("an event");
    assert!(matches!(heard.event(), Event::Call(CallEvent::Left { user: UserId(8), .. })));
    assert!(early.inbox().take().is_none());
}

#[tokio::test]
async fn whoever_is_removed_hears_nothing_more() {
    let hub = hub();
    let bob = listen(&hub, 2, Scope::Chat(DEN), &[DEN]);
    let everywhere = listen(&hub, 2, Scope::All, &[DEN]);
    hub.publish([
        said(1),
        Event::Member(MemberEvent::Removed { chat: DEN, user: UserId(2), members: 2, is_quiet: false }),
        said(1),
    ]);
    assert_eq!(bob.inbox().closing(), Some(Closing::Removed), "what was queued is dropped");
    assert!(matches!(everywhere.inbox().take().expect("an event").event(), Event::Call(CallEvent::Left { .. })));
    assert!(matches!(everywhere.inbox().take().expect("removal").event(), Event::Member(MemberEvent::Removed { .. })));
    assert!(everywhere.inbox().take().is_none());
}

#[tokio::test]
async fn a_socket_is_woken_for_its_topics_alone() {
    let hub = hub();
    let talk = hub.reserve(UserId(1), CredentialId(1), Scope::All, Topics::of(&[Topic::Calls])).expect("a place");
    hub.publish([Event::Steering(Steering::SocketOpened { socket: talk.id(), chats: vec![DEN] })]);
    let typing = Event::Typing { chat: DEN, user: UserId(2), is_typing: true };
    hub.publish([typing, said(2)]);
    assert!(matches!(talk.inbox().take().expect("an event").event(), Event::Call(CallEvent::Left { .. })));
    assert!(talk.inbox().take().is_none());
    assert_eq!(hub.gauges().queued, 1);
}

#[tokio::test]
async fn a_newcomers_socket_joins_with_the_event() {
    let hub = hub();
    let bob = listen(&hub, 2, Scope::All, &[]);
    hub.publish([said(1)]);
    let username = Username::parse("bob").expect("a name");
    let user =
        User { id: UserId(2), username, display_name: "bob".into(), avatar: None, bio: String::new(), is_bot: false };
    hub.publish([Event::Member(MemberEvent::Added { chat: DEN, user, members: 2, is_quiet: false }), said(1)]);
    assert!(matches!(bob.inbox().take().expect("joined").event(), Event::Member(MemberEvent::Added { .. })));
    assert!(matches!(bob.inbox().take().expect("an event").event(), Event::Call(CallEvent::Left { .. })));
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_slows_nobody() {
    let hub = hub();
    let slow = listen(&hub, 1, Scope::Chat(DEN), &[DEN]);
    let quick = listen(&hub, 2, Scope::Chat(DEN), &[DEN]);
    for _ in 0..2_000 {
        hub.publish([said(3)]);
        assert!(quick.inbox().take().is_some());
    }
    assert_eq!(slow.inbox().closing(), Some(Closing::TooSlow));
}

/// A client that takes all that is written to it.
struct Reads(Inbox, AtomicUsize);

impl Sink for Reads {
    fn flush(&self) {
        let heard = std::iter::from_fn(|| self.0.take()).count();
        self.1.fetch_add(heard, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn one_commit_closes_nobody_who_reads() {
    let hub = hub();
    let quick = listen(&hub, 1, Scope::Chat(DEN), &[DEN]);
    let slow = listen(&hub, 2, Scope::Chat(DEN), &[DEN]);
    let client = Arc::new(Reads(quick.inbox(), AtomicUsize::new(0)));
    let sink: Weak<dyn Sink> = Arc::downgrade(&(Arc::clone(&client) as Arc<dyn Sink>));
    quick.attach(sink);
    hub.publish_committed((0..2_000).map(|_| said(3)), &tokio::runtime::Handle::current());
    assert_eq!(client.1.load(Ordering::Relaxed), 2_000);
    assert_eq!((quick.inbox().closing(), slow.inbox().closing()), (None, Some(Closing::TooSlow)));
}

#[tokio::test]
async fn sockets_of_a_user_are_limited_and_places_come_back() {
    let hub = hub();
    let mut all: Vec<_> = (0..MAX_SOCKETS).map(|_| listen(&hub, 1, Scope::All, &[])).collect();
    assert!(hub.reserve(UserId(1), CredentialId(1), Scope::All, Topics::ALL).is_err());
    assert!(hub.reserve(UserId(2), CredentialId(2), Scope::All, Topics::ALL).is_ok());
    all.pop();
    assert!(hub.reserve(UserId(1), CredentialId(1), Scope::All, Topics::ALL).is_ok());
}

#[tokio::test]
async fn signing_out_spares_the_credential_that_asked() {
    let hub = hub();
    let kept = hub.reserve(UserId(1), CredentialId(10), Scope::All, Topics::ALL).expect("a place");
    let ended = hub.reserve(UserId(1), CredentialId(11), Scope::All, Topics::ALL).expect("a place");
    hub.publish([Event::Steering(Steering::CredentialsEnded { user: UserId(1), kept: Some(CredentialId(10)) })]);
    assert_eq!(ended.inbox().closing(), Some(Closing::SignedOut));
    assert!(kept.inbox().take().is_none());
    drop(ended);
    hub.settle().await;
    assert_eq!(hub.open_sockets(), 1);
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_is_told_of_a_part_at_a_time() {
    let hub = hub();
    let alice = listen(&hub, 1, Scope::All, &[DEN]);
    let crowd: Vec<_> = (2..=1_001).map(|user| listen(&hub, user, Scope::Chat(DEN), &[DEN])).collect();
    let arrivals = (2..=1_001).map(|user| {
        let user = UserId(user);
        Event::Presence { user, online: true, last_seen: None, chats: vec![DEN] }
    });
    hub.publish_committed(arrivals, &tokio::runtime::Handle::current());
    let told = || std::iter::from_fn(|| alice.inbox().take()).count();
    let at_once = super::presence::MAX_TOLD_IN_A_MOMENT.div_ceil(crowd.len() + 1);
    assert_eq!(told(), at_once);
    assert_eq!(hub.users_present(), 1_000, "whoever asks is told what is so");
    assert!(hub.tell_held_presences());
    assert_eq!(told(), at_once);
}

#[tokio::test]
async fn whoever_shares_many_chats_with_a_newcomer_counts_once() {
    let hub = hub();
    let chats: Vec<ChatId> = (1..=50).map(ChatId).collect();
    let listeners: Vec<_> = (10_000..10_300).map(|user| listen(&hub, user, Scope::All, &chats)).collect();
    let arrivals = (1..=20).map(|user| {
        let user = UserId(user);
        Event::Presence { user, online: true, last_seen: None, chats: chats.clone() }
    });
    hub.publish_committed(arrivals, &tokio::runtime::Handle::current());
    let told = std::iter::from_fn(|| listeners[0].inbox().take()).count();
    assert_eq!(told, 20, "300 frames for each are within one moment's bound, and each is told once");
}
