//! `directs`: one-to-one chats, with their history on connect.
//!
//! Groups do not exist here. What the system's own client calls beside that stands in `client`.

mod client;
mod document;
mod json;
mod socket;

use warp::http::Method;

use super::http::body::body;
use super::http::envelope::{envelope, envelope_shape};
use super::http::json_stream;
use super::http::limit::Rate;
use super::http::reply::{Answer, ApiError, created};
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;
use json::{DirectChat, User};

/// Users or chats read at once.
const PIECE: u32 = 100;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    let routes = vec![
        Route::new(Method::GET, "/api/users/", Rate::Free, users).doc(document::users).when(asks_for_no_page),
        Route::new(Method::GET, "/api/chats/", Rate::Free, chats).doc(document::chats),
        Route::new(Method::POST, "/api/chats/create/", Rate::Free, create).doc(document::create),
        Route::socket("/ws/chat/{chat_id}/", socket::open).doc(document::socket).when(names_a_chat),
    ];
    Dialect { client: Some(client::layer()), ..Dialect::new("directs", routes, envelope, envelope_shape) }
}

/// At the root, the pages of this list are another document's.
fn asks_for_no_page(request: &Request) -> bool {
    request.query("page").is_none() && request.query("page_size").is_none()
}

/// At the root, `/ws/chat/` with a name is another document's.
fn names_a_chat(request: &Request) -> bool {
    !request.param(0).is_empty() && request.param(0).bytes().all(|byte| byte.is_ascii_digit())
}

async fn users(actor: Actor, request: Request) -> Answer {
    let (app, mut last) = (request.context.app.clone(), UserId(0));
    let next = move || {
        app.check_signed_in(&actor)?;
        let users = app.others(&actor, last, PIECE)?;
        last = users.last().map_or(last, |user| user.id);
        Ok(users.iter().map(|user| json_stream::element(&User::from(user))).collect())
    };
    json_stream::stream("[", next, "]")
}

async fn chats(actor: Actor, request: Request) -> Answer {
    let (app, mut last) = (request.context.app.clone(), ChatId(i64::MAX));
    let next = move || {
        app.check_signed_in(&actor)?;
        let chats = app.direct_overviews(&actor, last, PIECE)?;
        last = chats.last().map_or(last, |overview| overview.chat.id);
        Ok(chats.iter().map(|overview| json_stream::element(&DirectChat::from(overview))).collect())
    };
    json_stream::stream("[", next, "]")
}

body! {
    /// With whom a direct chat is to be.
    With { user_id: UserId }
}

async fn create(actor: Actor, mut request: Request) -> Answer {
    let With { user_id: user } = request.body().await?;
    if user == actor.user {
        return Err(ApiError::field("user_id", "Cannot create a chat with yourself"));
    }
    let app = &request.context.app;
    let (room, _) = app.open_direct(&actor, UserRef::Id(user)).await?;
    created(true, &DirectChat::from(&app.direct_overview(&actor, room.id)?))
}
