//! Rows of `bots`: programs with an account of their own.

use rusqlite::{Row, params};

use super::db::{Db, Sql};
use super::transaction::Tx;
use super::users::{columns, user};
use crate::chat::model::bot::Bot;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::time::Timestamp;

macro_rules! select_bot {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!("u"),
            ", b.made_by, u.created_at FROM bots b JOIN users u ON u.id = b.user_id WHERE ",
            $rest
        )
    };
}

fn bot(row: &Row<'_>) -> rusqlite::Result<Bot> {
    Ok(Bot { user: user(row, 0)?, made_by: row.get("made_by")?, created_at: Timestamp(row.get("created_at")?) })
}

pub fn insert(tx: &Tx<'_>, bot: UserId, made_by: Option<UserId>) -> Result<()> {
    tx.run("INSERT INTO bots (user_id, made_by) VALUES (?1, ?2)", params![bot.0, made_by.map(|maker| maker.0)])
}

pub fn find(db: &Db, id: UserId) -> Result<Option<Bot>> {
    db.first(select_bot!("b.user_id = ?1"), [id.0], bot)
}

/// Those of a maker, or of everybody, below one: the newest first.
pub fn below(db: &Db, maker: Option<UserId>, below: UserId, limit: u32) -> Result<Vec<Bot>> {
    db.all(
        match maker {
            Some(_) => select_bot!("b.made_by = ?1 AND b.user_id < ?2 ORDER BY b.user_id DESC LIMIT ?3"),
            None => select_bot!("?1 IS NULL AND b.user_id < ?2 ORDER BY b.user_id DESC LIMIT ?3"),
        },
        params![maker.map(|maker| maker.0), below.0, limit],
        bot,
    )
}

/// Those of a maker that are in a chat.
pub fn of_maker_in(db: &Db, maker: UserId, chat: ChatId) -> Result<Vec<UserId>> {
    db.column(
        "SELECT b.user_id FROM bots b JOIN members m ON m.user_id = b.user_id WHERE b.made_by = ?1 AND m.chat_id = ?2",
        [maker.0, chat.0],
    )
}

pub fn count(db: &Db, maker: UserId) -> Result<i64> {
    db.one("SELECT count(*) FROM bots WHERE made_by = ?1", [maker.0])
}

/// Writes down who made a program, or took it over: it has a part of their share of everything.
pub fn set_maker(tx: &Tx<'_>, program: UserId, made_by: UserId) -> Result<()> {
    tx.run("INSERT OR REPLACE INTO program_makers (user_id, made_by) VALUES (?1, ?2)", [program.0, made_by.0])
}

/// Who made a program, as far as it is written down.
pub fn maker(db: &Db, program: UserId) -> Result<Option<UserId>> {
    db.first("SELECT made_by FROM program_makers WHERE user_id = ?1", [program.0], |row| row.get(0).map(UserId))
}

/// The programs that somebody has ever made.
pub fn count_made(db: &Db, maker: UserId) -> Result<i64> {
    db.one("SELECT count(*) FROM program_makers WHERE made_by = ?1", [maker.0])
}

pub fn delete(tx: &Tx<'_>, id: UserId) -> Result<()> {
    tx.run("DELETE FROM bots WHERE user_id = ?1", [id.0])
}
