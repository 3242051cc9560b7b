//! Whether a database's numbers are what its rows say, beside a server that may run on it.
//!
//! Each question is a read transaction of its own over a bounded piece: one table, one chat,
//! or so many rows. A server that runs meanwhile can checkpoint its log between them, and what
//! changes from one piece to the next is no fault.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::by_chat::ids_between;
use super::copy::{self, FileRow};
use crate::chat::model::backup::BackupError;
use crate::chat::model::file::StorageName;
use crate::chat::model::id::UserId;
use crate::chat::model::time::Timestamp;

/// Faults of one kind that are named; more would not help.
const MAX_NAMED: usize = 5;
/// Rows looked at in one transaction.
const ROWS_AT_ONCE: u32 = 5_000;

type Result<T> = rusqlite::Result<T>;

/// Opens a database to read it, and says of which version it is.
pub fn open(path: &Path) -> std::result::Result<(Connection, usize), BackupError> {
    let db = copy::open(path)?;
    let schema = copy::edition(&db)?.schema;
    Ok((db, schema))
}

/// Every table, the first of all first.
pub fn tables(db: &Connection) -> Result<Vec<String>> {
    let mut query = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage")?;
    let names = query.query_map([], |row| row.get(0))?;
    names.collect()
}

/// What SQLite finds wrong with one table and its indexes; `None` asks of the whole file.
pub fn integrity(db: &Connection, table: Option<&str>) -> Result<Vec<String>> {
    let mut query = match table {
        Some(_) => db.prepare("SELECT * FROM pragma_integrity_check(?1)")?,
        None => db.prepare("SELECT * FROM pragma_integrity_check")?,
    };
    let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let found = match table {
        Some(table) => query.query_map([table], read)?,
        None => query.query_map([], read)?,
    };
    found.filter(|fault| fault.as_ref().map_or(true, |fault| fault != "ok")).take(MAX_NAMED).collect()
}

/// Rows of a table that refer to a row that is not there.
pub fn dangling(db: &Connection, table: &str) -> Result<Vec<String>> {
    let mut query = db.prepare("SELECT rowid, parent FROM pragma_foreign_key_check(?1)")?;
    let found = query.query_map([table], |row| {
        let (id, parent): (Option<i64>, String) = (row.get(0)?, row.get(1)?);
        Ok(format!("row {} of {table} refers to a row of {parent} that is not there", id.unwrap_or_default()))
    })?;
    found.take(MAX_NAMED).collect()
}

/// The sealed secrets of second factors, and whose.
pub fn second_factors(db: &Connection) -> Result<Vec<(UserId, Vec<u8>)>> {
    if !has_table(db, "second_factors")? {
        return Ok(Vec::new());
    }
    let mut query = db.prepare("SELECT user_id, sealed_secret FROM second_factors ORDER BY user_id")?;
    let rows = query.query_map([], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?;
    rows.collect()
}

/// How many numbers of changes are above the sequence: they would be given out again.
pub fn above_sequence(db: &Connection) -> Result<i64> {
    count(
        db,
        "WITH newest (seq) AS (SELECT max(value, (SELECT coalesce(max(id), 0) FROM messages)) FROM sequence)
         SELECT (SELECT count(*) FROM messages WHERE seq > id AND seq > (SELECT seq FROM newest))
              + (SELECT count(*) FROM tombstones WHERE seq > (SELECT seq FROM newest))",
    )
}

/// Messages that ought to stand under their chat and do not, and entries there of none.
pub fn misplaced(db: &Connection) -> Result<i64> {
    count(
        db,
        "SELECT (SELECT count(*) FROM messages g WHERE g.id <= (SELECT indexed FROM sequence)
                 AND NOT EXISTS (SELECT 1 FROM messages_by_chat WHERE chat_id = g.chat_id AND message_id = g.id))
              + (SELECT count(*) FROM messages_by_chat b WHERE b.message_id > (SELECT indexed FROM sequence)
                 OR NOT EXISTS (SELECT 1 FROM messages WHERE id = b.message_id AND chat_id = b.chat_id))",
    )
}

/// Messages that are there and were deleted all the same.
pub fn undead(db: &Connection) -> Result<i64> {
    count(db, "SELECT count(*) FROM tombstones t JOIN messages m ON m.id = t.message_id")
}

/// Users whose bytes are not those of their files.
pub fn wrong_bytes(db: &Connection) -> Result<i64> {
    count(
        db,
        "SELECT count(*) FROM users u
         LEFT JOIN (SELECT uploader_id, sum(size) AS bytes FROM files GROUP BY uploader_id) f ON f.uploader_id = u.id
         WHERE u.stored_bytes <> coalesce(f.bytes, 0)",
    )
}

/// Users whose bytes are not those of their texts; 0 where the database is older than the sums.
/// What is kept meanwhile is a line for each user: SQLite would sort a row for each message.
pub fn wrong_texts(db: &Connection) -> Result<usize> {
    if !has_table(db, "text_bytes")? {
        return Ok(0);
    }
    let moment = db.unchecked_transaction()?;
    let mut sums = HashMap::<i64, i64>::new();
    for sql in [
        "SELECT user_id, bytes FROM text_bytes",
        "SELECT sender_id, -octet_length(content) FROM messages",
        "SELECT author_id, -octet_length(title) - octet_length(content) FROM posts",
    ] {
        let mut query = moment.prepare(sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            *sums.entry(row.get(0)?).or_default() += row.get::<_, i64>(1)?;
        }
    }
    Ok(sums.values().filter(|difference| **difference != 0).count())
}

fn count(db: &Connection, sql: &str) -> Result<i64> {
    db.query_row(sql, [], |row| row.get(0))
}

fn has_table(db: &Connection, name: &str) -> Result<bool> {
    db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?.exists([name])
}

/// Messages that count other names than their mentions, and mentions of another chat or sender than their
/// message's; 0 where the database is older than mentions.
pub fn wrong_mentions(db: &Connection) -> Result<i64> {
    if !has_table(db, "mentions")? {
        return Ok(0);
    }
    count(
        db,
        "SELECT (SELECT count(*) FROM messages g WHERE g.mention_count <>
                    (SELECT count(*) FROM mentions WHERE message_id = g.id AND is_named = 1))
              + (SELECT count(*) FROM mentions c WHERE NOT EXISTS
                    (SELECT 1 FROM messages WHERE id = c.message_id AND chat_id = c.chat_id AND sender_id = c.sender_id))",
    )
}

/// Users and groups with the name of a picture that is not there.
pub fn lost_avatars(db: &Connection) -> Result<i64> {
    count(
        db,
        "SELECT (SELECT count(*) FROM users u WHERE avatar_name IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM files WHERE avatar_of = u.id))
              + (SELECT count(*) FROM chats c WHERE avatar_name IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM files WHERE avatar_of_chat = c.id))",
    )
}

/// The id of the newest message: how far a check has to go.
pub fn last_message(db: &Connection) -> Result<i64> {
    count(db, "SELECT coalesce(max(id), 0) FROM messages")
}

/// When the newest message was posted.
pub fn newest_message_at(db: &Connection) -> Result<Option<Timestamp>> {
    db.query_row("SELECT created_at FROM messages ORDER BY id DESC LIMIT 1", [], |row| Ok(Timestamp(row.get(0)?)))
        .optional()
}

/// Until when the server knew the time; `None` too where the database is older than that.
pub fn known_time(db: &Connection) -> Result<Option<Timestamp>> {
    if !has_table(db, "clock")? {
        return Ok(None);
    }
    db.query_row("SELECT known_at FROM clock", [], |row| Ok(Timestamp(row.get(0)?))).optional()
}

/// Messages of a piece whose numbers are wrong, and where the next piece begins.
pub struct MessageFaults {
    /// Ask on from here.
    pub upto: i64,
    /// Those that have another number of attachments.
    pub attachments: i64,
    /// Those that have another number of reactions.
    pub reactions: i64,
}

/// The messages after one; `None`: there are no more.
pub fn messages(db: &Connection, after: i64) -> Result<Option<MessageFaults>> {
    let mut query = db.prepare_cached(
        "SELECT max(id),
                coalesce(sum(attachment_count <> (SELECT count(*) FROM files WHERE message_id = m.id)), 0),
                coalesce(sum(reaction_count <> (SELECT count(*) FROM reactions WHERE message_id = m.id)), 0)
         FROM (SELECT id, attachment_count, reaction_count FROM messages WHERE id > ?1 ORDER BY id LIMIT ?2) m",
    )?;
    query.query_row((after, ROWS_AT_ONCE), |row| {
        let upto: Option<i64> = row.get(0)?;
        let (attachments, reactions) = (row.get(1)?, row.get(2)?);
        Ok(upto.map(|upto| MessageFaults { upto, attachments, reactions }))
    })
}

pub fn chats_in_all(db: &Connection) -> Result<u64> {
    let count = count(db, "SELECT count(*) FROM chats WHERE is_deleted = 0")?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The chats after one that are not being erased: ids, ascending.
pub fn chats(db: &Connection, after: i64) -> Result<Vec<i64>> {
    let mut query = db.prepare_cached("SELECT id FROM chats WHERE id > ?1 AND is_deleted = 0 ORDER BY id LIMIT ?2")?;
    let ids = query.query_map((after, ROWS_AT_ONCE), |row| row.get(0))?;
    ids.collect()
}

/// What is wrong with a chat's numbers.
#[derive(Default)]
pub struct ChatFaults {
    /// Another number of messages.
    pub messages: bool,
    /// Another newest message.
    pub newest: bool,
    /// Another number of members.
    pub members: bool,
    /// Members who have seen another number of messages.
    pub seen: u64,
    /// Members who have cleared another number of messages.
    pub cleared: u64,
}

/// A member's marks and numbers, and what the messages say they should be.
#[derive(Default)]
struct Member {
    /// Up to where everything is read, or cleared.
    seen_mark: i64,
    seen: i64,
    cleared_mark: i64,
    cleared: i64,
    /// Messages up to the mark.
    upto_seen: i64,
    upto_cleared: i64,
    /// Own messages above what is seen.
    own: i64,
}

/// Goes once through a chat's messages. What is kept meanwhile is a line for each member, of
/// whom there is a limited number.
pub fn chat(db: &Connection, id: i64) -> Result<ChatFaults> {
    let moment = db.unchecked_transaction()?;
    let mut query = moment.prepare_cached(
        "SELECT message_count, last_message_id, member_count FROM chats WHERE id = ?1 AND is_deleted = 0",
    )?;
    type Row = (i64, Option<i64>, i64);
    let read = |row: &rusqlite::Row<'_>| -> Result<Row> { Ok((row.get(0)?, row.get(1)?, row.get(2)?)) };
    let Some((message_count, last_message, member_count)) = query.query_row([id], read).optional()? else {
        return Ok(ChatFaults::default());
    };
    let mut members = members(&moment, id)?;
    let mut marks: Vec<(i64, i64, bool)> = members
        .iter()
        .flat_map(|(user, member)| [(member.seen_mark, *user, true), (member.cleared_mark, *user, false)])
        .collect();
    marks.sort_unstable();
    let (mut count, mut last, mut next) = (0, None, marks.iter().peekable());
    let mut pass = |members: &mut HashMap<i64, Member>, below: i64, count: i64| {
        while let Some((_, user, is_seen)) = next.next_if(|(mark, ..)| *mark < below) {
            if let Some(member) = members.get_mut(user) {
                *(if *is_seen { &mut member.upto_seen } else { &mut member.upto_cleared }) = count;
            }
        }
    };
    // The limit is none, and has SQLite keep the order of what it reads from.
    let mut query = moment.prepare_cached(concat!(
        "SELECT g.id, g.sender_id FROM (",
        ids_between!("LIMIT -1"),
        ") b CROSS JOIN messages g ON g.id = b.id"
    ))?;
    let mut rows = query.query([id, 0, i64::MAX])?;
    while let Some(row) = rows.next()? {
        let (message, sender): (i64, i64) = (row.get(0)?, row.get(1)?);
        pass(&mut members, message, count);
        if let Some(member) = members.get_mut(&sender)
            && message > member.seen_mark
        {
            member.own += 1;
        }
        count += 1;
        last = Some(message);
    }
    pass(&mut members, i64::MAX, count);
    let wrong = |is_wrong: fn(&Member) -> bool| members.values().filter(|member| is_wrong(member)).count() as u64;
    Ok(ChatFaults {
        messages: message_count != count,
        newest: last_message != last,
        members: usize::try_from(member_count).ok() != Some(members.len()),
        seen: wrong(|member| member.seen != member.upto_seen + member.own),
        cleared: wrong(|member| member.cleared != member.upto_cleared),
    })
}

fn members(db: &Connection, chat: i64) -> Result<HashMap<i64, Member>> {
    let mut query = db.prepare_cached(
        "SELECT user_id, max(read_mark, cleared_mark) AS seen_mark, seen_count, cleared_mark, cleared_count FROM members
         WHERE chat_id = ?1",
    )?;
    let rows = query.query_map([chat], |row| {
        let (seen_mark, cleared_mark) = (row.get("seen_mark")?, row.get("cleared_mark")?);
        let (seen, cleared) = (row.get("seen_count")?, row.get("cleared_count")?);
        Ok((row.get("user_id")?, Member { seen_mark, seen, cleared_mark, cleared, ..Member::default() }))
    })?;
    rows.collect()
}

/// The files after one, by id.
pub fn files(db: &Connection, after: i64) -> Result<Vec<(i64, FileRow)>> {
    let mut query =
        db.prepare_cached("SELECT id, storage_name, size, sha256 FROM files WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let rows = query.query_map((after, ROWS_AT_ONCE), |row| {
        let size: i64 = row.get("size")?;
        let (name, sha256) = (StorageName::stored(row.get("storage_name")?), row.get("sha256")?);
        Ok((row.get("id")?, FileRow { name, size: u64::try_from(size).unwrap_or(0), sha256 }))
    })?;
    rows.collect()
}

/// Whether a row knows a file of this name.
pub fn knows_file(db: &Connection, name: &str) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM files WHERE storage_name = ?1")?.exists([name])
}

/// How many files there are, and their bytes.
pub fn files_in_all(db: &Connection) -> Result<(u64, u64)> {
    db.query_row("SELECT count(*), coalesce(sum(size), 0) FROM files", [], |row| {
        let (count, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((u64::try_from(count).unwrap_or(0), u64::try_from(bytes).unwrap_or(0)))
    })
}
