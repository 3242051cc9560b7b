//! Who hears what, and who is closed.

use std::sync::Arc;

use super::registry::MAX_SOCKETS;
use super::{Closing, Event, Hub, SocketRegistration};
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, CredentialId, UserId};
use crate::chat::model::name::Username;
use crate::chat::model::user::User;

const DEN: ChatId = ChatId(1);

fn hub() -> Arc<Hub> {
    let (hub, fan_out) = Hub::new();
    fan_out.start().expect("a thread");
    Arc::new(hub)
}

fn said(user: i64) -> Event {
    Event::CallLeft { chat: DEN, user: UserId(user), participants: Vec::new() }
}

fn listen(hub: &Arc<Hub>, user: i64, scope: Scope, chats: &[ChatId]) -> SocketRegistration {
    let subscription = hub.reserve(UserId(user), CredentialId(user), scope).expect("a place");
    hub.publish([Event::SocketOpened { socket: subscription.id(), chats: chats.to_vec() }]);
    subscription
}

#[tokio::test]
async fn a_socket_hears_its_chat_from_its_opening_on() {
    let hub = hub();
    let early = hub.reserve(UserId(1), CredentialId(1), Scope::Chat(DEN)).expect("a place");
    hub.publish([said(7)]);
    hub.publish([Event::SocketOpened { socket: early.id(), chats: vec![DEN] }, said(8)]);
    let heard = early.inbox().take().expect("an event");
    assert!(matches!(heard.event(), Event::CallLeft { user: UserId(8), .. }));
    assert!(early.inbox().take().is_none());
}

#[tokio::test]
async fn whoever_is_removed_hears_nothing_more() {
    let hub = hub();
    let bob = listen(&hub, 2, Scope::Chat(DEN), &[DEN]);
    let everywhere = listen(&hub, 2, Scope::All, &[DEN]);
    hub.publish([said(1), Event::MemberRemoved { chat: DEN, user: UserId(2), members: 2, is_quiet: false }, said(1)]);
    assert_eq!(bob.inbox().closing(), Some(Closing::Removed), "what was queued is dropped");
    assert!(matches!(everywhere.inbox().take().expect("an event").event(), Event::CallLeft { .. }));
    assert!(matches!(everywhere.inbox().take().expect("removal").event(), Event::MemberRemoved { .. }));
    assert!(everywhere.inbox().take().is_none());
}

#[tokio::test]
async fn a_newcomers_socket_joins_with_the_event() {
    let hub = hub();
    let bob = listen(&hub, 2, Scope::All, &[]);
    hub.publish([said(1)]);
    let username = Username::parse("bob").expect("a name");
    let user = User { id: UserId(2), username, display_name: "bob".into(), avatar: None, bio: String::new() };
    hub.publish([Event::MemberAdded { chat: DEN, user, members: 2, is_quiet: false }, said(1)]);
    assert!(matches!(bob.inbox().take().expect("joined").event(), Event::MemberAdded { .. }));
    assert!(matches!(bob.inbox().take().expect("an event").event(), Event::CallLeft { .. }));
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_slows_nobody() {
    let hub = hub();
    let slow = listen(&hub, 1, Scope::Chat(DEN), &[DEN]);
    let quick = listen(&hub, 2, Scope::Chat(DEN), &[DEN]);
    for _ in 0..1_000 {
        hub.publish([said(3)]);
        assert!(quick.inbox().take().is_some());
    }
    assert_eq!(slow.inbox().closing(), Some(Closing::TooSlow));
}

#[tokio::test]
async fn sockets_of_a_user_are_limited_and_places_come_back() {
    let hub = hub();
    let mut all: Vec<_> = (0..MAX_SOCKETS).map(|_| listen(&hub, 1, Scope::All, &[])).collect();
    assert!(hub.reserve(UserId(1), CredentialId(1), Scope::All).is_err());
    assert!(hub.reserve(UserId(2), CredentialId(2), Scope::All).is_ok());
    all.pop();
    assert!(hub.reserve(UserId(1), CredentialId(1), Scope::All).is_ok());
}

#[tokio::test]
async fn signing_out_spares_the_credential_that_asked() {
    let hub = hub();
    let kept = hub.reserve(UserId(1), CredentialId(10), Scope::All).expect("a place");
    let ended = hub.reserve(UserId(1), CredentialId(11), Scope::All).expect("a place");
    hub.publish([Event::CredentialsEnded { user: UserId(1), kept: Some(CredentialId(10)) }]);
    assert_eq!(ended.inbox().closing(), Some(Closing::SignedOut));
    assert!(kept.inbox().take().is_none());
    drop(ended);
    hub.settle().await;
    assert_eq!(hub.open_sockets(), 1);
}
