//! Rows of `chats` that are of two users.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::direct::{Pair, Person};
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::name::Username;

/// The viewer's direct chats that are not hidden and were made before `below`, newest created first.
pub fn below(db: &Db, viewer: UserId, below: ChatId, limit: u32) -> Result<Vec<ChatId>> {
    db.column(
        "SELECT c.id FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND m.is_hidden = 0 AND m.chat_id < ?2 AND c.low_user IS NOT NULL
         ORDER BY m.chat_id DESC LIMIT ?3",
        params![viewer.0, below.0, limit],
    )
}

/// The direct chat of a name.
pub fn find_by_slug(db: &Db, slug: &str) -> Result<Option<ChatId>> {
    db.first("SELECT id FROM chats WHERE slug = ?1", [slug], |row| row.get(0))
}

pub fn insert(tx: &Tx<'_>, pair: &Pair, owner: UserId, slug: &str) -> Result<ChatId> {
    tx.insert(
        "INSERT INTO chats (kind, low_user, high_user, slug, owner_id, created_by, created_at, updated_at, active_at)
         VALUES ('direct', ?1, ?2, ?3, ?4, ?4, ?5, ?5, ?6)",
        params![pair.low.id.0, pair.high.id.0, slug, owner.0, tx.now.0, tx.activity().0],
    )
    .map(ChatId)
}

pub fn slug_is_taken(db: &Db, slug: &str) -> Result<bool> {
    db.exists("SELECT 1 FROM chats WHERE slug = ?1", [slug])
}

/// The direct chat of two users, in either order.
pub fn find(db: &Db, one: UserId, other: UserId) -> Result<Option<ChatId>> {
    let (low, high) = (one.min(other), one.max(other));
    db.first("SELECT id FROM chats WHERE low_user = ?1 AND high_user = ?2", [low.0, high.0], |row| row.get(0))
}

/// The two of a direct chat; `None` for a group.
pub fn pair(db: &Db, id: ChatId) -> Result<Option<Pair>> {
    db.first(
        "SELECT a.id, a.username, b.id, b.username FROM chats c
         JOIN users a ON a.id = c.low_user JOIN users b ON b.id = c.high_user WHERE c.id = ?1",
        [id.0],
        |row| read_pair(row, 0),
    )
}

pub(super) fn read_pair(row: &Row<'_>, first: usize) -> rusqlite::Result<Pair> {
    let person = |at| -> rusqlite::Result<Person> {
        Ok(Person { id: UserId(row.get(at)?), username: Username::stored(row.get(at + 1)?) })
    };
    Ok(Pair { low: person(first)?, high: person(first + 2)? })
}
