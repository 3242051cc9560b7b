//! The records of an export: one JSON object a line, told apart by `type`.
//!
//! Ids are the source's own and mean something within one export only. Times are
//! RFC 3339 in UTC with milliseconds. Counters, keys for look-ups, types of files and
//! sizes of pictures are not in there: whoever imports works them out. An optional field
//! that is left out means what its comment says; a field that is not listed is an error.

mod error;
mod moment;
mod people;
mod talk;

use serde::{Deserialize, Serialize};

pub use self::error::RecordError;
pub use self::people::{Credential, CredentialKind, Friend, Identity, Post, SecondFactor, User};
pub use self::talk::{Chat, File, LogEntry, Member, Message, Reaction, Role};

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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
