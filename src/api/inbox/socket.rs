//! The frames of the socket with one user: new, changed and deleted messages.

use std::sync::Arc;

use super::json::{Update, frame};
use super::messages::find;
use crate::api::http::base::BasePath;
use crate::api::http::body::{Body, Fields, body};
use crate::api::http::context::Context;
use crate::api::http::draft::DraftFields;
use crate::api::http::reply::{ApiError, problem};
use crate::api::http::request::Request;
use crate::api::ws::socket::Codec;
use crate::chat::message::MayDelete;
use crate::chat::model::error::{Error, Rule};
use crate::chat::model::event::{Event, MessageEvent, Scope};
use crate::chat::model::id::{MessageId, UserId};
use crate::chat::model::name::MessageText;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::model::user::UserRef;
use crate::chat::subscription::{Subscriber, Subscription};

pub async fn open(actor: Actor, request: Request) -> Result<(Subscription, Conversation), ApiError> {
    let app = &request.context.app;
    let other = app.user_named(&actor, request.param(0))?.id;
    let subscription = app.subscribe(&actor, Scope::Pair(other), Conversation::HEARS).await?;
    let codec =
        Conversation { context: Arc::clone(&request.context), subscriber: subscription.subscriber().clone(), other };
    Ok((subscription, codec))
}

/// What a client posts.
pub const FRAME: DraftFields = DraftFields::text("message");

body! {
    /// A message's new text. Blank is for a message with files, which other documents attach.
    Edit { message_id: MessageId, message: MessageText }
    /// A message that is to go.
    Delete { delete_message_id: MessageId }
}

/// One socket with one user.
pub struct Conversation {
    context: Arc<Context>,
    subscriber: Subscriber,
    other: UserId,
}

impl Codec for Conversation {
    const HEARS: Topics = Topics::of(&[Topic::Messages]);

    fn encode(event: &Event, _base: &BasePath) -> Option<String> {
        let Event::Message(event) = event else { return None };
        match event {
            MessageEvent::Posted { message, pair, .. } => {
                let news = Update::New { message: &message.text, id: message.id.0 };
                Some(frame(pair.as_ref()?, message.sender.id, news))
            }
            MessageEvent::Edited { message, pair, .. } => {
                let news = Update::Updated { message: &message.text, message_id: message.id.0 };
                Some(frame(pair.as_ref()?, message.sender.id, news))
            }
            MessageEvent::Deleted { message, sender, pair, .. } => {
                Some(frame(pair.as_ref()?, *sender, Update::Deleted { deleted_message_id: message.0 }))
            }
        }
    }

    /// Which of the three it is, its keys say.
    async fn receive(&self, text: String) -> Result<Vec<String>, ApiError> {
        let mut fields = self.context.frame(&text)?;
        if fields.value("delete_message_id").is_some() {
            self.delete(&mut fields).await
        } else if fields.value("message_id").is_some() {
            self.edit(&mut fields).await
        } else {
            self.post(&mut fields).await
        }
    }

    fn refuse(failure: &ApiError) -> String {
        serde_json::json!({ "error": problem(failure).sentence() }).to_string()
    }
}

impl Conversation {
    async fn post(&self, fields: &mut Fields) -> Result<Vec<String>, ApiError> {
        let draft = FRAME.read(fields, None)?;
        let posted = self.context.app.post_to(&self.subscriber.actor, UserRef::Id(self.other), draft).await?;
        let again = posted.pair.as_ref().filter(|_| !posted.is_new).map(|pair| {
            let news = Update::New { message: &posted.message.text, id: posted.message.id.0 };
            frame(pair, posted.message.sender.id, news)
        });
        Ok(again.into_iter().collect())
    }

    async fn edit(&self, fields: &mut Fields) -> Result<Vec<String>, ApiError> {
        let Edit { message_id, message } = Edit::read(fields)?;
        let id = self.find(message_id)?;
        match self.context.app.edit(&self.subscriber.actor, id, message).await {
            Ok(_) => Ok(Vec::new()),
            // Text is called `message` in these frames.
            Err(Error::Invalid(rule @ Rule::BlankMessage)) => Err(ApiError::field("message", rule.to_string())),
            Err(other) => Err(other.into()),
        }
    }

    async fn delete(&self, fields: &mut Fields) -> Result<Vec<String>, ApiError> {
        let id = self.find(Delete::read(fields)?.delete_message_id)?;
        self.context.app.delete_message(&self.subscriber.actor, id, MayDelete::Author).await?;
        Ok(Vec::new())
    }

    /// A message with this one user: an id from elsewhere is as one that never was.
    fn find(&self, id: MessageId) -> Result<MessageId, ApiError> {
        match find(&self.context.app, &self.subscriber.actor, id)? {
            (message, other) if other == self.other => Ok(message.id),
            _ => Err(ApiError::NOT_FOUND),
        }
    }
}
