//! Rooms, as the client comes into them and looks after them.

use warp::http::StatusCode;

use super::super::json::{Participant, User, room_of};
use super::json::{Invitation, OfClient, Pinned};
use crate::api::http::body::body;
use crate::api::http::group_invite::{address, asked};
use crate::api::http::reply::{Answer, ApiError, created, json, ok};
use crate::api::http::request::Request;
use crate::chat::model::chat::MAX_MEMBERS;
use crate::chat::model::error::Error;
use crate::chat::model::id::{ChatId, MemberId, MessageId, UserId};
use crate::chat::model::name::Email;
use crate::chat::model::session::Actor;
use crate::chat::model::user::{self, UserRef};

body! {
    /// Whom a body means, by one of the three.
    Somebody { id: Option<UserId>, username: Option<String>, email: Option<Email> }
    /// With whom a direct room is to be.
    With { user_id: UserId }
}

/// Seconds of an hour.
const HOUR: i64 = 60 * 60;

/// A list without pages: as long as a room may be large.
pub async fn participants(actor: Actor, request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let members = request.context.app.members_named(&actor, id, "", MemberId(0), MAX_MEMBERS).await?;
    ok(&members.iter().map(|seen| Participant::new(&seen.member, request.base())).collect::<Vec<_>>())
}

pub async fn add(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let user = meant(&actor, id, &mut request).await?;
    request.context.app.add_members(&actor, id, vec![user.id]).await?;
    ok(&User::new(&user, request.base()))
}

pub async fn remove(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let user = meant(&actor, id, &mut request).await?;
    request.context.app.remove_member(&actor, id, user.id).await?;
    ok(&User::new(&user, request.base()))
}

/// Whom a body names, by whichever of the three.
async fn meant(actor: &Actor, room: ChatId, request: &mut Request) -> Result<user::User, ApiError> {
    let Somebody { id, username, email } = request.body().await?;
    let by_id = id.map(|id| ("id", UserRef::Id(id)));
    let by_name = username.map(|name| ("username", UserRef::Name(name)));
    let by_email = email.map(|email| ("email", UserRef::Email(email)));
    let (field, who) = by_id
        .or(by_name)
        .or(by_email)
        .ok_or_else(|| ApiError::field("username", "Provide an id, a username or an email."))?;
    // Where addresses are hidden, whoever has a group would learn here who has which.
    if field == "email" && request.context.settings.hide_emails {
        return Err(ApiError::field(field, "E-mail addresses are hidden on this server."));
    }
    request.context.app.user_meant(actor, room, &who).map_err(|error| match error {
        Error::UnknownUser => ApiError::field(field, error.to_string()),
        other => other.into(),
    })
}

pub async fn direct(actor: Actor, mut request: Request) -> Answer {
    let With { user_id } = request.body().await?;
    let (room, is_new) = request.context.app.open_direct(&actor, UserRef::Id(user_id)).await?;
    created(is_new, &room_of::<OfClient>(&request.context, &room))
}

/// The client counts an invitation's life in hours, `null` as long as it may be.
pub async fn invite(actor: Actor, mut request: Request) -> Answer {
    let room = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    if let Some(hours) = fields.integer("expires_in_hours") {
        fields.set("expires", hours.saturating_mul(HOUR));
    }
    let new = asked(&mut fields, request.context.app.now())?;
    let made = request.context.app.invite_into(&actor, room, new).await?;
    let code = made.code.as_str();
    Ok(json(StatusCode::CREATED, &Invitation { code, token: code, url: address(&request, &made) }))
}

pub async fn join(actor: Actor, request: Request) -> Answer {
    let app = &request.context.app;
    let room = app.join_by(&actor, request.param(0)).await?;
    ok(&room_of::<OfClient>(&request.context, &app.chat(&actor, room)?))
}

pub async fn pin(actor: Actor, request: Request) -> Answer {
    let (room, message) = (ChatId(request.id(0)?), MessageId(request.id(1)?));
    ok(&Pinned { is_pinned: request.context.app.toggle_pin(&actor, room, message).await? })
}
