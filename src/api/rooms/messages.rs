//! What is said in a room.

use super::json::{Form, PAGE_SIZE, message_of};
use crate::api::http::draft::DraftFields;
use crate::api::http::page;
use crate::api::http::reply::{Answer, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::history::History;
use crate::chat::message::MayDelete;
use crate::chat::model::id::{ChatId, MessageId};
use crate::chat::model::session::Actor;
use crate::chat::page_cache;

/// What a message is posted with, by a body or a frame.
pub const MESSAGE: DraftFields =
    DraftFields { attachments: &["attachments", "attachment_ids"], ..DraftFields::text("content") };

pub async fn history<F: Form>(actor: Actor, request: Request) -> Answer {
    let room = ChatId(request.id(0)?);
    let page = page::asked(&request, PAGE_SIZE)?;
    let form = page_cache::Form { name: F::NAME, has_marks: false };
    let base = request.base().clone();
    let write = move |past: &History| page::write_messages(&past.messages, |message| message_of::<F>(message, &base));
    let (count, messages) = request.context.app.cached_page(&actor, room, page, form, write).await?;
    page::cached(&request, page, count, &messages)
}

pub async fn post<F: Form>(actor: Actor, mut request: Request) -> Answer {
    let room = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let draft = MESSAGE.read(&mut fields, request.header("idempotency-key"))?;
    let posted = request.context.app.post(&actor, room, draft).await?;
    created(posted.is_new, &message_of::<F>(&posted.message, request.base()))
}

pub async fn message<F: Form>(actor: Actor, request: Request) -> Answer {
    ok(&message_of::<F>(&request.context.app.message(&actor, MessageId(request.id(0)?))?, request.base()))
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    request.context.app.delete_message(&actor, id, MayDelete::AuthorOrOwner).await?;
    no_content()
}
