//! What fills the disk, and how long chats keep what fills it.

use super::json::storage::{Chat, Use};
use crate::api::http::body::{FieldValue, Fields, body};
use crate::api::http::openapi::shape::{Shape, described, integer, nullable};
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::admin::Administrator;
use crate::chat::model::id::ChatId;
use crate::chat::model::retention::{MAX_RETENTION_DAYS, RetentionOverride};

/// How long a chat keeps its messages.
pub struct Term(RetentionOverride);

impl FieldValue for Term {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let days = fields.integer(name)?;
        let term = RetentionOverride::of_days(days).map(Self);
        term.or_else(|| fields.fault(name, format!("This is a number from 0 to {MAX_RETENTION_DAYS}, or null.")))
    }

    fn require(fields: &mut Fields, name: &str) -> Option<Self> {
        if fields.is_null(name) {
            return Some(Self(RetentionOverride::Server));
        }
        if fields.demand(name) { Self::read(fields, name) } else { None }
    }

    fn shape() -> Shape {
        let sentence = "Messages that are older go. 0: none does; `null`: as long as the server is told.";
        described(nullable(integer(0, MAX_RETENTION_DAYS.into())), sentence)
    }
}

body! {
    /// How long a chat is to keep its messages.
    Retained { retain_days: Term }
}

pub async fn storage(by: Administrator, request: Request) -> Answer {
    ok(&Use::from(&request.context.app.storage(&by).await?))
}

pub async fn retain(by: Administrator, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Retained { retain_days: Term(term) } = request.body().await?;
    request.context.app.set_term(&by, id, term).await?;
    ok(&Chat { id: id.0, retain_days: term.days() })
}
