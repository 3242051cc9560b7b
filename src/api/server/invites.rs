//! Invitations.

use std::time::Duration;

use warp::http::StatusCode;

use super::json::PAGE_SIZE;
use super::json::{Invitation, NewInvitation};
use super::link;
use crate::api::http::body::Fields;
use crate::api::http::page;
use crate::api::http::reply::{Answer, json, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::{ChatId, InviteId};
use crate::chat::model::invite::{INVITE_LIFE, MAX_LIFE, MAX_USES, MIN_LIFE, NewInvite};
use crate::chat::model::label::Label;

pub async fn list(by: Administrator, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let invites = request.context.app.invites(&by, page).await?;
    let invites = page::listing(&request, page, invites)?;
    ok(&invites.write(Invitation::from))
}

pub async fn create(by: Administrator, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let uses = within(&mut fields, "uses", 1, u64::from(MAX_USES)).unwrap_or(1);
    let life = within(&mut fields, "expires_in", MIN_LIFE.as_secs(), MAX_LIFE.as_secs());
    let label = fields.parse("label", Label::parse).unwrap_or_default();
    let chat = fields.integer("chat").map(ChatId);
    fields.check()?;
    let new = NewInvite {
        uses: u32::try_from(uses).unwrap_or(MAX_USES),
        life: life.map_or(INVITE_LIFE, Duration::from_secs),
        label,
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

/// A whole number between two, that may be missing.
fn within(fields: &mut Fields, name: &str, least: u64, most: u64) -> Option<u64> {
    let number = fields.integer(name)?;
    match u64::try_from(number) {
        Ok(number) if (least..=most).contains(&number) => Some(number),
        _ => fields.fault(name, format!("This is a number from {least} to {most}.")),
    }
}
