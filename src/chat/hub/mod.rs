//! Who listens to what: open sockets by chat and by user, each with a bounded queue.
//!
//! A subscription is no permission: whoever is removed or signed out leaves the
//! audience with the very event that says so, in commit order. A reader that does
//! not keep up costs its own queue and is closed; nobody waits for it.
//!
//! One lock guards the registry. It is held while handles are pushed to queues and
//! never across an `await`; nothing below it takes another lock.

mod courier;
#[cfg(test)]
pub(super) mod simulated;
mod socket;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::direct::Pair;
use super::error::{Error, Result};
use super::event::Event;
use super::gauges::HubGauges;
use super::id::{ChatId, CredentialId, SocketId, UserId};
#[cfg(test)]
use super::simulation::mutant::{Mutant, planted};
use courier::Courier;
pub(super) use courier::Desk;
pub use socket::{Broadcast, Closing, Inbox, MAX_CODECS, Opening, Outlet, Scope, Subscription};
#[cfg(test)]
pub(super) use socket::{MAX_QUEUE_BYTES, MAX_QUEUE_EVENTS};
use socket::{Offer, Socket};

/// Sockets that one user may have open.
pub const MAX_SOCKETS: u32 = 20;
/// How long an answer waits for the sockets that it closes.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) struct Hub {
    registry: Mutex<Registry>,
    courier: Courier,
    /// Wakes those who wait for closing sockets to be gone.
    gone: Notify,
}

#[derive(Default)]
struct Registry {
    last_id: i64,
    by_id: HashMap<SocketId, Listener>,
    by_chat: HashMap<ChatId, Vec<Arc<Socket>>>,
    by_user: HashMap<UserId, Vec<Arc<Socket>>>,
    /// Told to close, and not gone yet.
    closing: HashSet<SocketId>,
    told: Told,
    /// Something has queued for these since the last publishing began.
    due: Vec<Arc<Socket>>,
}

/// What was ever published.
#[derive(Default)]
struct Told {
    /// Events that somebody was to hear of.
    events: u64,
    /// How many queues they went to in all.
    queued: u64,
}

struct Listener {
    socket: Arc<Socket>,
    chats: Vec<ChatId>,
}

impl Hub {
    /// An empty hub, and the desk of its courier, which waits to be started.
    pub fn new() -> (Self, Arc<Desk>) {
        let (courier, desk) = Courier::new();
        (Self { registry: Mutex::default(), courier, gone: Notify::new() }, desk)
    }

    /// Makes a place for a socket. It hears nothing until its [`Event::SocketOpened`]
    /// is published, and leaves when the subscription is dropped.
    pub fn reserve(self: &Arc<Self>, user: UserId, credential: CredentialId, scope: Scope) -> Result<Subscription> {
        let mut registry = self.lock();
        let open = registry.by_user.get(&user).map_or(0, Vec::len);
        if open >= MAX_SOCKETS as usize {
            return Err(Error::LimitReached { what: "open sockets", max: MAX_SOCKETS });
        }
        registry.last_id += 1;
        let socket = Socket::new(SocketId(registry.last_id), user, credential, scope);
        registry.by_user.entry(user).or_default().push(Arc::clone(&socket));
        registry.by_id.insert(socket.id, Listener { socket: Arc::clone(&socket), chats: Vec::new() });
        Ok(Subscription::new(Arc::clone(self), socket))
    }

    /// Tells each event to whom it concerns, in order.
    pub fn publish(&self, events: impl IntoIterator<Item = Event>) {
        self.publish_with(self.lock(), events);
    }

    /// The same for what a socket says. `false`: it is to close, and nobody is told.
    pub fn publish_from(&self, socket: SocketId, events: impl IntoIterator<Item = Event>) -> bool {
        let registry = self.lock();
        let is_live = registry.by_id.get(&socket).is_some_and(|listener| listener.socket.is_live());
        #[cfg(test)]
        let is_live = is_live || planted(Mutant::ClosingSpeaks);
        if is_live {
            self.publish_with(registry, events);
        }
        is_live
    }

    fn publish_with(&self, mut registry: MutexGuard<'_, Registry>, events: impl IntoIterator<Item = Event>) {
        for event in events {
            registry.publish(event);
        }
        let due = std::mem::take(&mut registry.due);
        // Written to without the lock: what is published meanwhile goes to the same queues, behind this.
        drop(registry);
        self.courier.deliver(due);
    }

    /// Whether a user has a socket open.
    pub fn is_online(&self, user: UserId) -> bool {
        self.lock().by_user.contains_key(&user)
    }

    /// How many users have a socket open.
    pub fn users_online(&self) -> usize {
        self.lock().by_user.len()
    }

    /// Those of `users` who have a socket open, all at one moment.
    pub fn online_among(&self, users: impl Iterator<Item = UserId>) -> HashSet<UserId> {
        let registry = self.lock();
        users.filter(|user| registry.by_user.contains_key(user)).collect()
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.lock().by_id.len()
    }

    /// How the open sockets are served.
    pub fn gauges(&self) -> HubGauges {
        let registry = self.lock();
        HubGauges { sockets: registry.by_id.len(), events: registry.told.events, queued: registry.told.queued }
    }

    /// Closes every socket.
    pub fn close_all(&self, reason: Closing) {
        let mut registry = self.lock();
        let all: Vec<_> = registry.by_id.values().map(|listener| Arc::clone(&listener.socket)).collect();
        for socket in all {
            registry.close(&socket, reason);
        }
    }

    /// Waits until the sockets that are closing now are gone, so that what follows is
    /// said after them. One that hangs is waited for a moment only: its queue is dead.
    pub async fn settle(&self) {
        #[cfg(test)]
        if planted(Mutant::AnsweredBeforeClosed) {
            return;
        }
        let closing = self.lock().closing.clone();
        let all_gone = async {
            loop {
                let gone = self.gone.notified();
                if self.lock().closing.is_disjoint(&closing) {
                    return;
                }
                gone.await;
            }
        };
        if !closing.is_empty() && tokio::time::timeout(SETTLE, all_gone).await.is_err() {
            tracing::debug!("a closing socket took too long to go");
        }
    }

    fn remove(&self, socket: &Socket) {
        self.lock().remove(socket);
        self.gone.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        // A panic while it was held left at worst a socket without its events; it closes by its ping.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn publish(&mut self, mut event: Event) {
        match event {
            Event::SocketOpened(opening) => self.open(&opening),
            Event::RightsChanged { .. } => {}
            Event::CredentialEnded { user, credential } => {
                self.close_where(user, Closing::SignedOut, |socket| socket.credential == credential);
            }
            Event::CredentialsEnded { user, kept } => {
                self.close_where(user, Closing::SignedOut, |socket| Some(socket.credential) != kept);
            }
            Event::ChatCreated { chat, ref pair, ref members } => {
                for user in members {
                    self.join(chat, *user, pair.as_ref());
                }
                self.tell_chat(chat, event);
            }
            Event::MemberAdded { chat, ref user } => {
                self.join(chat, user.id, None);
                self.tell_chat(chat, event);
            }
            Event::MemberRemoved { chat, user } => {
                // Those who stood on this chat alone close; the rest hear of it, and then nothing more.
                self.close_where(user, Closing::Removed, |socket| socket.scope == Scope::Chat(chat));
                self.tell_chat(chat, event);
                self.leave(chat, Some(user));
            }
            Event::ChatDeleted { chat } => {
                self.tell_chat(chat, event);
                self.leave(chat, None);
            }
            Event::ChatHidden { user, .. } => self.tell_user(user, event),
            Event::Presence { ref mut chats, .. } => {
                let chats = std::mem::take(chats);
                self.tell_overviews(&chats, event);
            }
            Event::CallState { ref mut to, .. } | Event::Signalled { ref mut to, .. } => {
                let to = std::mem::take(to);
                self.tell_sockets(&to, event);
            }
            Event::MessagePosted { ref message, .. } | Event::MessageEdited { ref message, .. } => {
                self.tell_chat(message.chat, event);
            }
            Event::ReactionsChanged { chat, .. } | Event::Read { chat, .. } | Event::Typing { chat, .. } => {
                self.tell_overviews(&[chat], event);
            }
            Event::MessageDeleted { chat, .. }
            | Event::ChatUpdated { chat }
            | Event::CallJoined { chat, .. }
            | Event::CallLeft { chat, .. } => self.tell_chat(chat, event),
        }
    }

    fn open(&mut self, opening: &Opening) {
        let Some(listener) = self.by_id.get_mut(&opening.socket.id) else { return };
        listener.socket.go_live();
        if !listener.socket.is_live() {
            // Told to close before it was open: the audience is not to keep it.
            return;
        }
        listener.chats.clone_from(&opening.chats);
        for chat in &opening.chats {
            self.by_chat.entry(*chat).or_default().push(Arc::clone(&opening.socket));
        }
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
        let slow = offer(&Broadcast::new(event), sockets, &mut self.due, &mut self.told);
        self.close_slow(&slow);
    }

    /// What only those are told who listen to all of their chats: where one looks at one
    /// chat alone, thousands of sockets would be woken for what they do not show.
    fn tell_overviews(&mut self, chats: &[ChatId], event: Event) {
        let mut told = HashSet::new();
        let sockets = chats.iter().filter_map(|chat| self.by_chat.get(chat)).flatten();
        let once = sockets.filter(|socket| socket.scope == Scope::All && told.insert(socket.id));
        let slow = offer(&Broadcast::new(event), once, &mut self.due, &mut self.told);
        self.close_slow(&slow);
    }

    fn tell_user(&mut self, user: UserId, event: Event) {
        let sockets = self.by_user.get(&user).map(Vec::as_slice).unwrap_or_default();
        let slow = offer(&Broadcast::new(event), sockets, &mut self.due, &mut self.told);
        self.close_slow(&slow);
    }

    fn tell_sockets(&mut self, to: &[SocketId], event: Event) {
        let sockets = to.iter().filter_map(|id| self.by_id.get(id)).map(|listener| &listener.socket);
        let slow = offer(&Broadcast::new(event), sockets, &mut self.due, &mut self.told);
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

    fn remove(&mut self, socket: &Socket) {
        self.silence(socket);
        self.by_id.remove(&socket.id);
        self.closing.remove(&socket.id);
        take_out(&mut self.by_user, socket.user, socket.id);
    }
}

/// Queues an event for each socket, and notes whom it waits for. Answers who has no room.
fn offer<'a>(
    broadcast: &Arc<Broadcast>,
    sockets: impl IntoIterator<Item = &'a Arc<Socket>>,
    due: &mut Vec<Arc<Socket>>,
    told: &mut Told,
) -> Vec<Arc<Socket>> {
    told.events += 1;
    let mut slow = Vec::new();
    for socket in sockets {
        told.queued += 1;
        match socket.offer(broadcast) {
            Offer::Due => due.push(Arc::clone(socket)),
            Offer::Taken => {}
            Offer::Refused => slow.push(Arc::clone(socket)),
        }
    }
    slow
}

fn take_out<K: std::hash::Hash + Eq>(sockets: &mut HashMap<K, Vec<Arc<Socket>>>, key: K, id: SocketId) {
    if let Some(list) = sockets.get_mut(&key) {
        if let Some(place) = list.iter().position(|socket| socket.id == id) {
            list.swap_remove(place);
        }
        if list.is_empty() {
            sockets.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Closing, Event, Hub, MAX_SOCKETS, Opening, Scope, Subscription};
    use crate::chat::id::{ChatId, CredentialId, UserId};
    use crate::chat::name::Username;
    use crate::chat::user::User;

    const DEN: ChatId = ChatId(1);

    fn hub() -> Arc<Hub> {
        let (hub, courier) = Hub::new();
        courier.start().expect("a thread");
        Arc::new(hub)
    }

    fn said(user: i64) -> Event {
        Event::CallLeft { chat: DEN, user: UserId(user), participants: Vec::new() }
    }

    fn listen(hub: &Arc<Hub>, user: i64, scope: Scope, chats: &[ChatId]) -> Subscription {
        let subscription = hub.reserve(UserId(user), CredentialId(user), scope).expect("a place");
        hub.publish([Event::SocketOpened(Opening::new(&subscription, chats.to_vec()))]);
        subscription
    }

    #[tokio::test]
    async fn a_socket_hears_its_chat_from_its_opening_on() {
        let hub = hub();
        let early = hub.reserve(UserId(1), CredentialId(1), Scope::Chat(DEN)).expect("a place");
        hub.publish([said(7)]);
        hub.publish([Event::SocketOpened(Opening::new(&early, vec![DEN])), said(8)]);
        let heard = early.inbox().take().expect("an event");
        assert!(matches!(heard.event(), Event::CallLeft { user: UserId(8), .. }));
        assert!(early.inbox().take().is_none());
    }

    #[tokio::test]
    async fn whoever_is_removed_hears_nothing_more() {
        let hub = hub();
        let bob = listen(&hub, 2, Scope::Chat(DEN), &[DEN]);
        let everywhere = listen(&hub, 2, Scope::All, &[DEN]);
        hub.publish([said(1), Event::MemberRemoved { chat: DEN, user: UserId(2) }, said(1)]);
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
        hub.publish([Event::MemberAdded { chat: DEN, user }, said(1)]);
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
}
