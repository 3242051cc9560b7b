//! A virtual client at an open socket: reads at once, now and then, or never.

use std::sync::{Arc, Mutex, Weak};

use tokio::time::Instant;

use super::super::event::Event;
use super::super::hub::{Closing, Inbox, Outlet, Scope};
use super::super::id::{ChatId, CredentialId, Seq, UserId};
use super::super::listen::Listening;
use super::super::store::simulated::View;

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
    listening: Option<Listening>,
    reader: Arc<Reader>,
    pub login: usize,
    pub user: UserId,
    pub credential: CredentialId,
    pub scope: Scope,
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
}

impl Client {
    pub fn new(listening: Listening, login: usize, room: usize, hangs: bool, view: View) -> Self {
        let seat = listening.seat().clone();
        let state = State { room, lines: Vec::new(), wrong: None, view, me: seat.asker.user };
        let reader = Arc::new(Reader { inbox: listening.inbox(), state: Mutex::new(state) });
        let outlet: Arc<dyn Outlet> = reader.clone();
        let weak: Weak<dyn Outlet> = Arc::downgrade(&outlet);
        listening.attach(weak);
        // What queued before the outlet was there waits for the socket's own task.
        reader.flush();
        let closing_since = reader.inbox.closing().map(|_| Instant::now());
        Self {
            listening: Some(listening),
            reader,
            login,
            user: seat.asker.user,
            credential: seat.asker.credential,
            scope: seat.scope,
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
        self.listening = None;
    }

    pub fn is_open(&self) -> bool {
        self.listening.is_some()
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

impl Outlet for Reader {
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
        let line = match event {
            Event::MessagePosted { message, .. } | Event::MessageEdited { message, .. } => {
                Line::Change(Heard { chat: message.chat, seq: message.seq, is_reaction: false })
            }
            Event::MessageDeleted { chat, seq, .. } => {
                Line::Change(Heard { chat: *chat, seq: *seq, is_reaction: false })
            }
            Event::ReactionsChanged { chat, seq, .. } => {
                Line::Change(Heard { chat: *chat, seq: *seq, is_reaction: true })
            }
            Event::ChatCreated { chat, .. } => Line::Entered(*chat),
            Event::MemberAdded { chat, user } if user.id == self.me => Line::Entered(*chat),
            Event::MemberRemoved { chat, user } if *user == self.me => Line::Left(*chat),
            Event::ChatDeleted { chat } => Line::Left(*chat),
            _ => return,
        };
        self.lines.push(line);
    }
}
