//! What the system's own client calls beside the document: a socket that begins with what was said last.

use parking_lot::Mutex;
use serde::Serialize;

use super::json::Message;
use super::socket::{self, Chatroom};
use super::{document, render};
use crate::api::http::base::BasePath;
use crate::api::http::json_stream;
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::api::http::route::{ClientLayer, Route};
use crate::api::ws::socket::{Codec, MAX_PIECE};
use crate::chat::model::error::Error;
use crate::chat::model::event::Event;
use crate::chat::model::id::MessageId;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::Topics;
use crate::chat::subscription::Subscription;

/// Messages in the first frame.
const HISTORY: u32 = 50;

/// The layer over the document.
pub fn layer() -> ClientLayer {
    let routes = vec![Route::socket("/ws/chat/{room_name}/", open).doc(document::remembering_socket)];
    ClientLayer { routes, render, errors: document::errors, is_at_root: false }
}

async fn open(actor: Actor, request: Request) -> Result<(Subscription, Remembering), ApiError> {
    let (subscription, chatroom) = socket::open(actor, request).await?;
    let opened_at = MessageId(subscription.since().0);
    Ok((subscription, Remembering { chatroom, opened_at, past: Mutex::new(Past::Untold) }))
}

/// A chatroom's socket that begins with what was said last.
struct Remembering {
    chatroom: Chatroom,
    /// The newest message when it was opened. What is newer comes live.
    opened_at: MessageId,
    past: Mutex<Past>,
}

/// How far the first frame is told.
#[derive(Clone, Copy, Debug)]
enum Past {
    Untold,
    /// Up to this message.
    Upto(MessageId),
    Over,
}

impl Codec for Remembering {
    const TELLS_PAST: bool = true;
    const HEARS: Topics = Chatroom::HEARS;

    fn encode(event: &Event, base: &BasePath) -> Option<String> {
        Chatroom::encode(event, base)
    }

    async fn catch_up(&self) -> Vec<String> {
        let past = *self.past.lock();
        let told = match past {
            Past::Untold => match self.above().await {
                Ok(above) => self.piece(History::opening(), above),
                Err(error) => Err(error),
            },
            Past::Upto(message) => self.piece(String::new(), message),
            Past::Over => return Vec::new(),
        };
        let (pieces, past) = match told {
            Ok((piece, past)) => (vec![piece], past),
            Err(error) => {
                let begun = matches!(past, Past::Upto(_)).then(|| History::CLOSING.to_owned());
                (begun.into_iter().chain([Self::refuse(&error.into())]).collect(), Past::Over)
            }
        };
        *self.past.lock() = past;
        pieces
    }

    fn is_whole(&self) -> bool {
        !matches!(*self.past.lock(), Past::Upto(_))
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        self.chatroom.receive(text).await
    }

    fn refuse(failure: &ApiError) -> String {
        Chatroom::refuse(failure)
    }
}

impl Remembering {
    /// The message above which those stand that are told.
    async fn above(&self) -> Result<MessageId, Error> {
        let Chatroom { context, actor, room } = &self.chatroom;
        let end = MessageId(self.opened_at.0.saturating_add(1));
        Ok(context.app.start_of_newest(actor, *room, end, HISTORY).await?.above)
    }

    /// The next piece, behind what it begins with and what was told `upto` here.
    fn piece(&self, mut piece: String, mut upto: MessageId) -> Result<(String, Past), Error> {
        let Chatroom { context, actor, room } = &self.chatroom;
        loop {
            let mut messages = context.app.history_piece(actor, *room, upto, HISTORY)?;
            messages.retain(|message| message.id <= self.opened_at);
            if messages.is_empty() {
                return Ok((piece + History::CLOSING, Past::Over));
            }
            for message in &messages {
                if piece.len() >= MAX_PIECE {
                    return Ok((piece, Past::Upto(upto)));
                }
                // Only the first of all has no other before it.
                piece += if piece.ends_with('[') { "" } else { "," };
                piece += &json_stream::element(&Message::from(message));
                upto = message.id;
            }
        }
    }
}

/// The first frame of such a socket, also where nothing was said yet.
#[derive(schemars::JsonSchema, Serialize)]
pub struct History<'a> {
    #[serde(rename = "type")]
    #[schemars(extend("const" = "message_history"))]
    kind: &'static str,
    /// The oldest first.
    messages: Vec<Message<'a>>,
}

impl History<'_> {
    const CLOSING: &'static str = "]}";

    /// What stands before the messages.
    fn opening() -> String {
        let empty = json_stream::element(&Self { kind: "message_history", messages: Vec::new() });
        empty.trim_end_matches(Self::CLOSING).to_owned()
    }
}
