//! Who is in the call of which room.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::chat::model::id::{ChatId, SocketId, UserId};
use crate::chat::model::name::Username;

#[derive(Clone)]
pub struct Participant {
    pub user: UserId,
    pub username: Username,
    pub socket: SocketId,
}

/// The calls of all rooms. Its lock is held while their events are published, so that
/// everybody sees the same order; the hub's lock is taken inside it, never around it.
#[derive(Default)]
pub struct Calls {
    pub rooms: Mutex<HashMap<ChatId, Vec<Participant>>>,
}

impl Calls {
    pub fn lock(&self) -> MutexGuard<'_, HashMap<ChatId, Vec<Participant>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is in a room's call, in order of joining.
    pub fn users_in(&self, chat: ChatId) -> Vec<UserId> {
        let users = self.lock().get(&chat).map(|call| users(call)).unwrap_or_default();
        users.into_iter().map(|(user, _)| user).collect()
    }
}

/// Each user once, in order of joining.
pub fn users(call: &[Participant]) -> Vec<(UserId, Username)> {
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
    use super::{Calls, Participant};
    use crate::chat::model::id::{ChatId, SocketId, UserId};

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
