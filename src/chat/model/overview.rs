//! A chat in a list, with what the documents show beside it.

use std::collections::HashSet;

use super::chat::Chat;
use super::id::UserId;
use super::member::Member;
use super::message::Message;

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
}

impl Overview {
    /// Of a chat alone.
    pub(in crate::chat) fn of(chat: Chat) -> Self {
        Self { chat, members: Vec::new(), last_message: None, online: HashSet::new(), call: Vec::new() }
    }
}

/// A message of a direct chat, and to whom it went.
#[derive(Clone, Debug)]
pub struct DirectMessage {
    /// The message.
    pub message: Message,
    /// The other side of its sender.
    pub receiver: UserId,
}
