//! Rows of `resets`: links that set a new password.

use std::time::Duration;

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::time::Timestamp;

/// Live, and its maker still may make one.
const LIVE: &str = "r.code_hash = ?1 AND r.expires_at > ?2 AND (r.created_by IS NULL OR EXISTS
    (SELECT 1 FROM users a WHERE a.id = r.created_by AND a.is_admin = 1 AND a.is_disabled = 0))";

/// A new one in place of whatever there was.
pub fn replace(tx: &Tx<'_>, user: UserId, code_hash: &[u8], by: Option<UserId>, expires_at: Timestamp) -> Result<()> {
    tx.run(
        "INSERT OR REPLACE INTO resets (user_id, code_hash, created_by, expires_at) VALUES (?1, ?2, ?3, ?4)",
        params![user.0, code_hash, by.map(|by| by.0), expires_at.0],
    )
}

/// Whose password it sets, and until when.
pub fn find(db: &Db, code_hash: &[u8], now: Timestamp) -> Result<Option<(UserId, Timestamp)>> {
    db.first(&format!("SELECT r.user_id, r.expires_at FROM resets r WHERE {LIVE}"), params![code_hash, now.0], |row| {
        Ok((UserId(row.get(0)?), Timestamp(row.get(1)?)))
    })
}

/// The one of a user, and those that they made.
pub fn delete(tx: &Tx<'_>, user: UserId) -> Result<()> {
    tx.run("DELETE FROM resets WHERE user_id = ?1 OR created_by = ?1", [user.0])
}

/// Those that last for `life` after `believed` and more were made by a clock that was ahead: they last as long from now.
pub fn redate(tx: &Tx<'_>, believed: Timestamp, life: Duration) -> Result<()> {
    tx.run("UPDATE resets SET expires_at = ?1 WHERE expires_at > ?2", [tx.now.plus(life).0, believed.plus(life).0])
}

pub fn delete_expired(tx: &Tx<'_>) -> Result<()> {
    tx.run("DELETE FROM resets WHERE expires_at <= ?1", [tx.now.0])
}
