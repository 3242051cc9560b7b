//! Rows of `invites`.

use rusqlite::{Row, named_params, params};

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, InviteId, UserId};
use crate::chat::model::invite::{Invitation, NewInvite};
use crate::chat::model::name::Username;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::time::Timestamp;

/// Whoever made it, if that was a user, still may: an invitation is as good as its maker's right.
const STANDS: &str = "(i.created_by IS NULL OR EXISTS
    (SELECT 1 FROM users a WHERE a.id = i.created_by AND a.is_admin = 1 AND a.is_disabled = 0))";

const COLUMNS: &str = "i.id, i.label, i.uses_left, i.expires_at, i.created_at, u.username, i.chat_id,
    i.uses_left > 0 AND i.expires_at > :now AND ";

fn read(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        id: InviteId(row.get("id")?),
        label: row.get("label")?,
        uses_left: row.get("uses_left")?,
        expires_at: Timestamp(row.get("expires_at")?),
        created_at: Timestamp(row.get("created_at")?),
        created_by: row.get::<_, Option<String>>("username")?.map(Username::stored),
        chat: row.get("chat_id")?,
        is_live: row.get("is_live")?,
    })
}

pub fn insert(
    tx: &Tx<'_>,
    new: &NewInvite,
    code_hash: &[u8],
    by: Option<UserId>,
    expires_at: Timestamp,
) -> Result<InviteId> {
    tx.insert(
        "INSERT INTO invites (code_hash, label, uses_left, created_by, created_at, expires_at, chat_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            code_hash,
            new.label.as_str(),
            new.uses,
            by.map(|by| by.0),
            tx.now.0,
            expires_at.0,
            new.chat.map(|chat| chat.0)
        ],
    )
    .map(InviteId)
}

pub fn count(db: &Db) -> Result<i64> {
    db.one("SELECT count(*) FROM invites", [])
}

/// All that are kept, the newest first.
pub fn page(db: &Db, page: Page, now: Timestamp) -> Result<Paged<Invitation>> {
    let count = count(db)?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let sql = format!(
        "SELECT {COLUMNS} {STANDS} AS is_live FROM invites i LEFT JOIN users u ON u.id = i.created_by
         ORDER BY i.id DESC LIMIT :limit OFFSET :offset"
    );
    let asked = named_params! { ":now": now.0, ":limit": page.limit(), ":offset": page.offset() };
    Ok(Paged { count, items: db.all(&sql, asked, read)? })
}

pub fn find(db: &Db, id: InviteId, now: Timestamp) -> Result<Option<Invitation>> {
    db.first(&format!(
        "SELECT {COLUMNS} {STANDS} AS is_live FROM invites i LEFT JOIN users u ON u.id = i.created_by WHERE i.id = :id"
    ), named_params! { ":now": now.0, ":id": id.0 }, read)
}

pub fn find_by_code(db: &Db, code_hash: &[u8], now: Timestamp) -> Result<Option<Invitation>> {
    db.first(&format!(
        "SELECT {COLUMNS} {STANDS} AS is_live FROM invites i LEFT JOIN users u ON u.id = i.created_by WHERE i.code_hash = :code"
    ), named_params! { ":now": now.0, ":code": code_hash }, read)
}

/// Takes one use of a live one: the group that it names, if it does, and who made it. `None`: there is none.
pub fn take_use(tx: &Tx<'_>, code_hash: &[u8]) -> Result<Option<(Option<ChatId>, Option<UserId>)>> {
    tx.first(
        &format!(
            "UPDATE invites AS i SET uses_left = uses_left - 1
             WHERE code_hash = ?1 AND uses_left > 0 AND expires_at > ?2 AND {STANDS} RETURNING chat_id, created_by"
        ),
        params![code_hash, tx.now.0],
        |row| Ok((row.get("chat_id")?, row.get("created_by")?)),
    )
}

pub fn delete(tx: &Tx<'_>, id: InviteId) -> Result<bool> {
    tx.changed("DELETE FROM invites WHERE id = ?1", [id.0])
}

/// Those of after `believed` were made by a clock that was ahead: they are of now, and last as long as they were to.
pub fn redate(tx: &Tx<'_>, believed: Timestamp) -> Result<()> {
    tx.run(
        "UPDATE invites SET expires_at = expires_at - (created_at - ?1), created_at = ?1
         WHERE expires_at > ?2 AND created_at > ?2",
        [tx.now.0, believed.0],
    )
}

pub fn delete_expired(tx: &Tx<'_>, before: Timestamp) -> Result<()> {
    tx.run("DELETE FROM invites WHERE expires_at <= ?1", [before.0])
}
