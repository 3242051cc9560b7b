//! Rows of `hooks`: URLs by which programs speak in a group, and those that are sent what happens there.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::outgoing_hooks::only;
use super::transaction::Tx;
use super::users::{columns, user};
use crate::chat::model::error::Result;
use crate::chat::model::hook::{Hook, HookEvents, Outgoing};
use crate::chat::model::id::{ChatId, HookId, UserId};
use crate::chat::model::time::Timestamp;

macro_rules! select_hook {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!("u"),
            ", h.id AS hook_id, h.chat_id, h.label, h.created_at, o.url, o.events, o.only, h.off_reason
             FROM hooks h JOIN users u ON u.id = h.bot_id LEFT JOIN outgoing_hooks o ON o.hook_id = h.id WHERE ",
            $rest
        )
    };
}

fn hook(row: &Row<'_>) -> rusqlite::Result<Hook> {
    Ok(Hook {
        bot: user(row, 0)?,
        id: HookId(row.get("hook_id")?),
        chat: ChatId(row.get("chat_id")?),
        label: row.get("label")?,
        created_at: Timestamp(row.get("created_at")?),
        outgoing: match row.get("url")? {
            None => None,
            Some(url) => Some(Outgoing {
                url,
                events: HookEvents::stored(row.get("events")?),
                only: only(&row.get::<_, String>("only")?),
            }),
        },
        off_reason: row.get("off_reason")?,
    })
}

pub fn insert(tx: &Tx<'_>, chat: ChatId, bot: UserId, label: &str, secret_hash: &[u8]) -> Result<HookId> {
    tx.insert(
        "INSERT INTO hooks (chat_id, bot_id, label, secret_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![chat.0, bot.0, label, secret_hash, tx.now.0],
    )
    .map(HookId)
}

pub fn find(db: &Db, chat: ChatId, id: HookId) -> Result<Option<Hook>> {
    db.first(select_hook!("h.id = ?1 AND h.chat_id = ?2"), [id.0, chat.0], hook)
}

/// The one whose URL has this secret, while it is on and its bot may speak.
pub fn by_secret(db: &Db, secret_hash: &[u8]) -> Result<Option<Hook>> {
    db.first(select_hook!("h.secret_hash = ?1 AND h.off_reason IS NULL AND u.is_disabled = 0"), [secret_hash], hook)
}

/// Those of a group below one: the newest first.
pub fn of_chat(db: &Db, chat: ChatId, below: HookId, limit: u32) -> Result<Vec<Hook>> {
    db.all(
        select_hook!("h.chat_id = ?1 AND h.id < ?2 ORDER BY h.id DESC LIMIT ?3"),
        params![chat.0, below.0, limit],
        hook,
    )
}

pub fn count(db: &Db, chat: ChatId) -> Result<i64> {
    db.one("SELECT count(*) FROM hooks WHERE chat_id = ?1", [chat.0])
}

pub fn set_secret(tx: &Tx<'_>, id: HookId, secret_hash: &[u8]) -> Result<()> {
    tx.run("UPDATE hooks SET secret_hash = ?2 WHERE id = ?1", params![id.0, secret_hash])
}

/// Switches a hook off for a reason, or on.
pub fn switch(tx: &Tx<'_>, id: HookId, off_reason: Option<&str>) -> Result<()> {
    tx.run("UPDATE hooks SET off_reason = ?2 WHERE id = ?1", params![id.0, off_reason])
}

/// Switches off what somebody or one of their bots made and is on, in a group or everywhere.
pub fn switch_off_made_by(tx: &Tx<'_>, maker: UserId, chat: Option<ChatId>, reason: &str) -> Result<()> {
    tx.run(
        "UPDATE hooks SET off_reason = ?3 WHERE chat_id = coalesce(?2, chat_id) AND off_reason IS NULL AND bot_id IN (
            SELECT user_id FROM program_makers
            WHERE made_by = ?1 OR made_by IN (SELECT user_id FROM bots WHERE made_by = ?1))",
        params![maker.0, chat.map(|chat| chat.0), reason],
    )
}

/// Ends the hook whose bot leaves the group, and the bot with it.
pub fn delete_of_bot(tx: &Tx<'_>, bot: UserId) -> Result<()> {
    if tx.changed("DELETE FROM hooks WHERE bot_id = ?1", [bot.0])? {
        tx.run("UPDATE users SET is_disabled = 1 WHERE id = ?1", [bot.0])?;
    }
    Ok(())
}

/// Ends all hooks of a group, and their bots with them.
pub fn delete_all(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("UPDATE users SET is_disabled = 1 WHERE id IN (SELECT bot_id FROM hooks WHERE chat_id = ?1)", [chat.0])?;
    tx.run("DELETE FROM hooks WHERE chat_id = ?1", [chat.0])
}
