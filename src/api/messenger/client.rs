//! What the system's own client calls beside the document: a socket that begins with what was said last.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::json::Message;
use super::socket::{self, Chatroom};
use super::{document, render};
use crate::api::http::json_stream;
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::api::http::route::{ClientLayer, Route};
use crate::api::ws::socket::Codec;
use crate::chat::history;
use crate::chat::model::event::Event;
use crate::chat::model::id::MessageId;
use crate::chat::model::message::Window;
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
    Ok((subscription, Remembering { chatroom, opened_at, has_told: AtomicBool::new(false) }))
}

/// A chatroom's socket that begins with what was said last.
struct Remembering {
    chatroom: Chatroom,
    /// The newest message when it was opened. What is newer comes live.
    opened_at: MessageId,
    has_told: AtomicBool,
}

impl Codec for Remembering {
    const HEARS: Topics = Chatroom::HEARS;

    fn encode(event: &Event) -> Option<String> {
        Chatroom::encode(event)
    }

    async fn catch_up(&self) -> Vec<String> {
        if self.has_told.swap(true, Ordering::Relaxed) {
            return Vec::new();
        }
        let window = Window::Before(MessageId(self.opened_at.0.saturating_add(1)), HISTORY);
        let Chatroom { context, actor, room } = &self.chatroom;
        let write =
            |past: &history::History| Ok(history_frame(past.messages.iter().rev().map(Message::from).collect()));
        let newest = context.app.written_history(actor, *room, window, false, write).await;
        vec![newest.unwrap_or_else(|error| Self::refuse(&error.into()))]
    }

    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        self.chatroom.receive(text).await
    }

    fn refuse(failure: &ApiError) -> String {
        Chatroom::refuse(failure)
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

fn history_frame(messages: Vec<Message<'_>>) -> String {
    json_stream::element(&History { kind: "message_history", messages })
}
