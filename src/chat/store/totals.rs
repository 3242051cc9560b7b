//! How much there is of everything, from the counters that rows keep.

use super::db::{Db, Sql};
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::Username;
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::storage::{ChatShare, UserShare};

/// What a user's files and texts take together.
macro_rules! bytes {
    ($user:literal) => {
        concat!(
            $user,
            ".stored_bytes + coalesce((SELECT t.bytes FROM text_bytes t WHERE t.user_id = ",
            $user,
            ".id), 0)"
        )
    };
}
pub(super) use bytes;

/// Chats, and the messages in them: the chats' own counters, so that no message is read.
pub fn chats_and_messages(db: &Db) -> Result<(i64, i64)> {
    let mut query = db.cached("SELECT count(*), coalesce(sum(message_count), 0) FROM chats WHERE is_deleted = 0")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Bytes of all uploaded files: the users' own counters, of those who have any.
pub fn files_bytes(db: &Db) -> Result<i64> {
    db.one("SELECT coalesce(sum(stored_bytes), 0) FROM users WHERE stored_bytes > 0", [])
}

/// Bytes of one user's files and texts.
pub fn bytes_of(db: &Db, user: UserId) -> Result<i64> {
    db.one(concat!("SELECT ", bytes!("u"), " FROM users u WHERE u.id = ?1"), [user.0])
}

/// Bytes of the files and texts of all programs that somebody has made.
pub fn bytes_of_programs(db: &Db, maker: UserId) -> Result<i64> {
    db.one(
        concat!(
            "SELECT coalesce(sum(",
            bytes!("u"),
            "), 0) FROM program_makers p JOIN users u ON u.id = p.user_id WHERE p.made_by = ?1"
        ),
        [maker.0],
    )
}

/// The chats that take the most, by their messages or by the bytes of their files.
pub fn largest_chats(db: &Db, by_bytes: bool, limit: u32) -> Result<Vec<ChatShare>> {
    // Bytes have no counter: every attached file is looked at, when an administrator asks.
    let bytes = "WITH sums (chat, bytes) AS (SELECT m.chat_id, sum(f.size) FROM files f
                 JOIN messages m ON m.id = f.message_id GROUP BY m.chat_id)
         SELECT c.id, c.kind, c.is_private, c.title, c.message_count, s.bytes, c.retain_days, c.member_count
         FROM sums s JOIN chats c ON c.id = s.chat WHERE c.is_deleted = 0 ORDER BY s.bytes DESC, c.id LIMIT ?1";
    let messages = "SELECT c.id, c.kind, c.is_private, c.title, c.message_count,
                (SELECT coalesce(sum(f.size), 0) FROM messages m JOIN files f ON f.message_id = m.id
                 WHERE m.chat_id = c.id AND m.attachment_count > 0) AS bytes, c.retain_days, c.member_count
         FROM (SELECT id FROM chats WHERE is_deleted = 0 AND message_count > 0
               ORDER BY message_count DESC, id LIMIT ?1) top
         JOIN chats c ON c.id = top.id ORDER BY c.message_count DESC, c.id";
    db.all(if by_bytes { bytes } else { messages }, [limit], |row| {
        let is_direct = row.get_ref("kind")?.as_str()? == "direct";
        let is_private: bool = row.get("is_private")?;
        Ok(ChatShare {
            id: ChatId(row.get("id")?),
            is_direct,
            title: if is_direct || is_private { String::new() } else { row.get("title")? },
            messages: row.get("message_count")?,
            bytes: row.get("bytes")?,
            term: RetentionOverride::stored(row.get("retain_days")?),
            members: row.get("member_count")?,
        })
    })
}

/// The users whose files and texts take the most.
pub fn largest_users(db: &Db, limit: u32) -> Result<Vec<UserShare>> {
    let sql = concat!(
        "SELECT u.id, u.username, u.stored_bytes, ",
        bytes!("u"),
        " AS bytes FROM users u WHERE bytes > 0 ORDER BY bytes DESC, u.id LIMIT ?1"
    );
    db.all(sql, [limit], |row| {
        let files = row.get("stored_bytes")?;
        let texts = row.get::<_, i64>("bytes")? - files;
        Ok(UserShare { id: UserId(row.get("id")?), username: Username::stored(row.get("username")?), files, texts })
    })
}
