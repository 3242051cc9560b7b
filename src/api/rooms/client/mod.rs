//! `rooms` as its own client calls it: what stands under `/c/rooms/` alone.
//!
//! Files on messages have another shape here, and fields that are wrong stand at the top level.

mod document;
mod json;
mod rooms;
mod socket;

use warp::http::Method;

use super::{accounts, document as documented, messages};
use crate::api::http::envelope::enveloped;
use crate::api::http::limit::Rate;
use crate::api::http::reply::{ApiError, Response, problem};
use crate::api::http::route::{ClientLayer, Route};
use json::OfClient;

/// What the client calls beside the document or otherwise.
pub fn layer() -> ClientLayer {
    let api = Rate::Api;
    let history = |path| Route::new(Method::GET, path, api, messages::history::<OfClient>).doc(document::history);
    let say = |path| Route::new(Method::POST, path, api, messages::post::<OfClient>).doc(document::post);
    let [by_room, by_chat] = ["/api/rooms/{room_id}/messages/", "/api/chat/{room_id}/messages/"];
    let (rooms_path, room_path) = ("/api/rooms/", "/api/rooms/{id}/");
    let pin = "/api/rooms/{room_id}/messages/{message_id}/pin/";
    let routes = vec![
        Route::new(Method::GET, rooms_path, api, super::rooms::rooms::<OfClient>).doc(documented::rooms_of::<OfClient>),
        Route::new(Method::POST, rooms_path, api, super::rooms::create::<OfClient>)
            .doc(documented::create_of::<OfClient>),
        Route::new(Method::GET, room_path, api, super::rooms::room::<OfClient>).doc(documented::room_of::<OfClient>),
        Route::new(Method::PATCH, room_path, api, super::rooms::change::<OfClient>)
            .doc(documented::change_of::<OfClient>),
        Route::new(Method::POST, "/api/rooms/{id}/join/", api, super::rooms::join::<OfClient>)
            .doc(documented::join_of::<OfClient>),
        history(by_room),
        history(by_chat),
        say(by_room),
        say(by_chat),
        Route::new(Method::GET, "/api/messages/{id}/", api, messages::message::<OfClient>).doc(document::message),
        Route::new(Method::POST, pin, api, rooms::pin).doc(document::pin),
        Route::new(Method::GET, "/api/rooms/{id}/participants/", api, rooms::participants).doc(document::participants),
        Route::new(Method::POST, "/api/rooms/{id}/add-participant/", api, rooms::add).doc(document::add),
        Route::new(Method::POST, "/api/rooms/{id}/remove-participant/", api, rooms::remove).doc(document::remove),
        Route::new(Method::POST, "/api/rooms/direct/", api, rooms::direct).doc(document::direct),
        Route::new(Method::POST, "/api/rooms/{id}/invite/", api, rooms::invite).doc(document::invite),
        Route::new(Method::POST, "/api/rooms/join/{code}/", api, rooms::join).doc(document::join),
        Route::new(Method::PATCH, "/api/auth/profile/", api, accounts::change_own_profile)
            .doc(documented::change_profile),
        Route::socket("/ws/room/{room_id}/", socket::open_room).doc(document::socket),
        Route::socket("/ws/chat/{room_id}/", socket::open_room).doc(document::socket),
        Route::socket("/ws/call/{room_id}/", socket::open_call).doc(document::socket),
        Route::socket("/ws/notifications/", socket::open_notifications).doc(document::notifications),
    ];
    ClientLayer { routes, render, errors: document::errors, is_at_root: false }
}

/// The client shows everything that stands in a refusal of fields.
fn render(failure: &ApiError) -> Response {
    let problem = problem(failure);
    if problem.fields.is_empty() { enveloped(&problem) } else { problem.answer(&problem.details()) }
}
