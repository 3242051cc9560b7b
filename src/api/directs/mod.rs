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

use super::http::array;
use super::http::envelope::{envelope, envelope_shape};
use super::http::limit::Rate;
use super::http::reply::{Answer, Failure, created};
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::session::Asker;
use crate::chat::model::user::UserRef;
use json::{DirectChat, User};

/// Users or chats read at once.
const PIECE: u32 = 100;

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
    let (chat, mut last) = (request.context.chat.clone(), UserId(0));
    let next = move || {
        chat.check_signed_in(&asker)?;
        let users = chat.others(&asker, last, PIECE)?;
        last = users.last().map_or(last, |user| user.id);
        Ok(users.iter().map(|user| array::element(&User::from(user))).collect())
    };
    array::stream("[", next, "]")
}

async fn chats(asker: Asker, request: Request) -> Answer {
    let (chat, mut last) = (request.context.chat.clone(), ChatId(i64::MAX));
    let next = move || {
        chat.check_signed_in(&asker)?;
        let chats = chat.direct_overviews(&asker, last, PIECE)?;
        last = chats.last().map_or(last, |overview| overview.room.id);
        Ok(chats.iter().map(|overview| array::element(&DirectChat::from(overview))).collect())
    };
    array::stream("[", next, "]")
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
