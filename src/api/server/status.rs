//! How the server is, and who did what.

use super::json::AuditEntry;
use super::json::PAGE_SIZE;
use super::json::status::Status;
use crate::api::http::page;
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;

pub async fn status(by: Administrator, request: Request) -> Answer {
    let status = request.context.app.status(&by).await?;
    let sockets = request.context.meters.sockets().map(|(dialect, open, _)| (dialect, open)).collect();
    let push = request.context.settings.push.as_ref().map(|sender| sender.meters());
    ok(&Status::new(&status, sockets, push, &request.context.hook_clients.meters))
}

pub async fn audit(by: Administrator, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let entries = request.context.app.audit(&by, page).await?;
    let entries = page::listing(&request, page, entries)?;
    ok(&entries.write(AuditEntry::from))
}
