//! Invitations into a group, for people who have an account.

use std::time::{Duration, SystemTime};

use warp::http::StatusCode;

use super::json::{Chat, GroupInvitation};
use crate::api::http::body::Fields;
use crate::api::http::cursor;
use crate::api::http::reply::{Answer, json, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::id::{ChatId, InviteId};
use crate::chat::model::invite::{GroupInvite, INVITE_LIFE, MAX_LIFE, MAX_USES, MIN_LIFE, NewGroupInvite};
use crate::chat::model::session::Actor;
use crate::chat::model::time::Timestamp;

pub async fn create(actor: Actor, mut request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let now = request.context.app.now();
    let mut fields = request.fields().await?;
    let uses = match fields.integer("uses") {
        None => Some(MAX_USES),
        Some(uses) => u32::try_from(uses)
            .ok()
            .filter(|uses| (1..=MAX_USES).contains(uses))
            .or_else(|| fields.fault("uses", format!("This is a number from 1 to {MAX_USES}."))),
    };
    let life = life(&mut fields, now);
    let (uses, life) = fields.complete((uses, life))?;
    let made = request.context.app.invite_into(&actor, chat, NewGroupInvite { uses, life }).await?;
    Ok(json(StatusCode::CREATED, &GroupInvitation::new(&made, address(&request, &made))))
}

/// `expires`: a time with its zone, or so many seconds from now.
fn life(fields: &mut Fields, now: Timestamp) -> Option<Duration> {
    let value = fields.value("expires").cloned();
    let life = match value.as_ref() {
        None => return Some(INVITE_LIFE),
        Some(value) => match value.as_str().filter(|text| text.contains('-')) {
            Some(text) => time(text).and_then(|at| u64::try_from(at.0 - now.0).ok()).map(Duration::from_millis),
            None => fields.integer("expires").and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
        },
    };
    life.filter(|life| (MIN_LIFE..=MAX_LIFE).contains(life)).or_else(|| {
        let (least, most) = (MIN_LIFE.as_secs(), MAX_LIFE.as_secs());
        fields.fault("expires", format!("This is a time with its zone, or {least} to {most} seconds from now."))
    })
}

fn time(text: &str) -> Option<Timestamp> {
    let at = humantime::parse_rfc3339(text.trim()).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(at.as_millis()).ok().map(Timestamp)
}

/// Behind the `#`, which a browser sends to nobody.
fn address(request: &Request, invite: &GroupInvite) -> String {
    format!("{}/join#{}", request.base_url(), invite.code.as_str())
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let asked = cursor::asked::<i64>(&request, &[])?;
    let below = InviteId(asked.after.unwrap_or(i64::MAX));
    let found = request.context.app.invites_into(&actor, chat, below, asked.limit + 1)?;
    ok(&asked.part(&found, |invite| invite.id.0, |invite| GroupInvitation::new(invite, address(&request, invite))))
}

pub async fn revoke(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    request.context.app.revoke_invite_into(&actor, chat, request.param(1)).await?;
    no_content()
}

pub async fn join(actor: Actor, request: Request) -> Answer {
    let app = &request.context.app;
    let id = app.join_by(&actor, request.param(0)).await?;
    ok(&Chat::from(&app.overview(&actor, id)?))
}
