//! Calls: who is in the call of a room, and signals between them.
//!
//! Nothing of it is stored: a call lives as long as the sockets that are in it. The
//! media never comes here, only what browsers need to find each other.

use std::sync::Arc;

use super::app::App;
use super::memory::calls::{Participant, users};
use super::model::call::{MAX_CANDIDATE, MAX_SDP, Signal, SignalKind};
use super::model::error::{Error, Result, Rule};
use super::model::event::{CallEvent, Event, Scope};
use super::model::id::{ChatId, UserId};
use super::model::session::Actor;
use super::subscription::Subscriber;

impl App {
    /// Brings a room's socket into the room's call. Everybody in the call learns who is
    /// in it, so that they can make offers to the newcomer.
    pub fn join_call(&self, subscriber: &Subscriber) -> Result<()> {
        let chat = chat_of(subscriber)?;
        let Actor { user, username, .. } = subscriber.actor.clone();
        let mut rooms = self.calls.lock();
        let call = rooms.entry(chat).or_default();
        let is_new_user = call.iter().all(|participant| participant.user != user);
        let max = self.limits.participants;
        let is_full = users(call).len() >= max as usize;
        if is_new_user && is_full {
            return Err(Error::LimitReached { what: "participants in a call", max });
        }
        let is_new = call.iter().all(|participant| participant.socket != subscriber.socket);
        if is_new {
            call.push(Participant { user, username: username.clone(), socket: subscriber.socket });
        }
        let state = Event::Call(CallEvent::State {
            participants: users(call),
            to: call.iter().map(|participant| participant.socket).collect(),
        });
        let joined =
            is_new_user.then(|| Event::Call(CallEvent::Joined { chat, user, username, participants: users(call) }));
        if self.hub.publish_from(subscriber.socket, joined.into_iter().chain([state])) {
            return Ok(());
        }
        // Removed or signed out at this very moment.
        if is_new {
            call.pop();
        }
        if call.is_empty() {
            rooms.remove(&chat);
        }
        Err(Error::NotInCall)
    }

    /// Takes a socket out of its room's call, if it is in it.
    pub fn leave_call(&self, subscriber: &Subscriber) {
        let Ok(chat) = chat_of(subscriber) else { return };
        let user = subscriber.actor.user;
        let mut rooms = self.calls.lock();
        let Some(call) = rooms.get_mut(&chat) else { return };
        let before = call.len();
        call.retain(|participant| participant.socket != subscriber.socket);
        let left = call.len() < before && call.iter().all(|participant| participant.user != user);
        let participants = users(call);
        if call.is_empty() {
            rooms.remove(&chat);
        }
        if left {
            self.hub.publish([Event::Call(CallEvent::Left { chat, user, participants })]);
        }
    }

    /// Passes a signal to a participant of the same call, and to nobody else.
    pub fn signal(&self, subscriber: &Subscriber, target: UserId, kind: SignalKind, body: String) -> Result<()> {
        let (max, rule) = match kind {
            SignalKind::Offer | SignalKind::Answer => (MAX_SDP, Rule::DescriptionLength),
            SignalKind::IceCandidate => (MAX_CANDIDATE, Rule::CandidateLength),
        };
        if body.len() > max {
            return Err(Error::Invalid(rule));
        }
        let chat = chat_of(subscriber)?;
        let rooms = self.calls.lock();
        let call = rooms.get(&chat).map(Vec::as_slice).unwrap_or_default();
        let is_in = call.iter().any(|participant| participant.socket == subscriber.socket);
        let to: Vec<_> = call
            .iter()
            .filter(|participant| participant.user == target)
            .map(|participant| participant.socket)
            .collect();
        if !is_in || to.is_empty() {
            return Err(Error::NotInCall);
        }
        let Actor { user: from, username: from_username, .. } = subscriber.actor.clone();
        let signal = Arc::new(Signal { kind, from, from_username, target, body });
        let is_told = self.hub.publish_from(subscriber.socket, [Event::Call(CallEvent::Signalled { signal, to })]);
        if is_told { Ok(()) } else { Err(Error::NotInCall) }
    }
}

fn chat_of(subscriber: &Subscriber) -> Result<ChatId> {
    match subscriber.scope {
        Scope::Chat(chat) => Ok(chat),
        Scope::Pair(_) | Scope::All => Err(Error::NotInCall),
    }
}

#[cfg(test)]
mod tests {
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::call::SignalKind;
    use crate::chat::model::error::Error;
    use crate::chat::model::event::Scope;
    use crate::chat::model::topic::Topics;
    use crate::chat::tests::{group, person};

    #[tokio::test]
    async fn a_socket_that_is_to_close_says_nothing_more_in_a_call() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
        let den = group(&app, &alice, &[&bob]).await;
        let hers = app.subscribe(&alice, Scope::Chat(den), Topics::ALL).await.expect("a socket");
        let his = app.subscribe(&bob, Scope::Chat(den), Topics::ALL).await.expect("a socket");
        let idle = app.subscribe(&bob, Scope::Chat(den), Topics::ALL).await.expect("another");
        app.join_call(hers.subscriber()).expect("she is in it");
        app.join_call(his.subscriber()).expect("and so is he");
        app.signal(his.subscriber(), alice.user, SignalKind::Offer, "hi".into()).expect("they talk");
        // Neither of his sockets goes, as if each were amid a frame of its client's.
        app.remove_member(&alice, den, bob.user).await.expect("removed");
        let late = app.signal(his.subscriber(), alice.user, SignalKind::Offer, "still here".into());
        assert_eq!(late, Err(Error::NotInCall));
        assert_eq!(app.join_call(idle.subscriber()), Err(Error::NotInCall));
        drop((his, idle));
        assert_eq!(app.calls.users_in(den), [alice.user]);
    }
}
