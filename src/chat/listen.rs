//! Opening a socket onto what happens.
//!
//! The right to listen is checked on the writer, and the socket joins the hub with
//! that commit: there is no moment between check and subscription in which a
//! removal, or a message, could slip through.

use std::sync::Weak;

use super::handle::Chat;
use super::hub::{Closing, Inbox, Outlet, Subscription};
use super::model::error::{Error, Result};
use super::model::event::Event;
use super::model::event::Scope;
use super::model::id::{ChatId, Seq, SocketId};
use super::model::session::Asker;
use super::room::inside;
use super::store::{self, Tx};

/// Who sits at a socket, and what it listens to.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who listens.
    pub asker: Asker,
    /// To what.
    pub scope: Scope,
    /// The socket's id.
    pub socket: SocketId,
}

/// An open socket's end of the core. Dropping it takes the socket out of everything.
pub struct Listening {
    chat: Chat,
    seat: Seat,
    since: Seq,
    subscription: Subscription,
}

impl Chat {
    /// Listens to a chat, to the direct chat with somebody, or to all of one's chats.
    pub async fn listen(&self, asker: &Asker, scope: Scope) -> Result<Listening> {
        let subscription = self.hub.reserve(asker.user, asker.credential, scope)?;
        let who = asker.clone();
        let entered = self
            .store
            .write(move |tx| {
                let audible = audible(tx, &who, scope)?;
                let chats = if scope == Scope::All { audible.clone() } else { store::rooms::ids_of(tx, who.user)? };
                tx.publish(Event::SocketOpened { socket: subscription.id(), chats: audible });
                // At each: that they were there before may be taken back in this very commit.
                tx.publish(Event::Presence { user: who.user, online: true, last_seen: None, chats });
                Ok((subscription, tx.last_seq()))
            })
            .await;
        // Whoever left meanwhile took this socket for one that stays.
        if entered.is_err() && self.hub.is_present(asker.user) && !self.hub.is_connected(asker.user) {
            self.note_absence(asker.user);
        }
        let (subscription, since) = entered?;
        let seat = Seat { asker: asker.clone(), scope, socket: subscription.id() };
        Ok(Listening { chat: self.clone(), seat, since, subscription })
    }

    /// Closes every socket, since the server stops, and waits until they are gone.
    pub async fn close_sockets(&self) {
        self.hub.close_all(Closing::ShuttingDown);
        self.hub.settle().await;
    }

    /// How many sockets are open.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.hub.open_sockets()
    }
}

fn audible(tx: &Tx<'_>, asker: &Asker, scope: Scope) -> Result<Vec<ChatId>> {
    if !store::credentials::is_live(tx, asker.credential)? {
        return Err(Error::CredentialRevoked);
    }
    match scope {
        Scope::Chat(chat) => inside(tx, asker.user, chat).map(|room| vec![room.id]),
        Scope::Pair(other) => Ok(store::rooms::find_direct(tx, asker.user, other)?.into_iter().collect()),
        Scope::All => store::rooms::ids_of(tx, asker.user),
    }
}

impl Listening {
    /// Who listens, and to what.
    #[must_use]
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// The newest change when it began: what is newer, it hears.
    #[must_use]
    pub fn since(&self) -> Seq {
        self.since
    }

    /// What has queued for it.
    #[must_use]
    pub fn inbox(&self) -> Inbox {
        self.subscription.inbox()
    }

    /// From here on `outlet` is called when something has queued. Once for a socket.
    pub fn attach(&self, outlet: Weak<dyn Outlet>) {
        self.subscription.attach(outlet);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.chat.leave_call(&self.seat);
        if self.subscription.leave() {
            self.chat.note_absence(self.seat.asker.user);
        }
    }
}
