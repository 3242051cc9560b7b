//! Everybody whom one may write to.

use super::json::Person;
use crate::api::http::cursor;
use crate::api::http::reply::{Answer, ok};
use crate::api::http::request::Request;
use crate::chat::model::id::UserId;
use crate::chat::model::session::Actor;
use crate::chat::model::user::{self, PersonPlace};

pub async fn list(actor: Actor, request: Request) -> Answer {
    let part = request.query("q").unwrap_or_default();
    let asked = cursor::asked::<(bool, String, i64)>(&request, &[part])?;
    let after = asked.after.clone();
    let after = after.map(|(is_online, name_key, id)| PersonPlace { is_online, name_key, id: UserId(id) });
    let found = request.context.app.people(&actor, part, after, asked.limit).await?;
    let place = |person: &user::Person| (person.is_online, person.name_key.clone(), person.user.id.0);
    ok(&asked.part(&found, place, |person| Person::new(person, request.base())))
}
