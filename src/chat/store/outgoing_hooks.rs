//! Rows of `outgoing_hooks`: what hooks send, how far they have come, and how it goes.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::delivery::HookCursor;
use crate::chat::model::delivery::is_due;
use crate::chat::model::error::Result;
use crate::chat::model::hook::{HookEvents, Only, Outgoing, SendingHook};
use crate::chat::model::id::{ChatId, HookId, Seq, UserId};
use crate::chat::model::time::Timestamp;

/// What sending goes by.
pub struct Sending {
    pub chat: ChatId,
    pub bot: UserId,
    pub url: String,
    pub events: HookEvents,
    pub only: Only,
    pub nonce: Vec<u8>,
    pub cursor: Seq,
    /// The cursor at its highest.
    pub furthest: Seq,
    pub replays: i64,
    pub failures: u32,
    pub failing_since: Option<Timestamp>,
    pub retry_at: Option<Timestamp>,
    pub is_off: bool,
}

/// A filter as it was checked when it came.
pub(super) fn only(text: &str) -> Only {
    Only::parse(text).unwrap_or_default()
}

pub fn insert(tx: &Tx<'_>, hook: HookId, outgoing: &Outgoing, nonce: &[u8]) -> Result<()> {
    let upto = tx.last_seq().0;
    tx.run(
        "INSERT INTO outgoing_hooks (hook_id, url, events, only, nonce, cursor, furthest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        params![hook.0, outgoing.url, outgoing.events.to_stored(), outgoing.only.as_str(), nonce, upto],
    )
}

pub fn set_nonce(tx: &Tx<'_>, hook: HookId, nonce: &[u8]) -> Result<()> {
    tx.run("UPDATE outgoing_hooks SET nonce = ?2 WHERE hook_id = ?1", params![hook.0, nonce])
}

pub fn find(db: &Db, hook: HookId) -> Result<Option<Sending>> {
    db.first(
        "SELECT h.chat_id, h.bot_id, o.url, o.events, o.only, o.nonce, o.cursor, o.furthest, o.failures,
                o.failing_since, o.retry_at, h.off_reason IS NOT NULL AS is_off, o.replays
         FROM outgoing_hooks o JOIN hooks h ON h.id = o.hook_id WHERE o.hook_id = ?1",
        [hook.0],
        |row| {
            Ok(Sending {
                chat: ChatId(row.get("chat_id")?),
                bot: UserId(row.get("bot_id")?),
                url: row.get("url")?,
                events: HookEvents::stored(row.get("events")?),
                only: only(&row.get::<_, String>("only")?),
                nonce: row.get("nonce")?,
                cursor: Seq(row.get("cursor")?),
                furthest: Seq(row.get("furthest")?),
                failures: row.get("failures")?,
                failing_since: row.get("failing_since")?,
                retry_at: row.get("retry_at")?,
                is_off: row.get("is_off")?,
                replays: row.get("replays")?,
            })
        },
    )
}

/// Those that are on: which failed lately, and in which group each is.
pub fn all_on(db: &Db) -> Result<Vec<(SendingHook, ChatId, bool)>> {
    db.all(
        "SELECT o.hook_id, p.made_by, h.chat_id, o.failures > 0 AS has_failed
         FROM outgoing_hooks o JOIN hooks h ON h.id = o.hook_id
         LEFT JOIN program_makers p ON p.user_id = h.bot_id WHERE h.off_reason IS NULL",
        [],
        |row| Ok((sending(row)?, ChatId(row.get("chat_id")?), row.get("has_failed")?)),
    )
}

/// Those of a group that are on.
pub fn of_chat(db: &Db, chat: ChatId) -> Result<Vec<SendingHook>> {
    db.all(
        "SELECT o.hook_id, p.made_by FROM hooks h JOIN outgoing_hooks o ON o.hook_id = h.id
         LEFT JOIN program_makers p ON p.user_id = h.bot_id WHERE h.chat_id = ?1 AND h.off_reason IS NULL",
        [chat.0],
        sending,
    )
}

/// Those whose next attempt is due, and how many wait for that.
pub fn due(db: &Db, now: Timestamp) -> Result<(Vec<SendingHook>, usize)> {
    let all = db.all(
        "SELECT o.hook_id, p.made_by, o.retry_at FROM outgoing_hooks o JOIN hooks h ON h.id = o.hook_id
         LEFT JOIN program_makers p ON p.user_id = h.bot_id WHERE o.retry_at IS NOT NULL
           AND h.off_reason IS NULL",
        [],
        |row| Ok((sending(row)?, is_due(Timestamp(row.get("retry_at")?), now))),
    )?;
    let due: Vec<SendingHook> = all.iter().filter(|(_, is_due)| *is_due).map(|(hook, _)| *hook).collect();
    let later = all.len() - due.len();
    Ok((due, later))
}

fn sending(row: &Row<'_>) -> rusqlite::Result<SendingHook> {
    Ok(SendingHook { id: HookId(row.get("hook_id")?), maker: row.get("made_by")? })
}

/// How many are on.
pub fn count_on(db: &Db) -> Result<i64> {
    db.one("SELECT count(*) FROM outgoing_hooks o JOIN hooks h ON h.id = o.hook_id WHERE h.off_reason IS NULL", [])
}

/// Moves a cursor on, unless a replay set it back meanwhile. Whatever failed before is over.
pub fn advance(tx: &Tx<'_>, cursor: HookCursor) -> Result<()> {
    tx.run(
        "UPDATE outgoing_hooks SET cursor = ?3, furthest = max(furthest, ?3), failures = 0, failing_since = NULL,
                retry_at = NULL
         WHERE hook_id = ?1 AND replays = ?2",
        [cursor.hook.0, cursor.replays, cursor.to.0],
    )
}

pub fn fail(tx: &Tx<'_>, hook: HookId, since: Timestamp, retry_at: Timestamp) -> Result<()> {
    tx.run(
        "UPDATE outgoing_hooks SET failures = failures + 1, failing_since = ?2, retry_at = ?3 WHERE hook_id = ?1",
        [hook.0, since.0, retry_at.0],
    )
}

/// Sets the cursor back to a number.
pub fn rewind(tx: &Tx<'_>, hook: HookId, since: Seq) -> Result<()> {
    tx.run(
        "UPDATE outgoing_hooks SET cursor = min(cursor, ?2), replays = replays + 1, failures = 0, failing_since = NULL,
                retry_at = NULL
         WHERE hook_id = ?1",
        [hook.0, since.0],
    )
}
