//! The shapes of messaging.md.

mod hook;
mod outcome;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::hook::{Hook, NewHook};
pub use self::outcome::{Detail, Done, Fault, Invalid, Toggled};
use super::notify::Own;
use crate::api::http::attachment::Attachment;
use crate::api::http::base::BasePath;
use crate::chat::model::changes::{Change, Changes};
use crate::chat::model::chat::Kind;
use crate::chat::model::id::UserId;
use crate::chat::model::overview::Overview;
use crate::chat::model::receipt::ReadMark;
use crate::chat::model::{chat_log, invite, member, message, user};

/// A user, wherever one stands.
#[derive(JsonSchema, Serialize)]
pub struct User<'a> {
    id: i64,
    username: &'a str,
    display_name: &'a str,
    avatar_url: Option<String>,
    /// A program's account.
    is_bot: bool,
}

impl<'a> User<'a> {
    pub fn new(user: &'a user::User, base: &BasePath) -> Self {
        Self {
            id: user.id.0,
            username: user.username.as_str(),
            display_name: &user.display_name,
            avatar_url: user.avatar.as_deref().map(|name| base.avatar(name)),
            is_bot: user.is_bot,
        }
    }
}

/// A user that a search found.
#[derive(JsonSchema, Serialize)]
pub struct Found<'a> {
    #[serde(flatten)]
    user: User<'a>,
    email: &'a str,
}

impl<'a> Found<'a> {
    pub fn new(account: &'a user::Account, hide_email: bool, base: &BasePath) -> Self {
        Self { user: User::new(&account.user, base), email: if hide_email { "" } else { &account.email } }
    }
}

/// A chat as its viewer sees it.
#[derive(JsonSchema, Serialize)]
pub struct Chat<'a> {
    id: i64,
    title: &'a str,
    #[schemars(extend("enum" = ["dm", "group"]))]
    chat_type: &'static str,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
    /// A group's picture.
    avatar_url: Option<String>,
    last_message: Option<LastMessage<'a>>,
    /// In frames about a group of more than 100, nobody: only `member_count` is told.
    members: Vec<Member<'a>>,
    admins: Vec<i64>,
    owner: i64,
    member_count: i64,
    /// Who is in its call.
    call: Vec<i64>,
    /// The last, since it alone is each viewer's own: see [`of_viewer`](super::notify::of_viewer).
    #[serde(flatten)]
    own: Own,
}

/// Somebody in a chat.
#[derive(JsonSchema, Serialize)]
struct Member<'a> {
    #[serde(flatten)]
    user: User<'a>,
    online: bool,
}

impl<'a> Chat<'a> {
    pub fn new(overview: &'a Overview, base: &BasePath) -> Self {
        let Overview { chat: room, members, last_message, online, call, own } = overview;
        let shape = |user: &'a user::User| Member { user: User::new(user, base), online: online.contains(&user.id) };
        Self {
            id: room.id.0,
            title: &room.title,
            chat_type: chat_type(room.kind),
            created_at: room.created_at.to_string(),
            // The document counts what is said in a chat as a change of it.
            updated_at: room.updated_at.max(room.active_at).to_string(),
            avatar_url: room.avatar.as_deref().map(|name| base.avatar(name)),
            last_message: last_message.as_ref().map(|message| LastMessage::new(message, base)),
            members: members.iter().map(|member| shape(&member.user)).collect(),
            admins: members.iter().filter(|member| member.is_admin).map(|member| member.user.id.0).collect(),
            owner: room.owner.id.0,
            member_count: room.member_count,
            call: call.iter().map(|user| user.0).collect(),
            own: (*own).into(),
        }
    }
}

pub const fn chat_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Direct => "dm",
        Kind::Group => "group",
    }
}

/// Somebody in a chat, in the list of its members.
#[derive(JsonSchema, Serialize)]
pub struct ListedMember<'a> {
    #[serde(flatten)]
    user: User<'a>,
    is_admin: bool,
    #[schemars(extend("format" = "date-time"))]
    joined_at: String,
    online: bool,
    /// When they were last there, if they ever were.
    last_seen: Option<String>,
}

impl<'a> ListedMember<'a> {
    pub fn new(seen: &'a member::Seen, base: &BasePath) -> Self {
        Self {
            user: User::new(&seen.member.user, base),
            is_admin: seen.member.is_admin,
            joined_at: seen.member.joined_at.to_string(),
            online: seen.is_online,
            last_seen: seen.last_seen.map(|at| at.to_string()),
        }
    }
}

/// What happened in a group.
#[derive(JsonSchema, Serialize)]
pub struct LogEntry<'a> {
    id: i64,
    #[schemars(extend("enum" = ["joined", "added", "left", "removed", "renamed"]))]
    kind: &'static str,
    /// Who did it.
    actor: User<'a>,
    /// Who came or went.
    user: Option<User<'a>>,
    /// Of a renaming.
    old_title: Option<&'a str>,
    /// Of a renaming.
    new_title: Option<&'a str>,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
}

impl<'a> LogEntry<'a> {
    pub fn new(entry: &'a chat_log::LogEntry, base: &BasePath) -> Self {
        Self {
            id: entry.id,
            kind: entry.kind.as_str(),
            actor: User::new(&entry.actor, base),
            user: entry.user.as_ref().map(|user| User::new(user, base)),
            old_title: entry.old_title.as_deref(),
            new_title: entry.new_title.as_deref(),
            created_at: entry.at.to_string(),
        }
    }
}

/// An invitation into a group.
#[derive(JsonSchema, Serialize)]
pub struct GroupInvitation<'a> {
    code: &'a str,
    /// A page of the client, for whoever has an account.
    url: String,
    uses_left: u32,
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    /// The admin who made it: it works as long as they are one.
    created_by: i64,
}

impl<'a> GroupInvitation<'a> {
    pub fn new(invite: &'a invite::GroupInvite, url: String) -> Self {
        Self {
            code: invite.code.as_str(),
            url,
            uses_left: invite.uses_left,
            expires_at: invite.expires_at.to_string(),
            created_at: invite.created_at.to_string(),
            created_by: invite.created_by.0,
        }
    }
}

/// The newest message of a chat.
#[derive(JsonSchema, Serialize)]
struct LastMessage<'a> {
    id: i64,
    content: &'a str,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    sender: User<'a>,
    attachments: Vec<Attachment<'a>>,
    /// As of any message.
    #[schemars(extend("enum" = ["text", "call"]))]
    kind: &'static str,
    call_seconds: Option<u32>,
}

impl<'a> LastMessage<'a> {
    fn new(message: &'a message::Message, base: &BasePath) -> Self {
        Self {
            id: message.id.0,
            content: &message.text,
            created_at: message.created_at.to_string(),
            sender: User::new(&message.sender, base),
            attachments: attachments(message, base),
            kind: kind(message),
            call_seconds: message.call_seconds,
        }
    }
}

fn attachments<'a>(message: &'a message::Message, base: &BasePath) -> Vec<Attachment<'a>> {
    message.attachments.iter().map(|file| Attachment::new(file, base)).collect()
}

fn kind(message: &message::Message) -> &'static str {
    if message.call_seconds.is_some() { "call" } else { "text" }
}

/// A message.
#[derive(JsonSchema, Serialize)]
pub struct Message<'a> {
    id: i64,
    chat: i64,
    seq: i64,
    content: &'a str,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
    is_edited: bool,
    is_deleted: bool,
    is_pinned: bool,
    sender: User<'a>,
    reactions: Vec<Reaction<'a>>,
    read_by: Vec<i64>,
    attachments: Vec<Attachment<'a>>,
    reply_to: Option<i64>,
    /// Those whom it names with an `@`.
    mentions: Vec<i64>,
    /// It mentions everybody, with `@all`.
    mentions_all: bool,
    /// `text`, or `call` of the line that a call left: then `content` is a plain sentence.
    #[schemars(extend("enum" = ["text", "call"]))]
    kind: &'static str,
    /// Of such a line, how long people talked: 0 if nobody answered.
    call_seconds: Option<u32>,
}

impl<'a> Message<'a> {
    /// With who has read it, by the marks of its chat's members. Of a new one there are none.
    pub fn new(message: &'a message::Message, marks: &[ReadMark], base: &BasePath) -> Self {
        Self {
            id: message.id.0,
            chat: message.chat.0,
            seq: message.seq.0,
            content: &message.text,
            created_at: message.created_at.to_string(),
            updated_at: message.updated_at.to_string(),
            is_edited: message.is_edited,
            // A deleted one is in no list, and its frame carries nothing but its id.
            is_deleted: false,
            is_pinned: message.pinned_at.is_some(),
            sender: User::new(&message.sender, base),
            reactions: reactions(&message.reactions),
            read_by: read_by(message, marks),
            attachments: attachments(message, base),
            reply_to: message.reply_to.map(|id| id.0),
            mentions: message.mentions.users.iter().map(|user| user.0).collect(),
            mentions_all: message.mentions.all,
            kind: kind(message),
            call_seconds: message.call_seconds,
        }
    }
}

/// The sender first, who may have left the chat since; then the others, the longest standing first.
fn read_by(message: &message::Message, marks: &[ReadMark]) -> Vec<i64> {
    let sender = message.sender.id;
    let others = marks.iter().filter(|mark| mark.user != sender && mark.has_read(message.id, sender));
    std::iter::once(sender.0).chain(others.map(|mark| mark.user.0)).collect()
}

/// One emoji on a message.
#[derive(JsonSchema, Serialize)]
pub struct Reaction<'a> {
    emoji: &'a str,
    count: usize,
    users: Vec<i64>,
}

/// All emoji on a message.
pub fn reactions(reactions: &[message::Reaction]) -> Vec<Reaction<'_>> {
    let shape = |reaction: &message::Reaction| reaction.users.iter().map(|UserId(id)| *id).collect();
    reactions
        .iter()
        .map(|reaction| Reaction { emoji: &reaction.emoji, count: reaction.users.len(), users: shape(reaction) })
        .collect()
}

/// A page of changes.
#[derive(JsonSchema, Serialize)]
pub struct Sync<'a> {
    seq: i64,
    more: bool,
    messages: Vec<Message<'a>>,
    deleted: Vec<Deleted>,
}

#[derive(JsonSchema, Serialize)]
struct Deleted {
    id: i64,
    chat: i64,
}

impl<'a> Sync<'a> {
    pub fn new(changes: &'a Changes, base: &BasePath) -> Self {
        let (mut messages, mut deleted) = (Vec::new(), Vec::new());
        for change in &changes.items {
            match change {
                Change::Message(message, marks) => messages.push(Message::new(message, marks, base)),
                Change::Deleted { id, chat, .. } => deleted.push(Deleted { id: id.0, chat: chat.0 }),
            }
        }
        Self { seq: changes.seq.0, more: changes.more, messages, deleted }
    }
}

/// What a search found.
#[derive(JsonSchema, Serialize)]
pub struct Results<T> {
    pub results: Vec<T>,
}
