//! The records of what people say to each other, and where.

use serde::{Deserialize, Serialize};

use super::{is_false, moment};
use crate::chat::model::time::Timestamp;

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// The source's id.
    pub id: i64,
    /// The two of a direct chat, the same one twice for notes to self. Left out: a group.
    /// A pair has one direct chat: a second record of a pair adds to the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<[i64; 2]>,
    /// Of a group; a direct chat has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Of a group, possibly empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Seen by its members only. A direct chat is, whatever this says.
    pub is_private: bool,
    /// Left out: the server's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_members: Option<u32>,
    /// For how many days its messages are kept, 0 for ever. Left out: as the server is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_days: Option<u32>,
    /// Who owns it: a member, and an admin. Of a direct chat one of the two.
    pub owner: i64,
    /// Who made it, in whose number of chats it counts; need not be in it any more. Left out:
    /// its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<i64>,
    /// When it was made.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
    /// When the chat itself last changed. Left out: when it was made.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// By what lists are ordered. Left out: the time of the last message, or when it was made.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub active_at: Option<Timestamp>,
    /// What happened in a group beside what was said, the oldest first. Left out: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogEntry>,
}

/// What happened in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// `joined`, `added`, `left`, `removed` or `renamed`.
    pub kind: String,
    /// Who did it.
    pub actor: i64,
    /// Who came or went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// Of a renaming, the old title and the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub titles: Option<(String, String)>,
    /// When.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
}

impl LogEntry {
    /// A JSON array of arrays: kind, actor, user, old title, new title and milliseconds.
    pub fn list(text: &str) -> Result<Vec<Self>, Box<dyn std::error::Error + Send + Sync>> {
        type Row = (String, i64, Option<i64>, Option<String>, Option<String>, i64);
        let entry = |(kind, actor, user, old, new, at): Row| Self {
            kind,
            actor,
            user,
            titles: old.zip(new),
            created_at: Timestamp(at),
        };
        Ok(serde_json::from_str::<Vec<Row>>(text)?.into_iter().map(entry).collect())
    }
}

/// A message that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The source's id; of all messages of all chats each is greater than the one before,
    /// for that is their order here.
    pub id: i64,
    /// Where it stands.
    pub chat: i64,
    /// Who sent it; need not be in the chat any more.
    pub sender: i64,
    /// Blank only if files are attached.
    pub text: String,
    /// The message of the same chat that it answers. One that is not there is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// When it was posted.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
    /// When its text last changed. Left out: never.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was pinned. Left out: it is not.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<Timestamp>,
    /// Of the line that a call left, how long people talked, 0 if nobody answered. Left out of all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_seconds: Option<u32>,
    /// Users whom it names with an `@`. Those who are not there are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<i64>,
    /// It mentions everybody in its group.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mentions_all: bool,
}

impl Message {
    /// What somebody said, and no more about it.
    pub fn said(id: i64, chat: i64, sender: i64, text: String, created_at: Timestamp) -> Self {
        Self { id, chat, sender, text, created_at, ..Self::default() }
    }
}

/// An emoji on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// On which.
    pub message: i64,
    /// Whose.
    pub user: i64,
    /// One grapheme cluster.
    pub emoji: String,
}

/// An uploaded file. Its bytes are `files/<sha256>` in the archive, once for all records
/// that have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Who uploaded it.
    pub uploader: i64,
    /// What its uploader calls it; names nothing on disk.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Of all its bytes, in 64 hex digits.
    pub sha256: String,
    /// When it was uploaded.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
    /// The message that it is attached to. Left out: none; unless it is an avatar, it goes
    /// a day after its upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<i64>,
    /// It is its uploader's picture.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_avatar: bool,
    /// It is the picture of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_of_chat: Option<i64>,
}

/// Somebody's place in a chat. The three marks name messages of any chat, there or not:
/// they mean all up to that one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Where.
    pub chat: i64,
    /// Who.
    pub user: i64,
    /// What they may do there.
    pub role: Role,
    /// Since when they are in it.
    #[serde(with = "moment")]
    pub joined_at: Timestamp,
    /// The newest message when they joined: they are not counted among its readers. Left
    /// out: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_after: Option<i64>,
    /// The newest message that they have read. Left out: they read nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_upto: Option<i64>,
    /// Messages up to this one are gone from their view. Left out: none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_upto: Option<i64>,
    /// Of a direct chat: in none of their lists until somebody writes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_hidden: bool,
    /// Of what they are told: `all`, `mentions` or `nothing`. Left out: as is usual in chats of its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Until when it is mute. Left out: it is not, unless it is for ever.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// It is mute for ever.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_muted: bool,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read and write.
    Member,
    /// Change a group and its members, too.
    Admin,
}
