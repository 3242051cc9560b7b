//! What this system's own client reads otherwise than the document has it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::super::json::{Form, Room, SeenRoom, room_of};
use crate::api::http::base::BasePath;
use crate::api::http::context::Context;
use crate::api::http::reply::{ApiError, problem};
use crate::chat::model::chat::Chat;
use crate::chat::model::file;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::Username;

/// As the client reads messages.
pub struct OfClient;

impl Form for OfClient {
    const NAME: &'static str = "rooms, client";
    type File<'a> = Attachment<'a>;
    type Room<'a> = RoomInSidebar<'a>;

    fn file<'a>(file: &'a file::File, base: &BasePath) -> Attachment<'a> {
        let attached = AttachedFile {
            id: file.id.0,
            file: base.download(file.id),
            name: &file.name,
            size: file.size,
            content_type: &file.content_type,
            created_at: file.created_at.to_string(),
        };
        Attachment { id: file.id.0, file: attached }
    }

    fn room<'a>(seen: SeenRoom<'a>, base: &BasePath) -> RoomInSidebar<'a> {
        let active_call_participants = seen.callers.iter().map(ToString::to_string).collect();
        RoomInSidebar { room: Room::new(seen.room, base), active_call_participants }
    }
}

/// A room, as the client's list of rooms shows it.
#[derive(JsonSchema, Serialize)]
pub struct RoomInSidebar<'a> {
    #[serde(flatten)]
    room: Room<'a>,
    /// The usernames of those in the room's call: the client shows them as they are.
    active_call_participants: Vec<String>,
}

/// A file on a message.
#[derive(JsonSchema, Serialize)]
pub struct Attachment<'a> {
    id: i64,
    file: AttachedFile<'a>,
}

#[derive(JsonSchema, Serialize)]
struct AttachedFile<'a> {
    id: i64,
    /// Where its bytes are.
    file: String,
    name: &'a str,
    size: i64,
    content_type: &'a str,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
}

/// An invitation into a room.
#[derive(JsonSchema, Serialize)]
pub struct Invitation<'a> {
    pub code: &'a str,
    /// The code, under the name by which the client asks for it.
    pub token: &'a str,
    /// A page of the web client.
    pub url: String,
}

/// Whether a message is pinned now.
#[derive(JsonSchema, Serialize)]
pub struct Pinned {
    pub is_pinned: bool,
}

/// An error's frame, with its sentence where the client looks for one.
pub fn refusal(failure: &ApiError) -> String {
    let problem = problem(failure);
    let message = problem.sentence();
    json!({ "type": "error", "data": { "code": problem.code, "message": message }, "detail": message }).to_string()
}

/// The frame for a room that is new to its reader.
pub fn room_added(context: &Context, room: &Chat) -> String {
    json!({ "type": "room_added", "room": room_of::<OfClient>(context, room) }).to_string()
}

/// The frame for who is in a room's call now: by name, since that is what the client shows of them.
pub fn presence(room: ChatId, callers: &[(UserId, Username)]) -> String {
    let callers: Vec<&str> = callers.iter().map(|(_, username)| username.as_str()).collect();
    json!({ "type": "room_presence_update", "room_id": room.0, "active_participants": callers }).to_string()
}
