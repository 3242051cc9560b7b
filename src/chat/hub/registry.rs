//! The open sockets, and the audience of each event among them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::presence::PresenceQueue;
use super::socket::{Broadcast, Closing, Offer, Socket};
use crate::chat::model::direct::Pair;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::event::{CallEvent, ChatEvent, Event, MemberEvent, MessageEvent, Ring, Scope, Steering};
use crate::chat::model::gauges::HubGauges;
use crate::chat::model::id::{ChatId, CredentialId, SocketId, UserId};
use crate::chat::model::time::Timestamp;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::model::user::MAX_SOCKETS;

#[derive(Default)]
pub(super) struct Registry {
    last_id: i64,
    pub(super) by_id: HashMap<SocketId, Listener>,
    pub(super) by_chat: HashMap<ChatId, Vec<Arc<Socket>>>,
    by_user: HashMap<UserId, Vec<Arc<Socket>>>,
    /// Who is there, and was told to be or is about to.
    present: HashSet<UserId>,
    presences: PresenceQueue,
    /// Told to close, and not gone yet.
    closing: HashSet<SocketId>,
    published: Published,
}

pub(super) struct Listener {
    pub socket: Arc<Socket>,
    chats: Vec<ChatId>,
}

/// What was ever published.
#[derive(Default)]
struct Published {
    /// Events that somebody was to hear of.
    events: u64,
    /// How many queues they went to in all.
    queued: u64,
    /// Something has queued for these since the last publishing began.
    due: Vec<Arc<Socket>>,
}

impl Registry {
    /// A place for a socket that hears nothing yet.
    pub fn reserve(
        &mut self,
        user: UserId,
        credential: CredentialId,
        scope: Scope,
        topics: Topics,
    ) -> Result<Arc<Socket>> {
        let open = self.by_user.get(&user).map_or(0, Vec::len);
        if open >= MAX_SOCKETS as usize {
            return Err(Error::LimitReached { what: "open sockets", max: MAX_SOCKETS });
        }
        self.last_id += 1;
        let socket = Socket::new(SocketId(self.last_id), user, credential, scope, topics);
        self.by_user.entry(user).or_default().push(Arc::clone(&socket));
        self.by_id.insert(socket.id, Listener { socket: Arc::clone(&socket), chats: Vec::new() });
        Ok(socket)
    }

    pub fn is_live(&self, socket: SocketId) -> bool {
        self.by_id.get(&socket).is_some_and(|listener| listener.socket.is_live())
    }

    /// Whether a user has a socket open, or one that may be refused yet.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.by_user.contains_key(&user)
    }

    /// Somebody looks at a socket until then.
    pub fn set_visible(&self, socket: SocketId, until: Timestamp) {
        if let Some(listener) = self.by_id.get(&socket) {
            listener.socket.set_visible(until);
        }
    }

    /// Whether a user looks at one of their sockets.
    pub fn is_looking(&self, user: UserId, now: Timestamp) -> bool {
        self.by_user.get(&user).is_some_and(|sockets| sockets.iter().any(|socket| socket.is_visible(now)))
    }

    pub fn is_present(&self, user: UserId) -> bool {
        self.present.contains(&user)
    }

    pub fn present(&self) -> HashSet<UserId> {
        self.present.clone()
    }

    pub fn users_present(&self) -> usize {
        self.present.len()
    }

    pub fn gauges(&self) -> HubGauges {
        HubGauges { sockets: self.by_id.len(), events: self.published.events, queued: self.published.queued }
    }

    /// Who was told to close, and is not gone yet.
    pub fn closing(&self) -> &HashSet<SocketId> {
        &self.closing
    }

    /// For whom something has queued since this was asked last.
    pub fn take_due(&mut self) -> Vec<Arc<Socket>> {
        std::mem::take(&mut self.published.due)
    }

    pub fn close_all(&mut self, reason: Closing) {
        let all: Vec<_> = self.by_id.values().map(|listener| Arc::clone(&listener.socket)).collect();
        for socket in all {
            self.close(&socket, reason);
        }
    }

    pub fn remove(&mut self, socket: &Socket) {
        self.silence(socket);
        self.by_id.remove(&socket.id);
        self.closing.remove(&socket.id);
        take_out(&mut self.by_user, socket.user, socket.id);
    }

    /// Queues an event for its audience, which it may change.
    pub fn publish(&mut self, mut event: Event) {
        match event {
            Event::Steering(steering) => self.steer(steering),
            Event::Chat(ChatEvent::Created { chat, ref pair, ref members }) => {
                for user in members {
                    self.join(chat, *user, pair.as_ref());
                }
                self.tell_chat(chat, event);
            }
            Event::Chat(ChatEvent::Deleted { chat }) => {
                self.tell_chat(chat, event);
                self.leave(chat, None);
            }
            Event::Chat(ChatEvent::Hidden { user, .. } | ChatEvent::OwnPartChanged { user, .. }) => {
                self.tell_user(user, event);
            }
            Event::Member(MemberEvent::Added { chat, ref user, is_quiet, .. }) => {
                let user = user.id;
                self.join(chat, user, None);
                self.tell_turnover(chat, user, is_quiet, event);
            }
            Event::Member(MemberEvent::Removed { chat, user, is_quiet, .. }) => {
                // Those who stood on this chat alone close; the rest hear of it, and then nothing more.
                self.close_where(user, Closing::Removed, |socket| socket.scope == Scope::Chat(chat));
                self.tell_turnover(chat, user, is_quiet, event);
                self.presences.leave(user, chat);
                self.leave(chat, Some(user));
            }
            Event::Presence { user, online, .. } => {
                let is_news = if online { self.present.insert(user) } else { self.present.remove(&user) };
                if is_news {
                    self.tell_presence(user, event);
                }
            }
            Event::Call(CallEvent::State { ref mut to, .. } | CallEvent::Signalled { ref mut to, .. }) => {
                let to = std::mem::take(to);
                self.tell_sockets(&to, event);
            }
            Event::Ringing { ring: Ring::Declined { ref mut to, .. }, .. } => {
                let to = std::mem::take(to);
                self.tell_users(&to, event);
            }
            Event::Message(MessageEvent::Posted { ref message, .. } | MessageEvent::Edited { ref message, .. })
            | Event::MessagePinned { ref message, .. } => self.tell_chat(message.chat, event),
            Event::Message(MessageEvent::Deleted { chat, .. })
            | Event::Ringing { chat, .. }
            | Event::ReactionsChanged { chat, .. }
            | Event::Read { chat, .. }
            | Event::Typing { chat, .. }
            | Event::Chat(ChatEvent::Updated { chat } | ChatEvent::MemberChanged { chat, .. })
            | Event::Member(MemberEvent::ManyChanged { chat, .. })
            | Event::Call(CallEvent::Joined { chat, .. } | CallEvent::Left { chat, .. }) => self.tell_chat(chat, event),
        }
    }

    fn steer(&mut self, steering: Steering) {
        match steering {
            Steering::SocketOpened { socket, chats } => self.open(socket, chats),
            Steering::RightsChanged { .. } => {}
            Steering::Restricted { user } => self.close_where(user, Closing::Removed, |_| true),
            Steering::CredentialEnded { user, credential } => {
                self.close_where(user, Closing::SignedOut, |socket| socket.credential == credential);
            }
            Steering::CredentialsEnded { user, kept } => {
                self.close_where(user, Closing::SignedOut, |socket| Some(socket.credential) != kept);
            }
        }
    }

    fn open(&mut self, socket: SocketId, chats: Vec<ChatId>) {
        let Some(listener) = self.by_id.get_mut(&socket) else { return };
        listener.socket.go_live();
        if !listener.socket.is_live() {
            // Told to close before it was open: the audience is not to keep it.
            return;
        }
        for chat in &chats {
            self.by_chat.entry(*chat).or_default().push(Arc::clone(&listener.socket));
        }
        listener.chats = chats;
    }

    /// Sockets of `user` that are to hear a chat they were not in before.
    fn join(&mut self, chat: ChatId, user: UserId, pair: Option<&Pair>) {
        for socket in self.by_user.get(&user).map(Vec::as_slice).unwrap_or_default() {
            let wants = match socket.scope {
                Scope::Chat(_) => false,
                Scope::All => true,
                Scope::Pair(other) => pair.is_some_and(|pair| pair.is(user, other)),
            };
            let Some(listener) = self.by_id.get_mut(&socket.id).filter(|_| wants && socket.is_live()) else { continue };
            if !listener.chats.contains(&chat) {
                listener.chats.push(chat);
                self.by_chat.entry(chat).or_default().push(Arc::clone(socket));
            }
        }
    }

    /// Takes a chat's sockets (those of `user`, or all) out of it. Sockets that stood
    /// on it alone close: the chat is gone for them.
    fn leave(&mut self, chat: ChatId, user: Option<UserId>) {
        let sockets = self.by_chat.remove(&chat).unwrap_or_default();
        let (leaving, staying): (Vec<_>, Vec<_>) =
            sockets.into_iter().partition(|socket| user.is_none_or(|user| socket.user == user));
        if !staying.is_empty() {
            self.by_chat.insert(chat, staying);
        }
        for socket in leaving {
            if let Some(listener) = self.by_id.get_mut(&socket.id) {
                listener.chats.retain(|heard| *heard != chat);
            }
            if socket.scope == Scope::Chat(chat) {
                self.close(&socket, Closing::ChatDeleted);
            }
        }
    }

    fn tell_chat(&mut self, chat: ChatId, event: Event) {
        let sockets = self.by_chat.get(&chat).map(Vec::as_slice).unwrap_or_default();
        let slow = self.published.tell(event, sockets);
        self.close_slow(&slow);
    }

    fn tell_presence(&mut self, user: UserId, event: Event) {
        let audience = audience(&self.by_chat, &event);
        if let Some(event) = self.presences.admit(user, event, audience) {
            self.tell_presence_now(event);
        }
    }

    /// Tells what was held back of who came and went, as much as one moment bears. `false`: the
    /// last moment told nothing, and needs no end.
    pub fn tell_held_presences(&mut self) -> bool {
        let goes_on = self.presences.end_moment();
        while let Some(event) = self.presences.next(|event| audience(&self.by_chat, event)) {
            self.tell_presence_now(event);
        }
        goes_on
    }

    /// Whether somebody has to end a moment of presences now.
    pub fn begins_presences(&mut self) -> bool {
        self.presences.begins()
    }

    fn tell_presence_now(&mut self, mut event: Event) {
        if let Event::Presence { ref mut chats, .. } = event {
            let chats = std::mem::take(chats);
            let slow = self.published.tell(event, hearing_presence(&self.by_chat, &chats));
            self.close_slow(&slow);
        }
    }

    fn tell_user(&mut self, user: UserId, event: Event) {
        self.tell_users(&[user], event);
    }

    fn tell_users(&mut self, users: &[UserId], event: Event) {
        let sockets = users.iter().filter_map(|user| self.by_user.get(user)).flatten();
        let slow = self.published.tell(event, sockets);
        self.close_slow(&slow);
    }

    /// Who came or left: told to everybody in the chat, or to that user alone.
    fn tell_turnover(&mut self, chat: ChatId, user: UserId, is_quiet: bool, event: Event) {
        if is_quiet { self.tell_user(user, event) } else { self.tell_chat(chat, event) }
    }

    fn tell_sockets(&mut self, to: &[SocketId], event: Event) {
        let sockets = to.iter().filter_map(|id| self.by_id.get(id)).map(|listener| &listener.socket);
        let slow = self.published.tell(event, sockets);
        self.close_slow(&slow);
    }

    fn close_slow(&mut self, slow: &[Arc<Socket>]) {
        for socket in slow {
            self.close(socket, Closing::TooSlow);
        }
    }

    fn close_where(&mut self, user: UserId, reason: Closing, which: impl Fn(&Socket) -> bool) {
        let sockets = self.by_user.get(&user).map(Vec::as_slice).unwrap_or_default();
        let ending: Vec<_> = sockets.iter().filter(|socket| which(socket)).cloned().collect();
        for socket in ending {
            self.close(&socket, reason);
        }
    }

    /// From here on it hears nothing, whatever is still queued for it.
    fn close(&mut self, socket: &Arc<Socket>, reason: Closing) {
        if self.by_id.contains_key(&socket.id) {
            self.closing.insert(socket.id);
            socket.close(reason);
            self.silence(socket);
        }
    }

    fn silence(&mut self, socket: &Socket) {
        let Some(listener) = self.by_id.get_mut(&socket.id) else { return };
        for chat in std::mem::take(&mut listener.chats) {
            take_out(&mut self.by_chat, chat, socket.id);
        }
    }
}

impl Published {
    /// Queues an event for each socket that hears of its topic, and notes whom it waits for. Thousands that show
    /// nothing of it are not woken. Answers who has no room.
    fn tell<'a>(&mut self, event: Event, sockets: impl IntoIterator<Item = &'a Arc<Socket>>) -> Vec<Arc<Socket>> {
        self.events += 1;
        let Some(topic) = event.topic() else { return Vec::new() };
        let broadcast = Broadcast::new(event);
        let mut slow = Vec::new();
        for socket in sockets.into_iter().filter(|socket| socket.topics.has(topic)) {
            self.queued += 1;
            match socket.offer(&broadcast) {
                Offer::Due => self.due.push(Arc::clone(socket)),
                Offer::Taken => {}
                Offer::Refused => slow.push(Arc::clone(socket)),
            }
        }
        slow
    }
}

/// The sockets in any of these chats that hear who is there, each once.
fn hearing_presence<'a>(
    by_chat: &'a HashMap<ChatId, Vec<Arc<Socket>>>,
    chats: &'a [ChatId],
) -> impl Iterator<Item = &'a Arc<Socket>> {
    let mut seen = HashSet::new();
    chats
        .iter()
        .filter_map(|chat| by_chat.get(chat))
        .flatten()
        .filter(move |socket| socket.topics.has(Topic::Presence) && seen.insert(socket.id))
}

/// How many sockets hear an event of presence.
fn audience(by_chat: &HashMap<ChatId, Vec<Arc<Socket>>>, event: &Event) -> usize {
    let Event::Presence { chats, .. } = event else { return 0 };
    hearing_presence(by_chat, chats).count()
}

fn take_out<K: Hash + Eq>(sockets: &mut HashMap<K, Vec<Arc<Socket>>>, key: K, id: SocketId) {
    if let Some(list) = sockets.get_mut(&key) {
        if let Some(place) = list.iter().position(|socket| socket.id == id) {
            list.swap_remove(place);
        }
        if list.is_empty() {
            sockets.remove(&key);
        }
    }
}
