//! What signs one in.

use super::json::PAGE_SIZE;
use super::json::Session;
use crate::api::http::page;
use crate::api::http::reply::{Answer, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::id::CredentialId;
use crate::chat::model::session::Asker;

pub async fn list(asker: Asker, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let sessions = request.context.chat.sessions(&asker, page)?;
    let sessions = page::listing(&request, page, sessions)?;
    ok(&sessions.write(|held| Session::new(held, &asker)))
}

pub async fn end(asker: Asker, request: Request) -> Answer {
    request.context.chat.end_session(&asker, CredentialId(request.id(0)?)).await?;
    no_content()
}
