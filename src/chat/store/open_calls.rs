//! Rows of `open_calls`: what would be told of calls that go on if they ended now.

use rusqlite::params;

use super::db::Db;
use super::transaction::Tx;
use crate::chat::model::call::CallRecord;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, UserId};

pub fn put(tx: &Tx<'_>, call: &CallRecord) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO open_calls (chat_id, starter_id, last_id, has_video, was_answered, seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        call.chat.0,
        call.starter.0,
        call.last.0,
        call.has_video,
        call.was_answered,
        call.seconds
    ])?;
    Ok(())
}

pub fn delete(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.prepare_cached("DELETE FROM open_calls WHERE chat_id = ?1")?.execute([chat.0])?;
    Ok(())
}

/// All of them: right after a start, those that a crash cut.
pub fn list(db: &Db) -> Result<Vec<CallRecord>> {
    let mut query = db.prepare_cached("SELECT * FROM open_calls ORDER BY chat_id")?;
    let rows = query.query_map([], |row| {
        Ok(CallRecord {
            chat: ChatId(row.get("chat_id")?),
            starter: UserId(row.get("starter_id")?),
            last: UserId(row.get("last_id")?),
            has_video: row.get("has_video")?,
            was_answered: row.get("was_answered")?,
            seconds: row.get("seconds")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
