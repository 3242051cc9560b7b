//! How much there is of everything, from the counters that rows keep.

use super::Db;
use crate::chat::error::Result;

/// Chats, and the messages in them: the chats' own counters, so that no message is read.
pub fn chats_and_messages(db: &Db) -> Result<(i64, i64)> {
    let mut query =
        db.prepare_cached("SELECT count(*), coalesce(sum(message_count), 0) FROM chats WHERE is_deleted = 0")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Bytes of all uploaded files: the users' own counters.
pub fn files_bytes(db: &Db) -> Result<i64> {
    Ok(db.prepare_cached("SELECT coalesce(sum(stored_bytes), 0) FROM users")?.query_row([], |row| row.get(0))?)
}
