//! Rows of `identities`: accounts elsewhere that sign somebody in here.

use rusqlite::{OptionalExtension, params};

use super::db::Db;
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::identity::Identity;
use crate::chat::model::time::Timestamp;

/// Whose account here it is.
pub fn owner(db: &Db, identity: &Identity) -> Result<Option<UserId>> {
    let mut query = db.prepare_cached("SELECT user_id FROM identities WHERE issuer = ?1 AND subject = ?2")?;
    let found = query.query_row([identity.issuer(), identity.subject()], |row| Ok(UserId(row.get(0)?)));
    Ok(found.optional()?)
}

/// Who somebody is there, if it is known.
pub fn subject(db: &Db, user: UserId, issuer: &str) -> Result<Option<String>> {
    let mut query = db.prepare_cached("SELECT subject FROM identities WHERE user_id = ?1 AND issuer = ?2")?;
    Ok(query.query_row(params![user.0, issuer], |row| row.get(0)).optional()?)
}

/// Whether somebody is known anywhere else.
pub fn has_any(db: &Db, user: UserId) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM identities WHERE user_id = ?1")?.exists([user.0])?)
}

pub fn insert(tx: &Tx<'_>, user: UserId, identity: &Identity) -> Result<()> {
    tx.prepare_cached("INSERT INTO identities (user_id, issuer, subject) VALUES (?1, ?2, ?3)")?.execute(params![
        user.0,
        identity.issuer(),
        identity.subject()
    ])?;
    Ok(())
}

/// Whether there was one.
pub fn delete(tx: &Tx<'_>, user: UserId, issuer: &str) -> Result<bool> {
    let mut delete = tx.prepare_cached("DELETE FROM identities WHERE user_id = ?1 AND issuer = ?2")?;
    Ok(delete.execute(params![user.0, issuer])? > 0)
}

/// Writes down by whose word a credential was opened.
pub fn mark_opened(tx: &Tx<'_>, credential: CredentialId, issuer: &str) -> Result<()> {
    tx.prepare_cached("UPDATE credentials SET issuer = ?2 WHERE id = ?1")?.execute(params![credential.0, issuer])?;
    Ok(())
}

/// When somebody signed in who shows a credential, but for the word of an issuer. Any credential has the account token
/// renewed, and a session of before an unlinking makes tokens, by its issuer's word: neither has just signed in.
pub fn signed_in_at(db: &Db, credential: CredentialId, issuer: &str) -> Result<Option<Timestamp>> {
    let mut query = db.prepare_cached(
        "SELECT created_at FROM credentials WHERE id = ?1 AND kind <> 'account' AND issuer IS NOT ?2",
    )?;
    Ok(query.query_row(params![credential.0, issuer], |row| row.get(0).map(Timestamp)).optional()?)
}

/// Whether a browser's session was opened by an issuer's word, and that still stands.
pub fn is_opened_by(db: &Db, credential: CredentialId, issuer: &str) -> Result<bool> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM credentials c JOIN identities i ON i.user_id = c.user_id AND i.issuer = c.issuer
         WHERE c.id = ?1 AND c.issuer = ?2 AND c.kind = 'session'",
    )?;
    Ok(query.exists(params![credential.0, issuer])?)
}

/// Ends what an issuer's word has opened for somebody, but for `kept`: which.
pub fn delete_opened(tx: &Tx<'_>, user: UserId, issuer: &str, kept: Option<CredentialId>) -> Result<Vec<CredentialId>> {
    let mut query =
        tx.prepare_cached("DELETE FROM credentials WHERE user_id = ?1 AND issuer = ?2 AND id IS NOT ?3 RETURNING id")?;
    let rows = query.query_map(params![user.0, issuer, kept.map(|id| id.0)], |row| Ok(CredentialId(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
