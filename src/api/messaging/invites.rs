//! Invitations into a group, for people who have an account.

use warp::http::StatusCode;

use super::json::{Chat, GroupInvitation};
use crate::api::http::cursor;
use crate::api::http::group_invite::{address, asked};
use crate::api::http::reply::{Answer, json, no_content, ok, with_credential};
use crate::api::http::request::Request;
use crate::chat::model::id::{ChatId, InviteId};
use crate::chat::model::session::Actor;

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let new = asked(&mut fields, request.context.app.now())?;
    let made = request.context.app.invite_into(&actor, chat, new).await?;
    Ok(json(StatusCode::CREATED, &GroupInvitation::new(&made, address(&request, &made))))
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let asked = cursor::asked::<i64>(&request, &[])?;
    let below = InviteId(asked.after.unwrap_or(i64::MAX));
    let found = request.context.app.invites_into(&actor, chat, below, asked.limit + 1)?;
    let shape = |invite| GroupInvitation::new(invite, address(&request, invite));
    with_credential(ok(&asked.part(&found, |invite| invite.id.0, shape)))
}

pub async fn revoke(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    request.context.app.revoke_invite_into(&actor, chat, request.param(1)).await?;
    no_content()
}

pub async fn join(actor: Actor, request: Request) -> Answer {
    let app = &request.context.app;
    let id = app.join_by(&actor, request.param(0)).await?;
    ok(&Chat::new(&app.overview(&actor, id).await?, request.base()))
}
