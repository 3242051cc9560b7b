//! A chat in a list, with what the documents show beside it.

use std::collections::HashSet;

use super::chat::Chat;
use super::id::UserId;
use super::member::Member;
use super::message::Message;
use super::notify::ChatNotify;

/// A chat, who is in it, and its newest message.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The chat as the actor sees it.
    pub chat: Chat,
    /// Everybody in it, the longest standing first.
    pub members: Vec<Member>,
    /// The newest message that the actor can see.
    pub last_message: Option<Message>,
    /// Those of its members who are there now.
    pub online: HashSet<UserId>,
    /// Who is in its call, in order of joining.
    pub call: Vec<UserId>,
    /// What is the actor's own of it.
    pub own: OwnPart,
}

/// What of a chat is one member's own, and nobody else's to see. By default what is told of nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnPart {
    /// Whether they are one of its admins.
    pub is_admin: bool,
    /// Messages of others that are not read yet.
    pub unread_count: i64,
    /// Those of them that mention the member or answer them.
    pub mention_count: i64,
    /// How they are told of what happens there.
    pub notify: ChatNotify,
}

impl Overview {
    /// Of a chat alone.
    pub(in crate::chat) fn of(chat: Chat) -> Self {
        Self {
            chat,
            members: Vec::new(),
            last_message: None,
            online: HashSet::new(),
            call: Vec::new(),
            own: OwnPart::default(),
        }
    }
}

/// A message of a direct chat, and to whom it went.
#[derive(Clone, Debug)]
pub struct DirectMessage {
    pub message: Message,
    /// The other side of its sender.
    pub receiver: UserId,
}
