//! Rows of `chats` that are of two users.

use rusqlite::{OptionalExtension, Row, params};

use super::db::Db;
use super::transaction::Tx;
use crate::chat::model::direct::{Pair, Person};
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::Username;

/// The viewer's direct chats that are not hidden and were made before `below`, newest created first.
pub fn below(db: &Db, viewer: UserId, below: ChatId, limit: u32) -> Result<Vec<ChatId>> {
    let mut query = db.prepare_cached(
        "SELECT c.id FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND m.is_hidden = 0 AND m.chat_id < ?2 AND c.low_user IS NOT NULL
         ORDER BY m.chat_id DESC LIMIT ?3",
    )?;
    let rows = query.query_map(params![viewer.0, below.0, limit], |row| Ok(ChatId(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The direct chat of a name.
pub fn find_by_slug(db: &Db, slug: &str) -> Result<Option<ChatId>> {
    let mut query = db.prepare_cached("SELECT id FROM chats WHERE slug = ?1")?;
    Ok(query.query_row([slug], |row| Ok(ChatId(row.get(0)?))).optional()?)
}

pub fn insert(tx: &Tx<'_>, pair: &Pair, owner: UserId, slug: &str) -> Result<ChatId> {
    tx.prepare_cached(
        "INSERT INTO chats (kind, low_user, high_user, slug, owner_id, created_by, created_at, updated_at, active_at)
         VALUES ('direct', ?1, ?2, ?3, ?4, ?4, ?5, ?5, ?6)",
    )?
    .execute(params![pair.low.id.0, pair.high.id.0, slug, owner.0, tx.now.0, tx.activity().0])?;
    Ok(ChatId(tx.last_insert_rowid()))
}

pub fn slug_is_taken(db: &Db, slug: &str) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM chats WHERE slug = ?1")?.exists([slug])?)
}

/// The direct chat of two users, in either order.
pub fn find(db: &Db, one: UserId, other: UserId) -> Result<Option<ChatId>> {
    let (low, high) = (one.min(other), one.max(other));
    let mut query = db.prepare_cached("SELECT id FROM chats WHERE low_user = ?1 AND high_user = ?2")?;
    Ok(query.query_row([low.0, high.0], |row| Ok(ChatId(row.get(0)?))).optional()?)
}

/// The two of a direct chat; `None` for a group.
pub fn pair(db: &Db, id: ChatId) -> Result<Option<Pair>> {
    let mut query = db.prepare_cached(
        "SELECT a.id, a.username, b.id, b.username FROM chats c
         JOIN users a ON a.id = c.low_user JOIN users b ON b.id = c.high_user WHERE c.id = ?1",
    )?;
    Ok(query.query_row([id.0], |row| read_pair(row, 0)).optional()?)
}

pub(super) fn read_pair(row: &Row<'_>, first: usize) -> rusqlite::Result<Pair> {
    let person = |at| -> rusqlite::Result<Person> {
        Ok(Person { id: UserId(row.get(at)?), username: Username::stored(row.get(at + 1)?) })
    };
    Ok(Pair { low: person(first)?, high: person(first + 2)? })
}
