//! Who is in a group.

use super::json::{Done, ListedMember};
use crate::api::http::body::{Ids, body};
use crate::api::http::cursor;
use crate::api::http::reply::{Answer, ApiError, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::error::{Denial, Error};
use crate::chat::model::id::{ChatId, MemberId, UserId};
use crate::chat::model::member::MAX_ADDED;
use crate::chat::model::session::Actor;

body! {
    /// Who is to come into a group.
    Added { user_ids: Ids<MAX_ADDED> }
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let part = request.query("q").unwrap_or_default();
    let asked = cursor::asked::<i64>(&request, &[part])?;
    let above = MemberId(asked.after.unwrap_or(0));
    let found = request.context.app.members_named(&actor, chat, part, above, asked.limit).await?;
    ok(&asked.part(&found, |trace| trace.member.id.0, ListedMember::from))
}

pub async fn add(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Added { user_ids: Ids(users) } = request.body().await?;
    let users = users.into_iter().map(UserId).collect();
    let added = request.context.app.add_members(&actor, id, users).await;
    ok(&Done::added(added.map_err(about_users("user_ids"))?))
}

pub async fn remove(actor: Actor, request: Request) -> Answer {
    let (id, user) = (ChatId(request.id(0)?), UserId(request.id(1)?));
    let removed = request.context.app.remove_member(&actor, id, user).await;
    removed.map_err(about_users("user_id"))?;
    no_content()
}

/// Whom a request names that the chat cannot take is a fault of the field that names them.
pub fn about_users(field: &'static str) -> impl Fn(Error) -> ApiError {
    move |error| match error {
        Error::UnknownUser | Error::ChatFull | Error::Forbidden(Denial::DirectChat) => {
            ApiError::field(field, error.to_string())
        }
        other => other.into(),
    }
}
