//! What the routes of the client's layer say of themselves.

use serde_json::json;

use super::super::document::{bare, client_frames, frame, history_of, message_of, post_of, server_frames};
use super::super::json::{Participant, User};
use super::json::{Invitation, OfClient, Pinned, RoomInSidebar};
use super::rooms::{Somebody, With};
use super::socket::MessageRead;
use crate::api::http::body::Body;
use crate::api::http::envelope::{CODES, envelope_shape};
use crate::api::http::group_invite::Invited;
use crate::api::http::openapi::doc::{Doc, Shapes};
use crate::api::http::openapi::shape::{
    Shape, any_of, described, integer, list, may, need, number, object, one_of, string, word,
};
use crate::chat::model::invite::MAX_LIFE;

/// The envelope, or sentences by field.
pub fn errors(shapes: &mut Shapes, status: u16) -> Shape {
    let envelope = envelope_shape(shapes, status);
    let fields = json!({ "type": "object", "minProperties": 1, "additionalProperties": list(string()) });
    if status == 400 { any_of([envelope, fields]) } else { envelope }
}

pub fn history(doc: &mut Doc) {
    history_of::<OfClient>(doc);
}

pub fn post(doc: &mut Doc) {
    post_of::<OfClient>(doc);
}

pub fn message(doc: &mut Doc) {
    message_of::<OfClient>(doc);
}

pub fn pin(doc: &mut Doc) {
    doc.does("Pin a message, or take its pin off")
        .note("Admins of a room may, and both sides of a direct one.")
        .answers::<Pinned>(200, "Whether it is pinned now.")
        .refuses(&[400]);
}

pub fn participants(doc: &mut Doc) {
    doc.does("List who is in a room")
        .answers::<Vec<Participant<'_>>>(200, "All of them, the longest standing first.")
        .refuses(&[403]);
}

pub fn add(doc: &mut Doc) {
    doc.does("Add somebody to a room")
        .note("An admin may; one of the fields says whom.")
        .takes(&Somebody::table())
        .answers::<User<'_>>(200, "Who is in it now.");
}

pub fn remove(doc: &mut Doc) {
    doc.does("Take somebody out of a room")
        .note("An admin may; one of the fields says whom.")
        .takes(&Somebody::table())
        .answers::<User<'_>>(200, "Who is out of it now.");
}

pub fn direct(doc: &mut Doc) {
    doc.does("Open the direct room with a user").takes(&With::table()).makes::<RoomInSidebar<'_>>("The room.");
}

pub fn invite(doc: &mut Doc) {
    let hours = integer(1, i64::try_from(MAX_LIFE.as_secs() / 60 / 60).unwrap_or(i64::MAX));
    doc.does("Make an invitation into a room")
        .note("An admin may. It is for people who have an account.")
        .may_take(&[Invited::table(), vec![may("expires_in_hours", described(hours, "The same in hours."))]].concat())
        .answers::<Invitation<'_>>(201, "The invitation.");
}

pub fn join(doc: &mut Doc) {
    doc.does("Join a room by an invitation")
        .note("Who is in it already stays so, and uses nothing up.")
        .path("code", string())
        .answers::<RoomInSidebar<'_>>(200, "The room.")
        .refuses(&[400, 404]);
}

/// The sentence stands in it twice: the client looks for it at the top.
fn error_frame() -> Shape {
    let error = object(&[need("code", one_of(&CODES)), need("message", string())]);
    object(&[need("type", word("error")), need("data", error), need("detail", string())])
}

pub fn socket(doc: &mut Doc) {
    let read = frame("message_read", object(&MessageRead::table()));
    let client = client_frames(vec![bare("mark_room_as_read"), read]);
    let server = any_of([server_frames::<OfClient>(&mut doc.shapes), error_frame()]);
    doc.does("Listen and speak in a room")
        .note("The paths are one socket, but for `/ws/call/`, which does not tell who joins the room.")
        .frames(client, server);
}

pub fn notifications(doc: &mut Doc) {
    let room = doc.shapes.of::<RoomInSidebar<'_>>();
    let server = any_of([
        object(&[need("type", word("room_added")), need("room", room)]),
        object(&[
            need("type", word("room_presence_update")),
            need("room_id", number()),
            need("active_participants", described(list(string()), "The usernames of those in the room's call.")),
        ]),
        bare("pong"),
        error_frame(),
    ]);
    doc.does("Hear of new rooms, and of who is in calls").frames_of("Notification", bare("ping"), server);
}
