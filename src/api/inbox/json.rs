//! The shapes of inbox.md.

use schemars::JsonSchema;
use serde::Serialize;

use crate::chat::model::direct::Pair;
use crate::chat::model::id::UserId;
use crate::chat::model::message;
use crate::chat::model::token::Token;
use crate::chat::model::user::Account;

/// What a sign-in answers: the token, and who it is for the document that shares the path.
#[derive(JsonSchema, Serialize)]
pub struct SignedIn<'a> {
    token: &'a str,
    user: User<'a>,
}

#[derive(JsonSchema, Serialize)]
struct User<'a> {
    id: i64,
    email: &'a str,
    username: &'a str,
}

impl<'a> SignedIn<'a> {
    /// A token for an account.
    pub fn new(token: &'a Token, account: &'a Account) -> Self {
        let user = User { id: account.user.id.0, email: &account.email, username: account.user.username.as_str() };
        Self { token: token.as_str(), user }
    }
}

/// A message, by the ids of the two.
#[derive(JsonSchema, Serialize)]
pub struct Message<'a> {
    id: i64,
    sender: i64,
    receiver: i64,
    content: &'a str,
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
}

impl<'a> Message<'a> {
    /// A message and to whom it went.
    pub fn new(message: &'a message::Message, receiver: UserId) -> Self {
        Self {
            id: message.id.0,
            sender: message.sender.id.0,
            receiver: receiver.0,
            content: &message.text,
            timestamp: message.created_at.to_string(),
        }
    }
}

/// A frame: who wrote to whom, and what became of it. Clients tell frames apart by
/// their keys, so there are no others.
#[derive(JsonSchema, Serialize)]
pub struct Frame<'a> {
    sender: &'a str,
    receiver: &'a str,
    #[serde(flatten)]
    news: Update<'a>,
}

/// What a frame tells.
#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Update<'a> {
    /// A new message.
    New {
        /// Its text.
        message: &'a str,
        /// Its id.
        id: i64,
    },
    /// A changed message.
    Updated {
        /// Its text now.
        message: &'a str,
        /// Its id.
        message_id: i64,
    },
    /// A message that is gone.
    Deleted {
        /// Its id.
        deleted_message_id: i64,
    },
}

/// The frame of something that `sender` did in a pair. Nothing in it can fail to be written.
pub fn frame(pair: &Pair, sender: UserId, news: Update<'_>) -> String {
    let (sender, receiver) = (pair.person(sender), pair.other_of(sender));
    let frame = Frame { sender: sender.username.as_str(), receiver: receiver.username.as_str(), news };
    serde_json::to_string(&frame).unwrap_or_default()
}
