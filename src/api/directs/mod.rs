//! `directs`: one-to-one chats, with their history on connect.
//!
//! | | path | |
//! |---|---|---|
//! | GET | `/api/users/` | everybody but me |
//! | GET | `/api/chats/` | my direct chats, newest created first |
//! | POST | `/api/chats/create/` | the direct chat with somebody |
//! | WS | `/ws/chat/{chat_id}/` | its history, then what is said |
//!
//! Groups do not exist here.

mod document;
mod json;
mod socket;

use warp::http::Method;

use self::json::{DirectChat, User};
use super::limit::Rate;
use super::reply::{Answer, Failure, created, envelope, envelope_shape, ok};
use super::request::Request;
use super::route::{Dialect, Route};
use crate::chat::id::UserId;
use crate::chat::session::Asker;
use crate::chat::user::UserRef;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    let (get, post) = (Method::GET, Method::POST);
    let routes = vec![
        Route::new(get.clone(), "/api/users/", Rate::Api, users).doc(document::users).when(asks_for_no_page),
        Route::new(get, "/api/chats/", Rate::Api, chats).doc(document::chats),
        Route::new(post, "/api/chats/create/", Rate::Api, create).doc(document::create),
        Route::socket("/ws/chat/{chat_id}/", socket::open).doc(document::socket).when(names_a_chat),
    ];
    Dialect { name: "directs", routes, render: envelope, errors: envelope_shape, prefixes: &[] }
}

/// At the root, the pages of this list are another document's.
fn asks_for_no_page(request: &Request) -> bool {
    request.query("page").is_none() && request.query("page_size").is_none()
}

/// At the root, `/ws/chat/` with a name is another document's.
fn names_a_chat(request: &Request) -> bool {
    !request.param(0).is_empty() && request.param(0).bytes().all(|byte| byte.is_ascii_digit())
}

async fn users(asker: Asker, request: Request) -> Answer {
    let users = request.context.chat.others(&asker).await?;
    ok(&users.iter().map(User::from).collect::<Vec<_>>())
}

async fn chats(asker: Asker, request: Request) -> Answer {
    let chats = request.context.chat.direct_overviews(&asker).await?;
    ok(&chats.iter().map(DirectChat::from).collect::<Vec<_>>())
}

async fn create(asker: Asker, mut request: Request) -> Answer {
    let mut fields = request.fields().await?;
    let user = fields.require_integer("user_id");
    let user = UserId(fields.complete(user)?);
    if user == asker.user {
        return Err(Failure::field("user_id", "Cannot create a chat with yourself"));
    }
    let chat = &request.context.chat;
    let (room, _) = chat.open_direct(&asker, UserRef::Id(user)).await?;
    created(true, &DirectChat::from(&chat.overview(&asker, room.id)?))
}
