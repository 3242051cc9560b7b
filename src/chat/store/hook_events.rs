//! What happens in the groups of hooks that send, by its numbers: new messages as they stand in `messages`, and
//! all else in rows of `hook_events`.
//!
//! A post writes nothing here. Whatever else changes writes a row where a hook may send it, and nothing where
//! there is none. What bots say leaves no row.

use rusqlite::params;

use super::by_chat::ids_between;
use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, MessageId, Seq, UserId};
use crate::chat::model::time::Timestamp;

/// What a row tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged {
    /// A message has another text or pin.
    Updated(MessageId),
    Deleted(MessageId),
    /// In the place of a message: that it was deleted, under this number, of which there is a row, too.
    Erased(Seq),
    /// The same of a message that went for its age, without any row but this.
    Purged(Seq),
    /// Somebody came into the group.
    Added(UserId),
    Removed(UserId),
}

impl Logged {
    fn of(kind: &str, subject: i64) -> Option<Self> {
        match kind {
            "updated" => Some(Self::Updated(MessageId(subject))),
            "deleted" => Some(Self::Deleted(MessageId(subject))),
            "erased" => Some(Self::Erased(Seq(subject))),
            "purged" => Some(Self::Purged(Seq(subject))),
            "added" => Some(Self::Added(UserId(subject))),
            "removed" => Some(Self::Removed(UserId(subject))),
            _ => None,
        }
    }

    fn stored(self) -> (&'static str, i64) {
        match self {
            Self::Updated(message) => ("updated", message.0),
            Self::Deleted(message) => ("deleted", message.0),
            Self::Erased(seq) => ("erased", seq.0),
            Self::Purged(seq) => ("purged", seq.0),
            Self::Added(user) => ("added", user.0),
            Self::Removed(user) => ("removed", user.0),
        }
    }
}

/// Something that took a number.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub seq: Seq,
    /// `None`: the message of that number was posted.
    pub logged: Option<(Logged, Timestamp)>,
}

/// Whether a group has a hook that sends, be it off.
pub fn is_watched(db: &Db, chat: ChatId) -> Result<bool> {
    db.exists("SELECT 1 FROM hooks h JOIN outgoing_hooks o ON o.hook_id = h.id WHERE h.chat_id = ?1 LIMIT 1", [chat.0])
}

/// Notes what became of a message, unless a bot said it or nobody watches.
pub fn note_message(tx: &Tx<'_>, chat: ChatId, sender: UserId, seq: Seq, logged: Logged) -> Result<()> {
    let (kind, subject) = logged.stored();
    tx.run(
        "INSERT INTO hook_events (seq, chat_id, kind, subject_id, created_at)
         SELECT ?1, ?2, ?3, ?4, ?5 FROM users WHERE id = ?6 AND is_bot = 0 AND EXISTS
             (SELECT 1 FROM hooks h JOIN outgoing_hooks o ON o.hook_id = h.id WHERE h.chat_id = ?2)",
        params![seq.0, chat.0, kind, subject, tx.now.0, sender.0],
    )
}

/// Notes that a message was deleted under a number, for those who were told of it and for those who were not yet.
pub fn note_deleted(tx: &Tx<'_>, chat: ChatId, message: MessageId, sender: UserId, seq: Seq) -> Result<()> {
    note_message(tx, chat, sender, seq, Logged::Deleted(message))?;
    note_message(tx, chat, sender, Seq(message.0), Logged::Erased(seq))
}

/// Notes that a message went for its age, for those who were not told of it yet.
pub fn note_purged(tx: &mut Tx<'_>, chat: ChatId, message: MessageId, sender: UserId) -> Result<()> {
    if is_watched(tx, chat)? {
        let seq = tx.next_seq();
        note_message(tx, chat, sender, Seq(message.0), Logged::Purged(seq))?;
    }
    Ok(())
}

/// Notes who came into a group or left it, under a number of its own, where somebody watches.
pub fn note_member(tx: &mut Tx<'_>, chat: ChatId, logged: Logged) -> Result<()> {
    if !is_watched(tx, chat)? {
        return Ok(());
    }
    let (seq, (kind, subject)) = (tx.next_seq(), logged.stored());
    tx.run(
        "INSERT INTO hook_events (seq, chat_id, kind, subject_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![seq.0, chat.0, kind, subject, tx.now.0],
    )
}

/// The first of what happened in a group after a number, in order; and whether there may be more.
pub fn after(db: &Db, chat: ChatId, seq: Seq, limit: u32) -> Result<(Vec<Place>, bool)> {
    let mut places = db.all(ids_between!("LIMIT ?4"), params![chat.0, seq.0, i64::MAX, limit], |row| {
        Ok(Place { seq: Seq(row.get(0)?), logged: None })
    })?;
    let mut is_more = places.len() >= limit as usize;
    let mut query = db.cached(
        "SELECT seq, kind, subject_id, created_at FROM hook_events
         WHERE chat_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = query.query(params![chat.0, seq.0, limit])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        read += 1;
        let kind: String = row.get("kind")?;
        if let Some(logged) = Logged::of(&kind, row.get("subject_id")?) {
            places.push(Place { seq: Seq(row.get("seq")?), logged: Some((logged, Timestamp(row.get("created_at")?))) });
        }
    }
    is_more |= read >= limit;
    places.sort_by_key(|place| place.seq);
    places.truncate(limit as usize);
    Ok((places, is_more))
}

pub fn delete_older(tx: &Tx<'_>, than: Timestamp) -> Result<()> {
    tx.run("DELETE FROM hook_events WHERE created_at < ?1", [than.0])
}

/// Leaves nothing of a group that is gone.
pub fn delete_all(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("DELETE FROM hook_events WHERE chat_id = ?1", [chat.0])
}
