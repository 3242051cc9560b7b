//! Everything that the socket of messaging.md says.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{Chat, Message, Reaction};
use crate::api::http::base::BasePath;
use crate::chat::model::event::Ring;
use crate::chat::model::id::ChatId;
use crate::chat::model::message;
use crate::chat::model::name::IdempotencyKey;
use crate::chat::model::receipt::ReadMark;

/// A frame. `chat` and `seq` stand wherever there is one.
#[derive(JsonSchema, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame<'a> {
    Hello {
        seq: i64,
        user: i64,
    },
    NewMessage {
        chat: i64,
        seq: i64,
        message: Box<Message<'a>>,
        /// What the sender calls it, on the sender's own sockets.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
    },
    MessageUpdated {
        chat: i64,
        seq: i64,
        message: Box<Message<'a>>,
    },
    MessageDeleted {
        chat: i64,
        seq: i64,
        message_id: i64,
    },
    ReactionUpdated {
        chat: i64,
        seq: i64,
        message_id: i64,
        reactions: Vec<Reaction<'a>>,
    },
    Typing {
        chat: i64,
        user_id: i64,
        is_typing: bool,
    },
    ChatCreated {
        chat: i64,
        data: Box<Chat<'a>>,
    },
    ChatUpdated {
        chat: i64,
        data: Box<Chat<'a>>,
    },
    ChatDeleted {
        chat: i64,
    },
    MemberAdded {
        chat: i64,
        user_id: i64,
    },
    MemberRemoved {
        chat: i64,
        user_id: i64,
    },
    Read {
        chat: i64,
        user_id: i64,
        message_id: i64,
    },
    Presence {
        user_id: i64,
        online: bool,
        last_seen: Option<String>,
    },
    Call {
        chat: i64,
        participants: Vec<i64>,
    },
    /// Somebody joined a call that nobody was in.
    CallStarted {
        chat: i64,
        user_id: i64,
        video: bool,
    },
    /// The last left it.
    CallEnded {
        chat: i64,
        seconds: u32,
    },
    /// Somebody does not join: for those who are in it.
    CallDeclined {
        chat: i64,
        user_id: i64,
    },
    Pong,
    Error {
        code: &'a str,
        message: &'a str,
    },
}

impl<'a> Frame<'a> {
    /// With `key`, for the sender's own sockets: by what they called it they know, in every
    /// tab, which of the messages that are shown as being sent this is.
    pub fn new_message(
        message: &'a message::Message,
        marks: &[ReadMark],
        key: Option<&'a IdempotencyKey>,
        base: &BasePath,
    ) -> Self {
        let (chat, seq) = (message.chat.0, message.seq.0);
        let client_id = key.map(IdempotencyKey::as_str);
        Self::NewMessage { chat, seq, message: Box::new(Message::new(message, marks, base)), client_id }
    }

    pub fn message_updated(message: &'a message::Message, marks: &[ReadMark], base: &BasePath) -> Self {
        let (chat, seq) = (message.chat.0, message.seq.0);
        Self::MessageUpdated { chat, seq, message: Box::new(Message::new(message, marks, base)) }
    }

    pub fn ringing(chat: ChatId, ring: &Ring) -> Self {
        let chat = chat.0;
        match ring {
            Ring::Started { user, has_video } => Self::CallStarted { chat, user_id: user.0, video: *has_video },
            Ring::Ended { seconds } => Self::CallEnded { chat, seconds: *seconds },
            Ring::Declined { user, .. } => Self::CallDeclined { chat, user_id: user.0 },
        }
    }

    /// Nothing in these shapes can fail to be written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
