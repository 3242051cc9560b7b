//! How the server is, and who did what.

use super::json::PAGE_SIZE;
use super::json::{Entry, Status};
use crate::api::http::page;
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::By;

pub async fn status(by: By, request: Request) -> Answer {
    let status = request.context.chat.status(&by).await?;
    let sockets = request.context.meters.sockets().map(|(dialect, open, _)| (dialect, open)).collect();
    ok(&Status::new(&status, sockets))
}

pub async fn audit(by: By, request: Request) -> Answer {
    let page = page::asked(&request, PAGE_SIZE)?;
    let entries = request.context.chat.audit(&by, page).await?;
    let entries = page::listing(&request, page, entries)?;
    ok(&entries.write(Entry::from))
}
