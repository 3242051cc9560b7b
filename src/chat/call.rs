//! Calls: who is in the call of a chat, that it rings, signals between them, and the line that
//! it leaves in the history.
//!
//! A call lives as long as the sockets that are in it; what is stored is that line, and while it goes
//! on as much as makes that line after a crash. The media never comes here, only what browsers need to find each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{interval, sleep};

use super::app::App;
use super::group::inside;
use super::memory::calls::{Call, CallChange, Participant, ids, users};
use super::message::post;
use super::model::call::{CallRecord, MAX_CANDIDATE, MAX_SDP, Signal, SignalKind};
use super::model::chat::Chat;
use super::model::error::{Error, Result, Rule};
use super::model::event::{CallEvent, Event, Ring, Scope};
use super::model::id::{ChatId, UserId};
use super::model::message::Draft;
use super::model::name::{MessageText, Username};
use super::model::quota::Quota;
use super::model::session::Actor;
use super::store::{self, Tx};
use super::subscription::Subscriber;

/// How often it is written down how long calls have lasted.
const NOTE_EVERY: Duration = Duration::from_secs(5);

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
        let max = self.thresholds.participants;
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
            let is_answered = !call.was_answered && user != call.starter;
            call.was_answered |= is_answered;
            if (is_first || is_answered) && call.leaves_line() {
                self.calls.note(CallChange::GoesOn(call.record(chat, user)));
            }
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
        let ended = (is_over && call.leaves_line()).then(|| call.record(chat, user));
        let over = ended.map(|call| Event::Ringing { chat, ring: Ring::Ended { seconds: call.seconds } });
        self.hub.publish([Event::Call(CallEvent::Left { chat, user, participants })].into_iter().chain(over));
        if is_over {
            calls.remove(&chat);
        }
        if let Some(ended) = ended {
            self.calls.note(CallChange::Ended(ended));
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

    /// Writes down what becomes of calls, for as long as the server runs; first of those that a crash cut.
    pub async fn record_calls(&self) {
        match self.store.read(store::open_calls::list) {
            Ok(cut) => {
                for call in cut {
                    self.record_patiently(CallChange::Ended(call)).await;
                }
            }
            Err(error) => tracing::warn!(%error, "calls that a crash cut leave their lines at the next start"),
        }
        let mut turns = interval(NOTE_EVERY);
        loop {
            tokio::select! {
                change = self.calls.next_change() => match change {
                    Some(change) => self.record_patiently(change).await,
                    None => return,
                },
                _ = turns.tick() => self.note_lengths().await,
            }
        }
    }

    /// What became of them by now.
    pub async fn record_last_calls(&self) {
        while let Some(change) = self.calls.take_change() {
            if let Err(error) = self.record(change).await {
                tracing::warn!(%error, "a call leaves its line at the next start");
            }
        }
    }

    /// Waits as long as nothing can be written: a writer that is gone says so at once.
    async fn record_patiently(&self, change: CallChange) {
        while let Err(Error::Busy { retry_after }) = self.record(change).await {
            sleep(retry_after).await;
        }
    }

    async fn record(&self, change: CallChange) -> Result<()> {
        let call = match change {
            CallChange::GoesOn(call) => return self.note_open(vec![call]).await,
            CallChange::Ended(call) => call,
        };
        let quota = self.quota;
        let written = self.store.write(move |tx| {
            store::open_calls::delete(tx, call.chat)?;
            post_line(tx, call, quota)
        });
        match written.await {
            Err(error @ Error::Busy { .. }) => Err(error),
            Err(error) => {
                // The chat is gone, say.
                tracing::debug!(%error, "a call left no line in the history");
                self.store.write(move |tx| store::open_calls::delete(tx, call.chat)).await
            }
            Ok(()) => Ok(()),
        }
    }

    /// How long calls have lasted by now, which is all that is known of one that a crash cuts.
    async fn note_lengths(&self) {
        let calls = self.calls.records();
        if calls.is_empty() {
            return;
        }
        if let Err(error) = self.note_open(calls).await {
            tracing::debug!(%error, "how long calls have lasted is noted next time");
        }
    }

    async fn note_open(&self, calls: Vec<CallRecord>) -> Result<()> {
        self.store
            .write(move |tx| {
                tx.is_unseen = true;
                calls.iter().try_for_each(|call| store::open_calls::put(tx, call))
            })
            .await
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

/// In the name of who began it, or of the last who was in it if that one has left the chat.
fn post_line(tx: &mut Tx<'_>, call: CallRecord, quota: Quota) -> Result<()> {
    let text = MessageText::parse_filled(&call.sentence(), usize::MAX).map_err(|_| Error::Internal)?;
    let draft = Draft { call_seconds: Some(call.talked()), ..Draft::of(text, None) };
    let posted = match post(tx, call.starter, call.chat, &draft, quota) {
        Err(Error::NotFound | Error::NotMember) => post(tx, call.last, call.chat, &draft, quota),
        posted => posted,
    };
    posted.map(drop)
}

fn chat_of(subscriber: &Subscriber) -> Result<ChatId> {
    match subscriber.scope {
        Scope::Chat(chat) => Ok(chat),
        Scope::Pair(_) | Scope::All => Err(Error::NotInCall),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::{CallChange, CallRecord};
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::call::SignalKind;
    use crate::chat::model::error::Error;
    use crate::chat::model::event::Scope;
    use crate::chat::model::topic::Topics;
    use crate::chat::tests::{group, person};

    #[tokio::test]
    async fn a_line_waits_for_a_writer_that_is_gone_without_asking_all_the_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let alice = person(&app, "alice").await;
        let (chat, starter) = (group(&app, &alice, &[]).await, alice.user);
        app.close().await;
        let call = CallRecord { chat, starter, last: starter, has_video: false, was_answered: false, seconds: 1 };
        let (mut writing, mut polls) = (pin!(app.record_patiently(CallChange::Ended(call))), 0);
        let polled = poll_fn(|cx| {
            polls += 1;
            writing.as_mut().poll(cx)
        });
        assert!(timeout(Duration::from_millis(100), polled).await.is_err(), "it cannot be written");
        assert!(polls < 10, "{polls} times");
    }

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
