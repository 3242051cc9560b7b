//! The frames of a chatroom's socket: messages, and nothing else.

use std::sync::Arc;

use serde_json::json;

use super::chatrooms;
use super::json::Message;
use crate::api::http::base::BasePath;
use crate::api::http::context::Context;
use crate::api::http::draft::DraftFields;
use crate::api::http::json_stream;
use crate::api::http::reply::{ApiError, problem};
use crate::api::http::request::Request;
use crate::api::ws::socket::Codec;
use crate::chat::model::error::Error;
use crate::chat::model::event::{Event, MessageEvent, Scope};
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::subscription::Subscription;

pub async fn open(actor: Actor, request: Request) -> Result<(Subscription, Chatroom), ApiError> {
    let room = chatrooms::named(&actor, &request)?.id;
    let context = Arc::clone(&request.context);
    let subscription = context.app.subscribe(&actor, Scope::Chat(room), Chatroom::HEARS).await?;
    Ok((subscription, Chatroom { context, room, actor }))
}

/// What a client says.
pub const FRAME: DraftFields = DraftFields::text("message");

/// One socket in one chatroom.
pub struct Chatroom {
    pub context: Arc<Context>,
    pub room: ChatId,
    pub actor: Actor,
}

impl Codec for Chatroom {
    const HEARS: Topics = Topics::of(&[Topic::Messages]);

    fn encode(event: &Event, _base: &BasePath) -> Option<String> {
        match event {
            Event::Message(MessageEvent::Posted { message, .. }) => Some(json_stream::element(&Message::from(message))),
            _ => None,
        }
    }

    /// Its own echo comes through the hub, as everybody's does; a resend gets the first
    /// frame again, for this socket alone.
    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        let draft = FRAME.read(&mut self.context.frame(&text)?, None)?;
        let posted = self.context.app.post(&self.actor, self.room, draft).await?;
        let again = (!posted.is_new).then(|| json_stream::element(&Message::from(&posted.message)));
        Ok(again.into_iter().collect())
    }

    /// What is wrong with a frame, in the one text that this document has room for.
    fn refuse(failure: &ApiError) -> String {
        let problem = problem(failure);
        let sentence = match failure {
            // A resend of something else is known by the word that other documents have for it.
            ApiError::Chat(Error::KeyReused) => format!("{}: {}", problem.code, problem.message).into(),
            _ => problem.sentence(),
        };
        json_stream::element(&json!({ "error": sentence }))
    }
}
