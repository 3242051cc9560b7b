//! Rows of `credentials`: everything that signs somebody in.

use rusqlite::{OptionalExtension, params};

use super::{Db, Tx};
use crate::chat::error::Result;
use crate::chat::id::{CredentialId, UserId};
use crate::chat::name::Username;
use crate::chat::session::{Asker, CredentialKind};
use crate::chat::time::Timestamp;

/// Whom a secret signs in, and when that was last written down.
pub struct Found {
    pub asker: Asker,
    pub used_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

fn kind_text(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Account => "account",
        CredentialKind::Device => "device",
        CredentialKind::Session => "session",
        CredentialKind::Refresh => "refresh",
    }
}

fn kind_of(text: &str) -> CredentialKind {
    match text {
        "account" => CredentialKind::Account,
        "session" => CredentialKind::Session,
        "refresh" => CredentialKind::Refresh,
        _ => CredentialKind::Device,
    }
}

const FIND: &str = "SELECT c.id, c.kind, c.used_at, u.id, u.username, u.is_admin, c.expires_at
    FROM credentials c JOIN users u ON u.id = c.user_id
    WHERE u.is_disabled = 0 AND (c.expires_at IS NULL OR c.expires_at > ?2) AND ";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        used_at: Timestamp(row.get(2)?),
        expires_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        asker: Asker {
            credential: CredentialId(row.get(0)?),
            kind: kind_of(row.get_ref(1)?.as_str()?),
            user: UserId(row.get(3)?),
            username: Username::stored(row.get(4)?),
            is_admin: row.get(5)?,
        },
    })
}

pub fn find(db: &Db, secret_hash: &[u8], now: Timestamp) -> Result<Option<Found>> {
    let mut query = db.prepare_cached(&format!("{FIND} c.secret_hash = ?1"))?;
    Ok(query.query_row(params![secret_hash, now.0], read).optional()?)
}

pub fn find_by_id(db: &Db, id: CredentialId, now: Timestamp) -> Result<Option<Found>> {
    let mut query = db.prepare_cached(&format!("{FIND} c.id = ?1"))?;
    Ok(query.query_row(params![id.0, now.0], read).optional()?)
}

pub fn insert(
    tx: &Tx<'_>,
    user: UserId,
    kind: CredentialKind,
    secret_hash: &[u8],
    expires_at: Option<Timestamp>,
) -> Result<CredentialId> {
    tx.prepare_cached(
        "INSERT INTO credentials (user_id, kind, secret_hash, created_at, used_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
    )?
    .execute(params![user.0, kind_text(kind), secret_hash, tx.now.0, expires_at.map(|at| at.0)])?;
    Ok(CredentialId(tx.last_insert_rowid()))
}

/// The credentials of a kind that are too many, the least used first.
pub fn surplus(db: &Db, user: UserId, kind: CredentialKind, max: u32) -> Result<Vec<CredentialId>> {
    let mut query = db.prepare_cached(
        "SELECT id FROM credentials WHERE user_id = ?1 AND kind = ?2
         ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?3",
    )?;
    let rows = query.query_map(params![user.0, kind_text(kind), max], |row| Ok(CredentialId(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn delete(tx: &Tx<'_>, id: CredentialId) -> Result<bool> {
    Ok(tx.prepare_cached("DELETE FROM credentials WHERE id = ?1")?.execute([id.0])? > 0)
}

/// Deletes all of a user's credentials but `kept`.
pub fn delete_all(tx: &Tx<'_>, user: UserId, kept: Option<CredentialId>) -> Result<()> {
    tx.prepare_cached("DELETE FROM credentials WHERE user_id = ?1 AND id IS NOT ?2")?
        .execute(params![user.0, kept.map(|id| id.0)])?;
    Ok(())
}

pub fn delete_kind(tx: &Tx<'_>, user: UserId, kind: CredentialKind) -> Result<Vec<CredentialId>> {
    let mut query = tx.prepare_cached("DELETE FROM credentials WHERE user_id = ?1 AND kind = ?2 RETURNING id")?;
    let rows = query.query_map(params![user.0, kind_text(kind)], |row| Ok(CredentialId(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Writes down that it was used; a session lives on from here.
pub fn touch(tx: &Tx<'_>, id: CredentialId, expires_at: Option<Timestamp>) -> Result<()> {
    tx.prepare_cached("UPDATE credentials SET used_at = ?2, expires_at = coalesce(?3, expires_at) WHERE id = ?1")?
        .execute(params![id.0, tx.now.0, expires_at.map(|at| at.0)])?;
    Ok(())
}

pub fn created_at(db: &Db, id: CredentialId) -> Result<Option<Timestamp>> {
    let mut query = db.prepare_cached("SELECT created_at FROM credentials WHERE id = ?1")?;
    Ok(query.query_row([id.0], |row| Ok(Timestamp(row.get(0)?))).optional()?)
}

pub fn delete_expired(tx: &Tx<'_>) -> Result<usize> {
    Ok(tx.prepare_cached("DELETE FROM credentials WHERE expires_at <= ?1")?.execute([tx.now.0])?)
}

pub fn is_account_token(db: &Db, id: CredentialId) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM credentials WHERE id = ?1 AND kind = 'account'")?.exists([id.0])?)
}

/// Whether it still signs somebody in; asked inside a transaction that relies on it.
pub fn is_live(db: &Db, id: CredentialId) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM credentials WHERE id = ?1")?.exists([id.0])?)
}
