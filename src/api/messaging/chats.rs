//! Chats: mine, a new one, and what is done with one as a whole.

use std::collections::VecDeque;

use super::CHATS_ON_PAGE;
use super::json::{Chat, Done};
use super::members::about_users;
use crate::api::http::body::Fields;
use crate::api::http::json_stream;
use crate::api::http::page;
use crate::api::http::reply::{Answer, ApiError, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::chat::{Authority, ChatChange, Kind, NewGroup};
use crate::chat::model::id::{ChatId, MessageId, UserId};
use crate::chat::model::member::MAX_ADDED;
use crate::chat::model::name;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;

pub async fn list(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, CHATS_ON_PAGE)?;
    let part = request.query("search").filter(|part| !part.trim().is_empty());
    let app = request.context.app.clone();
    let found = app.chats_by_activity(&actor, page, part).await?;
    let (opening, closing) = page::around(&request, page, found.count)?;
    let mut left = VecDeque::from(found.items);
    // A page may be of a hundred groups of thousands.
    let next = move || {
        app.check_signed_in(&actor)?;
        let chats = app.next_overviews(&actor, &mut left)?;
        Ok(chats.iter().map(|chat| json_stream::element(&Chat::from(chat))).collect())
    };
    json_stream::stream(&opening, next, closing)
}

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let kind = fields.require("chat_type", chat_type);
    let app = &request.context.app;
    let (id, is_new) = match fields.complete(kind)? {
        Kind::Direct => {
            let other = the_other(&mut fields)?;
            let opened = app.open_direct(&actor, UserRef::Id(other)).await;
            let (room, is_new) = opened.map_err(about_users("member_ids"))?;
            (room.id, is_new)
        }
        Kind::Group => {
            let new = new_group(&mut fields)?;
            (app.create_group(&actor, new).await.map_err(about_users("member_ids"))?.id, true)
        }
    };
    created(is_new, &Chat::from(&app.overview(&actor, id)?))
}

fn chat_type(text: &str) -> Result<Kind, Violation> {
    match text.trim() {
        "dm" => Ok(Kind::Direct),
        "group" => Ok(Kind::Group),
        other => Err(Violation(format!("\"{other}\" is not a valid choice."))),
    }
}

/// A direct chat is with exactly one; with oneself it is notes to self.
fn the_other(fields: &mut Fields) -> Result<UserId, ApiError> {
    let ids = fields.require_integers("member_ids", MAX_ADDED);
    match fields.complete(ids)?.as_slice() {
        [other] => Ok(UserId(*other)),
        _ => Err(ApiError::field("member_ids", "A direct chat has exactly one other member.")),
    }
}

fn new_group(fields: &mut Fields) -> Result<NewGroup, ApiError> {
    let title = fields.parse("title", name::title);
    let members = fields.integers("member_ids", MAX_ADDED).unwrap_or_default();
    fields.check()?;
    if title.is_none() && members.is_empty() {
        return Err(ApiError::field("title", "A group needs a title or members."));
    }
    Ok(NewGroup {
        title: title.unwrap_or_default(),
        description: String::new(),
        is_private: true,
        max_members: None,
        members: members.into_iter().map(UserId).collect(),
    })
}

pub async fn detail(actor: Actor, request: Request) -> Answer {
    ok(&Chat::from(&request.context.app.overview(&actor, ChatId(request.id(0)?))?))
}

/// The title is all that a chat lets itself be changed by.
pub async fn update(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let title = fields.parse("title", name::title);
    fields.check()?;
    let app = &request.context.app;
    app.change_chat(&actor, id, ChatChange { title, ..ChatChange::default() }, Authority::Admin).await?;
    ok(&Chat::from(&app.overview(&actor, id)?))
}

/// A group goes for everybody, a direct chat for the one who deletes it.
pub async fn delete(actor: Actor, request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let app = &request.context.app;
    match app.chat(&actor, id)?.kind {
        Kind::Direct => app.hide_direct(&actor, id).await?,
        Kind::Group => app.delete_chat(&actor, id, Authority::Admin).await?,
    }
    no_content()
}

pub async fn mark_as_read(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let upto = fields.integer("message_id").map(MessageId);
    fields.check()?;
    ok(&Done::marked(request.context.app.mark_read(&actor, id, upto).await?))
}

pub async fn mark_as_unread(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let from = fields.require_integer("message_id");
    let from = MessageId(fields.complete(from)?);
    ok(&Done::unread(request.context.app.mark_unread(&actor, id, from).await?))
}

pub async fn typing(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let is_typing = fields.require_boolean("is_typing");
    let is_typing = fields.complete(is_typing)?;
    request.context.app.typing(&actor, id, is_typing)?;
    ok(&Done::plainly())
}
