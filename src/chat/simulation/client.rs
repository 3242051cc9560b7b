//! A virtual client at an open socket: reads at once, now and then, or never.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, Weak};

use tokio::time::Instant;

use super::mirror::Replica;
use crate::chat::hub::{Closing, Inbox, Sink};
use crate::chat::model::event::{CallEvent, ChatEvent, Event, MemberEvent, MessageEvent, Scope};
use crate::chat::model::id::{ChatId, CredentialId, Seq, SocketId, UserId};
use crate::chat::store::simulated::View;
use crate::chat::subscription::{Subscriber, Subscription};

/// What a socket heard of a change to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub chat: ChatId,
    pub seq: Seq,
    /// Told to overviews alone.
    pub is_reaction: bool,
}

/// A line of what it heard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    Change(Heard),
    Entered(ChatId),
    Left(ChatId),
}

pub(super) struct Client {
    subscription: Option<Subscription>,
    reader: Arc<Reader>,
    pub login: usize,
    pub user: UserId,
    pub credential: CredentialId,
    pub scope: Scope,
    pub socket: SocketId,
    /// Whose own client it serves, as a place among the world's.
    pub replica: Option<usize>,
    /// Does not go away when it is told to.
    pub hangs: bool,
    pub closing_since: Option<Instant>,
}

struct Reader {
    inbox: Inbox,
    state: Mutex<State>,
}

struct State {
    /// Events that the connection takes before it is full.
    room: usize,
    lines: Vec<Line>,
    wrong: Option<String>,
    view: View,
    me: UserId,
    replica: Option<Replica>,
    /// Who is in which call, as it was told last.
    calls: HashMap<ChatId, HashSet<UserId>>,
    /// Signals that were sent to it and have not come.
    signals: HashSet<String>,
}

impl Client {
    pub fn new(subscription: Subscription, login: usize, room: usize, hangs: bool, view: View) -> Self {
        let me = subscription.subscriber().actor.user;
        let (calls, signals) = (HashMap::new(), HashSet::new());
        let state = State { room, lines: Vec::new(), wrong: None, view, me, replica: None, calls, signals };
        Self::with(subscription, login, hangs, state)
    }

    /// The socket of somebody's own client, which reads the past before what queues.
    pub fn serving(subscription: Subscription, login: usize, at: usize, replica: Replica, view: View) -> Self {
        let client = Self::new(subscription, login, 0, false, view);
        client.reader.state.lock().expect("no panic").replica = Some(replica);
        Self { replica: Some(at), ..client }
    }

    fn with(subscription: Subscription, login: usize, hangs: bool, state: State) -> Self {
        let subscriber = subscription.subscriber().clone();
        let reader = Arc::new(Reader { inbox: subscription.inbox(), state: Mutex::new(state) });
        let sink: Arc<dyn Sink> = reader.clone();
        let weak: Weak<dyn Sink> = Arc::downgrade(&sink);
        subscription.attach(weak);
        // What queued before the sink was there waits for the socket's own task.
        reader.flush();
        let closing_since = reader.inbox.closing().map(|_| Instant::now());
        Self {
            subscription: Some(subscription),
            reader,
            login,
            user: subscriber.actor.user,
            credential: subscriber.actor.credential,
            scope: subscriber.scope,
            socket: subscriber.socket,
            replica: None,
            hangs,
            closing_since,
        }
    }

    /// The connection takes `count` more.
    pub fn read(&self, count: usize) {
        let mut state = self.reader.state.lock().expect("no panic");
        state.room = state.room.saturating_add(count);
        drop(state);
        self.reader.flush();
    }

    /// The socket is over.
    pub fn leave(&mut self) {
        self.subscription = None;
        // What still queues for it reaches nobody.
        self.reader.state.lock().expect("no panic").replica = None;
    }

    /// Who sits at it, as long as it is open.
    pub fn subscriber(&self) -> Option<&Subscriber> {
        self.subscription.as_ref().map(Subscription::subscriber)
    }

    /// A signal was sent to it.
    pub fn expect_signal(&self, body: &str) {
        self.reader.state.lock().expect("no panic").signals.insert(body.to_owned());
    }

    pub fn is_open(&self) -> bool {
        self.subscription.is_some()
    }

    pub fn closing(&self) -> Option<Closing> {
        self.reader.inbox.closing()
    }

    pub fn lines(&self) -> Vec<Line> {
        self.reader.state.lock().expect("no panic").lines.clone()
    }

    /// An event that it should not have been told.
    pub fn wrong(&self) -> Option<String> {
        self.reader.state.lock().expect("no panic").wrong.clone()
    }
}

impl Sink for Reader {
    fn flush(&self) {
        let mut state = self.state.lock().expect("no panic");
        while state.room > 0 {
            let Some(broadcast) = self.inbox.take() else { return };
            state.room -= 1;
            state.hear(broadcast.event());
        }
    }
}

impl State {
    fn hear(&mut self, event: &Event) {
        // Whoever is told asks at once, and has to find it.
        if !self.view.backs(event) {
            self.wrong.get_or_insert_with(|| format!("told before it was stored: {event:?}"));
        }
        if let Some(replica) = &self.replica {
            replica.mirror().hear(event, &self.view);
        }
        if let Err(wrong) = self.hear_call(event) {
            self.wrong.get_or_insert(wrong);
        }
        let line = match event {
            Event::Message(MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. }) => {
                Line::Change(Heard { chat: message.chat, seq: message.seq, is_reaction: false })
            }
            Event::Message(MessageEvent::Deleted { chat, seq, .. }) => {
                Line::Change(Heard { chat: *chat, seq: *seq, is_reaction: false })
            }
            Event::ReactionsChanged { chat, seq, .. } => {
                Line::Change(Heard { chat: *chat, seq: *seq, is_reaction: true })
            }
            Event::Chat(ChatEvent::Created { chat, .. }) => Line::Entered(*chat),
            Event::Member(MemberEvent::Added { chat, user, .. }) if user.id == self.me => Line::Entered(*chat),
            Event::Member(MemberEvent::Removed { chat, user, .. }) if *user == self.me => Line::Left(*chat),
            Event::Chat(ChatEvent::Deleted { chat }) => Line::Left(*chat),
            _ => return,
        };
        self.lines.push(line);
    }

    /// What is told of calls fits together, and signals are for whom they come to.
    fn hear_call(&mut self, event: &Event) -> Result<(), String> {
        let (chat, published, user, is_in) = match event {
            Event::Call(CallEvent::Joined { chat, user, participants, .. }) => (chat, participants, user, true),
            Event::Call(CallEvent::Left { chat, user, participants }) => (chat, participants, user, false),
            Event::Call(CallEvent::State { participants, .. })
                if participants.iter().all(|(user, _)| *user != self.me) =>
            {
                return Err(format!("{} is not in a call, and is told who is: {participants:?}", self.me));
            }
            Event::Call(CallEvent::Signalled { signal, .. })
                if signal.target != self.me || !self.signals.remove(&signal.body) =>
            {
                return Err(format!("{} heard a signal that is not theirs: {signal:?}", self.me));
            }
            // What it was told before is not what it is told next, if it was away meanwhile.
            Event::Chat(ChatEvent::Created { chat, .. } | ChatEvent::Deleted { chat }) => {
                return self.forget_call(*chat);
            }
            Event::Member(MemberEvent::Added { chat, user, .. }) if user.id == self.me => {
                return self.forget_call(*chat);
            }
            Event::Member(MemberEvent::Removed { chat, user, .. }) if *user == self.me => {
                return self.forget_call(*chat);
            }
            _ => return Ok(()),
        };
        let published: HashSet<_> = published.iter().map(|(user, _)| *user).collect();
        if published.contains(user) != is_in {
            return Err(format!("{user} is told to be in the call of {chat}, or not, among {published:?}"));
        }
        let before = self.calls.insert(*chat, published.clone());
        let mut others = published;
        others.remove(user);
        match before.map(|mut before| (before.remove(user), before)) {
            Some((was_in, before)) if was_in == is_in || before != others => {
                Err(format!("{user} came or went, and in the call of {chat} are {others:?} after {before:?}"))
            }
            _ => Ok(()),
        }
    }

    fn forget_call(&mut self, chat: ChatId) -> Result<(), String> {
        self.calls.remove(&chat);
        Ok(())
    }
}
