//! Rows of `idempotency_keys`.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{MessageId, UserId};
use crate::chat::model::name::IdempotencyKey;
use crate::chat::model::time::Timestamp;

/// What a key was used for: a hash of the content, and the message.
pub fn find(db: &Db, user: UserId, key: &IdempotencyKey) -> Result<Option<(Vec<u8>, MessageId)>> {
    db.first(
        "SELECT content_hash, message_id FROM idempotency_keys WHERE user_id = ?1 AND key = ?2",
        params![user.0, key.as_str()],
        |row| Ok((row.get(0)?, MessageId(row.get(1)?))),
    )
}

pub fn insert(tx: &Tx<'_>, user: UserId, key: &IdempotencyKey, content: &[u8], message: MessageId) -> Result<()> {
    tx.run(
        "INSERT INTO idempotency_keys (user_id, key, content_hash, message_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![user.0, key.as_str(), content, message.0, tx.now.0],
    )
}

pub fn delete_older(tx: &Tx<'_>, than: Timestamp) -> Result<()> {
    tx.run("DELETE FROM idempotency_keys WHERE created_at < ?1", [than.0])
}
