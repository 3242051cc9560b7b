//! Rows of `friends`: two for each friendship.

use super::db::Db;
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;

/// `false`: they were friends already.
pub fn insert(tx: &Tx<'_>, one: UserId, other: UserId) -> Result<bool> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO friends (user_id, friend_id, created_at) VALUES (?1, ?2, ?3), (?2, ?1, ?3)
         ON CONFLICT DO NOTHING",
    )?;
    Ok(insert.execute([one.0, other.0, tx.now.0])? > 0)
}

/// `false`: they were not friends.
pub fn delete(tx: &Tx<'_>, one: UserId, other: UserId) -> Result<bool> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM friends WHERE (user_id = ?1 AND friend_id = ?2) OR (user_id = ?2 AND friend_id = ?1)",
    )?;
    Ok(delete.execute([one.0, other.0])? > 0)
}

pub fn are(db: &Db, one: UserId, other: UserId) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM friends WHERE user_id = ?1 AND friend_id = ?2")?.exists([one.0, other.0])?)
}

/// Somebody's friends, by id.
pub fn of(db: &Db, user: UserId) -> Result<Vec<UserId>> {
    let mut query = db.prepare_cached("SELECT friend_id FROM friends WHERE user_id = ?1 ORDER BY friend_id")?;
    let rows = query.query_map([user.0], |row| Ok(UserId(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
