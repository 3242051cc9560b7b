//! The frames of a chatroom's socket: messages, and nothing else.

use std::sync::Arc;

use serde_json::json;

use super::json::Message;
use super::messages::draft;
use crate::api::http::body::Fields;
use crate::api::http::context::Context;
use crate::api::http::json_stream;
use crate::api::http::reply::{ApiError, problem};
use crate::api::http::request::Request;
use crate::api::ws::socket::Codec;
use crate::chat::model::error::Error;
use crate::chat::model::event::Event;
use crate::chat::model::event::Scope;
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Actor;
use crate::chat::subscription::Subscription;

pub async fn open(actor: Actor, request: Request) -> Result<(Subscription, Chatroom), ApiError> {
    let context = Arc::clone(&request.context);
    let room = context.app.chat_named(&actor, request.param(0))?.id;
    let subscription = context.app.subscribe(&actor, Scope::Chat(room)).await?;
    Ok((subscription, Chatroom { context, room, actor }))
}

/// One socket in one chatroom.
pub struct Chatroom {
    context: Arc<Context>,
    room: ChatId,
    actor: Actor,
}

impl Codec for Chatroom {
    fn encode(event: &Event) -> Option<String> {
        match event {
            Event::MessagePosted { message, .. } => Some(json_stream::element(&Message::from(message))),
            Event::MessageEdited { .. }
            | Event::MessageDeleted { .. }
            | Event::ReactionsChanged { .. }
            | Event::Read { .. }
            | Event::ChatCreated { .. }
            | Event::ChatUpdated { .. }
            | Event::MemberChanged { .. }
            | Event::ChatDeleted { .. }
            | Event::ChatHidden { .. }
            | Event::OwnPartChanged { .. }
            | Event::MessagePinned { .. }
            | Event::MemberAdded { .. }
            | Event::MemberRemoved { .. }
            | Event::MembersChanged { .. }
            | Event::CredentialEnded { .. }
            | Event::CredentialsEnded { .. }
            | Event::RightsChanged { .. }
            | Event::SocketOpened { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::CallJoined { .. }
            | Event::CallLeft { .. }
            | Event::CallState { .. }
            | Event::Signalled { .. } => None,
        }
    }

    async fn receive(&self, text: String) -> Vec<String> {
        match self.post(&text).await {
            Ok(again) => again.into_iter().collect(),
            Err(failure) => vec![error_frame(&refusal(&failure))],
        }
    }

    fn refuse_binary(&self) -> String {
        error_frame("Binary frames are not read here.")
    }
}

impl Chatroom {
    /// Its own echo comes through the hub, as everybody's does; a resend gets the first
    /// frame again, for this socket alone.
    async fn post(&self, text: &str) -> Result<Option<String>, ApiError> {
        let mut frame = Fields::of_json(text.as_bytes())?;
        let draft = draft(&mut frame, "message", None, self.context.settings.max_message)?;
        let posted = self.context.app.post(&self.actor, self.room, draft).await?;
        Ok((!posted.is_new).then(|| json_stream::element(&Message::from(&posted.message))))
    }
}

fn error_frame(sentence: &str) -> String {
    json_stream::element(&json!({ "error": sentence }))
}

/// What is wrong with a frame, in the one text that this document has room for.
fn refusal(failure: &ApiError) -> String {
    let problem = problem(failure);
    if problem.fields.is_empty() {
        // A resend of something else is known by the word that other documents have for it.
        let is_conflict = matches!(failure, ApiError::Chat(Error::KeyReused));
        return if is_conflict {
            format!("{}: {}", problem.code, problem.message)
        } else {
            problem.message.into_owned()
        };
    }
    problem.sentence().into_owned()
}
