//! What fills the disk, and what the database is called there.

use std::path::{Path, PathBuf};

use super::id::{ChatId, UserId};
use super::name::Username;
use super::retention::RetentionOverride;

/// What the database is called in the data folder.
pub const DATABASE: &str = "fireside.db";

/// The database of a data folder.
pub fn database(data: &Path) -> PathBuf {
    data.join(DATABASE)
}

/// Its write-ahead log.
pub fn log(data: &Path) -> PathBuf {
    data.join(format!("{DATABASE}-wal"))
}

/// What a chat takes. Of a chat that is not open to all, nobody learns the title here.
#[derive(Clone, Debug)]
pub struct ChatShare {
    pub id: ChatId,
    /// Whether it is a direct chat.
    pub is_direct: bool,
    /// Of a public room; else blank.
    pub title: String,
    /// How many are in it.
    pub members: i64,
    pub messages: i64,
    /// Bytes of the files in it.
    pub bytes: i64,
    /// How long it keeps them.
    pub term: RetentionOverride,
}

/// What a user's files and texts take.
#[derive(Clone, Debug)]
pub struct UserShare {
    /// Who.
    pub id: UserId,
    pub username: Username,
    /// Bytes of files.
    pub files: i64,
    /// Bytes of messages and posts.
    pub texts: i64,
}
