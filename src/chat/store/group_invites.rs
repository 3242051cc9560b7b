//! Rows of `group_invites`.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, InviteId, UserId};
use crate::chat::model::time::Timestamp;

/// An invitation as it is kept: its code is what the nonce makes.
pub struct GroupInviteRow {
    pub id: InviteId,
    pub nonce: Vec<u8>,
    pub uses_left: u32,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

fn kept(row: &Row<'_>) -> rusqlite::Result<GroupInviteRow> {
    Ok(GroupInviteRow {
        id: InviteId(row.get("id")?),
        nonce: row.get("nonce")?,
        uses_left: row.get("uses_left")?,
        created_by: UserId(row.get("created_by")?),
        created_at: Timestamp(row.get("created_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
    })
}

/// Whether an invitation leads anywhere: it has uses, is in time (`?1` is now), and its maker
/// still is an admin of the group, and can sign in: a bot cannot while whoever made it cannot.
macro_rules! live {
    () => {
        "i.uses_left > 0 AND i.expires_at > ?1 AND EXISTS
            (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
             WHERE m.chat_id = i.chat_id AND m.user_id = i.created_by AND m.is_admin = 1 AND u.is_disabled = 0)
         AND NOT EXISTS
            (SELECT 1 FROM bots b JOIN users u ON u.id = b.made_by WHERE b.user_id = i.created_by AND u.is_disabled = 1)"
    };
}

pub fn insert(tx: &Tx<'_>, chat: ChatId, invite: &GroupInviteRow, code_hash: &[u8]) -> Result<InviteId> {
    tx.insert(
        "INSERT INTO group_invites (chat_id, nonce, code_hash, uses_left, created_by, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            chat.0,
            invite.nonce,
            code_hash,
            invite.uses_left,
            invite.created_by.0,
            invite.created_at.0,
            invite.expires_at.0
        ],
    )
    .map(InviteId)
}

/// The live ones of a chat below one, the newest first.
pub fn of_chat(db: &Db, chat: ChatId, now: Timestamp, below: InviteId, limit: u32) -> Result<Vec<GroupInviteRow>> {
    db.all(
        concat!(
            "SELECT i.id, i.nonce, i.uses_left, i.created_by, i.created_at, i.expires_at FROM group_invites i
             WHERE i.chat_id = ?2 AND i.id < ?3 AND ",
            live!(),
            " ORDER BY i.id DESC LIMIT ?4"
        ),
        params![now.0, chat.0, below.0, limit],
        kept,
    )
}

/// The group that a code leads into now, and which invitation it is of.
pub fn find(db: &Db, code_hash: &[u8], now: Timestamp) -> Result<Option<(InviteId, ChatId)>> {
    db.first(
        concat!(
            "SELECT i.id, i.chat_id FROM group_invites i JOIN chats c ON c.id = i.chat_id
             WHERE i.code_hash = ?2 AND c.is_deleted = 0 AND ",
            live!()
        ),
        params![now.0, code_hash],
        |row| Ok((InviteId(row.get(0)?), ChatId(row.get(1)?))),
    )
}

pub fn take_use(tx: &Tx<'_>, id: InviteId) -> Result<()> {
    tx.run("UPDATE group_invites SET uses_left = uses_left - 1 WHERE id = ?1", [id.0])
}

/// `false`: the chat has none with this code.
pub fn delete(tx: &Tx<'_>, chat: ChatId, code_hash: &[u8]) -> Result<bool> {
    tx.changed("DELETE FROM group_invites WHERE code_hash = ?2 AND chat_id = ?1", params![chat.0, code_hash])
}

/// Those that lead nowhere any more: so that they take no place of new ones.
pub fn delete_dead(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run(concat!("DELETE FROM group_invites AS i WHERE i.chat_id = ?2 AND NOT (", live!(), ")"), [tx.now.0, chat.0])
}

pub fn count(db: &Db, chat: ChatId) -> Result<i64> {
    db.one("SELECT count(*) FROM group_invites WHERE chat_id = ?1", [chat.0])
}

pub fn delete_all(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("DELETE FROM group_invites WHERE chat_id = ?1", [chat.0])
}

/// Those of after `believed` were made by a clock that was ahead: they are of now, and last as long as they were to.
pub fn redate(tx: &Tx<'_>, believed: Timestamp) -> Result<()> {
    tx.run(
        "UPDATE group_invites SET expires_at = expires_at - (created_at - ?1), created_at = ?1
         WHERE expires_at > ?2 AND created_at > ?2",
        [tx.now.0, believed.0],
    )
}

pub fn delete_expired(tx: &Tx<'_>) -> Result<()> {
    tx.run("DELETE FROM group_invites WHERE expires_at <= ?1", [tx.now.0])
}
