//! Rows of `friends`: two for each friendship.

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;

/// `false`: they were friends already.
pub fn insert(tx: &Tx<'_>, one: UserId, other: UserId) -> Result<bool> {
    tx.changed(
        "INSERT INTO friends (user_id, friend_id, created_at) VALUES (?1, ?2, ?3), (?2, ?1, ?3)
         ON CONFLICT DO NOTHING",
        [one.0, other.0, tx.now.0],
    )
}

/// `false`: they were not friends.
pub fn delete(tx: &Tx<'_>, one: UserId, other: UserId) -> Result<bool> {
    tx.changed(
        "DELETE FROM friends WHERE (user_id = ?1 AND friend_id = ?2) OR (user_id = ?2 AND friend_id = ?1)",
        [one.0, other.0],
    )
}

pub fn are(db: &Db, one: UserId, other: UserId) -> Result<bool> {
    db.exists("SELECT 1 FROM friends WHERE user_id = ?1 AND friend_id = ?2", [one.0, other.0])
}

/// Somebody's friends, by id.
pub fn of(db: &Db, user: UserId) -> Result<Vec<UserId>> {
    db.column("SELECT friend_id FROM friends WHERE user_id = ?1 ORDER BY friend_id", [user.0])
}
