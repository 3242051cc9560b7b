//! Entering messages into the index.

use std::collections::BTreeMap;

use rusqlite::{ToSql, params};

use super::state::{State, set_state, state};
use super::token;
use crate::chat::model::search::{Has, Words, has_link};
use crate::chat::model::thresholds::SearchThresholds;
use crate::chat::store::db::Db;

/// Bytes of the texts that are entered in one transaction: a piece ends with the message that reaches it.
const PIECE_BYTES: i64 = 256 * 1024;

/// What a message is entered by.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT g.id, g.chat_id, g.sender_id, g.created_at, g.attachment_count, g.content FROM messages g ",
            $rest
        )
    };
}

pub(super) use select;

/// How far the index is after a piece.
#[derive(Clone, Copy, Default)]
pub struct Progress {
    pub is_more: bool,
    /// The newest message, and the newest that is entered.
    pub newest: i64,
    pub upto: i64,
    /// Messages of what is new that a piece holds: few where they are long.
    pub holds: u32,
}

/// Enters a piece of what waits: first what changed, then what is new, then what is old.
pub fn enter_piece(db: &Db, thresholds: SearchThresholds) -> rusqlite::Result<Progress> {
    if !state(db)?.is_on {
        return Ok(Progress::default());
    }
    let (is_more, holds) = enter_next(db, thresholds)?;
    let newest = db.prepare_cached("SELECT coalesce(max(id), 0) FROM messages")?.query_row([], |row| row.get(0))?;
    Ok(Progress { is_more, newest, upto: state(db)?.upto, holds })
}

/// Whether more waits, and how many messages of what is new were a piece.
fn enter_next(db: &Db, thresholds: SearchThresholds) -> rusqlite::Result<(bool, u32)> {
    let state = state(db)?;
    let changed = enter_changed(db, thresholds)?;
    let newer = select!("WHERE g.id > ?1 ORDER BY g.id LIMIT ?2");
    let new = enter(db, newer, params![state.upto, thresholds.piece], PIECE_BYTES, thresholds)?;
    if let Some((_, last)) = new.ends {
        set_state(db, State { upto: last, ..state })?;
    }
    let holds = if new.is_last { thresholds.piece } else { new.count };
    if changed > 0 || !new.is_last {
        return Ok((true, holds));
    }
    if state.below == 0 || new.ends.is_some() {
        return Ok((state.below > 0, holds));
    }
    let old = enter(db, OLD, params![state.below, thresholds.piece, PIECE_BYTES], i64::MAX, thresholds)?;
    let below = old.ends.map_or(0, |(first, _)| first - 1);
    set_state(db, State { below, ..state })?;
    Ok((below > 0, holds))
}

/// The newest of what is old, as far as its texts are no more than a piece.
const OLD: &str = select!(
    "WHERE g.id IN (
         SELECT id FROM (
             SELECT id, sum(bytes) OVER (ORDER BY id DESC) - bytes AS before
             FROM (SELECT id, octet_length(content) AS bytes FROM messages WHERE id <= ?1 ORDER BY id DESC LIMIT ?2)
         ) WHERE before < ?3
     ) ORDER BY g.id"
);

/// Enters all that waits, where nobody else waits for the writer.
pub fn enter_all(db: &Db, thresholds: SearchThresholds) -> rusqlite::Result<()> {
    while enter_piece(db, thresholds)?.is_more {}
    Ok(())
}

/// Makes one of all parts that the index consists of: words of what is gone leave the file.
pub fn merge(db: &Db, thresholds: SearchThresholds) -> rusqlite::Result<()> {
    enter_all(db, thresholds)?;
    db.execute_batch("INSERT INTO search (search) VALUES ('optimize')")
}

/// Takes out what is gone or not as it was entered, and enters anew what is still there.
fn enter_changed(db: &Db, thresholds: SearchThresholds) -> rusqlite::Result<usize> {
    let gone = take_out(db, "SELECT message_id FROM search_gone ORDER BY message_id LIMIT ?1", thresholds)?;
    if let Some(last) = gone.last() {
        db.prepare_cached("DELETE FROM search_gone WHERE message_id <= ?1")?.execute([last])?;
    }
    let changed = take_out(db, "SELECT message_id FROM search_changed ORDER BY message_id LIMIT ?1", thresholds)?;
    if let Some(last) = changed.last() {
        let those = select!("JOIN search_changed s ON s.message_id = g.id WHERE g.id <= ?1 ORDER BY g.id LIMIT ?2");
        let piece = enter(db, those, params![last, thresholds.piece], PIECE_BYTES, thresholds)?;
        let upto = piece.ends.filter(|_| !piece.is_last).map_or(*last, |(_, end)| end);
        db.prepare_cached("DELETE FROM search_changed WHERE message_id <= ?1")?.execute([upto])?;
    }
    Ok(gone.len() + changed.len())
}

fn take_out(db: &Db, sql: &str, thresholds: SearchThresholds) -> rusqlite::Result<Vec<i64>> {
    let mut query = db.prepare_cached(sql)?;
    let ids = query.query_map([thresholds.piece], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut delete = db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?;
    for id in &ids {
        delete.execute([id])?;
    }
    Ok(ids)
}

/// A piece that was entered.
struct Piece {
    /// Messages in it.
    count: u32,
    /// Nothing more waits of what was asked for.
    is_last: bool,
    /// The first message and the last.
    ends: Option<(i64, i64)>,
}

/// Enters the messages that a query tells, in the order of their numbers: the index wants them so.
fn enter(
    db: &Db,
    sql: &str,
    wanted: &[&dyn ToSql],
    max_bytes: i64,
    thresholds: SearchThresholds,
) -> rusqlite::Result<Piece> {
    let mut query = db.prepare_cached(sql)?;
    let mut insert = db.prepare_cached("INSERT INTO search (rowid, words) VALUES (?1, ?2)")?;
    let mut rows = query.query(wanted)?;
    let (mut ends, mut count, mut bytes) = (None, 0, 0);
    let (mut words, mut blocks) = (String::new(), BTreeMap::new());
    while bytes < max_bytes
        && let Some(row) = rows.next()?
    {
        let (id, at): (i64, i64) = (row.get(0)?, row.get(3)?);
        words.clear();
        write_words(db, row, thresholds, &mut words)?;
        insert.execute(params![id, words])?;
        count += 1;
        bytes += i64::try_from(row.get_ref(5)?.as_str()?.len()).unwrap_or(i64::MAX);
        ends = Some((ends.map_or(id, |(first, _)| first), id));
        let (oldest, newest) = blocks.entry(id >> thresholds.block_bits).or_insert((at, at));
        (*oldest, *newest) = (at.min(*oldest), at.max(*newest));
    }
    for (block, (oldest, newest)) in blocks {
        db.prepare_cached(
            "INSERT INTO search_blocks VALUES (?1, ?2, ?3) ON CONFLICT (block)
             DO UPDATE SET oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest)",
        )?
        .execute([block, oldest, newest])?;
    }
    Ok(Piece { count, is_last: count < thresholds.piece && bytes < max_bytes, ends })
}

/// What the index is to know of a message.
fn write_words(
    db: &Db,
    row: &rusqlite::Row<'_>,
    thresholds: SearchThresholds,
    words: &mut String,
) -> rusqlite::Result<()> {
    let content = row.get_ref(5)?.as_str()?;
    Words::of(content).write_terms(words);
    let (id, chat, sender): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    words.extend([&token::chat(chat), " ", &token::sender(sender), " ", &token::block(id >> thresholds.block_bits)]);
    if has_link(content) {
        words.extend([" ", token::has(Has::Link)]);
    }
    if row.get::<_, i64>(4)? > 0 {
        write_files(db, id, words)?;
    }
    Ok(())
}

fn write_files(db: &Db, message: i64, words: &mut String) -> rusqlite::Result<()> {
    let mut query = db.prepare_cached("SELECT name, content_type FROM files WHERE message_id = ?1")?;
    let mut files = query.query([message])?;
    while let Some(file) = files.next()? {
        words.extend([" ", token::has(Has::File), " "]);
        if file.get_ref(1)?.as_str()?.starts_with("image/") {
            words.extend([token::has(Has::Image), " "]);
        }
        Words::of(file.get_ref(0)?.as_str()?).write_terms(words);
    }
    Ok(())
}

/// All tokens of a message, as they were entered: for those who compare.
pub(super) fn tokens_of(db: &Db, row: &rusqlite::Row<'_>, thresholds: SearchThresholds) -> rusqlite::Result<String> {
    let mut words = String::new();
    write_words(db, row, thresholds, &mut words)?;
    Ok(words)
}
