//! One open socket as the hub sees it: a bounded queue of shared events, and the sink
//! that takes them from there.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Hub;
use crate::chat::model::event::{Event, Scope};
use crate::chat::model::id::{CredentialId, SocketId, UserId};
use crate::chat::model::time::Timestamp;
use crate::chat::model::topic::Topics;

/// Events that may wait for a socket; one more and it is too slow.
pub const MAX_QUEUE_EVENTS: usize = 1_024;
/// Bytes of text that may wait for a socket; one more and it is too slow.
pub const MAX_QUEUE_BYTES: usize = 1024 * 1024;
/// Codecs whose frames are kept beside an event: one or two for each dialect.
pub const MAX_CODECS: usize = 12;

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

    pub fn event(&self) -> &Event {
        &self.event
    }

    /// What the frames of one codec have in common where it needs the database: made by whoever
    /// needs it first and can, and shared by the rest.
    pub fn common(&self, codec: usize, make: impl FnOnce() -> Option<Bytes>) -> Option<Bytes> {
        let Some(place) = self.frames.get(codec) else { return make() };
        if let Some(made) = place.get() {
            return made.clone();
        }
        // Nobody waits for another who makes it. Who may not see it must not decide for the rest.
        let made = make()?;
        place.get_or_init(|| Some(made)).clone()
    }

    /// The frame of one codec: made by whoever needs it first, shared by the rest.
    pub fn frame(&self, codec: usize, encode: impl FnOnce(&Event) -> Option<Bytes>) -> Option<Bytes> {
        match self.frames.get(codec) {
            Some(made) => made.get_or_init(|| encode(&self.event)).clone(),
            None => encode(&self.event),
        }
    }
}

/// Where a socket's events leave the core. The hub calls it after each commit that queued
/// something, on the thread that published or on the fan-out worker's: it must not wait.
pub trait Sink: Send + Sync {
    /// Takes from the queue whatever can go out at once, and leaves the rest to the
    /// socket's own task.
    fn flush(&self);
}

pub(super) struct Socket {
    pub id: SocketId,
    pub user: UserId,
    pub credential: CredentialId,
    pub scope: Scope,
    pub topics: Topics,
    queue: Mutex<Queue>,
    sink: OnceLock<Weak<dyn Sink>>,
    /// It waits for the fan-out worker already.
    is_due: AtomicBool,
    live: AtomicBool,
    /// Until when somebody looks at it, as far as it said.
    visible_until: AtomicI64,
    closing: OnceLock<Closing>,
    wake: Notify,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Arc<Broadcast>>,
    bytes: usize,
}

/// What came of offering an event to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It is queued, and somebody has to see to it that it leaves.
    Due,
    /// It is queued behind others that are on their way, or is not for this socket any more.
    Taken,
    /// There is no room: the reader is too slow.
    Refused,
}

impl Socket {
    pub fn new(id: SocketId, user: UserId, credential: CredentialId, scope: Scope, topics: Topics) -> Arc<Self> {
        Arc::new(Self {
            id,
            user,
            credential,
            scope,
            topics,
            queue: Mutex::default(),
            sink: OnceLock::new(),
            is_due: AtomicBool::new(false),
            live: AtomicBool::new(false),
            visible_until: AtomicI64::new(0),
            closing: OnceLock::new(),
            wake: Notify::new(),
        })
    }

    pub fn go_live(&self) {
        self.live.store(true, Ordering::Release);
    }

    /// It was opened, and is not to close.
    pub fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire) && self.closing.get().is_none()
    }

    pub fn set_visible(&self, until: Timestamp) {
        self.visible_until.store(until.0, Ordering::Relaxed);
    }

    /// Whether somebody looks at it.
    pub fn is_visible(&self, now: Timestamp) -> bool {
        self.is_live() && now.0 < self.visible_until.load(Ordering::Relaxed)
    }

    /// One commit may leave more than the queue holds: whoever reads gets what has queued before more is refused.
    pub fn offer(&self, broadcast: &Arc<Broadcast>) -> Offer {
        match self.push(broadcast) {
            Offer::Refused => {
                self.let_out();
                self.push(broadcast)
            }
            offered => offered,
        }
    }

    fn push(&self, broadcast: &Arc<Broadcast>) -> Offer {
        if !self.is_live() || broadcast.event.is_cleared_by(self.user) {
            return Offer::Taken;
        }
        let mut queue = self.queue.lock();
        let is_full = queue.events.len() >= MAX_QUEUE_EVENTS || queue.bytes + broadcast.weight > MAX_QUEUE_BYTES;
        if is_full {
            return Offer::Refused;
        }
        queue.bytes += broadcast.weight;
        queue.events.push_back(Arc::clone(broadcast));
        drop(queue);
        if self.is_due.swap(true, Ordering::AcqRel) { Offer::Taken } else { Offer::Due }
    }

    /// Lets out what has queued. What is offered from here on asks for it anew.
    pub fn flush(&self) {
        self.is_due.store(false, Ordering::Release);
        self.let_out();
    }

    fn let_out(&self) {
        if let Some(sink) = self.sink.get().and_then(Weak::upgrade) {
            sink.flush();
        }
    }

    /// The first reason counts.
    pub fn close(&self, reason: Closing) {
        if self.closing.set(reason).is_ok() {
            self.wake.notify_one();
        }
    }

    fn take(&self) -> Option<Arc<Broadcast>> {
        let mut queue = self.queue.lock();
        let event = queue.events.pop_front()?;
        queue.bytes -= event.weight;
        if queue.events.is_empty() {
            // An idle socket holds no buffer.
            queue.events = VecDeque::new();
        }
        Some(event)
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

/// A socket's place in the hub. Dropping it takes the socket out.
pub struct SocketRegistration {
    hub: Arc<Hub>,
    socket: Arc<Socket>,
}

impl SocketRegistration {
    pub(super) fn new(hub: Arc<Hub>, socket: Arc<Socket>) -> Self {
        Self { hub, socket }
    }

    pub fn id(&self) -> SocketId {
        self.socket.id
    }

    /// What has queued for it, for whoever writes it out.
    pub fn inbox(&self) -> Inbox {
        Inbox(Arc::clone(&self.socket))
    }

    /// From here on the hub calls `sink` when something has queued. Once for a socket.
    pub fn attach(&self, sink: Weak<dyn Sink>) {
        if self.socket.sink.set(sink).is_err() {
            tracing::error!("a socket has two outlets");
        }
    }

    /// Takes the socket out of the hub now. `true`: its user has no other.
    pub fn leave(&mut self) -> bool {
        self.hub.remove(&self.socket);
        !self.hub.is_connected(self.socket.user)
    }
}

impl Drop for SocketRegistration {
    fn drop(&mut self) {
        self.hub.remove(&self.socket);
    }
}

/// The reading end of a socket's queue.
pub struct Inbox(Arc<Socket>);

impl Inbox {
    /// The next event, if there is one and the socket is not to close: what is queued
    /// when a reason for that comes is not told any more.
    #[must_use]
    pub fn take(&self) -> Option<Arc<Broadcast>> {
        if self.closing().is_some() { None } else { self.0.take() }
    }

    /// Whether nothing is left to take.
    pub fn is_empty(&self) -> bool {
        self.closing().is_some() || self.0.queue.lock().events.is_empty()
    }

    /// Why it is to close, if it is.
    pub fn closing(&self) -> Option<Closing> {
        self.0.closing.get().copied()
    }

    /// Resolves when it is to close.
    pub async fn closed(&self) -> Closing {
        loop {
            if let Some(reason) = self.closing() {
                return reason;
            }
            self.0.wake.notified().await;
        }
    }
}

#[cfg(test)]
mod simulated {
    use super::{Closing, Socket};

    impl Socket {
        pub fn closing(&self) -> Option<Closing> {
            self.closing.get().copied()
        }

        /// Events and bytes that wait.
        pub fn waiting(&self) -> (usize, usize) {
            let queue = self.queue.lock();
            (queue.events.len(), queue.bytes)
        }
    }
}
