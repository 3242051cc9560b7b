//! What changed since a number, over all of a user's chats.
//!
//! A message that never changed after its birth has seq = id, so new ones are found as
//! lists find them; only those that changed later, and tombstones, have
//! indexes of their own. Who was away for a moment missed little: the few messages that came
//! are looked through whosever they are, and no chat is asked for changes when none happened
//! on the whole server, so that it does not matter how many chats somebody is in.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::by_chat::ids_between;
use super::db::{Db, Sql};
use super::{members, messages};
use crate::chat::model::changes::Change;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, MessageId, Seq, UserId};
use crate::chat::model::receipt::ReadMark;

/// Where a change is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeRow {
    /// A message that exists.
    Message(MessageId),
    Tombstone(MessageId, ChatId, Seq),
}

/// The newest number that is committed. A message's birth is written down by its row
/// alone; every other change by the sequence's.
pub fn newest(db: &Db) -> rusqlite::Result<Seq> {
    let mut query =
        db.prepare_cached("SELECT max(value, (SELECT coalesce(max(id), 0) FROM messages)) FROM sequence")?;
    query.query_row([], |row| Ok(Seq(row.get(0)?)))
}

/// One of the kinds of change, each in the order of its numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Born,
    /// Born, and so near the end that those of all chats are looked through once.
    JustBorn,
    Changed,
    Deleted,
}

impl Kind {
    /// The number and message of the next change of this kind in chat `?1` after `?2`; `None`:
    /// the first question told them all.
    const fn next(self) -> Option<&'static str> {
        match self {
            Self::Born => Some(
                "SELECT b.message_id, b.message_id FROM messages_by_chat b CROSS JOIN messages g ON g.id = b.message_id
                 WHERE b.chat_id = ?1 AND b.message_id > ?2 AND g.seq = g.id ORDER BY b.message_id LIMIT 1",
            ),
            Self::JustBorn => None,
            Self::Changed => {
                Some("SELECT seq, id FROM messages WHERE chat_id = ?1 AND seq > ?2 AND seq > id ORDER BY seq LIMIT 1")
            }
            Self::Deleted => {
                Some("SELECT seq, message_id FROM tombstones WHERE chat_id = ?1 AND seq > ?2 ORDER BY seq LIMIT 1")
            }
        }
    }

    /// The same for every chat of user `?1`: one statement, since there may be a thousand chats.
    const fn first(self) -> &'static str {
        match self {
            Self::Born => {
                "SELECT g.id, g.id, m.chat_id FROM members m JOIN messages g ON g.id =
                    (SELECT b.message_id FROM messages_by_chat b CROSS JOIN messages n ON n.id = b.message_id
                     WHERE b.chat_id = m.chat_id AND b.message_id > ?2 AND n.seq = n.id
                     ORDER BY b.message_id LIMIT 1)
                 WHERE m.user_id = ?1"
            }
            Self::JustBorn => {
                "SELECT g.id, g.id, g.chat_id FROM messages g CROSS JOIN members m
                 ON m.chat_id = g.chat_id AND m.user_id = ?1
                 WHERE g.id > ?2 AND g.seq = g.id"
            }
            Self::Changed => {
                "SELECT g.seq, g.id, m.chat_id FROM members m JOIN messages g ON g.id =
                    (SELECT id FROM messages WHERE chat_id = m.chat_id AND seq > ?2 AND seq > id ORDER BY seq LIMIT 1)
                 WHERE m.user_id = ?1"
            }
            Self::Deleted => {
                "SELECT t.seq, t.message_id, m.chat_id FROM members m JOIN tombstones t ON t.message_id =
                    (SELECT message_id FROM tombstones WHERE chat_id = m.chat_id AND seq > ?2 ORDER BY seq LIMIT 1)
                 WHERE m.user_id = ?1"
            }
        }
    }
}

/// How far back a number lies.
struct Distance {
    /// Each chat tells what was born in it up to this number; what is above is looked through.
    asked_upto: i64,
    /// Something was edited or deleted since, in whatever chat.
    is_changed: bool,
}

impl Distance {
    fn of(db: &Db, since: Seq, recent: i64) -> rusqlite::Result<Self> {
        let mut query =
            db.prepare_cached("SELECT value, indexed, (SELECT coalesce(max(id), 0) FROM messages) FROM sequence")?;
        query.query_row([], |row| {
            let (changed, indexed, newest): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let is_short = newest.saturating_sub(since.0) <= recent;
            Ok(Self {
                asked_upto: if is_short { since.0 } else { indexed.max(since.0) },
                // All but births write the sequence's value.
                is_changed: changed > since.0,
            })
        })
    }

    /// Whether there may be something of a kind, and then above which number.
    fn above(&self, kind: Kind, since: Seq) -> Option<i64> {
        match kind {
            Kind::Born => (self.asked_upto > since.0).then_some(since.0),
            Kind::JustBorn => Some(self.asked_upto),
            Kind::Changed | Kind::Deleted => self.is_changed.then_some(since.0),
        }
    }
}

/// Changes in `(since, upto]` over all chats of a user, oldest first: a merge that reads
/// only what it returns, the few newest messages (`recent` at most), and of a long absence one
/// row more for each chat.
pub fn of_user(db: &Db, user: UserId, since: Seq, upto: Seq, limit: u32, recent: i64) -> Result<Vec<(Seq, ChangeRow)>> {
    let distance = Distance::of(db, since, recent)?;
    let mut heads = BinaryHeap::new();
    for kind in [Kind::Born, Kind::JustBorn, Kind::Changed, Kind::Deleted] {
        let Some(above) = distance.above(kind, since) else { continue };
        let mut first = db.prepare_cached(kind.first())?;
        let mut rows = first.query([user.0, above])?;
        while let Some(row) = rows.next()? {
            heads.push(Reverse((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, ChatId(row.get(2)?), kind)));
        }
    }
    let mut found = Vec::new();
    while let Some(Reverse((seq, id, chat, kind))) = heads.pop() {
        if seq > upto.0 || found.len() >= limit as usize {
            break;
        }
        let place = match kind {
            Kind::Deleted => ChangeRow::Tombstone(MessageId(id), chat, Seq(seq)),
            Kind::Born | Kind::JustBorn | Kind::Changed => ChangeRow::Message(MessageId(id)),
        };
        found.push((Seq(seq), place));
        let Some(next) = kind.next() else { continue };
        let next = db.first(next, [chat.0, seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
        heads.extend(next.map(|(seq, id)| Reverse((seq, id, chat, kind))));
    }
    Ok(found)
}

/// The changes themselves, but for messages that the user has cleared from their view, until they
/// weigh so much; and how many places that were.
pub fn load(
    db: &Db,
    user: UserId,
    places: impl IntoIterator<Item = ChangeRow>,
    max_weight: usize,
) -> Result<(Vec<Change>, usize)> {
    let mut marks: HashMap<ChatId, Arc<[ReadMark]>> = HashMap::new();
    let (mut changes, mut loaded, mut weight): (Vec<Change>, _, _) = (Vec::new(), 0, 0);
    for place in places {
        if weight >= max_weight {
            break;
        }
        loaded += 1;
        match place {
            ChangeRow::Tombstone(id, chat, seq) => changes.push(Change::Deleted { id, chat, seq }),
            ChangeRow::Message(id) => {
                let Some(message) = messages::find(db, user, id)? else { continue };
                let marks = match marks.entry(message.chat) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let read = members::read_marks(db, message.chat)?;
                        // Held once, however many of the chat's messages there are.
                        weight += size_of_val(&*read);
                        new.insert(read)
                    }
                };
                changes.push(Change::Message(Box::new(message), Arc::clone(marks)));
            }
        }
        weight += changes.last().map_or(0, Change::weight);
    }
    Ok((changes, loaded))
}

/// The newest messages of a user's direct chats, newest first: ids only. The same merge,
/// backwards.
pub fn direct_messages(db: &Db, user: UserId, offset: i64, limit: i64) -> Result<Vec<MessageId>> {
    let heads = db.all(
        "SELECT c.id, c.last_message_id, m.cleared_mark FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND m.is_hidden = 0 AND c.low_user IS NOT NULL AND c.last_message_id > m.cleared_mark",
        [user.0],
        |row| Ok((row.get(1)?, row.get(0)?, row.get(2)?)),
    )?;
    let mut heads: BinaryHeap<(i64, i64, i64)> = heads.into();
    let mut found = Vec::new();
    let mut place = 0;
    while let Some((id, chat, cleared)) = heads.pop() {
        if place >= offset + limit {
            break;
        }
        if place >= offset {
            found.push(MessageId(id));
        }
        place += 1;
        let next = db.first(ids_between!("DESC LIMIT 1"), [chat, cleared, id], |row| row.get(0))?;
        heads.extend(next.map(|next| (next, chat, cleared)));
    }
    Ok(found)
}

/// How many messages a user's direct chats have, as that user sees them.
pub fn count_direct_messages(db: &Db, user: UserId) -> Result<i64> {
    db.one(
        "SELECT coalesce(sum(c.message_count - m.cleared_count), 0)
         FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND m.is_hidden = 0 AND c.low_user IS NOT NULL",
        [user.0],
    )
}
