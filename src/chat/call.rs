//! Calls: who is in the call of a chat, that it rings, signals between them, and the line that
//! it leaves in the history.
//!
//! A call lives as long as the sockets that are in it; what is stored is that line. The
//! media never comes here, only what browsers need to find each other.

use std::sync::Arc;

use super::app::App;
use super::group::inside;
use super::memory::calls::{Call, Participant, ids, users};
use super::message::post;
use super::model::call::{EndedCall, MAX_CANDIDATE, MAX_SDP, Signal, SignalKind};
use super::model::chat::Chat;
use super::model::error::{Error, Result, Rule};
use super::model::event::{CallEvent, Event, Ring, Scope};
use super::model::id::{ChatId, UserId};
use super::model::message::Draft;
use super::model::name::{MessageText, Username};
use super::model::session::Actor;
use super::subscription::Subscriber;

impl App {
    /// Brings a chat's socket into the chat's call. Everybody in the call learns who is
    /// in it, so that they can make offers to the newcomer. Whoever is the first makes it ring.
    pub fn join_call(&self, subscriber: &Subscriber, has_video: bool) -> Result<()> {
        let chat = chat_of(subscriber)?;
        let Actor { user, username, .. } = subscriber.actor.clone();
        let mut calls = self.calls.lock();
        // It is told to everybody in the chat, and may leave a message behind.
        self.check_pace(&subscriber.actor)?;
        let call = calls.entry(chat).or_insert_with(|| Call::begun(user, has_video, self.calls.may_ring(chat, user)));
        let is_first = call.participants.is_empty();
        let is_new_user = call.participants.iter().all(|participant| participant.user != user);
        let max = self.limits.participants;
        let is_full = users(&call.participants).len() >= max as usize;
        if is_new_user && is_full {
            return Err(Error::LimitReached { what: "participants in a call", max });
        }
        let is_new = call.participants.iter().all(|participant| participant.socket != subscriber.socket);
        if is_new {
            call.participants.push(Participant { user, username: username.clone(), socket: subscriber.socket });
        }
        let state = Event::Call(CallEvent::State {
            participants: users(&call.participants),
            to: call.participants.iter().map(|participant| participant.socket).collect(),
        });
        let rings =
            (is_first && call.rings).then_some(Event::Ringing { chat, ring: Ring::Started { user, has_video } });
        let participants = users(&call.participants);
        let joined = is_new_user.then_some(Event::Call(CallEvent::Joined { chat, user, username, participants }));
        if self.hub.publish_from(subscriber.socket, rings.into_iter().chain(joined).chain([state])) {
            call.was_answered |= user != call.starter;
            return Ok(());
        }
        // Removed or signed out at this very moment.
        if is_new {
            call.participants.pop();
        }
        if call.participants.is_empty() {
            calls.remove(&chat);
        }
        Err(Error::NotInCall)
    }

    /// Takes a socket out of its chat's call, if it is in it. The last who leaves ends it.
    pub fn leave_call(&self, subscriber: &Subscriber) {
        let Ok(chat) = chat_of(subscriber) else { return };
        let user = subscriber.actor.user;
        let mut calls = self.calls.lock();
        let Some(call) = calls.get_mut(&chat) else { return };
        let before = call.participants.len();
        call.participants.retain(|participant| participant.socket != subscriber.socket);
        let left = call.participants.len() < before && call.participants.iter().all(|other| other.user != user);
        let participants = users(&call.participants);
        if !left {
            return;
        }
        let is_over = participants.is_empty();
        // One that rang for nobody and that nobody joined leaves no trace.
        let ended = (is_over && (call.rings || call.was_answered)).then(|| call.ended(chat, user));
        let over = ended.map(|call| Event::Ringing { chat, ring: Ring::Ended { seconds: call.seconds } });
        self.hub.publish([Event::Call(CallEvent::Left { chat, user, participants })].into_iter().chain(over));
        if is_over {
            calls.remove(&chat);
        }
        if let Some(ended) = ended {
            self.calls.end(ended);
        }
    }

    /// Who is in the call of a chat, as whoever is in the chat sees it; to others nobody is.
    #[must_use]
    pub fn callers(&self, chat: &Chat) -> Vec<Username> {
        let calls = self.calls.lock();
        let call = calls.get(&chat.id).filter(|_| chat.membership.is_some());
        call.map(|call| users(&call.participants).into_iter().map(|(_, name)| name).collect()).unwrap_or_default()
    }

    /// Tells those who are in the call of a chat, once, that the actor, who is in the chat, does not join;
    /// and the actor's other devices, which ring no more.
    pub fn decline_call(&self, actor: &Actor, chat: ChatId) -> Result<()> {
        self.check_signed_in(actor)?;
        self.store.read(|db| inside(db, actor.user, chat))?;
        let mut calls = self.calls.lock();
        let call = calls.get_mut(&chat).ok_or(Error::NotInCall)?;
        if call.declined_by.insert(actor.user) {
            let user = actor.user;
            let mut to = ids(&call.participants);
            if !to.contains(&user) {
                to.push(user);
            }
            self.hub.publish([Event::Ringing { chat, ring: Ring::Declined { user, to } }]);
        }
        Ok(())
    }

    /// Writes a line into the history for each call that ends, for as long as the server runs.
    pub async fn record_calls(&self) {
        while let Some(call) = self.calls.next_ended().await {
            self.record(call).await;
        }
    }

    /// The same for those that have ended by now.
    pub async fn record_last_calls(&self) {
        while let Some(call) = self.calls.take_ended() {
            self.record(call).await;
        }
    }

    /// In the name of who began it, or of the last who was in it if that one has left the chat.
    async fn record(&self, call: EndedCall) {
        let quota = self.quota;
        let written = self.store.write(move |tx| {
            let text = MessageText::parse_filled(&call.sentence(), usize::MAX).map_err(|_| Error::Internal)?;
            let draft = Draft { call_seconds: Some(call.talked()), ..Draft::of(text, None) };
            match post(tx, call.starter, call.chat, &draft, quota) {
                Err(Error::NotFound | Error::NotMember) => post(tx, call.last, call.chat, &draft, quota),
                posted => posted,
            }
        });
        if let Err(error) = written.await {
            // The chat is gone, say.
            tracing::debug!(%error, "a call left no line in the history");
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
        let calls = self.calls.lock();
        let call = calls.get(&chat).map(|call| call.participants.as_slice()).unwrap_or_default();
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
        app.join_call(hers.subscriber(), false).expect("she is in it");
        app.join_call(his.subscriber(), false).expect("and so is he");
        app.signal(his.subscriber(), alice.user, SignalKind::Offer, "hi".into()).expect("they talk");
        // Neither of his sockets goes, as if each were amid a frame of its client's.
        app.remove_member(&alice, den, bob.user).await.expect("removed");
        let late = app.signal(his.subscriber(), alice.user, SignalKind::Offer, "still here".into());
        assert_eq!(late, Err(Error::NotInCall));
        assert_eq!(app.join_call(idle.subscriber(), false), Err(Error::NotInCall));
        drop((his, idle));
        assert_eq!(app.calls.users_in(den), [alice.user]);
    }
}
