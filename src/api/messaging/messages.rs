//! What is said in a chat, and how others take it.

use super::json::{Message, Sync, Toggled};
use super::{MESSAGES_ON_PAGE, number, since};
use crate::api::http::base::BasePath;
use crate::api::http::body::body;
use crate::api::http::draft::DraftFields;
use crate::api::http::page;
use crate::api::http::reply::{Answer, ApiError, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::history::History;
use crate::chat::message::MayDelete;
use crate::chat::model::error::Error;
use crate::chat::model::id::{ChatId, MessageId, Seq};
use crate::chat::model::message::{self, Window};
use crate::chat::model::name::{Emoji, MessageText};
use crate::chat::model::page::Page;
use crate::chat::model::session::Actor;
use crate::chat::page_cache::Form;

/// What a message is posted with, by a body or a frame.
pub const MESSAGE: DraftFields =
    DraftFields { attachments: &["attachments"], reply_to: Some("reply_to"), ..DraftFields::text("content") };

/// What a page of messages is made into.
const FORM: Form = Form { name: "messaging", has_marks: true };

body! {
    /// A message's new text. Whether it may be blank, the message says.
    Edited { content: MessageText }
    /// A reaction.
    Reacted { emoji: Emoji }
}

pub async fn history(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let page = page::asked(&request, MESSAGES_ON_PAGE)?;
    // One more than is shown tells whether there is more to come.
    let (name, window) = match (number(&request, "before")?, number(&request, "after")?) {
        (None, None) => return by_number(&actor, &request, chat, page).await,
        (Some(id), None) => ("before", Window::Before(MessageId(id), page.size + 1)),
        (None, Some(id)) => ("after", Window::After(MessageId(id), page.size + 1)),
        (Some(_), Some(_)) => return Err(ApiError::field("after", "Ask for either before or after a message.")),
    };
    let base = request.base().clone();
    let write = move |past: &History| {
        let shown = &past.messages[..past.messages.len().min(page.size as usize)];
        let last = shown.last().filter(|_| shown.len() < past.messages.len());
        Ok((past.count, last.map(|last| last.id), written(shown, past, &base)?))
    };
    let (count, last, messages) = request.context.app.written_history(&actor, chat, window, true, write).await?;
    Ok(page::cached_from(&request, name, count, last, &messages))
}

async fn by_number(actor: &Actor, request: &Request, chat: ChatId, page: Page) -> Answer {
    let base = request.base().clone();
    let write = move |past: &History| written(&past.messages, past, &base);
    let (count, messages) = request.context.app.cached_page(actor, chat, page, FORM, write).await?;
    page::cached(request, page, count, &messages)
}

fn written(shown: &[message::Message], past: &History, base: &BasePath) -> Result<Vec<u8>, Error> {
    page::write_messages(shown, |message| Message::new(message, &past.marks, base))
}

pub async fn send(actor: Actor, mut request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let draft = MESSAGE.read(&mut fields, request.header("idempotency-key"))?;
    let posted = request.context.app.post(&actor, chat, draft).await?;
    created(posted.is_new, &Message::new(&posted.message, &posted.marks, request.base()))
}

pub async fn detail(actor: Actor, request: Request) -> Answer {
    let app = &request.context.app;
    let message = app.message(&actor, MessageId(request.id(0)?))?;
    let marks = app.read_marks(&actor, message.chat).await?;
    ok(&Message::new(&message, &marks, request.base()))
}

pub async fn edit(actor: Actor, mut request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    let Edited { content } = request.body().await?;
    let edited = request.context.app.edit(&actor, id, content).await?;
    ok(&Message::new(&edited.message, &edited.marks, request.base()))
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    request.context.app.delete_message(&actor, MessageId(request.id(0)?), MayDelete::Author).await?;
    no_content()
}

pub async fn react(actor: Actor, mut request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    let Reacted { emoji } = request.body().await?;
    let is_there = request.context.app.toggle_reaction(&actor, id, emoji.clone()).await?;
    let action = if is_there { "added" } else { "removed" };
    ok(&Toggled { action, emoji: emoji.as_str(), message_id: id.0 })
}

pub async fn sync(actor: Actor, request: Request) -> Answer {
    let since = Seq(since(&request)?.unwrap_or(0));
    ok(&Sync::new(&request.context.app.changes(&actor, since, None).await?, request.base()))
}
