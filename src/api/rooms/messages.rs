//! What is said in a room.

use super::json::{Form, MessageOf, PAGE_SIZE};
use crate::api::http::body::Fields;
use crate::api::http::page;
use crate::api::http::reply::{Answer, ApiError, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::message::MayDelete;
use crate::chat::model::id::{ChatId, FileId, MessageId};
use crate::chat::model::message::{Draft, MAX_ATTACHMENTS};
use crate::chat::model::name::MessageText;
use crate::chat::model::session::Actor;
use crate::chat::page_cache::UncachedPage;

pub async fn history<F: Form>(actor: Actor, request: Request) -> Answer {
    let room = ChatId(request.id(0)?);
    let page = page::asked(&request, PAGE_SIZE)?;
    let write = |past: &UncachedPage<'_>| page::write_messages(past, MessageOf::<F>::from);
    let (count, messages) = request.context.app.cached_page(&actor, room, page, F::NAME, write).await?;
    page::cached(&request, page, count, &messages)
}

pub async fn post<F: Form>(actor: Actor, mut request: Request) -> Answer {
    let room = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let key = request.header("idempotency-key").map(str::to_owned);
    let draft = draft(&mut fields, key.as_deref(), request.context.settings.max_message)?;
    let posted = request.context.app.post(&actor, room, draft).await?;
    created(posted.is_new, &MessageOf::<F>::from(&posted.message))
}

pub async fn message<F: Form>(actor: Actor, request: Request) -> Answer {
    ok(&MessageOf::<F>::from(&request.context.app.message(&actor, MessageId(request.id(0)?))?))
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    request.context.app.delete_message(&actor, id, MayDelete::AuthorOrOwner).await?;
    no_content()
}

/// A message to be posted, from a body or a frame's data.
pub fn draft(fields: &mut Fields, header: Option<&str>, max_message: usize) -> Result<Draft, ApiError> {
    let text = fields.parse("content", |text| MessageText::parse(text, max_message));
    let name = if fields.has("attachments") { "attachments" } else { "attachment_ids" };
    let attachments = fields.integers(name, MAX_ATTACHMENTS).unwrap_or_default();
    if !fields.has("content") && attachments.is_empty() {
        fields.require("content", |_| Ok(()));
    }
    let key = fields.idempotency_key(header);
    fields.check()?;
    let empty =
        MessageText::parse("", max_message).map_err(|_| ApiError::field("content", "This field is required."))?;
    Ok(Draft {
        text: text.unwrap_or(empty),
        attachments: attachments.into_iter().map(FileId).collect(),
        reply_to: None,
        key,
    })
}
