//! Calls: who is in the call of a room, and signals between them.
//!
//! Nothing of it is stored: a call lives as long as the sockets that are in it. The
//! media never comes here, only what browsers need to find each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Chat;
use super::error::{Error, Result, Rule};
use super::event::Event;
use super::hub::Scope;
use super::id::{ChatId, SocketId, UserId};
use super::listen::Seat;
use super::name::Username;
use super::session::Asker;

/// Longest session description, in bytes.
pub const MAX_SDP: usize = 64 * 1024;
/// Longest ICE candidate, in bytes.
pub const MAX_CANDIDATE: usize = 4 * 1024;

/// What a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A session description that opens a connection.
    Offer,
    /// The one that answers it.
    Answer,
    /// A way to reach the sender.
    IceCandidate,
}

/// A signal on its way to one participant's sockets.
#[derive(Clone, Debug)]
pub struct Signal {
    /// What it is.
    pub kind: SignalKind,
    /// Set here, never taken from the sender's words.
    pub from: UserId,
    /// Likewise.
    pub from_username: Username,
    /// Whom it is for.
    pub target: UserId,
    /// The sender's words, passed on unread.
    pub body: String,
}

#[derive(Clone)]
struct Participant {
    user: UserId,
    username: Username,
    socket: SocketId,
}

/// The calls of all rooms. Its lock is held while their events are published, so that
/// everybody sees the same order; the hub's lock is taken inside it, never around it.
#[derive(Default)]
pub(super) struct Calls {
    rooms: Mutex<HashMap<ChatId, Vec<Participant>>>,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, HashMap<ChatId, Vec<Participant>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is in a room's call, in order of joining.
    pub fn users_in(&self, chat: ChatId) -> Vec<UserId> {
        self.lock().get(&chat).map(|call| ids(call)).unwrap_or_default()
    }
}

impl Chat {
    /// Brings a room's socket into the room's call. Everybody in the call learns who is
    /// in it, so that they can make offers to the newcomer.
    pub fn join_call(&self, seat: &Seat) -> Result<()> {
        let chat = room_of(seat)?;
        let Asker { user, username, .. } = seat.asker.clone();
        let mut rooms = self.calls.lock();
        let call = rooms.entry(chat).or_default();
        let is_new_user = call.iter().all(|participant| participant.user != user);
        let max = self.limits.participants;
        let is_full = users(call).len() >= max as usize;
        if is_new_user && is_full {
            return Err(Error::LimitReached { what: "participants in a call", max });
        }
        let is_new = call.iter().all(|participant| participant.socket != seat.socket);
        if is_new {
            call.push(Participant { user, username: username.clone(), socket: seat.socket });
        }
        let state = Event::CallState {
            participants: users(call),
            to: call.iter().map(|participant| participant.socket).collect(),
        };
        let joined = is_new_user.then(|| Event::CallJoined { chat, user, username, participants: ids(call) });
        if self.hub.publish_from(seat.socket, joined.into_iter().chain([state])) {
            return Ok(());
        }
        // Removed or signed out at this very moment.
        if is_new {
            call.pop();
        }
        if call.is_empty() {
            rooms.remove(&chat);
        }
        Err(Error::NotInCall)
    }

    /// Takes a socket out of its room's call, if it is in it.
    pub fn leave_call(&self, seat: &Seat) {
        let Ok(chat) = room_of(seat) else { return };
        let user = seat.asker.user;
        let mut rooms = self.calls.lock();
        let Some(call) = rooms.get_mut(&chat) else { return };
        let before = call.len();
        call.retain(|participant| participant.socket != seat.socket);
        let left = call.len() < before && call.iter().all(|participant| participant.user != user);
        let participants = ids(call);
        if call.is_empty() {
            rooms.remove(&chat);
        }
        if left {
            self.hub.publish([Event::CallLeft { chat, user, participants }]);
        }
    }

    /// Passes a signal to a participant of the same call, and to nobody else.
    pub fn signal(&self, seat: &Seat, target: UserId, kind: SignalKind, body: String) -> Result<()> {
        let (max, rule) = match kind {
            SignalKind::Offer | SignalKind::Answer => (MAX_SDP, Rule::DescriptionLength),
            SignalKind::IceCandidate => (MAX_CANDIDATE, Rule::CandidateLength),
        };
        if body.len() > max {
            return Err(Error::Invalid(rule));
        }
        let chat = room_of(seat)?;
        let rooms = self.calls.lock();
        let call = rooms.get(&chat).map(Vec::as_slice).unwrap_or_default();
        let is_in = call.iter().any(|participant| participant.socket == seat.socket);
        let to: Vec<_> = call
            .iter()
            .filter(|participant| participant.user == target)
            .map(|participant| participant.socket)
            .collect();
        if !is_in || to.is_empty() {
            return Err(Error::NotInCall);
        }
        let Asker { user: from, username: from_username, .. } = seat.asker.clone();
        let signal = Arc::new(Signal { kind, from, from_username, target, body });
        let is_told = self.hub.publish_from(seat.socket, [Event::Signalled { signal, to }]);
        if is_told { Ok(()) } else { Err(Error::NotInCall) }
    }
}

fn room_of(seat: &Seat) -> Result<ChatId> {
    match seat.scope {
        Scope::Chat(chat) => Ok(chat),
        Scope::Pair(_) | Scope::All => Err(Error::NotInCall),
    }
}

fn ids(call: &[Participant]) -> Vec<UserId> {
    users(call).into_iter().map(|(user, _)| user).collect()
}

/// Each user once, in order of joining.
fn users(call: &[Participant]) -> Vec<(UserId, Username)> {
    let mut users: Vec<(UserId, Username)> = Vec::new();
    for participant in call {
        if users.iter().all(|(user, _)| *user != participant.user) {
            users.push((participant.user, participant.username.clone()));
        }
    }
    users
}

#[cfg(test)]
mod simulated {
    use super::{Calls, ChatId, Participant, SocketId, UserId};

    impl Calls {
        /// Everybody who is in a call, in order of joining.
        pub fn all(&self) -> Vec<(ChatId, Vec<(UserId, SocketId)>)> {
            let sockets = |call: &Vec<Participant>| call.iter().map(|each| (each.user, each.socket)).collect();
            let mut all: Vec<_> = self.lock().iter().map(|(chat, call)| (*chat, sockets(call))).collect();
            all.sort_by_key(|(chat, _)| *chat);
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SignalKind;
    use crate::chat::error::Error;
    use crate::chat::tests::{group, person};
    use crate::chat::{Chat, Config, Durability, Scope};

    #[tokio::test]
    async fn a_socket_that_is_to_close_says_nothing_more_in_a_call() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, ..Config::of(folder.path()) };
        let chat = Chat::open(config).expect("opened");
        let (alice, bob) = (person(&chat, "alice").await, person(&chat, "bob").await);
        let den = group(&chat, &alice, &[&bob]).await;
        let hers = chat.listen(&alice, Scope::Chat(den)).await.expect("a socket");
        let his = chat.listen(&bob, Scope::Chat(den)).await.expect("a socket");
        let idle = chat.listen(&bob, Scope::Chat(den)).await.expect("another");
        chat.join_call(hers.seat()).expect("she is in it");
        chat.join_call(his.seat()).expect("and so is he");
        chat.signal(his.seat(), alice.user, SignalKind::Offer, "hi".into()).expect("they talk");
        // Neither of his sockets goes, as if each were amid a frame of its client's.
        chat.remove_member(&alice, den, bob.user).await.expect("removed");
        let late = chat.signal(his.seat(), alice.user, SignalKind::Offer, "still here".into());
        assert_eq!(late, Err(Error::NotInCall));
        assert_eq!(chat.join_call(idle.seat()), Err(Error::NotInCall));
        drop((his, idle));
        assert_eq!(chat.calls.users_in(den), [alice.user]);
    }
}
