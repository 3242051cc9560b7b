//! What happened in a group beside what is said there.

use super::id::UserId;
use super::time::Timestamp;
use super::user::User;

/// Entries that a group keeps: with each one more, its oldest goes.
pub const MAX_CHAT_LOG: u32 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// Somebody came by themselves.
    Joined,
    /// Somebody was brought in.
    Added,
    /// Somebody went.
    Left,
    /// Somebody was taken out.
    Removed,
    /// The group has another title.
    Renamed,
}

impl LogKind {
    /// That a user came, by this actor.
    pub fn came(actor: UserId, user: UserId) -> Self {
        if actor == user { Self::Joined } else { Self::Added }
    }

    /// That a user went, by this actor.
    pub fn went(actor: UserId, user: UserId) -> Self {
        if actor == user { Self::Left } else { Self::Removed }
    }

    /// Its word in the database, in exports and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Added => "added",
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        [Self::Joined, Self::Added, Self::Left, Self::Removed, Self::Renamed]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// What is to be kept.
pub struct NewLogEntry<'a> {
    pub kind: LogKind,
    pub actor: UserId,
    /// Who came or went.
    pub user: Option<UserId>,
    /// Of a renaming, the old one and the new one.
    pub titles: Option<(&'a str, &'a str)>,
    pub at: Timestamp,
}

/// What was kept.
pub struct LogEntry {
    /// The later, the greater.
    pub id: i64,
    pub kind: LogKind,
    pub actor: User,
    /// Who came or went.
    pub user: Option<User>,
    /// Of a renaming, the old one.
    pub old_title: Option<String>,
    /// Of a renaming, the new one.
    pub new_title: Option<String>,
    pub at: Timestamp,
}
