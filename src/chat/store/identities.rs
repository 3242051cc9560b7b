//! Rows of `identities`: accounts elsewhere that sign somebody in here.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::identity::Identity;
use crate::chat::model::time::Timestamp;

/// Whose account here it is.
pub fn owner(db: &Db, identity: &Identity) -> Result<Option<UserId>> {
    db.first(
        "SELECT user_id FROM identities WHERE issuer = ?1 AND subject = ?2",
        [identity.issuer(), identity.subject()],
        |row| row.get(0),
    )
}

/// Who somebody is there, if it is known.
pub fn subject(db: &Db, user: UserId, issuer: &str) -> Result<Option<String>> {
    db.first("SELECT subject FROM identities WHERE user_id = ?1 AND issuer = ?2", params![user.0, issuer], |row| {
        row.get(0)
    })
}

/// Whether somebody is known anywhere else.
pub fn has_any(db: &Db, user: UserId) -> Result<bool> {
    db.exists("SELECT 1 FROM identities WHERE user_id = ?1", [user.0])
}

pub fn insert(tx: &Tx<'_>, user: UserId, identity: &Identity) -> Result<()> {
    tx.run(
        "INSERT INTO identities (user_id, issuer, subject) VALUES (?1, ?2, ?3)",
        params![user.0, identity.issuer(), identity.subject()],
    )
}

/// Whether there was one.
pub fn delete(tx: &Tx<'_>, user: UserId, issuer: &str) -> Result<bool> {
    tx.changed("DELETE FROM identities WHERE user_id = ?1 AND issuer = ?2", params![user.0, issuer])
}

/// Writes down by whose word a credential was opened, and since when that is so, if not from now.
pub fn mark_opened(tx: &Tx<'_>, credential: CredentialId, issuer: &str, since: Option<Timestamp>) -> Result<()> {
    tx.run(
        "UPDATE credentials SET issuer = ?2, created_at = coalesce(?3, created_at) WHERE id = ?1",
        params![credential.0, issuer, since.map(|at| at.0)],
    )
}

/// When somebody signed in who shows a credential, but for the word of an issuer. Any credential has the account token
/// renewed, and a session of before an unlinking makes tokens, by its issuer's word: neither has just signed in. Nor has
/// whoever a proxy names, which opens a session without asking for anything.
pub fn signed_in_at(db: &Db, credential: CredentialId, issuer: &str) -> Result<Option<Timestamp>> {
    db.first(
        "SELECT created_at FROM credentials WHERE id = ?1 AND kind <> 'account' AND issuer IS NOT ?2 AND issuer IS NOT 'proxy'",
        params![credential.0, issuer],
        |row| row.get(0).map(Timestamp),
    )
}

/// Whether a browser's session was opened by an issuer's word, and that still stands.
pub fn is_opened_by(db: &Db, credential: CredentialId, issuer: &str) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM credentials c JOIN identities i ON i.user_id = c.user_id AND i.issuer = c.issuer
         WHERE c.id = ?1 AND c.issuer = ?2 AND c.kind = 'session'",
        params![credential.0, issuer],
    )
}

/// Ends what an issuer's word has opened for somebody, but for `kept`: which.
pub fn delete_opened(tx: &Tx<'_>, user: UserId, issuer: &str, kept: Option<CredentialId>) -> Result<Vec<CredentialId>> {
    tx.column(
        "DELETE FROM credentials WHERE user_id = ?1 AND issuer = ?2 AND id IS NOT ?3 RETURNING id",
        params![user.0, issuer, kept.map(|id| id.0)],
    )
}
