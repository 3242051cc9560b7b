//! Rows of `open_calls`: what would be told of calls that go on if they ended now.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::call::CallRecord;
use crate::chat::model::error::Result;
use crate::chat::model::id::ChatId;

pub fn put(tx: &Tx<'_>, call: &CallRecord) -> Result<()> {
    tx.run(
        "INSERT OR REPLACE INTO open_calls (chat_id, starter_id, last_id, has_video, was_answered, seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![call.chat, call.starter, call.last, call.has_video, call.was_answered, call.seconds],
    )
}

pub fn delete(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("DELETE FROM open_calls WHERE chat_id = ?1", [chat])
}

/// All of them: right after a start, those that a crash cut.
pub fn list(db: &Db) -> Result<Vec<CallRecord>> {
    db.all("SELECT * FROM open_calls ORDER BY chat_id", [], |row| {
        Ok(CallRecord {
            chat: row.get("chat_id")?,
            starter: row.get("starter_id")?,
            last: row.get("last_id")?,
            has_video: row.get("has_video")?,
            was_answered: row.get("was_answered")?,
            seconds: row.get("seconds")?,
        })
    })
}
