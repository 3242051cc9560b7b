//! Messages and files that were kept for their time, a piece of them at once.

use rusqlite::params;

use super::by_chat::ids_between;
use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::file::File;
use crate::chat::model::id::{ChatId, MessageId, UserId};
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::time::Timestamp;

/// The chats after one, by id, and how long each keeps its messages.
pub fn terms(db: &Db, after: ChatId, limit: u32) -> Result<Vec<(ChatId, RetentionOverride)>> {
    db.all(
        "SELECT id, retain_days FROM chats WHERE id > ?1 AND is_deleted = 0 ORDER BY id LIMIT ?2",
        params![after.0, limit],
        |row| Ok((ChatId(row.get(0)?), RetentionOverride::stored(row.get(1)?))),
    )
}

/// One chat's; `None`: there is no such chat.
pub fn term(db: &Db, chat: ChatId) -> Result<Option<RetentionOverride>> {
    db.first("SELECT retain_days FROM chats WHERE id = ?1 AND is_deleted = 0", [chat.0], |row| {
        Ok(RetentionOverride::stored(row.get(0)?))
    })
}

pub fn set_term(tx: &Tx<'_>, chat: ChatId, term: RetentionOverride) -> Result<()> {
    tx.run("UPDATE chats SET retain_days = ?2 WHERE id = ?1", params![chat.0, term.to_stored()])
}

/// A message as far as it concerns who counts it.
pub struct ExpiredMessage {
    pub id: MessageId,
    pub sender: UserId,
    pub has_attachments: bool,
}

/// What is too old, and what is not yet.
#[derive(Clone, Copy)]
pub struct Cutoff {
    /// What was posted before is too old.
    pub than: Timestamp,
    /// What was posted after is of the future.
    pub now: Timestamp,
}

/// A piece of a chat's messages.
#[derive(Default)]
pub struct ScannedPiece {
    pub old: Vec<ExpiredMessage>,
    /// Those that are neither too old nor of the future.
    pub young: u32,
    /// The last of the piece; `None`: there are no more behind it.
    pub last: Option<MessageId>,
}

/// Looks at a chat's messages after one, in the order of their posting, which is not quite
/// that of their times.
pub fn look(db: &Db, chat: ChatId, after: MessageId, age: Cutoff, limit: u32) -> Result<ScannedPiece> {
    let mut query = db.cached(concat!(
        "SELECT id, sender_id, attachment_count, created_at FROM messages WHERE id IN (SELECT id FROM (",
        ids_between!("LIMIT ?4"),
        ")) ORDER BY id"
    ))?;
    let mut rows = query.query(params![chat.0, after.0, i64::MAX, limit])?;
    let (mut looked, mut count) = (ScannedPiece::default(), 0);
    while let Some(row) = rows.next()? {
        let (id, at) = (MessageId(row.get("id")?), Timestamp(row.get("created_at")?));
        if at < age.than {
            let (sender, has_attachments) = (UserId(row.get("sender_id")?), row.get::<_, i64>("attachment_count")? > 0);
            looked.old.push(ExpiredMessage { id, sender, has_attachments });
        } else if at <= age.now {
            looked.young += 1;
        }
        looked.last = Some(id);
        count += 1;
    }
    if count < limit {
        looked.last = None;
    }
    Ok(looked)
}

/// Deletes messages of a chat, in ascending order, and counts anew what the chat and its
/// members count. Their files are the caller's to erase first.
pub fn delete(tx: &Tx<'_>, chat: ChatId, old: &[ExpiredMessage]) -> Result<()> {
    let marks = "SELECT user_id, max(read_mark, cleared_mark), cleared_mark FROM members WHERE chat_id = ?1";
    let members = tx.all(marks, [chat.0], |row| Ok((UserId(row.get(0)?), row.get(1)?, row.get(2)?)))?;
    let upto_mark = |mark: i64| old.partition_point(|message| message.id.0 <= mark);
    for (user, seen_mark, cleared_mark) in members {
        let upto = upto_mark(seen_mark);
        let seen = upto + old[upto..].iter().filter(|message| message.sender == user).count();
        let cleared = upto_mark(cleared_mark);
        if seen > 0 || cleared > 0 {
            tx.run(
                "UPDATE members SET seen_count = seen_count - ?3, cleared_count = cleared_count - ?4
                 WHERE chat_id = ?1 AND user_id = ?2",
                params![chat.0, user.0, number(seen), number(cleared)],
            )?;
        }
    }
    old.iter().try_for_each(|message| super::messages::delete(tx, message.id))?;
    tx.run(
        concat!(
            "UPDATE chats SET message_count = message_count - ?4, last_message_id = (",
            ids_between!("DESC LIMIT 1"),
            ") WHERE id = ?1"
        ),
        params![chat.0, 0, i64::MAX, number(old.len())],
    )
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A message that a file hangs on.
pub struct FileMessage {
    pub id: MessageId,
    pub chat: ChatId,
    pub sender: UserId,
    /// Whether nothing is left of it without its files.
    pub is_blank: bool,
}

/// The oldest attached files that were uploaded before `than`.
pub fn oldest_files(db: &Db, than: Timestamp, limit: u32) -> Result<Vec<(File, FileMessage)>> {
    let mut query = db.cached(
        "SELECT f.id AS file_id, m.id, m.chat_id, m.sender_id, m.content = '' AS is_blank
         FROM files f JOIN messages m ON m.id = f.message_id
         WHERE f.message_id IS NOT NULL AND f.created_at < ?1 ORDER BY f.created_at LIMIT ?2",
    )?;
    let mut rows = query.query(params![than.0, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let holder = FileMessage {
            id: MessageId(row.get("id")?),
            chat: ChatId(row.get("chat_id")?),
            sender: UserId(row.get("sender_id")?),
            is_blank: row.get("is_blank")?,
        };
        let attached = super::files::of_message(db, holder.id)?;
        let id: i64 = row.get("file_id")?;
        found.extend(attached.into_iter().find(|file| file.id.0 == id).map(|file| (file, holder)));
    }
    Ok(found)
}

/// Counts an attachment less, and says how many are left.
pub fn count_detached(tx: &Tx<'_>, message: MessageId) -> Result<i64> {
    tx.one(
        "UPDATE messages SET attachment_count = attachment_count - 1 WHERE id = ?1 RETURNING attachment_count",
        [message.0],
    )
}
