//! Rooms, and coming and going.

use super::json::{Form, PAGE_SIZE, Participant, room_of};
use crate::api::http::body::{Description, FieldValue, Fields, MaybeNull, Title, body};
use crate::api::http::openapi::shape::{Shape, integer};
use crate::api::http::page;
use crate::api::http::reply::{Answer, created, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::chat::{Authority, ChatChange, MAX_MEMBERS, NewGroup};
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Actor;

/// The smallest limit that makes sense.
const MIN_PARTICIPANTS: u32 = 2;

/// How many may be in a room.
pub struct MaxParticipants(u32);

impl FieldValue for MaxParticipants {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let max = u32::try_from(fields.integer(name)?).ok();
        let max = max.filter(|max| (MIN_PARTICIPANTS..=MAX_MEMBERS).contains(max)).map(Self);
        max.or_else(|| fields.fault(name, format!("Must be from {MIN_PARTICIPANTS} to {MAX_MEMBERS}.")))
    }

    fn shape() -> Shape {
        integer(MIN_PARTICIPANTS.into(), MAX_MEMBERS.into())
    }
}

body! {
    /// A room that is to be.
    NewRoom {
        name: Title,
        description: Option<Description>,
        is_private: Option<bool>,
        /// `null`: as many as there may be in any room.
        max_participants: MaybeNull<MaxParticipants>,
    }
    /// What of a room is to be otherwise.
    ChangedRoom {
        name: Option<Title>,
        description: Option<Description>,
        is_private: Option<bool>,
        /// `null`: as many as there may be in any room.
        max_participants: MaybeNull<MaxParticipants>,
    }
}

pub async fn rooms<F: Form>(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let app = &request.context.app;
    let rooms = if request.query("public").is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1") {
        app.public_chats(&actor, page).await?
    } else {
        app.chats(&actor, page)?
    };
    let rooms = page::listing(&request, page, rooms)?;
    ok(&rooms.write(|room| room_of::<F>(&request.context, room)))
}

pub async fn create<F: Form>(actor: Actor, mut request: Request) -> Answer {
    let NewRoom { name, description, is_private, max_participants } = request.body().await?;
    let new = NewGroup {
        title: name.into(),
        description: description.map(String::from).unwrap_or_default(),
        is_private: is_private.unwrap_or(false),
        max_members: max_participants.0.flatten().map(|max| max.0),
        members: Vec::new(),
    };
    let app = &request.context.app;
    created(true, &room_of::<F>(&request.context, &app.create_group(&actor, new).await?))
}

pub async fn room<F: Form>(actor: Actor, request: Request) -> Answer {
    let app = &request.context.app;
    ok(&room_of::<F>(&request.context, &app.chat(&actor, ChatId(request.id(0)?))?))
}

pub async fn change<F: Form>(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let ChangedRoom { name, description, is_private, max_participants } = request.body().await?;
    let change = ChatChange {
        title: name.map(String::from),
        description: description.map(String::from),
        is_private,
        max_members: max_participants.0.map(|max| max.map(|max| max.0)),
        avatar: None,
    };
    let app = &request.context.app;
    ok(&room_of::<F>(&request.context, &app.change_chat(&actor, id, change, Authority::Owner).await?))
}

pub async fn delete(actor: Actor, request: Request) -> Answer {
    request.context.app.delete_chat(&actor, ChatId(request.id(0)?), Authority::Owner).await?;
    no_content()
}

pub async fn join<F: Form>(actor: Actor, request: Request) -> Answer {
    let app = &request.context.app;
    ok(&room_of::<F>(&request.context, &app.join(&actor, ChatId(request.id(0)?)).await?))
}

pub async fn leave(actor: Actor, request: Request) -> Answer {
    request.context.app.leave(&actor, ChatId(request.id(0)?)).await?;
    no_content()
}

pub async fn participants(actor: Actor, request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let page = page::asked(&request, PAGE_SIZE)?;
    let members = page::listing(&request, page, request.context.app.members(&actor, id, page)?)?;
    ok(&members.write(|member| Participant::new(member, request.base())))
}
