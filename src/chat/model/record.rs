//! The records of an export: one JSON object a line, told apart by `type`.
//!
//! Ids are the source's own and mean something within one export only. Times are
//! RFC 3339 in UTC with milliseconds. Counters, keys for look-ups, types of files and
//! sizes of pictures are not in there: whoever imports works them out. An optional field
//! that is left out means what its comment says; a field that is not listed is an error.

mod error;
mod moment;

use serde::{Deserialize, Serialize};

pub use self::error::RecordError;
use super::time::Timestamp;

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// One line. The kinds come in the order in which they stand here, and name only what
/// stands before them: so that one pass can check and store them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// The first line, once.
    Head(Head),
    /// Somebody with an account.
    User(User),
    /// What signs somebody in.
    Credential(Credential),
    /// An account elsewhere that signs somebody in.
    Identity(Identity),
    /// Two who are friends.
    Friend(Friend),
    /// A post on a profile.
    Post(Post),
    /// A direct chat or a group.
    Chat(Chat),
    /// A message that exists, in the order of time: each id is greater than the one before.
    Message(Message),
    /// An emoji on a message, in the order of reacting.
    Reaction(Reaction),
    /// An uploaded file; those of one message in their order.
    File(File),
    /// Somebody's place in a chat, the longest standing first. Last, since it names messages.
    Member(Member),
}

/// What an export is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`VERSION`]; another one is refused.
    pub version: u32,
    /// What wrote it, in words: `fireside 0.1.0`.
    pub program: String,
    /// How much is in it.
    pub scope: Scope,
    /// Whether hashes of passwords and of tokens, and the secrets of second factors, are in it.
    pub has_secrets: bool,
}

/// How much an export has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything.
    Server,
    /// One chat; of its people the names alone.
    Chat,
    /// One person's own data, of others the names alone: to be read, not imported.
    User,
}

/// Somebody with an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The source's id.
    pub id: i64,
    /// By the rules of usernames here; unique without regard to case.
    pub username: String,
    /// Left out: the username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Left out: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bio: String,
    /// May administer the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_admin: bool,
    /// Cannot sign in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_disabled: bool,
    /// A program's account: no password opens it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_bot: bool,
    /// Who made that bot: it ends with them. Left out: administrators look after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<i64>,
    /// Left out: the time of the import.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Left out: never, or unknown.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// As it is stored: a PHC string of argon2id, or Django's `pbkdf2_sha256$…` and
    /// `argon2$argon2id$…`. Left out: they need a link that sets a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// What signs them in beside the password. Left out: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    /// What they were called before a move, where that is no username here: they sign in by it, if nobody else
    /// has it. Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_name: Option<String>,
    /// When nothing is pushed to them: two times and a zone, `22:00 07:00 Europe/Berlin`. Left out: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// Pushes to them do not carry the text.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hides_preview: bool,
}

/// A second factor: TOTP by SHA-1, six digits, 30 seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// What the app shares with the server, in base32 and in the clear: whoever reads it makes codes.
    pub secret: String,
    /// The number of the last 30 seconds since 1970 whose code was used. Left out: none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<i64>,
    /// SHA-256 of each recovery code that was not used, in 64 hex digits: of its letters in lower case alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery_sha256: Vec<String>,
}

/// What signs somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Whose.
    pub user: i64,
    /// What it is.
    pub kind: CredentialKind,
    /// What its owner knows it by, possibly empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Made for a program: sign-ins never end it to make room.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_bot: bool,
    /// SHA-256 of the secret as it is sent, in 64 hex digits. Left out: it opens nothing
    /// where this is imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sha256: Option<String>,
    /// Since when it is there.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
    /// When it was used.
    #[serde(with = "moment")]
    pub used_at: Timestamp,
    /// Left out: until it is revoked.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// By whose word it was opened: it ends with that link. Left out: by a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// The account's own token. Imported, it opens as a device's, beside the account's new one.
    Account,
    /// A token of a device or a program.
    Device,
    /// A browser's session: never imported, since what guards its writes is the old server's.
    Session,
    /// A family of JWTs: never imported, since the old server signed them.
    Refresh,
}

/// An account elsewhere that signs somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Whom.
    pub user: i64,
    /// Who vouches: the URL of a provider of OpenID Connect, or `proxy`.
    pub issuer: String,
    /// For whom.
    pub subject: String,
}

/// Two who are friends, each of the other: one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Friend {
    /// One of the two.
    pub user: i64,
    /// The other.
    pub friend: i64,
    /// Since when.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
}

/// A post on a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Who wrote it.
    pub author: i64,
    /// One line.
    pub title: String,
    /// What it says.
    pub content: String,
    /// When.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
}

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
    #[must_use]
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
