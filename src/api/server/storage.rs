//! What fills the disk, and how long chats keep what fills it.

use super::json::storage::{Chat, Use};
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::ChatId;
use crate::chat::model::retention::{MAX_RETENTION_DAYS, RetentionOverride};

pub async fn storage(by: Administrator, request: Request) -> Answer {
    ok(&Use::from(&request.context.app.storage(&by).await?))
}

pub async fn retain(by: Administrator, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let mut fields = request.fields().await?;
    let term = if fields.is_null("retain_days") {
        Some(RetentionOverride::Server)
    } else {
        fields.require_integer("retain_days").and_then(|days| match RetentionOverride::of_days(days) {
            None => fields.fault("retain_days", format!("This is a number from 0 to {MAX_RETENTION_DAYS}, or null.")),
            term => term,
        })
    };
    let term = fields.complete(term)?;
    request.context.app.set_term(&by, id, term).await?;
    ok(&Chat { id: id.0, retain_days: term.days() })
}
