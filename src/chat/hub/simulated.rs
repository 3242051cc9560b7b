//! The registry as a simulation looks at it.

pub(in crate::chat) use super::socket::{MAX_QUEUE_BYTES, MAX_QUEUE_EVENTS};
use super::{Closing, Hub};
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, CredentialId, SocketId, UserId};

/// One socket as it stands.
pub(in crate::chat) struct SocketView {
    pub id: SocketId,
    pub user: UserId,
    pub credential: CredentialId,
    pub scope: Scope,
    pub is_live: bool,
    pub closing: Option<Closing>,
    /// In whose audience it is, in order of their ids.
    pub chats: Vec<ChatId>,
    pub events: usize,
    pub bytes: usize,
}

impl Hub {
    pub fn sockets(&self) -> Vec<SocketView> {
        let registry = self.lock();
        let mut all = Vec::new();
        for listener in registry.by_id.values() {
            let socket = &listener.socket;
            let hears = |sockets: &[std::sync::Arc<super::Socket>]| sockets.iter().any(|other| other.id == socket.id);
            let mut chats: Vec<_> =
                registry.by_chat.iter().filter(|(_, list)| hears(list)).map(|(id, _)| *id).collect();
            chats.sort();
            let (events, bytes) = socket.waiting();
            all.push(SocketView {
                id: socket.id,
                user: socket.user,
                credential: socket.credential,
                scope: socket.scope,
                is_live: socket.is_live(),
                closing: socket.closing(),
                chats,
                events,
                bytes,
            });
        }
        all.sort_by_key(|seen| seen.id);
        all
    }
}
