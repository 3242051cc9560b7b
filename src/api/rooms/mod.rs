//! `rooms`: rooms with calls, files and an owner.
//!
//! | | path | |
//! |---|---|---|
//! | POST | `/api/auth/register/` | make an account: token and user |
//! | POST | `/api/auth/login/` | sign in: token and user |
//! | POST | `/api/auth/logout/`, `/api/auth/logout-all/` | end this credential, or all |
//! | POST | `/api/auth/password/` | change the password |
//! | GET | `/api/auth/me/` | who am I |
//! | GET | `/api/users/`, `/api/users/{id}/` | users |
//! | PATCH | `/api/users/{id}/` | one's own profile |
//! | GET POST | `/api/rooms/` | my rooms (`?public=true`: those to join), a new one |
//! | GET PATCH DELETE | `/api/rooms/{id}/` | a room |
//! | POST | `/api/rooms/{id}/join/`, `…/leave/` | come and go |
//! | GET | `/api/rooms/{id}/participants/` | who is in it |
//! | GET POST | `/api/rooms/{id}/messages/` | what is said in it |
//! | GET DELETE | `/api/messages/{id}/` | one message |
//! | POST | `/api/files/upload/` | a file |
//! | GET | `/api/files/{id}/`, `…/download/` | what it is, and its bytes |
//! | WS | `/ws/room/{id}/` | chat, calls, signalling |
//!
//! The handlers stand in a file per noun; this one is the table.

mod accounts;
mod files;
mod json;
mod messages;
mod places;
mod socket;

use warp::http::Method;

use super::limit::Rate;
use super::reply::{Failure, Response, enveloped, problem};
use super::request::Request;
use super::route::{Dialect, Route};

/// Items on a page, unless the request says otherwise.
const PAGE_SIZE: u32 = 20;

/// The dialect's name, routes and errors.
pub fn dialect() -> Dialect {
    let (get, post) = (Method::GET, Method::POST);
    let (patch, delete) = (Method::PATCH, Method::DELETE);
    let api = Rate::Api;
    let routes = vec![
        Route::open(post.clone(), "/api/auth/register/", accounts::register),
        Route::open(post.clone(), "/api/auth/login/", accounts::login),
        Route::new(post.clone(), "/api/auth/logout/", api, accounts::logout),
        Route::new(post.clone(), "/api/auth/logout-all/", api, accounts::logout_all),
        Route::new(post.clone(), "/api/auth/password/", api, accounts::change_password),
        Route::new(get.clone(), "/api/auth/me/", api, accounts::me),
        Route::new(get.clone(), "/api/users/", api, accounts::users).when(asks_for_a_page),
        Route::new(get.clone(), "/api/users/{id}/", api, accounts::user),
        Route::new(patch.clone(), "/api/users/{id}/", api, accounts::change_profile),
        Route::new(get.clone(), "/api/rooms/", api, places::rooms),
        Route::new(post.clone(), "/api/rooms/", api, places::create),
        Route::new(get.clone(), "/api/rooms/{id}/", api, places::room),
        Route::new(patch, "/api/rooms/{id}/", api, places::change),
        Route::new(delete.clone(), "/api/rooms/{id}/", api, places::delete),
        Route::new(post.clone(), "/api/rooms/{id}/join/", api, places::join),
        Route::new(post.clone(), "/api/rooms/{id}/leave/", api, places::leave),
        Route::new(get.clone(), "/api/rooms/{id}/participants/", api, places::participants),
        Route::new(get.clone(), "/api/rooms/{room_id}/messages/", api, messages::history),
        Route::new(post.clone(), "/api/rooms/{room_id}/messages/", api, messages::post),
        Route::new(get.clone(), "/api/messages/{id}/", api, messages::message),
        Route::new(delete, "/api/messages/{id}/", api, messages::delete),
        Route::new(post, "/api/files/upload/", Rate::Upload, files::upload),
        Route::new(get.clone(), "/api/files/{id}/", api, files::info),
        Route::new(get, "/api/files/{id}/download/", api, files::download),
        Route::socket("/ws/room/{room_id}/", socket::open),
    ];
    Dialect { name: "rooms", routes, render, prefixes: &[] }
}

/// At the root, the list without a page is another document's.
fn asks_for_a_page(request: &Request) -> bool {
    request.query("page").is_some() || request.query("page_size").is_some()
}

/// The envelope of this document is the one that is shared.
fn render(failure: &Failure) -> Response {
    enveloped(&problem(failure))
}
