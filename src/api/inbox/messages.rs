//! Messages over REST.

use super::json::Message;
use crate::api::http::page;
use crate::api::http::reply::{Answer, Failure, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::Chat;
use crate::chat::message::MayDelete;
use crate::chat::model::error::Error;
use crate::chat::model::id::{MessageId, UserId};
use crate::chat::model::message::{self, Draft};
use crate::chat::model::name::MessageText;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::page::Paged;
use crate::chat::model::room::Kind;
use crate::chat::model::session::Asker;
use crate::chat::model::user::UserRef;

/// Messages on a page, unless the request says otherwise.
pub const PAGE_SIZE: u32 = 10;

pub async fn list(asker: Asker, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let chat = &request.context.chat;
    let messages = match request.query("user").map(|name| chat.user_named(&asker, name)) {
        None => chat.direct_messages(&asker, None, page).await?,
        Some(Ok(other)) => chat.direct_messages(&asker, Some(other.id), page).await?,
        // Nobody of that name has written, as far as anyone can tell.
        Some(Err(Error::NotFound)) => Paged { count: 0, items: Vec::new() },
        Some(Err(other)) => return Err(other.into()),
    };
    let messages = page::listing(&request, page, messages)?;
    ok(&messages.write(|direct| Message::new(&direct.message, direct.receiver)))
}

pub async fn send(asker: Asker, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let max = request.context.settings.max_message;
    // A number is an id, and no username is one.
    let receiver = match fields.value("receiver").and_then(serde_json::Value::as_i64) {
        Some(id) => Some(UserRef::Id(UserId(id))),
        None => fields.require("receiver", receiver),
    };
    let content = fields.require("content", |text| MessageText::parse_filled(text, max));
    let key = fields.idempotency_key(request.header("idempotency-key"));
    let (receiver, content) = fields.complete((receiver, content))?;
    let posted = request.context.chat.post_to(&asker, receiver, Draft::of(content, key)).await?;
    let receiver = posted.pair.as_ref().map_or(asker.user, |pair| pair.other_of(asker.user).id);
    created(posted.is_new, &Message::new(&posted.message, receiver))
}

fn receiver(text: &str) -> Result<UserRef, Violation> {
    let name = text.trim();
    match name.parse() {
        _ if name.is_empty() => Err(Violation("This field may not be blank.".into())),
        Ok(id) => Ok(UserRef::Id(UserId(id))),
        Err(_) => Ok(UserRef::Name(name.to_owned())),
    }
}

pub async fn update(asker: Asker, mut request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    let mut fields = request.fields().await?;
    let max = request.context.settings.max_message;
    // Blank is for a message with files, which other documents attach.
    let content = fields.require("content", |text| MessageText::parse(text, max));
    find(&request.context.chat, &asker, id)?;
    let content = fields.complete(content)?;
    let edited = request.context.chat.edit(&asker, id, content).await?;
    let receiver = edited.pair.as_ref().map_or(asker.user, |pair| pair.other_of(asker.user).id);
    ok(&Message::new(&edited.message, receiver))
}

pub async fn delete(asker: Asker, request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    find(&request.context.chat, &asker, id)?;
    request.context.chat.delete_message(&asker, id, MayDelete::Author).await?;
    no_content()
}

/// A message of a direct chat: with whom it is. One of a group is no message of this document.
pub fn find(chat: &Chat, asker: &Asker, id: MessageId) -> Result<(message::Message, UserId), Failure> {
    let message = chat.message(asker, id)?;
    let room = chat.room(asker, message.chat)?;
    match (room.kind, room.other) {
        (Kind::Direct, Some(other)) => Ok((message, other.id)),
        _ => Err(Failure::NOT_FOUND),
    }
}
