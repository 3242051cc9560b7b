//! Who is in a group.

use super::json::{Chat, Done, ListedMember};
use crate::api::http::body::{FieldValue, Fields, Ids, body};
use crate::api::http::cursor;
use crate::api::http::openapi::shape::{Shape, one_of};
use crate::api::http::reply::{Answer, ApiError, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::error::{Denial, Error};
use crate::chat::model::id::{ChatId, MemberId, UserId};
use crate::chat::model::member::{GroupRole, MAX_ADDED};
use crate::chat::model::name::rule::Violation;
use crate::chat::model::session::Actor;

body! {
    /// Who is to come into a group.
    Added { user_ids: Ids<MAX_ADDED> }
    /// What a member of a group is to be.
    NewRole {
        /// An admin makes admins and members. The owner alone makes somebody else the owner, and stays an admin.
        role: Role,
    }
}

/// Of a member of a group.
pub struct Role(GroupRole);

impl FieldValue for Role {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.parse(name, role).map(Self)
    }

    fn shape() -> Shape {
        one_of(&["member", "admin", "owner"])
    }
}

fn role(text: &str) -> Result<GroupRole, Violation> {
    match text.trim() {
        "member" => Ok(GroupRole::Member),
        "admin" => Ok(GroupRole::Admin),
        "owner" => Ok(GroupRole::Owner),
        other => Err(Violation(format!("\"{other}\" is not a valid choice."))),
    }
}

pub async fn list(actor: Actor, request: Request) -> Answer {
    let chat = ChatId(request.id(0)?);
    let part = request.query("q").unwrap_or_default();
    let asked = cursor::asked::<i64>(&request, &[part])?;
    let above = MemberId(asked.after.unwrap_or(0));
    let found = request.context.app.members_named(&actor, chat, part, above, asked.limit).await?;
    ok(&asked.part(&found, |seen| seen.member.id.0, |seen| ListedMember::new(seen, request.base())))
}

pub async fn add(actor: Actor, mut request: Request) -> Answer {
    let id = ChatId(request.id(0)?);
    let Added { user_ids: Ids(users) } = request.body().await?;
    let users = users.into_iter().map(UserId).collect();
    let added = request.context.app.add_members(&actor, id, users).await;
    ok(&Done::added(added.map_err(about_users("user_ids"))?))
}

pub async fn change(actor: Actor, mut request: Request) -> Answer {
    let (id, user) = (ChatId(request.id(0)?), UserId(request.id(1)?));
    let NewRole { role: Role(role) } = request.body().await?;
    let app = &request.context.app;
    app.change_role(&actor, id, user, role).await.map_err(about_users("role"))?;
    ok(&Chat::new(&app.overview(&actor, id).await?, request.base()))
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
