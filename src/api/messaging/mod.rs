//! `messaging`: chats with admins, reactions and receipts, and one socket for all of them.
//!
//! The handlers stand in a file per noun; this one is the table.

mod chats;
mod document;
mod frame;
mod hooks;
mod invites;
mod json;
mod members;
mod messages;
mod notify;
mod pins;
mod quiet;
mod search;
mod socket;
mod users;

use warp::http::{Method, StatusCode};

use super::http::browser;
use super::http::limit::Rate;
use super::http::reply::{ApiError, Problem, Response, problem};
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use crate::chat::model::error::Error;

/// Chats on a page, unless the request says otherwise.
const CHATS_ON_PAGE: u32 = 20;
/// Messages on a page, unless the request says otherwise.
const MESSAGES_ON_PAGE: u32 = 50;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    Dialect {
        prefixes: &["/messages/", "/hooks/"],
        begin: hooks::sender::begin,
        ..Dialect::new("messaging", routes(), render, document::errors)
    }
}

fn routes() -> Vec<Route> {
    let free = Rate::Free;
    let (chats, remove) = ("/messages/api/chats/", "/messages/api/chats/{chat_id}/members/{user_id}/remove/");
    let (chat, member) = ("/messages/api/chats/{chat_id}/", "/messages/api/chats/{chat_id}/members/{user_id}/");
    let (history, invite) = ("/messages/api/chats/{chat_id}/messages/", "/messages/api/chats/{chat_id}/invite/");
    let (message, pin) = ("/messages/api/messages/{message_id}/", "/messages/api/messages/{message_id}/pin/");
    let mut routes = vec![
        Route::new(Method::GET, chats, free, chats::list).doc(document::list),
        Route::new(Method::POST, chats, free, chats::create).doc(document::create),
        Route::new(Method::GET, chat, free, chats::detail).doc(document::detail),
        Route::new(Method::PUT, chat, free, chats::update).doc(document::update),
        Route::new(Method::PATCH, chat, free, chats::update).doc(document::update),
        Route::new(Method::DELETE, chat, free, chats::delete).doc(document::delete),
        Route::new(Method::POST, "/messages/api/chats/{chat_id}/mark-as-read/", free, chats::mark_as_read)
            .doc(document::mark_as_read),
        Route::new(Method::POST, "/messages/api/chats/{chat_id}/mark-as-unread/", free, chats::mark_as_unread)
            .doc(document::mark_as_unread),
        Route::new(Method::POST, "/messages/api/chats/{chat_id}/typing/", free, chats::typing).doc(document::typing),
        Route::new(Method::GET, "/messages/api/chats/{chat_id}/members/", free, members::list).doc(document::members),
        Route::new(Method::GET, "/messages/api/chats/{chat_id}/pins/", free, pins::list).doc(document::pins),
        Route::new(Method::GET, "/messages/api/chats/{chat_id}/log/", free, chats::log).doc(document::log),
        Route::new(Method::POST, invite, free, invites::create).doc(document::invite),
        Route::new(Method::GET, invite, free, invites::list).doc(document::invites),
        Route::new(Method::DELETE, "/messages/api/chats/{chat_id}/invite/{code}/", free, invites::revoke)
            .doc(document::revoke_invite),
        Route::new(Method::POST, "/messages/api/join/{code}/", free, invites::join).doc(document::join),
        Route::new(Method::POST, pin, free, pins::pin).doc(document::pin),
        Route::new(Method::DELETE, pin, free, pins::unpin).doc(document::unpin),
        Route::new(Method::POST, "/messages/api/chats/{chat_id}/members/add/", free, members::add)
            .doc(document::add_members),
        Route::new(Method::PATCH, member, free, members::change).doc(document::change_member),
        Route::new(Method::DELETE, remove, free, members::remove).doc(document::remove_member),
        Route::new(Method::PATCH, "/messages/api/chats/{chat_id}/notify/", free, notify::change)
            .doc(notify::change_document),
        Route::new(Method::GET, "/messages/api/notify/", free, quiet::detail).doc(quiet::detail_document),
        Route::new(Method::PATCH, "/messages/api/notify/", free, quiet::change).doc(quiet::change_document),
        Route::new(Method::GET, "/messages/api/mentions/", free, notify::mentions).doc(notify::mentions_document),
        Route::new(Method::GET, history, free, messages::history).doc(document::history),
        Route::new(Method::POST, history, free, messages::send).doc(document::send),
        Route::new(Method::GET, message, free, messages::detail).doc(document::message),
        Route::new(Method::PUT, message, free, messages::edit).doc(document::edit),
        Route::new(Method::PATCH, message, free, messages::edit).doc(document::edit),
        Route::new(Method::DELETE, message, free, messages::delete).doc(document::delete_message),
        Route::new(Method::POST, "/messages/api/messages/{message_id}/reactions/", free, messages::react)
            .doc(document::react),
        Route::new(Method::GET, "/messages/api/users/search/", free, users::search).doc(document::search),
        Route::new(Method::GET, "/messages/api/search/", free, search::list).doc(search::document),
        Route::new(Method::GET, "/messages/api/sync/", free, messages::sync).doc(document::sync),
        Route::socket("/messages/ws/", socket::open).doc(document::socket),
        Route::event_stream("/messages/api/events/", socket::open_events).doc(document::events),
    ];
    routes.extend([browser::sign_in(), browser::sign_out(), browser::avatars()].map(Route::below));
    routes.extend(hooks::routes());
    routes
}

/// Three shapes: fields for a 400, nothing but the document's sentence for a 500, and
/// `detail` for everything else.
fn render(failure: &ApiError) -> Response {
    let problem = worded(failure);
    match problem.status {
        StatusCode::BAD_REQUEST => problem.answer(&json::Invalid::of(&problem)),
        StatusCode::INTERNAL_SERVER_ERROR => problem.answer(&json::Fault::default()),
        _ => problem.answer(&json::Detail::of(&problem)),
    }
}

/// A failure in this document's words, for answers and for frames.
fn worded(failure: &ApiError) -> Problem {
    // Only members see a chat here: a public room from outside is not there at all.
    if matches!(failure, ApiError::Chat(Error::NotMember)) {
        return problem(&ApiError::NOT_FOUND);
    }
    let mut problem = problem(failure);
    if matches!(failure, ApiError::Chat(Error::CredentialRevoked)) {
        problem.message = "Authentication credentials were not provided.".into();
    }
    if matches!(failure, ApiError::Chat(Error::Forbidden(_))) {
        problem.message = "You do not have permission to perform this action.".into();
    }
    problem
}

/// A whole number in the query, that may be missing.
fn number(request: &Request, name: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let number = text.trim().parse().map_err(|_| ApiError::field(name, "A valid integer is required."))?;
    Ok(Some(number))
}

/// `since`: the number of the last change that the client has seen.
fn since(request: &Request) -> Result<Option<i64>, ApiError> {
    match number(request, "since")? {
        Some(number) if number < 0 => Err(ApiError::field("since", "Ensure this value is not below 0.")),
        number => Ok(number),
    }
}
