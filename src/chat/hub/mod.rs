//! Who listens to what: open sockets by chat and by user, each with a bounded queue.
//!
//! A subscription is no permission: whoever is removed or signed out leaves the
//! audience with the very event that says so, in commit order. A reader that does
//! not keep up costs its own queue and is closed; nobody waits for it.
//!
//! One lock guards the registry. It is held while handles are pushed to queues, and while a
//! full queue is written out, never across an `await`; nothing below it asks for it. How chats
//! look has a lock of its own, under which nothing else is done.

mod coalesce;
mod fan_out;
mod presence;
mod registry;
#[cfg(test)]
pub(super) mod simulated;
mod socket;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::model::error::Result;
use super::model::event::{Event, Scope};
use super::model::gauges::HubGauges;
use super::model::id::{CredentialId, SocketId, UserId};
use super::model::time::Timestamp;
use super::model::topic::Topics;
use coalesce::{Coalescer, MOMENT, Told};
use fan_out::FanOut;
pub(super) use fan_out::FanOutWorker;
use registry::Registry;
use socket::Socket;
pub use socket::{Broadcast, Closing, Inbox, MAX_CODECS, Sink, SocketRegistration};

/// How long an answer waits for the sockets that it closes.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) struct Hub {
    registry: Mutex<Registry>,
    coalescer: Mutex<Coalescer>,
    fan_out: FanOut,
    /// Wakes those who wait for closing sockets to be gone.
    gone: Notify,
}

/// Sees to it that what is held back is told, moment by moment, until `tell` says that nothing was.
async fn tell_moments(hub: Weak<Hub>, tell: impl Fn(&Hub) -> bool) {
    loop {
        tokio::time::sleep(MOMENT).await;
        if !hub.upgrade().is_some_and(|hub| tell(&hub)) {
            return;
        }
    }
}

impl Hub {
    /// An empty hub, and its worker, which waits to be started.
    pub fn new() -> (Self, Arc<FanOutWorker>) {
        let (fan_out, worker) = FanOut::new();
        (Self { registry: Mutex::default(), coalescer: Mutex::default(), fan_out, gone: Notify::new() }, worker)
    }

    /// Makes a place for a socket. It hears nothing until its [`Steering::SocketOpened`](super::model::event::Steering::SocketOpened)
    /// is published, and leaves when the subscription is dropped.
    pub fn reserve(
        self: &Arc<Self>,
        user: UserId,
        credential: CredentialId,
        scope: Scope,
        topics: Topics,
    ) -> Result<SocketRegistration> {
        let socket = self.lock().reserve(user, credential, scope, topics)?;
        Ok(SocketRegistration::new(Arc::clone(self), socket))
    }

    /// Tells each event to whom it concerns, in order.
    pub fn publish(&self, events: impl IntoIterator<Item = Event>) {
        self.publish_with(self.lock(), events);
    }

    /// The same for what a commit left. How a chat looks, or somebody's mark, is told no sooner than a moment after
    /// it was told last: on `runtime`, for the writer has none.
    pub fn publish_committed(self: &Arc<Self>, events: impl IntoIterator<Item = Event>, runtime: &Handle) {
        let mut begun = Vec::new();
        let mut coalescer = self.coalescer.lock();
        let now: Vec<Event> = events.into_iter().filter_map(|event| coalescer.admit(event, &mut begun)).collect();
        drop(coalescer);
        let mut registry = self.lock();
        now.into_iter().for_each(|event| registry.publish(event));
        let begins_presences = registry.begins_presences();
        self.deliver(registry);
        for told in begun {
            runtime.spawn(tell_moments(Arc::downgrade(self), move |hub| hub.tell_held(told)));
        }
        if begins_presences {
            runtime.spawn(tell_moments(Arc::downgrade(self), Self::tell_held_presences));
        }
    }

    /// Tells what a moment bears of what was held back of who came and went. `false`: the last told nothing.
    fn tell_held_presences(&self) -> bool {
        let mut registry = self.lock();
        let goes_on = registry.tell_held_presences();
        self.deliver(registry);
        goes_on
    }

    /// Tells what was held back of how a chat looks, or of a mark. `false`: nothing was.
    fn tell_held(&self, told: Told) -> bool {
        let held = self.coalescer.lock().end_moment(told);
        let is_there = held.is_some();
        self.publish(held);
        is_there
    }

    /// The same for what a socket says. `false`: it is to close, and nobody is told.
    pub fn publish_from(&self, socket: SocketId, events: impl IntoIterator<Item = Event>) -> bool {
        let registry = self.lock();
        let is_live = registry.is_live(socket);
        if is_live {
            self.publish_with(registry, events);
        }
        is_live
    }

    fn publish_with(&self, mut registry: MutexGuard<'_, Registry>, events: impl IntoIterator<Item = Event>) {
        for event in events {
            registry.publish(event);
        }
        self.deliver(registry);
    }

    fn deliver(&self, mut registry: MutexGuard<'_, Registry>) {
        let due = registry.take_due();
        // Written to without the lock: what is published meanwhile goes to the same queues, behind this.
        drop(registry);
        self.fan_out.deliver(due);
    }

    /// Whether a user has a socket open, or one that may be refused yet.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.lock().is_connected(user)
    }

    /// Somebody looks at a socket until then.
    pub fn set_visible(&self, socket: SocketId, until: Timestamp) {
        self.lock().set_visible(socket, until);
    }

    /// Whether a user looks at one of their sockets.
    pub fn is_looking(&self, user: UserId, now: Timestamp) -> bool {
        self.lock().is_looking(user, now)
    }

    /// Whether a user was told to be there.
    pub fn is_present(&self, user: UserId) -> bool {
        self.lock().is_present(user)
    }

    /// Those who were told to be there, all at one moment.
    pub fn present(&self) -> HashSet<UserId> {
        self.lock().present()
    }

    /// How many users were told to be there.
    pub fn users_present(&self) -> usize {
        self.lock().users_present()
    }

    /// Those of `users` who were told to be there, all at one moment.
    pub fn present_among(&self, users: impl Iterator<Item = UserId>) -> HashSet<UserId> {
        let registry = self.lock();
        users.filter(|user| registry.is_present(*user)).collect()
    }

    pub fn open_sockets(&self) -> usize {
        self.gauges().sockets
    }

    /// How the open sockets are served.
    pub fn gauges(&self) -> HubGauges {
        self.lock().gauges()
    }

    pub fn close_all(&self, reason: Closing) {
        self.lock().close_all(reason);
    }

    /// Waits until the sockets that are closing now are gone, so that what follows is
    /// said after them. One that hangs is waited for a moment only: its queue is dead.
    pub async fn settle(&self) {
        let closing = self.lock().closing().clone();
        let all_gone = async {
            loop {
                let gone = self.gone.notified();
                if self.lock().closing().is_disjoint(&closing) {
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
        self.registry.lock()
    }
}
