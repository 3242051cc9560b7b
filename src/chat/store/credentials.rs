//! Rows of `credentials`: everything that signs somebody in.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{CredentialId, UserId};
use crate::chat::model::name::Username;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::session::{self, Actor, CredentialKind, IssuedCredential, SESSION_IDLE};
use crate::chat::model::time::Timestamp;

/// Whom a secret signs in, and when that was last written down.
pub struct CredentialRow {
    pub actor: Actor,
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

const FIND: &str =
    "SELECT c.id, c.kind, c.used_at, c.user_id, u.username, u.is_admin, u.is_bot AS is_bots, c.expires_at,
        EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id AND f.is_on = 1) AS has_factor
    FROM credentials c JOIN users u ON u.id = c.user_id
    WHERE u.is_disabled = 0 AND (c.expires_at IS NULL OR c.expires_at > ?2)
      AND NOT EXISTS (SELECT 1 FROM bots b JOIN users m ON m.id = b.made_by
                      WHERE b.user_id = u.id AND m.is_disabled = 1) AND ";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<CredentialRow> {
    Ok(CredentialRow {
        used_at: Timestamp(row.get("used_at")?),
        expires_at: row.get("expires_at")?,
        actor: Actor {
            credential: CredentialId(row.get("id")?),
            kind: kind_of(row.get_ref("kind")?.as_str()?),
            user: UserId(row.get("user_id")?),
            username: Username::stored(row.get("username")?),
            is_admin: row.get("is_admin")?,
            is_bot: row.get("is_bots")?,
            has_factor: row.get("has_factor")?,
        },
    })
}

pub fn find(db: &Db, secret_hash: &[u8], now: Timestamp) -> Result<Option<CredentialRow>> {
    db.first(&format!("{FIND} c.secret_hash = ?1"), params![secret_hash, now.0], read)
}

pub fn find_by_id(db: &Db, id: CredentialId, now: Timestamp) -> Result<Option<CredentialRow>> {
    db.first(&format!("{FIND} c.id = ?1"), params![id.0, now.0], read)
}

pub struct NewCredential<'a> {
    pub user: UserId,
    pub kind: CredentialKind,
    pub secret_hash: &'a [u8],
    pub expires_at: Option<Timestamp>,
    pub label: &'a str,
    pub is_bot: bool,
}

pub fn insert(tx: &Tx<'_>, new: &NewCredential<'_>) -> Result<CredentialId> {
    tx.insert(
        "INSERT INTO credentials (user_id, kind, secret_hash, created_at, used_at, expires_at, label, is_bot)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)",
        params![
            new.user.0,
            kind_text(new.kind),
            new.secret_hash,
            tx.now.0,
            new.expires_at.map(|at| at.0),
            new.label,
            new.is_bot
        ],
    )
    .map(CredentialId)
}

/// A user's credentials that open something, the newest first.
pub fn page_of(db: &Db, user: UserId, page: Page, now: Timestamp) -> Result<Paged<IssuedCredential>> {
    let sql = "SELECT count(*) FROM credentials WHERE user_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)";
    let count = db.one(sql, [user.0, now.0])?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        "SELECT c.id, c.kind, c.label, c.created_at, c.used_at, c.expires_at, u.username
             FROM credentials c JOIN users u ON u.id = c.user_id
             WHERE c.user_id = ?1 AND (c.expires_at IS NULL OR c.expires_at > ?2)
             ORDER BY c.id DESC LIMIT ?3 OFFSET ?4",
        [user.0, now.0, page.limit(), page.offset()],
        held,
    )?;
    Ok(Paged { count, items })
}

/// The tokens that were made for programs, by user; an index holds these alone.
pub fn of_bots(db: &Db, now: Timestamp) -> Result<Vec<IssuedCredential>> {
    db.all(
        "SELECT c.id, c.kind, c.label, c.created_at, c.used_at, c.expires_at, u.username
         FROM credentials c JOIN users u ON u.id = c.user_id
         WHERE c.is_bot = 1 AND (c.expires_at IS NULL OR c.expires_at > ?1) ORDER BY c.user_id, c.id",
        [now.0],
        held,
    )
}

fn held(row: &rusqlite::Row<'_>) -> rusqlite::Result<IssuedCredential> {
    Ok(IssuedCredential {
        id: CredentialId(row.get("id")?),
        kind: kind_of(row.get_ref("kind")?.as_str()?),
        label: row.get("label")?,
        created_at: Timestamp(row.get("created_at")?),
        used_at: Timestamp(row.get("used_at")?),
        expires_at: row.get("expires_at")?,
        username: Username::stored(row.get("username")?),
    })
}

/// How many tokens were made for a user's programs.
pub fn count_bots(db: &Db, user: UserId) -> Result<i64> {
    db.one("SELECT count(*) FROM credentials WHERE user_id = ?1 AND is_bot = 1", [user.0])
}

/// A token that was made for a program: whose it is, and what it is called.
pub fn bot(db: &Db, id: CredentialId) -> Result<Option<(UserId, Username, String)>> {
    db.first(
        "SELECT u.id, u.username, c.label FROM credentials c JOIN users u ON u.id = c.user_id
         WHERE c.id = ?1 AND c.is_bot = 1",
        [id.0],
        |row| Ok((UserId(row.get(0)?), Username::stored(row.get(1)?), row.get(2)?)),
    )
}

/// What kind of credential a user has under an id, if any.
pub fn kind_for(db: &Db, user: UserId, id: CredentialId) -> Result<Option<CredentialKind>> {
    db.first("SELECT kind FROM credentials WHERE id = ?1 AND user_id = ?2", [id.0, user.0], |row| {
        Ok(kind_of(row.get_ref(0)?.as_str()?))
    })
}

/// The credentials of a kind that are too many, the least used first. What was made for a
/// program stays: people's sign-ins are not to end it.
pub fn surplus(db: &Db, user: UserId, kind: CredentialKind, max: u32) -> Result<Vec<CredentialId>> {
    db.column(
        "SELECT id FROM credentials WHERE user_id = ?1 AND kind = ?2 AND is_bot = 0
         ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?3",
        params![user.0, kind_text(kind), max],
    )
}

/// Whatever a secret opened, live or not.
pub fn delete_secret(tx: &Tx<'_>, secret_hash: &[u8]) -> Result<()> {
    tx.run("DELETE FROM credentials WHERE secret_hash = ?1", [secret_hash])
}

pub fn delete(tx: &Tx<'_>, id: CredentialId) -> Result<bool> {
    tx.changed("DELETE FROM credentials WHERE id = ?1", [id.0])
}

/// Deletes all of a user's credentials but `kept`.
pub fn delete_all(tx: &Tx<'_>, user: UserId, kept: Option<CredentialId>) -> Result<()> {
    tx.run("DELETE FROM credentials WHERE user_id = ?1 AND id IS NOT ?2", params![user.0, kept.map(|id| id.0)])
}

/// Deletes a user's account token, and those that were account tokens before they moved here: which these are. Until
/// all of them were called alike, they came with the label of the account token itself.
pub fn delete_account_tokens(tx: &Tx<'_>, user: UserId) -> Result<Vec<CredentialId>> {
    tx.column(
        "DELETE FROM credentials WHERE user_id = ?1
           AND (kind = 'account' OR (kind = 'device' AND is_bot = 0 AND label IN (?2, ?3))) RETURNING id",
        params![user.0, session::ACCOUNT_TOKEN_LABEL, session::MOVED_TOKEN_LABEL],
    )
}

/// Writes down that it was used; a session lives on from here.
pub fn touch(tx: &Tx<'_>, id: CredentialId, expires_at: Option<Timestamp>) -> Result<()> {
    tx.run(
        "UPDATE credentials SET used_at = ?2, expires_at = coalesce(?3, expires_at) WHERE id = ?1",
        params![id.0, tx.now.0, expires_at.map(|at| at.0)],
    )
}

pub fn created_at(db: &Db, id: CredentialId) -> Result<Option<Timestamp>> {
    db.first("SELECT created_at FROM credentials WHERE id = ?1", [id.0], |row| row.get(0))
}

/// Those of after `believed` were made or used by a clock that was ahead: they are of now, and last as long
/// as they were to last. A session that was used lasts an idle while.
pub fn redate(tx: &Tx<'_>, believed: Timestamp) -> Result<()> {
    tx.run(
        "UPDATE credentials SET
             expires_at = min(expires_at - max(created_at - ?1, 0), iif(kind = 'session', ?3, expires_at)),
             created_at = min(created_at, ?1),
             used_at = min(used_at, ?1)
         WHERE expires_at > ?2 AND (created_at > ?2 OR used_at > ?2)",
        [tx.now.0, believed.0, tx.now.plus(SESSION_IDLE).0],
    )
}

/// Whether one is over whose row is still there.
pub fn has_expired(db: &Db, now: Timestamp) -> Result<bool> {
    db.exists("SELECT 1 FROM credentials WHERE expires_at <= ?1 LIMIT 1", [now.0])
}

/// Whose they were, and which.
pub fn delete_expired(tx: &Tx<'_>) -> Result<Vec<(UserId, CredentialId)>> {
    tx.all("DELETE FROM credentials WHERE expires_at <= ?1 RETURNING user_id, id", [tx.now.0], |row| {
        Ok((UserId(row.get(0)?), CredentialId(row.get(1)?)))
    })
}

/// What the account token is made of, of the account that a credential still signs in to.
pub fn token_nonce(db: &Db, id: CredentialId) -> Result<Option<Vec<u8>>> {
    db.first(
        "SELECT u.token_nonce FROM credentials c JOIN users u ON u.id = c.user_id
         WHERE c.id = ?1 AND u.is_disabled = 0",
        [id.0],
        |row| row.get(0),
    )
}

pub fn is_account_token(db: &Db, id: CredentialId) -> Result<bool> {
    db.exists("SELECT 1 FROM credentials WHERE id = ?1 AND kind = 'account'", [id.0])
}

/// Whether it still signs somebody in; asked inside a transaction that relies on it. A bot's is of no use while whoever
/// made the bot may not sign in either.
pub fn is_live(db: &Db, id: CredentialId, now: Timestamp) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM credentials c WHERE c.id = ?1 AND (c.expires_at IS NULL OR c.expires_at > ?2) AND NOT EXISTS
             (SELECT 1 FROM bots b JOIN users m ON m.id = b.made_by WHERE b.user_id = c.user_id AND m.is_disabled = 1)",
        [id.0, now.0],
    )
}
