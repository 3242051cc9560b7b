//! `rooms`: rooms with calls, files and an owner.
//!
//! The handlers stand in a file per noun; this one is the table. What the system's own client calls
//! beside it stands in `client`.

mod accounts;
mod client;
mod document;
mod files;
mod json;
mod messages;
#[expect(clippy::module_inception, reason = "rooms are what this dialect is about")]
mod rooms;
mod socket;

use warp::http::Method;

use json::Documented;

use super::http::browser;
use super::http::envelope::{envelope_shape, enveloped};
use super::http::limit::Rate;
use super::http::reply::{ApiError, Response, problem};
use super::http::request::Request;
use super::http::route::{Dialect, Route};

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    let api = Rate::Api;
    let routes = vec![
        Route::open(Method::POST, "/api/auth/register/", accounts::register).doc(document::register),
        Route::open(Method::POST, "/api/auth/login/", accounts::login).doc(document::login),
        Route::without_factor(Method::POST, "/api/auth/logout/", api, accounts::logout).doc(document::logout),
        Route::without_factor(Method::POST, "/api/auth/logout-all/", api, accounts::logout_all)
            .doc(document::logout_all),
        Route::new(Method::POST, "/api/auth/password/", api, accounts::change_password).doc(document::change_password),
        Route::without_factor(Method::GET, "/api/auth/me/", api, accounts::me).doc(document::me),
        Route::new(Method::GET, "/api/users/", api, accounts::users).doc(document::users).when(asks_for_a_page),
        Route::new(Method::GET, "/api/users/{id}/", api, accounts::user).doc(document::user),
        Route::new(Method::PATCH, "/api/users/{id}/", api, accounts::change_profile).doc(document::change_profile),
        Route::new(Method::GET, "/api/rooms/", api, rooms::rooms::<Documented>).doc(document::rooms),
        Route::new(Method::POST, "/api/rooms/", api, rooms::create::<Documented>).doc(document::create),
        Route::new(Method::GET, "/api/rooms/{id}/", api, rooms::room::<Documented>).doc(document::room),
        Route::new(Method::PATCH, "/api/rooms/{id}/", api, rooms::change::<Documented>).doc(document::change),
        Route::new(Method::DELETE, "/api/rooms/{id}/", api, rooms::delete).doc(document::delete),
        Route::new(Method::POST, "/api/rooms/{id}/join/", api, rooms::join::<Documented>).doc(document::join),
        Route::new(Method::POST, "/api/rooms/{id}/leave/", api, rooms::leave).doc(document::leave),
        Route::new(Method::GET, "/api/rooms/{id}/participants/", api, rooms::participants).doc(document::participants),
        Route::new(Method::GET, "/api/rooms/{room_id}/messages/", api, messages::history::<Documented>)
            .doc(document::history),
        Route::new(Method::POST, "/api/rooms/{room_id}/messages/", api, messages::post::<Documented>)
            .doc(document::post),
        Route::new(Method::GET, "/api/messages/{id}/", api, messages::message::<Documented>).doc(document::message),
        Route::new(Method::DELETE, "/api/messages/{id}/", api, messages::delete).doc(document::delete_message),
        Route::new(Method::POST, "/api/files/upload/", Rate::Upload, files::upload).doc(document::upload),
        Route::new(Method::GET, "/api/files/{id}/", api, files::info).doc(document::info),
        // A screenful of pictures is one look at a chat, not a hundred questions.
        Route::new(Method::GET, "/api/files/{id}/download/", Rate::Free, files::download).doc(document::download),
        Route::new(Method::GET, "/api/files/{id}/preview/", Rate::Free, files::preview).doc(document::preview),
        Route::socket("/ws/room/{room_id}/", socket::open::<Documented>).doc(document::socket),
        browser::avatars().below(),
    ];
    Dialect { client: Some(client::layer()), ..Dialect::new("rooms", routes, render, envelope_shape) }
}

/// At the root, the list without a page is another document's.
fn asks_for_a_page(request: &Request) -> bool {
    request.query("page").is_some() || request.query("page_size").is_some()
}

/// The envelope of this document is the one that is shared.
fn render(failure: &ApiError) -> Response {
    enveloped(&problem(failure))
}
