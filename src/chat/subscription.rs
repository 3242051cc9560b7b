//! Opening a socket onto what happens.
//!
//! The right to listen is checked on the writer, and the socket joins the hub with
//! that commit: there is no moment between check and subscription in which a
//! removal, or a message, could slip through.

use std::sync::Weak;

use super::app::App;
use super::group::inside;
use super::hub::{Closing, Inbox, Sink, SocketRegistration};
use super::model::error::{Error, Result};
use super::model::event::{Event, Scope, Steering};
use super::model::id::{ChatId, Seq, SocketId};
use super::model::session::Actor;
use super::model::topic::Topics;
use super::store::{self, Tx};

/// Who sits at a socket, and what it listens to.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// Who listens.
    pub actor: Actor,
    /// To what.
    pub scope: Scope,
    pub socket: SocketId,
}

/// An open socket's end of the core. Dropping it takes the socket out of everything.
pub struct Subscription {
    app: App,
    subscriber: Subscriber,
    since: Seq,
    subscription: SocketRegistration,
}

impl App {
    /// Listens to what is told of some topics in a chat, in the direct chat with somebody, or in all of one's chats.
    pub async fn subscribe(&self, actor: &Actor, scope: Scope, topics: Topics) -> Result<Subscription> {
        let subscription = self.hub.reserve(actor.user, actor.credential, scope, topics)?;
        let who = actor.clone();
        let entered = self
            .store
            .write(move |tx| {
                let audible = audible(tx, &who, scope)?;
                let chats = if scope == Scope::All { audible.clone() } else { store::chats::ids_of(tx, who.user)? };
                tx.publish(Event::Steering(Steering::SocketOpened { socket: subscription.id(), chats: audible }));
                // At each: that they were there before may be taken back in this very commit. A program is nobody's
                // presence.
                if !who.is_bot {
                    tx.publish(Event::Presence { user: who.user, online: true, last_seen: None, chats });
                }
                Ok((subscription, tx.last_seq()))
            })
            .await;
        // Whoever left meanwhile took this socket for one that stays.
        if entered.is_err() && self.hub.is_present(actor.user) && !self.hub.is_connected(actor.user) {
            self.note_absence(actor.user);
        }
        let (subscription, since) = entered?;
        let subscriber = Subscriber { actor: actor.clone(), scope, socket: subscription.id() };
        Ok(Subscription { app: self.clone(), subscriber, since, subscription })
    }

    /// Closes every socket, since the server stops, and waits until they are gone.
    pub async fn close_sockets(&self) {
        self.hub.close_all(Closing::ShuttingDown);
        self.hub.settle().await;
    }

    pub fn open_sockets(&self) -> usize {
        self.hub.open_sockets()
    }
}

fn audible(tx: &Tx<'_>, actor: &Actor, scope: Scope) -> Result<Vec<ChatId>> {
    if !store::credentials::is_live(tx, actor.credential, tx.now)? {
        return Err(Error::CredentialRevoked);
    }
    match scope {
        Scope::Chat(chat) => inside(tx, actor.user, chat).map(|chat| vec![chat.id]),
        Scope::Pair(other) => Ok(store::directs::find(tx, actor.user, other)?.into_iter().collect()),
        Scope::All => store::chats::ids_of(tx, actor.user),
    }
}

impl Subscription {
    /// Who listens, and to what.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// The newest change when it began: what is newer, it hears.
    pub fn since(&self) -> Seq {
        self.since
    }

    /// What has queued for it.
    pub fn inbox(&self) -> Inbox {
        self.subscription.inbox()
    }

    /// From here on `sink` is called when something has queued. Once for a socket.
    pub fn attach(&self, sink: Weak<dyn Sink>) {
        self.subscription.attach(sink);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.app.leave_call(&self.subscriber);
        if self.subscription.leave() && !self.subscriber.actor.is_bot {
            self.app.note_absence(self.subscriber.actor.user);
        }
    }
}
