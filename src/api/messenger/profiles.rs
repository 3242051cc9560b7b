//! Profiles, posts and friends.

use std::sync::Arc;

use serde_json::json;
use warp::http::StatusCode;

use super::accounts::email_for;
use super::json::{Post, Profile};
use crate::api::http::body::{PostText, Title, Word, body};
use crate::api::http::json_stream;
use crate::api::http::reply::{self, Answer, created, ok};
use crate::api::http::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::id::{PostId, UserId};
use crate::chat::model::profile;
use crate::chat::model::session::Actor;

/// Posts read at once.
const PIECE: u32 = 20;

body! {
    /// A post that is to be.
    NewPost { title: Title, content: PostText }
    /// A friend that is to be, or was.
    Friend { username: Word }
}

pub async fn mine(actor: Actor, request: Request) -> Answer {
    let profile = request.context.app.profile(&actor, actor.username.as_str()).await?;
    whole(&actor, &request, &profile)
}

pub async fn search(actor: Actor, request: Request) -> Answer {
    let username = request.query("username").unwrap_or_default().trim();
    if username.is_empty() {
        let sentence = "Введите логин пользователя для поиска.";
        return Ok(reply::json(StatusCode::BAD_REQUEST, &json!({ "error": sentence })));
    }
    match request.context.app.profile(&actor, username).await {
        Ok(profile) => whole(&actor, &request, &profile),
        Err(Error::NotFound) => Ok(reply::json(StatusCode::NOT_FOUND, &json!({ "error": "Пользователь не найден." }))),
        Err(error) => Err(error.into()),
    }
}

pub async fn posts(actor: Actor, request: Request) -> Answer {
    json_stream::stream("[", pieces(&request, actor, None), "]")
}

pub async fn publish(actor: Actor, mut request: Request) -> Answer {
    let NewPost { title: Title(title), content: PostText(content) } = request.body().await?;
    created(true, &Post::new(&request.context.app.publish_post(&actor, title, content).await?, request.base()))
}

pub async fn add_friend(actor: Actor, mut request: Request) -> Answer {
    let Friend { username: Word(username) } = request.body().await?;
    let friend = request.context.app.add_friend(&actor, &username).await?;
    ok(&json!({ "message": format!("{} добавлен в друзья.", friend.username) }))
}

pub async fn remove_friend(actor: Actor, mut request: Request) -> Answer {
    let Friend { username: Word(username) } = request.body().await?;
    let friend = request.context.app.remove_friend(&actor, &username).await?;
    ok(&json!({ "message": format!("{} удален из друзей.", friend.username) }))
}

/// A profile with its posts, which stand last.
fn whole(actor: &Actor, request: &Request, profile: &profile::Profile) -> Answer {
    let email = email_for(actor, &profile.account, &request.context.settings);
    let without_posts = json_stream::element(&Profile::new(profile, email, request.base()));
    let opening = without_posts.strip_suffix("]}").unwrap_or(&without_posts);
    let of = profile.account.user.id;
    json_stream::stream(opening, pieces(request, actor.clone(), Some(of)), "]}")
}

/// Posts of somebody or everybody, oldest first, a piece at a time, for as long as the
/// actor's credential lasts.
fn pieces(
    request: &Request,
    actor: Actor,
    of: Option<UserId>,
) -> impl FnMut() -> Result<Vec<String>, Error> + Send + Sync + use<> {
    let context = Arc::clone(&request.context);
    let mut last = PostId(0);
    move || {
        context.app.check_signed_in(&actor)?;
        let posts = context.app.posts(&actor, of, last, PIECE)?;
        last = posts.last().map_or(last, |post| post.id);
        Ok(posts.iter().map(|post| json_stream::element(&Post::new(post, context.base()))).collect())
    }
}
