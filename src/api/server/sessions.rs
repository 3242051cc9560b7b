//! What signs one in.

use super::json::PAGE_SIZE;
use super::json::Session;
use crate::api::http::page;
use crate::api::http::reply::{Answer, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::id::CredentialId;
use crate::chat::model::session::Actor;

pub async fn list(actor: Actor, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let sessions = request.context.app.sessions(&actor, page)?;
    let sessions = page::listing(&request, page, sessions)?;
    ok(&sessions.write(|held| Session::new(held, &actor)))
}

pub async fn end(actor: Actor, request: Request) -> Answer {
    request.context.app.end_session(&actor, CredentialId(request.id(0)?)).await?;
    no_content()
}
