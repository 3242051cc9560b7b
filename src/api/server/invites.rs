//! Invitations.

use std::time::Duration;

use warp::http::StatusCode;

use super::json::PAGE_SIZE;
use super::json::{Invitation, NewInvitation};
use super::link;
use crate::api::http::body::{Within, body};
use crate::api::http::page;
use crate::api::http::reply::{Answer, json, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::{ChatId, InviteId};
use crate::chat::model::invite::{INVITE_LIFE, MAX_LIFE, MAX_USES, MIN_LIFE, NewInvite};
use crate::chat::model::label::Label;

/// How many may register with one invitation.
type Uses = Within<1, { MAX_USES as u64 }>;
/// How long one works, in seconds.
type Life = Within<{ MIN_LIFE.as_secs() }, { MAX_LIFE.as_secs() }>;

body! {
    /// An invitation that is to be.
    Invited {
        /// How many may register with it; 1 unless given.
        uses: Option<Uses>,
        /// How long it works, in seconds; a week unless given.
        expires_in: Option<Life>,
        label: Option<Label>,
        /// The group that its guests join: public, or one that you are an admin of.
        chat: Option<ChatId>,
    }
}

pub async fn list(by: Administrator, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let invites = request.context.app.invites(&by, page).await?;
    let invites = page::listing(&request, page, invites)?;
    ok(&invites.write(Invitation::from))
}

pub async fn create(by: Administrator, mut request: Request) -> Answer {
    let Invited { uses, expires_in, label, chat } = request.body().await?;
    let new = NewInvite {
        uses: uses.map_or(1, |uses| u32::try_from(uses.0).unwrap_or(MAX_USES)),
        life: expires_in.map_or(INVITE_LIFE, |seconds| Duration::from_secs(seconds.0)),
        label: label.unwrap_or_default(),
        chat,
    };
    let (made, code) = request.context.app.create_invite(&by, new).await?;
    let body = NewInvitation {
        invitation: Invitation::from(&made),
        code: code.as_str(),
        url: link(&request, "invite", code.as_str()),
    };
    Ok(json(StatusCode::CREATED, &body))
}

pub async fn revoke(by: Administrator, request: Request) -> Answer {
    request.context.app.revoke_invite(&by, InviteId(request.id(0)?)).await?;
    no_content()
}
