//! Rows of `users` from the administrator's side.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::totals::bytes;
use super::transaction::Tx;
use super::users::{columns, read_account};
use crate::chat::model::admin::ManagedAccount;
use crate::chat::model::error::Result;
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::time::Timestamp;

const MANAGED: &str = concat!(
    columns!("u"),
    ", u.email, u.is_admin, u.is_disabled, u.stored_bytes, ",
    bytes!("u"),
    " AS bytes, u.created_at, u.last_seen_at,
     EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id AND f.is_on = 1) AS has_second_factor,
     (SELECT group_concat(i.issuer, ' ') FROM identities i WHERE i.user_id = u.id AND i.issuer <> 'newcomer') AS issuers"
);

fn read(row: &Row<'_>) -> rusqlite::Result<ManagedAccount> {
    let stored_bytes = row.get("stored_bytes")?;
    Ok(ManagedAccount {
        account: read_account(row)?,
        stored_bytes,
        text_bytes: row.get::<_, i64>("bytes")? - stored_bytes,
        created_at: Timestamp(row.get("created_at")?),
        last_seen_at: row.get("last_seen_at")?,
        has_second_factor: row.get("has_second_factor")?,
        issuers: row.get("issuers")?,
    })
}

pub fn find(db: &Db, id: UserId) -> Result<Option<ManagedAccount>> {
    db.first(&format!("SELECT {MANAGED} FROM users u WHERE u.id = ?1"), [id.0], read)
}

/// Everybody, by id.
pub fn page(db: &Db, page: Page) -> Result<Paged<ManagedAccount>> {
    let count = count(db)?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        &format!("SELECT {MANAGED} FROM users u ORDER BY u.id LIMIT ?1 OFFSET ?2"),
        [page.limit(), page.offset()],
        read,
    )?;
    Ok(Paged { count, items })
}

/// Accounts are never deleted and ids leave no gaps, so the newest id is the count, in O(1).
pub fn count(db: &Db) -> Result<i64> {
    db.one("SELECT coalesce(max(id), 0) FROM users", [])
}

/// Those whose folded names have `part` in them, or whose address is `part`, by id.
pub fn search(db: &Db, part: &str, page: Page) -> Result<Paged<ManagedAccount>> {
    let count = db.one("SELECT count(*) FROM users WHERE instr(search_key, ?1) > 0 OR email_key = ?1", [part])?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        &format!(
            "SELECT {MANAGED} FROM users u WHERE instr(search_key, ?1) > 0 OR email_key = ?1
                 ORDER BY u.id LIMIT ?2 OFFSET ?3"
        ),
        params![part, page.limit(), page.offset()],
        read,
    )?;
    Ok(Paged { count, items })
}

/// Whether an enabled admin signs in with this credential.
pub fn is_admin(db: &Db, user: UserId, credential: CredentialId) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM users u JOIN credentials c ON c.user_id = u.id
         WHERE u.id = ?1 AND c.id = ?2 AND u.is_admin = 1 AND u.is_disabled = 0",
        [user.0, credential.0],
    )
}

/// Whether an admin who can sign in exists, but for one user.
pub fn has_admin(db: &Db, beside: Option<UserId>) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM users WHERE is_admin = 1 AND is_disabled = 0 AND id IS NOT ?1 LIMIT 1",
        [beside.map(|user| user.0)],
    )
}

pub fn set_disabled(tx: &Tx<'_>, id: UserId, is_disabled: bool) -> Result<()> {
    tx.run("UPDATE users SET is_disabled = ?2 WHERE id = ?1", params![id.0, is_disabled])
}

pub fn set_admin(tx: &Tx<'_>, id: UserId, is_admin: bool) -> Result<()> {
    tx.run("UPDATE users SET is_admin = ?2 WHERE id = ?1", params![id.0, is_admin])
}
