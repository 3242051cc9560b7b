//! What somebody's own client holds of all chats: heard while it was there, caught up
//! after it was away. In the end it has to be what is stored.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use crate::chat::app::App;
use crate::chat::model::changes::{Change, Changes};
use crate::chat::model::event::{ChatEvent, Event, MemberEvent, MessageEvent};
use crate::chat::model::id::{ChatId, MessageId, Seq, UserId};
use crate::chat::model::message::{Message, Reaction};
use crate::chat::model::session::Actor;
use crate::chat::store::simulated::{View, VisibleMessage};

/// A client that outlives its sockets, and the server. Cloning shares what it holds.
#[derive(Clone)]
pub(super) struct Replica {
    /// It is coming back.
    pub is_coming: bool,
    mirror: Arc<Mutex<Mirror>>,
}

/// What it holds.
pub(super) struct Mirror {
    me: UserId,
    /// The newest change that it has seen.
    seq: Seq,
    /// Changes up to this one were caught up, and are told again behind them.
    replayed: Seq,
    /// Something was missed that is not caught up yet.
    pub is_behind: bool,
    chats: HashSet<ChatId>,
    held: HashMap<MessageId, VisibleMessage>,
}

impl Replica {
    /// Somebody's, who has seen nothing yet.
    pub fn new(me: UserId) -> Self {
        let (chats, held) = (HashSet::new(), HashMap::new());
        let mirror = Mirror { me, seq: Seq(0), replayed: Seq(0), is_behind: false, chats, held };
        Self { is_coming: false, mirror: Arc::new(Mutex::new(mirror)) }
    }

    pub fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().expect("no panic")
    }
}

impl Mirror {
    /// A socket was opened, and everything above `newest` will come by it.
    pub fn arrive(&mut self, newest: Seq, view: &View) {
        self.replayed = Seq(0);
        self.is_behind = self.seq < newest;
        self.seq = if self.is_behind { self.seq } else { newest };
        // As a client does that asks for the list of its chats, and for the history of those that it has none of.
        let mine = view.members().into_iter().filter(|(_, user)| *user == self.me);
        let chats: HashSet<_> = mine.map(|(chat, _)| chat).collect();
        self.held.retain(|_, held| chats.contains(&held.chat));
        for chat in chats.difference(&self.chats.clone()) {
            self.fetch(*chat, view);
        }
        self.chats = chats;
    }

    /// Reads on from what it has seen: one page. How many changes that were, or what is wrong with them.
    pub fn catch_up(&mut self, app: &App, actor: &Actor, view: &View) -> Result<usize, String> {
        let page = at_once(app.changes(actor, self.seq, None)).map_err(|error| error.to_string())?;
        self.check(&page, view)?;
        let count = page.items.len();
        for change in page.items {
            match change {
                Change::Message(message, _) => self.put(&message),
                Change::Deleted { id, .. } => drop(self.held.remove(&id)),
            }
        }
        (self.seq, self.replayed, self.is_behind) = (page.seq, page.seq, page.more);
        Ok(count)
    }

    /// A page holds what is newer than what was seen, in order, of one's own chats, and not what one has cleared.
    fn check(&self, page: &Changes, view: &View) -> Result<(), String> {
        let mut last = self.seq;
        for change in &page.items {
            let (id, chat, seq) = match change {
                Change::Message(message, _) => (message.id, message.chat, message.seq),
                Change::Deleted { id, chat, seq } => (*id, *chat, *seq),
            };
            if seq <= last || seq > page.seq {
                return Err(format!("change {seq} comes after {last} on a page up to {}", page.seq));
            }
            last = seq;
            if !view.is_member(chat, self.me) {
                return Err(format!("{} is told of message {id} in {chat}, and is not in it", self.me));
            }
            let is_there = matches!(change, Change::Message(..));
            if is_there && view.has_cleared(chat, self.me, id) {
                return Err(format!("{} is told of message {id}, and has cleared it", self.me));
            }
        }
        Ok(())
    }

    /// Takes in what its socket tells.
    pub fn hear(&mut self, event: &Event, view: &View) {
        if let Some(seq) = number(event) {
            if seq <= self.replayed {
                return;
            }
            self.seq = seq;
        }
        match event {
            Event::Message(MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. }) => {
                self.put(message)
            }
            Event::Message(MessageEvent::Deleted { message, .. }) => drop(self.held.remove(message)),
            Event::ReactionsChanged { message, reactions, seq, .. } => {
                if let Some(held) = self.held.get_mut(message).filter(|held| held.seq < *seq) {
                    (held.seq, held.reactors) = (*seq, reactors(reactions));
                }
            }
            Event::Chat(ChatEvent::Created { chat, .. }) => self.fetch(*chat, view),
            Event::Member(MemberEvent::Added { chat, user, .. }) if user.id == self.me => self.fetch(*chat, view),
            Event::Member(MemberEvent::Removed { chat, user, .. }) if *user == self.me => self.forget(*chat),
            Event::Chat(ChatEvent::Deleted { chat }) => self.forget(*chat),
            _ => {}
        }
    }

    fn put(&mut self, message: &Message) {
        if self.held.get(&message.id).is_some_and(|held| held.seq >= message.seq) {
            return;
        }
        let held = VisibleMessage {
            chat: message.chat,
            seq: message.seq,
            text: message.text.clone(),
            files: i64::try_from(message.attachments.len()).expect("a few"),
            reactors: reactors(&message.reactions),
        };
        self.held.insert(message.id, held);
    }

    /// Reads the history of a chat that it came into.
    fn fetch(&mut self, chat: ChatId, view: &View) {
        self.chats.insert(chat);
        self.held.retain(|_, held| held.chat != chat);
        self.held.extend(view.visible_to(self.me).into_iter().filter(|(_, held)| held.chat == chat));
    }

    fn forget(&mut self, chat: ChatId) {
        self.chats.remove(&chat);
        self.held.retain(|_, held| held.chat != chat);
    }

    /// Whether it holds what is stored, and nothing else but what its owner has cleared.
    pub fn compare(&self, view: &View) -> Result<(), String> {
        let (me, visible) = (self.me, view.visible_to(self.me));
        let mut sorted: Vec<_> = visible.iter().collect();
        sorted.sort_by_key(|(id, _)| **id);
        for (id, stored) in sorted {
            match self.held.get(id) {
                Some(held) if held == stored => {}
                held => return Err(format!("{me} has of message {id} {held:?}, and it is {stored:?}")),
            }
        }
        let mut others = self.held.iter().filter(|(id, _)| !visible.contains_key(id));
        match others.find(|(id, held)| !view.has_cleared(held.chat, me, **id)) {
            Some((id, held)) => Err(format!("{me} still has message {id}: {held:?}")),
            None => Ok(()),
        }
    }
}

fn number(event: &Event) -> Option<Seq> {
    match event {
        Event::Message(MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. }) => {
            Some(message.seq)
        }
        Event::Message(MessageEvent::Deleted { seq, .. }) | Event::ReactionsChanged { seq, .. } => Some(*seq),
        _ => None,
    }
}

fn reactors(reactions: &[Reaction]) -> String {
    let mut users: Vec<_> = reactions.iter().flat_map(|reaction| &reaction.users).collect();
    users.sort();
    users.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The outcome of what waits for a thread of the runtime's own and for nobody else.
fn at_once<F: Future>(operation: F) -> F::Output {
    let mut operation = std::pin::pin!(tokio::task::unconstrained(operation));
    loop {
        if let Poll::Ready(done) = operation.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
        std::thread::yield_now();
    }
}
