//! The shapes of rooms.md.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

pub use crate::api::http::account::Account;
use crate::api::http::attachment::Attachment;
use crate::api::http::base::BasePath;
use crate::api::http::context::Context;
use crate::chat::model::call::{Signal, SignalKind};
use crate::chat::model::id::UserId;
use crate::chat::model::name::Username;
use crate::chat::model::{chat, file, member, message, user};

/// A user as everybody sees them.
#[derive(JsonSchema, Serialize)]
pub struct User<'a> {
    id: i64,
    username: &'a str,
    display_name: &'a str,
    avatar_url: Option<String>,
    bio: &'a str,
}

impl<'a> User<'a> {
    pub fn new(user: &'a user::User, base: &BasePath) -> Self {
        Self {
            id: user.id.0,
            username: user.username.as_str(),
            display_name: &user.display_name,
            avatar_url: user.avatar.as_deref().map(|name| base.avatar(name)),
            bio: &user.bio,
        }
    }
}

/// What a sign-in answers.
#[derive(JsonSchema, Serialize)]
pub struct SignedIn<'a> {
    pub token: &'a str,
    pub user: Account<'a>,
}

/// A room.
#[derive(JsonSchema, Serialize)]
pub struct Room<'a> {
    id: i64,
    name: &'a str,
    description: &'a str,
    avatar_url: Option<String>,
    is_private: bool,
    is_direct: bool,
    max_participants: Option<u32>,
    owner: User<'a>,
    participant_count: i64,
    unread_count: i64,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
}

impl<'a> Room<'a> {
    pub fn new(chat: &'a chat::Chat, base: &BasePath) -> Self {
        Self {
            id: chat.id.0,
            name: &chat.title,
            description: &chat.description,
            avatar_url: chat.avatar.as_deref().map(|name| base.avatar(name)),
            is_private: chat.is_private,
            is_direct: chat.kind == chat::Kind::Direct,
            max_participants: chat.max_members,
            owner: User::new(&chat.owner, base),
            participant_count: chat.member_count,
            unread_count: chat.unread_count(),
            created_at: chat.created_at.to_string(),
            updated_at: chat.updated_at.to_string(),
        }
    }
}

/// Somebody in a room.
#[derive(JsonSchema, Serialize)]
pub struct Participant<'a> {
    id: i64,
    user: User<'a>,
    #[schemars(extend("format" = "date-time"))]
    joined_at: String,
    is_admin: bool,
}

impl<'a> Participant<'a> {
    pub fn new(member: &'a member::Member, base: &BasePath) -> Self {
        Self {
            id: member.id.0,
            user: User::new(&member.user, base),
            joined_at: member.joined_at.to_string(),
            is_admin: member.is_admin,
        }
    }
}

/// A file by itself.
#[derive(JsonSchema, Serialize)]
pub struct File<'a> {
    #[serde(flatten)]
    attachment: Attachment<'a>,
    sha256: &'a str,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
}

impl<'a> File<'a> {
    pub fn new(file: &'a file::File, base: &BasePath) -> Self {
        Self { attachment: Attachment::new(file, base), sha256: &file.sha256, created_at: file.created_at.to_string() }
    }
}

/// A room, and who is in its call.
pub struct SeenRoom<'a> {
    pub room: &'a chat::Chat,
    pub callers: Vec<Username>,
}

/// How rooms and messages are written: as the document has them, or as this system's own client reads them.
pub trait Form: Send + Sync + 'static {
    /// Of pages that are kept.
    const NAME: &'static str;
    /// A file on a message.
    type File<'a>: JsonSchema + Serialize;
    /// A room.
    type Room<'a>: JsonSchema + Serialize;

    fn file<'a>(file: &'a file::File, base: &BasePath) -> Self::File<'a>;
    fn room<'a>(seen: SeenRoom<'a>, base: &BasePath) -> Self::Room<'a>;
}

/// A room in such a form.
pub fn room_of<'a, F: Form>(context: &Context, room: &'a chat::Chat) -> F::Room<'a> {
    F::room(SeenRoom { room, callers: context.app.callers(room) }, context.base())
}

/// As the document has them.
pub struct Documented;

impl Form for Documented {
    const NAME: &'static str = "rooms";
    type File<'a> = Attachment<'a>;
    type Room<'a> = Room<'a>;

    fn file<'a>(file: &'a file::File, base: &BasePath) -> Attachment<'a> {
        Attachment::new(file, base)
    }

    fn room<'a>(seen: SeenRoom<'a>, base: &BasePath) -> Room<'a> {
        Room::new(seen.room, base)
    }
}

/// A message in such a form.
pub fn message_of<'a, F: Form>(message: &'a message::Message, base: &BasePath) -> MessageOf<'a, F> {
    let attachments = message.attachments.iter().map(|file| F::file(file, base)).collect();
    Message {
        id: message.id.0,
        room: message.chat.0,
        author: User::new(&message.sender, base),
        content: &message.text,
        attachments,
        created_at: message.created_at.to_string(),
        updated_at: message.updated_at.to_string(),
        is_edited: message.is_edited,
    }
}

/// A message as `F` writes it.
pub type MessageOf<'a, F> = Message<'a, <F as Form>::File<'a>>;

/// A message.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Message")]
pub struct Message<'a, A> {
    id: i64,
    room: i64,
    author: User<'a>,
    content: &'a str,
    attachments: Vec<A>,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
    is_edited: bool,
}

/// A frame: what it is, and its content.
#[derive(Serialize)]
pub struct Frame<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: T,
}

/// Writes a frame. Nothing in these shapes can fail to be written.
pub fn frame(kind: &'static str, data: impl Serialize) -> String {
    serde_json::to_string(&Frame { kind, data }).unwrap_or_default()
}

/// An error's frame.
pub fn error_frame(code: &str, message: &str) -> String {
    frame("error", serde_json::json!({ "code": code, "message": message }))
}

/// Who came, into the room or its call.
#[derive(JsonSchema, Serialize)]
pub struct Joined<'a> {
    pub user: Person<'a>,
    #[schemars(extend("enum" = ["room", "call"]))]
    pub scope: &'static str,
    /// How many are in the room now, where more came or left than are told one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_count: Option<i64>,
}

/// Who went.
#[derive(JsonSchema, Serialize)]
pub struct Left {
    pub user_id: i64,
    #[schemars(extend("enum" = ["room", "call"]))]
    pub scope: &'static str,
    /// How many are in the room now, where more came or left than are told one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_count: Option<i64>,
}

/// A user by id and name.
#[derive(JsonSchema, Serialize)]
pub struct Person<'a> {
    pub id: i64,
    pub username: &'a str,
}

/// Who is in a call.
#[derive(JsonSchema, Serialize)]
pub struct CallState<'a> {
    participants: Vec<Caller<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct Caller<'a> {
    user_id: i64,
    username: &'a str,
}

impl<'a> From<&'a [(UserId, Username)]> for CallState<'a> {
    fn from(participants: &'a [(UserId, Username)]) -> Self {
        let caller = |(id, name): &'a (UserId, Username)| Caller { user_id: id.0, username: name.as_str() };
        Self { participants: participants.iter().map(caller).collect() }
    }
}

/// An offer, answer or candidate, as its target gets it.
#[derive(JsonSchema, Serialize)]
pub struct Signalled<'a> {
    target_user_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The session description, as it was sent.
    #[schemars(with = "Option<serde_json::Value>")]
    sdp: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The candidate, as it was sent.
    #[schemars(with = "Option<serde_json::Value>")]
    candidate: Option<&'a RawValue>,
    from_user_id: i64,
    from_username: &'a str,
}

/// The frame of a signal; its body was JSON when it came and is passed on as it was.
pub fn signal_frame(signal: &Signal) -> Option<String> {
    let body: &RawValue = serde_json::from_str(&signal.body).ok()?;
    let is_candidate = signal.kind == SignalKind::IceCandidate;
    let data = Signalled {
        target_user_id: signal.target.0,
        sdp: (!is_candidate).then_some(body),
        candidate: is_candidate.then_some(body),
        from_user_id: signal.from.0,
        from_username: signal.from_username.as_str(),
    };
    let kind = match signal.kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::IceCandidate => "ice_candidate",
    };
    Some(frame(kind, data))
}

/// Items on a page, unless the request says otherwise.
pub const PAGE_SIZE: u32 = 20;
