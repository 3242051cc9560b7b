//! Rows of `users` from the administrator's side.

use rusqlite::{OptionalExtension, Row, params};

use super::db::Db;
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
     (SELECT group_concat(i.issuer, ' ') FROM identities i WHERE i.user_id = u.id) AS issuers"
);

fn read(row: &Row<'_>) -> rusqlite::Result<ManagedAccount> {
    let stored_bytes = row.get("stored_bytes")?;
    Ok(ManagedAccount {
        account: read_account(row)?,
        stored_bytes,
        text_bytes: row.get::<_, i64>("bytes")? - stored_bytes,
        created_at: Timestamp(row.get("created_at")?),
        last_seen_at: row.get::<_, Option<i64>>("last_seen_at")?.map(Timestamp),
        has_second_factor: row.get("has_second_factor")?,
        issuers: row.get("issuers")?,
    })
}

pub fn find(db: &Db, id: UserId) -> Result<Option<ManagedAccount>> {
    let mut query = db.prepare_cached(&format!("SELECT {MANAGED} FROM users u WHERE u.id = ?1"))?;
    Ok(query.query_row([id.0], read).optional()?)
}

/// Everybody, by id.
pub fn page(db: &Db, page: Page) -> Result<Paged<ManagedAccount>> {
    let count = count(db)?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let mut query = db.prepare_cached(&format!("SELECT {MANAGED} FROM users u ORDER BY u.id LIMIT ?1 OFFSET ?2"))?;
    let rows = query.query_map([page.limit(), page.offset()], read)?;
    Ok(Paged { count, items: rows.collect::<rusqlite::Result<_>>()? })
}

/// Accounts are never deleted and ids leave no gaps, so the newest id is the count, in O(1).
pub fn count(db: &Db) -> Result<i64> {
    Ok(db.prepare_cached("SELECT coalesce(max(id), 0) FROM users")?.query_row([], |row| row.get(0))?)
}

/// Those whose folded names have `part` in them, or whose address is `part`, by id.
pub fn search(db: &Db, part: &str, page: Page) -> Result<Paged<ManagedAccount>> {
    let mut query =
        db.prepare_cached("SELECT count(*) FROM users WHERE instr(search_key, ?1) > 0 OR email_key = ?1")?;
    let count = query.query_row([part], |row| row.get(0))?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let mut query = db.prepare_cached(&format!(
        "SELECT {MANAGED} FROM users u WHERE instr(search_key, ?1) > 0 OR email_key = ?1
         ORDER BY u.id LIMIT ?2 OFFSET ?3"
    ))?;
    let rows = query.query_map(params![part, page.limit(), page.offset()], read)?;
    Ok(Paged { count, items: rows.collect::<rusqlite::Result<_>>()? })
}

/// Whether an enabled admin signs in with this credential.
pub fn is_admin(db: &Db, user: UserId, credential: CredentialId) -> Result<bool> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM users u JOIN credentials c ON c.user_id = u.id
         WHERE u.id = ?1 AND c.id = ?2 AND u.is_admin = 1 AND u.is_disabled = 0",
    )?;
    Ok(query.exists([user.0, credential.0])?)
}

/// Whether an admin who can sign in exists, but for one user.
pub fn has_admin(db: &Db, beside: Option<UserId>) -> Result<bool> {
    let mut query =
        db.prepare_cached("SELECT 1 FROM users WHERE is_admin = 1 AND is_disabled = 0 AND id IS NOT ?1 LIMIT 1")?;
    Ok(query.exists([beside.map(|user| user.0)])?)
}

pub fn set_disabled(tx: &Tx<'_>, id: UserId, is_disabled: bool) -> Result<()> {
    tx.prepare_cached("UPDATE users SET is_disabled = ?2 WHERE id = ?1")?.execute(params![id.0, is_disabled])?;
    Ok(())
}

pub fn set_admin(tx: &Tx<'_>, id: UserId, is_admin: bool) -> Result<()> {
    tx.prepare_cached("UPDATE users SET is_admin = ?2 WHERE id = ?1")?.execute(params![id.0, is_admin])?;
    Ok(())
}
