//! How the server is, and who did what.

use super::PAGE_SIZE;
use super::json::{Entry, Status};
use crate::api::page;
use crate::api::reply::{Answer, ok};
use crate::api::request::Request;
use crate::chat::admin::By;

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
