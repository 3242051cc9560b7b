//! One open socket as the hub sees it: a bounded queue of shared events.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::super::event::Event;
use super::super::id::{ChatId, CredentialId, SocketId, UserId};
use super::Hub;

/// Events that may wait for a socket; one more and it is too slow.
pub const MAX_QUEUE_EVENTS: usize = 256;
/// Bytes of text that may wait for a socket; one more and it is too slow.
pub const MAX_QUEUE_BYTES: usize = 1024 * 1024;
/// Codecs whose frames are kept beside an event: one for each dialect, and room to grow.
pub const MAX_CODECS: usize = 8;

/// What a socket listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One chat; the socket closes when that ends for it.
    Chat(ChatId),
    /// The direct chat with one user, which may not exist yet.
    Pair(UserId),
    /// All chats one is in, whichever they are at the time.
    All,
}

/// Why the server closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The credential that it stood on is over.
    SignedOut,
    /// Its user is not in the chat any more.
    Removed,
    /// The chat is gone.
    ChatDeleted,
    /// It does not read as fast as others write.
    TooSlow,
    /// The server stops.
    ShuttingDown,
}

/// An event on its way to many sockets, with the frames that were made of it.
#[derive(Debug)]
pub struct Broadcast {
    event: Event,
    weight: usize,
    frames: [OnceLock<Option<Bytes>>; MAX_CODECS],
}

impl Broadcast {
    pub(super) fn new(event: Event) -> Arc<Self> {
        let weight = event.weight();
        Arc::new(Self { event, weight, frames: Default::default() })
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The frame of one codec: made by whoever needs it first, shared by the rest.
    pub fn frame(&self, codec: usize, encode: impl FnOnce(&Event) -> Option<Bytes>) -> Option<Bytes> {
        match self.frames.get(codec) {
            Some(made) => made.get_or_init(|| encode(&self.event)).clone(),
            None => encode(&self.event),
        }
    }
}

#[derive(Debug)]
pub(super) struct Socket {
    pub id: SocketId,
    pub user: UserId,
    pub credential: CredentialId,
    pub scope: Scope,
    queue: Sender<Arc<Broadcast>>,
    queued_bytes: AtomicUsize,
    live: AtomicBool,
    closing: OnceLock<Closing>,
    wake: Notify,
}

impl Socket {
    pub fn new(
        id: SocketId,
        user: UserId,
        credential: CredentialId,
        scope: Scope,
    ) -> (Arc<Self>, Receiver<Arc<Broadcast>>) {
        let (queue, events) = channel(MAX_QUEUE_EVENTS);
        let socket = Self {
            id,
            user,
            credential,
            scope,
            queue,
            queued_bytes: AtomicUsize::new(0),
            live: AtomicBool::new(false),
            closing: OnceLock::new(),
            wake: Notify::new(),
        };
        (Arc::new(socket), events)
    }

    pub fn go_live(&self) {
        self.live.store(true, Ordering::Release);
    }

    pub fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }

    /// Queues an event. `false`: there is no room, the reader is too slow.
    pub fn offer(&self, broadcast: &Arc<Broadcast>) -> bool {
        if !self.is_live() || self.closing.get().is_some() {
            return true;
        }
        let queued = self.queued_bytes.fetch_add(broadcast.weight, Ordering::AcqRel);
        queued + broadcast.weight <= MAX_QUEUE_BYTES && self.queue.try_send(Arc::clone(broadcast)).is_ok()
    }

    /// The first reason counts.
    pub fn close(&self, reason: Closing) {
        if self.closing.set(reason).is_ok() {
            self.wake.notify_one();
        }
    }
}

/// What a socket's opening tells the hub: from here on it hears these chats.
#[derive(Debug)]
pub struct Opening {
    pub(super) socket: Arc<Socket>,
    pub(super) chats: Vec<ChatId>,
}

impl Opening {
    /// For the holder of `subscription`, who is in `chats`.
    pub(in crate::chat) fn new(subscription: &Subscription, chats: Vec<ChatId>) -> Self {
        Self { socket: Arc::clone(&subscription.socket), chats }
    }
}

/// The receiving end of a socket's queue. Dropping it takes the socket out of the hub.
pub struct Subscription {
    hub: Arc<Hub>,
    socket: Arc<Socket>,
    events: Receiver<Arc<Broadcast>>,
}

impl Subscription {
    pub(super) fn new(hub: Arc<Hub>, socket: Arc<Socket>, events: Receiver<Arc<Broadcast>>) -> Self {
        Self { hub, socket, events }
    }

    /// The socket's id.
    #[must_use]
    pub fn id(&self) -> SocketId {
        self.socket.id
    }

    /// Waits for the next event, or for the reason to close. What is queued when a
    /// reason comes is not told any more.
    pub async fn next(&mut self) -> Result<Arc<Broadcast>, Closing> {
        loop {
            if let Some(reason) = self.closing() {
                return Err(reason);
            }
            tokio::select! {
                biased;
                () = self.socket.wake.notified() => {}
                event = self.events.recv() => match event {
                    Some(event) => return Ok(self.took(event)),
                    None => return Err(Closing::ShuttingDown),
                },
            }
        }
    }

    /// The next event, if one is there already.
    pub fn try_next(&mut self) -> Option<Arc<Broadcast>> {
        if self.closing().is_some() {
            return None;
        }
        let event = self.events.try_recv().ok()?;
        Some(self.took(event))
    }

    /// Why it is to close, if it is.
    #[must_use]
    pub fn closing(&self) -> Option<Closing> {
        self.socket.closing.get().copied()
    }

    /// Resolves when it is to close.
    pub async fn closed(&self) -> Closing {
        loop {
            if let Some(reason) = self.closing() {
                return reason;
            }
            self.socket.wake.notified().await;
        }
    }

    /// Takes the socket out of the hub now. `true`: its user has no other.
    pub fn leave(&mut self) -> bool {
        self.hub.remove(&self.socket);
        !self.hub.is_online(self.socket.user)
    }

    fn took(&self, event: Arc<Broadcast>) -> Arc<Broadcast> {
        self.socket.queued_bytes.fetch_sub(event.weight, Ordering::AcqRel);
        event
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.remove(&self.socket);
    }
}
