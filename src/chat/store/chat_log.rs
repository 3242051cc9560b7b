//! Rows of `chat_log`: what happened in groups.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use super::users;
use crate::chat::model::chat_log::{LogEntry, LogKind, MAX_CHAT_LOG, NewLogEntry};
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::time::Timestamp;
use crate::chat::model::user::User;

/// The oldest beyond the limit goes.
pub fn insert(db: &Db, chat: ChatId, new: &NewLogEntry<'_>) -> Result<()> {
    let (old_title, new_title) = new.titles.unzip();
    db.run(
        "INSERT INTO chat_log (chat_id, kind, actor_id, user_id, old_title, new_title, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![chat.0, new.kind.as_str(), new.actor.0, new.user.map(|user| user.0), old_title, new_title, new.at.0],
    )?;
    db.run(
        "DELETE FROM chat_log WHERE id =
             (SELECT id FROM chat_log WHERE chat_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        params![chat.0, MAX_CHAT_LOG],
    )
}

/// All of a chat, the oldest first.
pub fn list(db: &Db, chat: ChatId) -> Result<Vec<LogEntry>> {
    let mut query = db.cached(
        "SELECT id, kind, actor_id, user_id, old_title, new_title, created_at FROM chat_log WHERE chat_id = ?1 ORDER BY id",
    )?;
    let mut rows = query.query([chat.0])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(LogEntry {
            id: row.get(0)?,
            kind: LogKind::of(&row.get::<_, String>(1)?).ok_or(Error::Internal)?,
            actor: named(db, row.get(2)?)?,
            user: row.get::<_, Option<i64>>(3)?.map(|user| named(db, user)).transpose()?,
            old_title: row.get(4)?,
            new_title: row.get(5)?,
            at: Timestamp(row.get(6)?),
        });
    }
    Ok(entries)
}

fn named(db: &Db, user: i64) -> Result<User> {
    users::find(db, UserId(user))?.ok_or(Error::Internal)
}

pub fn delete_all(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("DELETE FROM chat_log WHERE chat_id = ?1", [chat.0])
}
