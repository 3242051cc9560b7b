//! Finding users to talk to.

use super::json::{Found, Results};
use crate::api::http::reply::{Answer, ApiError, ok};
use crate::api::http::request::Request;
use crate::chat::model::session::Actor;

pub async fn search(actor: Actor, request: Request) -> Answer {
    let part = request.query("q").ok_or_else(|| ApiError::field("q", "This field is required."))?;
    if part.trim().is_empty() {
        return Err(ApiError::field("q", "This field may not be blank."));
    }
    let hide_email = request.context.settings.hide_emails;
    let found = request.context.app.search_users(&actor, part, !hide_email).await?;
    ok(&Results { results: found.iter().map(|account| Found::new(account, hide_email, request.base())).collect() })
}
