//! Rooms, and coming and going.

use super::json::PAGE_SIZE;
use super::json::{Participant, Room};
use crate::api::http::body::Fields;
use crate::api::http::page;
use crate::api::http::reply::{Answer, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::chat::{Authority, ChatChange, MAX_MEMBERS, NewGroup};
use crate::chat::model::id::ChatId;
use crate::chat::model::name;
use crate::chat::model::session::Actor;

/// The smallest limit that makes sense.
pub const MIN_PARTICIPANTS: i64 = 2;

pub async fn rooms(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let app = &request.context.app;
    let rooms = if request.query("public").is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1") {
        app.public_chats(&actor, page).await?
    } else {
        app.chats(&actor, page)?
    };
    let rooms = page::listing(&request, page, rooms)?;
    ok(&rooms.write(Room::from))
}

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let title = fields.require("name", name::title);
    let description = fields.parse("description", name::description);
    let is_private = fields.boolean("is_private");
    let max_members = max_participants(&mut fields);
    let title = fields.complete(title)?;
    let new = NewGroup {
        title,
        description: description.unwrap_or_default(),
        is_private: is_private.unwrap_or(false),
        max_members: max_members.flatten(),
        members: Vec::new(),
    };
    created(true, &Room::from(&request.context.app.create_group(&actor, new).await?))
}

pub async fn room(actor: Actor, request: Request) -> Answer {
    ok(&Room::from(&request.context.app.chat(&actor, ChatId(request.id(0)?))?))
}

pub async fn change(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let change = ChatChange {
        title: fields.parse("name", name::title),
        description: fields.parse("description", name::description),
        is_private: fields.boolean("is_private"),
        max_members: max_participants(&mut fields),
    };
    fields.check()?;
    ok(&Room::from(&request.context.app.change_chat(&actor, id, change, Authority::Owner).await?))
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    request.context.app.delete_chat(&actor, ChatId(request.id(0)?), Authority::Owner).await?;
    no_content()
}

pub async fn join(actor: Actor, request: Request) -> Answer {
    ok(&Room::from(&request.context.app.join(&actor, ChatId(request.id(0)?)).await?))
}

pub async fn leave(actor: Actor, request: Request) -> Answer {
    request.context.app.leave(&actor, ChatId(request.id(0)?)).await?;
    no_content()
}

pub async fn participants(actor: Actor, request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let page = page::asked(&request, PAGE_SIZE)?;
    let members = page::listing(&request, page, request.context.app.members(&actor, id, page)?)?;
    ok(&members.write(Participant::from))
}

/// `Some(None)`: the limit is taken away by `null`.
fn max_participants(fields: &mut Fields) -> Option<Option<u32>> {
    if fields.is_null("max_participants") {
        return Some(None);
    }
    let max = fields.integer("max_participants")?;
    if (MIN_PARTICIPANTS..=i64::from(MAX_MEMBERS)).contains(&max) {
        return u32::try_from(max).ok().map(Some);
    }
    fields.fault("max_participants", format!("Must be from {MIN_PARTICIPANTS} to {MAX_MEMBERS}."))
}
