//! The row of `server`, and which rooms welcome newcomers.

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, UserId};

/// What the server is called, if somebody named it.
pub fn name(db: &Db) -> Result<Option<String>> {
    let name: String = db.one("SELECT name FROM server", [])?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}

pub fn set_name(tx: &Tx<'_>, name: &str) -> Result<()> {
    tx.run("UPDATE server SET name = ?1", [name])
}

/// The groups that every new account joins, by id. One that its owner made private since they were named is none,
/// unless an administrator of the server is one of its admins.
pub fn join_rooms(db: &Db) -> Result<Vec<ChatId>> {
    db.column(
        "SELECT id FROM chats c WHERE welcomes = 1 AND is_deleted = 0 AND (is_private = 0 OR EXISTS
             (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
              WHERE m.chat_id = c.id AND m.is_admin = 1 AND u.is_admin = 1 AND u.is_disabled = 0))
         ORDER BY id",
        [],
    )
}

pub fn add_join_room(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("UPDATE chats SET welcomes = 1 WHERE id = ?1", [chat.0])
}

pub fn clear_join_rooms(tx: &Tx<'_>) -> Result<()> {
    tx.run("UPDATE chats SET welcomes = 0 WHERE welcomes = 1 AND is_deleted = 0", [])
}

/// Those who can sign in, by id: at most `limit`.
pub fn people(db: &Db, limit: u32) -> Result<Vec<UserId>> {
    db.column("SELECT id FROM users WHERE is_disabled = 0 ORDER BY id LIMIT ?1", [limit])
}
