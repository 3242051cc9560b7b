//! Profiles, posts and friends.

use serde_json::json;
use warp::http::StatusCode;

use super::accounts::email_for;
use super::json::{Post, Profile};
use crate::api::http::array;
use crate::api::http::reply::{self, Answer, Failure, created, ok};
use crate::api::http::request::Request;
use crate::chat::Chat;
use crate::chat::model::error::Error;
use crate::chat::model::id::{PostId, UserId};
use crate::chat::model::session::Asker;
use crate::chat::model::{name, profile};

/// Posts read at once.
const PIECE: u32 = 20;

pub async fn mine(asker: Asker, request: Request) -> Answer {
    let profile = request.context.chat.profile(&asker, asker.username.as_str()).await?;
    whole(&asker, &request, &profile)
}

pub async fn search(asker: Asker, request: Request) -> Answer {
    let username = request.query("username").unwrap_or_default().trim();
    if username.is_empty() {
        let sentence = "Введите логин пользователя для поиска.";
        return Ok(reply::json(StatusCode::BAD_REQUEST, &json!({ "error": sentence })));
    }
    match request.context.chat.profile(&asker, username).await {
        Ok(profile) => whole(&asker, &request, &profile),
        Err(Error::NotFound) => Ok(reply::json(StatusCode::NOT_FOUND, &json!({ "error": "Пользователь не найден." }))),
        Err(error) => Err(error.into()),
    }
}

pub async fn posts(asker: Asker, request: Request) -> Answer {
    array::stream("[", pieces(request.context.chat.clone(), asker, None), "]")
}

pub async fn publish(asker: Asker, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let title = fields.require("title", name::title);
    let content = fields.require("content", name::post);
    let (title, content) = fields.complete((title, content))?;
    created(true, &Post::from(&request.context.chat.publish_post(&asker, title, content).await?))
}

pub async fn add_friend(asker: Asker, mut request: Request) -> Answer {
    let username = username(&mut request).await?;
    let friend = request.context.chat.add_friend(&asker, &username).await?;
    ok(&json!({ "message": format!("{} добавлен в друзья.", friend.username) }))
}

pub async fn remove_friend(asker: Asker, mut request: Request) -> Answer {
    let username = username(&mut request).await?;
    let friend = request.context.chat.remove_friend(&asker, &username).await?;
    ok(&json!({ "message": format!("{} удален из друзей.", friend.username) }))
}

async fn username(request: &mut Request) -> Result<String, Failure> {
    let mut fields = request.fields().await?;
    let username = fields.require("username", |text| Ok(text.trim().to_owned()));
    fields.complete(username)
}

/// A profile with its posts, which stand last.
fn whole(asker: &Asker, request: &Request, profile: &profile::Profile) -> Answer {
    let email = email_for(asker, &profile.account, &request.context.settings);
    let without_posts = array::element(&Profile::new(profile, email));
    let opening = without_posts.strip_suffix("]}").unwrap_or(&without_posts);
    let of = profile.account.user.id;
    array::stream(opening, pieces(request.context.chat.clone(), asker.clone(), Some(of)), "]}")
}

/// Posts of somebody or everybody, oldest first, a piece at a time, for as long as the
/// asker's credential lasts.
fn pieces(
    chat: Chat,
    asker: Asker,
    of: Option<UserId>,
) -> impl FnMut() -> Result<Vec<String>, Error> + Send + Sync + 'static {
    let mut last = PostId(0);
    move || {
        chat.check_signed_in(&asker)?;
        let posts = chat.posts(&asker, of, last, PIECE)?;
        last = posts.last().map_or(last, |post| post.id);
        Ok(posts.iter().map(|post| array::element(&Post::from(post))).collect())
    }
}
