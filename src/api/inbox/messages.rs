//! Messages over REST.

use super::json::Message;
use crate::api::http::body::{Body, FieldValue, Fields, body};
use crate::api::http::draft::DraftFields;
use crate::api::http::openapi::shape::{self, Shape, any_of, described, filled};
use crate::api::http::page;
use crate::api::http::reply::{Answer, ApiError, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::App;
use crate::chat::message::MayDelete;
use crate::chat::model::chat::Kind;
use crate::chat::model::error::Error;
use crate::chat::model::id::{MessageId, UserId};
use crate::chat::model::message;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::name::{MAX_USERNAME, MessageText};
use crate::chat::model::overview::DirectMessage;
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;

/// Messages on a page, unless the request says otherwise.
pub const PAGE_SIZE: u32 = 10;

pub async fn list(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let app = &request.context.app;
    let other = match request.query("user").map(|name| app.user_named(&actor, name)) {
        None => None,
        Some(Ok(other)) => Some(other.id),
        // Nobody of that name has written, as far as anyone can tell.
        Some(Err(Error::NotFound)) => return page::cached(&request, page, 0, b"[]"),
        Some(Err(other)) => return Err(other.into()),
    };
    let write =
        |found: &[DirectMessage]| page::write_messages(found, |direct| Message::new(&direct.message, direct.receiver));
    let (count, messages) = app.direct_messages(&actor, other, page, write).await?;
    page::cached(&request, page, count, &messages)
}

/// What a message is posted with, beside its receiver.
pub const MESSAGE: DraftFields = DraftFields::text("content");

pub async fn send(actor: Actor, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let receiver = Receiver::require(&mut fields, "receiver");
    let draft = MESSAGE.read(&mut fields, request.header("idempotency-key"))?;
    let Receiver(receiver) = fields.complete(receiver)?;
    let posted = request.context.app.post_to(&actor, receiver, draft).await?;
    let receiver = posted.pair.as_ref().map_or(actor.user, |pair| pair.other_of(actor.user).id);
    created(posted.is_new, &Message::new(&posted.message, receiver))
}

/// Whom a message is for.
pub struct Receiver(UserRef);

impl FieldValue for Receiver {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        // A number is an id, and no username is one.
        match fields.value(name).and_then(serde_json::Value::as_i64) {
            Some(id) => Some(Self(UserRef::Id(UserId(id)))),
            None => fields.parse(name, receiver).map(Self),
        }
    }

    fn shape() -> Shape {
        described(any_of([shape::id(), filled(MAX_USERNAME)]), "A user's id, or a username.")
    }
}

body! {
    /// A message's new text. Blank is for a message with files, which other documents attach.
    Edited { content: MessageText }
}

fn receiver(text: &str) -> Result<UserRef, Violation> {
    let name = text.trim();
    match name.parse() {
        _ if name.is_empty() => Err(Violation("This field may not be blank.".into())),
        Ok(id) => Ok(UserRef::Id(UserId(id))),
        Err(_) => Ok(UserRef::Name(name.to_owned())),
    }
}

pub async fn update(actor: Actor, mut request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    let edited = Edited::read(&mut request.fields().await?);
    find(&request.context.app, &actor, id)?;
    let Edited { content } = edited?;
    let edited = request.context.app.edit(&actor, id, content).await?;
    let receiver = edited.pair.as_ref().map_or(actor.user, |pair| pair.other_of(actor.user).id);
    ok(&Message::new(&edited.message, receiver))
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    find(&request.context.app, &actor, id)?;
    request.context.app.delete_message(&actor, id, MayDelete::Author).await?;
    no_content()
}

/// A message of a direct chat: with whom it is. One of a group is no message of this document.
pub fn find(app: &App, actor: &Actor, id: MessageId) -> Result<(message::Message, UserId), ApiError> {
    let message = app.message(actor, id)?;
    let room = app.chat(actor, message.chat)?;
    match (room.kind, room.other) {
        (Kind::Direct, Some(other)) => Ok((message, other.id)),
        _ => Err(ApiError::NOT_FOUND),
    }
}
