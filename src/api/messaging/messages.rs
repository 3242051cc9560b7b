//! What is said in a chat, and how others take it.

use super::json::{Message, Sync, Toggled};
use super::{MESSAGES_ON_PAGE, number, since};
use crate::api::http::body::Fields;
use crate::api::http::page::{self, Listing};
use crate::api::http::reply::{Answer, Failure, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::message::MayDelete;
use crate::chat::model::id::{ChatId, FileId, MessageId, Seq};
use crate::chat::model::message::{self, Draft, MAX_ATTACHMENTS, Window};
use crate::chat::model::name::{Emoji, MessageText};
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::session::Asker;
use crate::chat::newest::Past;

pub async fn history(asker: Asker, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let page = page::asked(&request, MESSAGES_ON_PAGE)?;
    // One more than is shown tells whether there is more to come.
    let (name, window) = match (number(&request, "before")?, number(&request, "after")?) {
        (None, None) => return by_number(&asker, &request, chat, page).await,
        (Some(id), None) => ("before", Window::Before(MessageId(id), page.size + 1)),
        (None, Some(id)) => ("after", Window::After(MessageId(id), page.size + 1)),
        (Some(_), Some(_)) => return Err(Failure::field("after", "Ask for either before or after a message.")),
    };
    let (messages, marks) = request.context.chat.history_with_marks(&asker, chat, window)?;
    let messages = onward(&request, name, page.size, messages);
    ok(&messages.write(|message| Message::new(message, &marks)))
}

async fn by_number(asker: &Asker, request: &Request, chat: ChatId, page: Page) -> Answer {
    let write = |past: &Past<'_>| {
        let marks = past.read_marks()?;
        page::write_messages(past, |message| Message::new(message, &marks))
    };
    let (count, messages) = request.context.chat.page_in_words(asker, chat, page, "messaging", write).await?;
    page::in_words(request, page, count, &messages)
}

/// A part of the list that ends where `size` is reached; the next goes on from there.
fn onward(request: &Request, name: &str, size: u32, found: Paged<message::Message>) -> Listing<message::Message> {
    let Paged { count, items: mut results } = found;
    let is_more = results.len() > size as usize;
    results.truncate(size as usize);
    let last = results.last().filter(|_| is_more);
    let next = last.map(|message| page::from_place(request, name, message.id.0));
    Listing { count, next, previous: None, results }
}

pub async fn send(asker: Asker, mut request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let key = request.header("idempotency-key").map(str::to_owned);
    let draft = draft(&mut fields, key.as_deref(), request.context.settings.max_message)?;
    let posted = request.context.chat.post(&asker, chat, draft).await?;
    created(posted.is_new, &Message::new(&posted.message, &posted.marks))
}

pub async fn detail(asker: Asker, request: Request) -> Answer {
    let chat = &request.context.chat;
    let message = chat.message(&asker, MessageId(request.id(0)?))?;
    let marks = chat.read_marks(&asker, message.chat)?;
    ok(&Message::new(&message, &marks))
}

pub async fn edit(asker: Asker, mut request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    let mut fields = request.fields().await?;
    let text = new_text(&mut fields, request.context.settings.max_message)?;
    let edited = request.context.chat.edit(&asker, id, text).await?;
    ok(&Message::new(&edited.message, &edited.marks))
}

pub async fn delete(asker: Asker, request: Request) -> Answer {
    request.context.chat.delete_message(&asker, MessageId(request.id(0)?), MayDelete::Author).await?;
    no_content()
}

pub async fn react(asker: Asker, mut request: Request) -> Answer {
    let id = MessageId(request.id(0)?);
    let mut fields = request.fields().await?;
    let emoji = fields.require("emoji", Emoji::parse);
    let emoji = fields.complete(emoji)?;
    let is_there = request.context.chat.toggle_reaction(&asker, id, emoji.clone()).await?;
    let action = if is_there { "added" } else { "removed" };
    ok(&Toggled { action, emoji: emoji.as_str(), message_id: id.0 })
}

pub async fn sync(asker: Asker, request: Request) -> Answer {
    let since = Seq(since(&request)?.unwrap_or(0));
    ok(&Sync::from(&request.context.chat.changes(&asker, since, None).await?))
}

/// A message to be posted, from a body or a frame.
pub fn draft(fields: &mut Fields, header: Option<&str>, max_message: usize) -> Result<Draft, Failure> {
    let attachments = fields.integers("attachments", MAX_ATTACHMENTS).unwrap_or_default();
    if !fields.has("content") && attachments.is_empty() {
        fields.fault::<()>("content", "This field is required.");
    }
    let content = fields.text("content").unwrap_or_default();
    let reply_to = fields.integer("reply_to").map(MessageId);
    let key = fields.idempotency_key(header);
    let text = match MessageText::parse(&content, max_message) {
        Ok(text) => Some(text),
        Err(fault) => fields.fault("content", fault.0),
    };
    let text = fields.complete(text)?;
    Ok(Draft { text, attachments: attachments.into_iter().map(FileId).collect(), reply_to, key })
}

/// The text that an edit puts in the old one's place. Whether it may be blank, the message says.
pub fn new_text(fields: &mut Fields, max_message: usize) -> Result<MessageText, Failure> {
    let text = fields.require("content", |text| MessageText::parse(text, max_message));
    fields.complete(text)
}
