//! Rows of `messages` and `tombstones`.

use rusqlite::{Row, params};

use super::by_chat::ids_between;
use super::columns::named_columns;
use super::db::{Db, Sql, take_within};
use super::totals::bytes;
use super::transaction::Tx;
use super::users::{self, columns};
use super::{chats, directs, files, mentions, reactions};
use crate::chat::model::direct::Pair;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, MessageId, Seq, UserId};
use crate::chat::model::mention::{MAX_SMALL_GROUP, Mentions};
use crate::chat::model::message::{Message, PinPlace, Window};
use crate::chat::model::time::Timestamp;
use crate::chat::model::user::User;

named_columns! {
    message_columns, SENDER:
    ID = "g.id",
    CHAT = "g.chat_id",
    SEQ = "g.seq",
    TEXT = "g.content",
    REPLY_TO = "g.reply_to",
    ATTACHMENTS = "g.attachment_count",
    REACTIONS = "g.reaction_count",
    CREATED_AT = "g.created_at",
    EDITED_AT = "g.edited_at",
    PINNED_AT = "g.pinned_at",
    CALL_SECONDS = "g.call_seconds",
    MENTIONS = "g.mention_count",
    ANSWERED = "g.answered_user",
}

macro_rules! select_message {
    ($($rest:tt)+) => {
        concat!(
            "SELECT ",
            message_columns!(),
            ", ",
            columns!("u"),
            " FROM messages g JOIN users u ON u.id = g.sender_id ",
            $($rest)+
        )
    };
}

/// A message without what hangs on it, and how much that is.
struct MessageRow {
    message: Message,
    attachments: i64,
    reactions: i64,
    mentions: i64,
}

fn bare(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let created_at = Timestamp(row.get(CREATED_AT)?);
    let edited_at: Option<Timestamp> = row.get(EDITED_AT)?;
    let message = Message {
        id: MessageId(row.get(ID)?),
        chat: ChatId(row.get(CHAT)?),
        seq: Seq(row.get(SEQ)?),
        sender: users::user(row, SENDER)?,
        text: row.get(TEXT)?,
        reply_to: row.get(REPLY_TO)?,
        answered: row.get(ANSWERED)?,
        mentions: Mentions::default(),
        attachments: Vec::new(),
        reactions: Vec::new(),
        created_at,
        updated_at: edited_at.unwrap_or(created_at),
        is_edited: edited_at.is_some(),
        pinned_at: row.get(PINNED_AT)?,
        call_seconds: row.get(CALL_SECONDS)?,
    };
    Ok(MessageRow {
        message,
        attachments: row.get(ATTACHMENTS)?,
        reactions: row.get(REACTIONS)?,
        mentions: row.get(MENTIONS)?,
    })
}

/// Adds attachments, reactions and mentions, where the counts say that there are some.
fn whole(db: &Db, bare: MessageRow) -> Result<Message> {
    let mut message = bare.message;
    if bare.attachments > 0 {
        message.attachments = files::of_message(db, message.id)?;
    }
    if bare.reactions > 0 {
        message.reactions = reactions::of_message(db, message.id)?;
    }
    if bare.mentions > 0 {
        message.mentions = mentions::of_message(db, message.id)?;
    }
    Ok(message)
}

/// A message of a chat that the viewer is in and has not cleared it from.
pub fn find(db: &Db, viewer: UserId, id: MessageId) -> Result<Option<Message>> {
    let sql = select_message!(
        "JOIN members m ON m.chat_id = g.chat_id AND m.user_id = ?1 WHERE g.id = ?2 AND g.id > m.cleared_mark"
    );
    let found = db.first(sql, [viewer.0, id.0], bare)?;
    found.map(|bare| whole(db, bare)).transpose()
}

const NEWEST_FIRST: &str = select_message!(
    "WHERE g.id IN (SELECT id FROM (",
    ids_between!("DESC LIMIT ?4 OFFSET ?5"),
    ")) ORDER BY g.id DESC"
);
const OLDEST_FIRST: &str =
    select_message!("WHERE g.id IN (SELECT id FROM (", ids_between!("LIMIT ?4 OFFSET ?5"), ")) ORDER BY g.id");

/// Part of a chat's messages newer than `cleared`, as the window asks, until they weigh so much.
pub fn list_within(
    db: &Db,
    chat: ChatId,
    cleared: MessageId,
    window: Window,
    max_weight: usize,
) -> Result<Vec<Message>> {
    // Ids lie between the two, and both are outside.
    let (sql, above, below, limit, offset) = match window {
        Window::Page(page) => (NEWEST_FIRST, cleared.0, i64::MAX, page.limit(), page.offset()),
        Window::Before(id, limit) => (NEWEST_FIRST, cleared.0, id.0, i64::from(limit), 0),
        Window::After(id, limit) => (OLDEST_FIRST, cleared.0.max(id.0), i64::MAX, i64::from(limit), 0),
    };
    let mut query = db.cached(sql)?;
    let rows = query.query_map([chat.0, above, below, limit, offset], bare)?;
    take_within(rows.map(|row| whole(db, row?)), Message::weight, max_weight)
}

/// The message that has just `count` of its chat's between itself and `end`.
pub fn id_below(db: &Db, chat: ChatId, end: MessageId, count: u32) -> Result<Option<MessageId>> {
    db.first(ids_between!("DESC LIMIT 1 OFFSET ?4"), params![chat.0, 0, end.0, count], |row| row.get(0))
}

/// What a post needs to know: that the sender is in the chat, who that is, how much they have
/// stored, and who the two of a direct chat are. One query, since every post asks it.
pub struct Sender {
    pub user: User,
    pub pair: Option<Pair>,
    pub is_hidden: bool,
    /// Bytes of the sender's files and texts.
    pub stored: u64,
    /// Whether an `@all` of theirs means everybody.
    pub may_mention_all: bool,
}

pub fn speaker(db: &Db, sender: UserId, chat: ChatId) -> Result<Option<Sender>> {
    db.first(
        concat!(
            "SELECT c.low_user IS NOT NULL AND EXISTS
                        (SELECT 1 FROM members h WHERE h.chat_id = c.id AND h.is_hidden = 1),
                    a.id, a.username, b.id, b.username, ",
            bytes!("u"),
            ", ",
            columns!("u"),
            ", c.low_user IS NULL AND (c.member_count <= ?3 OR m.is_admin)
              FROM members m JOIN chats c ON c.id = m.chat_id JOIN users u ON u.id = m.user_id
              LEFT JOIN users a ON a.id = c.low_user LEFT JOIN users b ON b.id = c.high_user
              WHERE m.chat_id = ?1 AND m.user_id = ?2"
        ),
        [chat.0, sender.0, MAX_SMALL_GROUP],
        |row| {
            let is_direct = row.get::<_, Option<i64>>(1)?.is_some();
            Ok(Sender {
                is_hidden: row.get(0)?,
                pair: if is_direct { Some(directs::read_pair(row, 1)?) } else { None },
                stored: u64::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
                user: users::user(row, 6)?,
                may_mention_all: row.get(6 + users::COLUMNS)?,
            })
        },
    )
}

/// A message that is to be, under its number.
pub struct NewMessage<'a> {
    pub id: i64,
    pub chat: i64,
    pub sender: i64,
    pub text: &'a str,
    pub reply_to: Option<i64>,
    pub attachments: i64,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub pinned_at: Option<Timestamp>,
    pub call_seconds: Option<u32>,
    pub mentions: i64,
    pub answered: Option<i64>,
}

/// Writes a message's row, which nothing counts yet.
pub fn insert_row(db: &Db, new: &NewMessage<'_>) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO messages (id, chat_id, sender_id, content, reply_to, attachment_count, created_at, edited_at,
                               pinned_at, call_seconds, mention_count, answered_user, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?1)",
    )?;
    insert.execute(params![
        new.id,
        new.chat,
        new.sender,
        new.text,
        new.reply_to,
        new.attachments,
        new.created_at.0,
        new.edited_at.map(|at| at.0),
        new.pinned_at.map(|at| at.0),
        new.call_seconds,
        new.mentions,
        new.answered,
    ])?;
    Ok(())
}

/// Writes a message that was posted, and counts it.
pub fn insert(tx: &Tx<'_>, message: &Message) -> Result<()> {
    let new = NewMessage {
        id: message.id.0,
        chat: message.chat.0,
        sender: message.sender.id.0,
        text: &message.text,
        reply_to: message.reply_to.map(|id| id.0),
        attachments: i64::try_from(message.attachments.len()).unwrap_or(i64::MAX),
        created_at: message.created_at,
        edited_at: None,
        pinned_at: None,
        call_seconds: message.call_seconds,
        mentions: mentions::count_of(&message.mentions),
        answered: message.answered.map(|user| user.0),
    };
    insert_row(tx, &new)?;
    mentions::insert_of(tx, message)?;
    chats::count_posted(tx, message.chat, message.id)?;
    super::members::count_own(tx, message.chat, message.sender.id)
}

pub fn edit(tx: &Tx<'_>, id: MessageId, text: &str, seq: Seq) -> Result<()> {
    tx.run(
        "UPDATE messages SET content = ?2, edited_at = ?3, seq = ?4 WHERE id = ?1",
        params![id.0, text, tx.now.0, seq.0],
    )
}

/// Pins a message, or takes the pin off.
pub fn set_pinned(tx: &Tx<'_>, id: MessageId, at: Option<Timestamp>, seq: Seq) -> Result<()> {
    tx.run("UPDATE messages SET pinned_at = ?2, seq = ?3 WHERE id = ?1", params![id.0, at.map(|at| at.0), seq.0])
}

pub fn count_pins(db: &Db, chat: ChatId) -> Result<i64> {
    db.one("SELECT count(*) FROM messages WHERE chat_id = ?1 AND pinned_at IS NOT NULL", [chat.0])
}

/// The pinned messages of a chat newer than `cleared`, the latest pinned first, from behind a place.
pub fn pins(
    db: &Db,
    chat: ChatId,
    cleared: MessageId,
    after: Option<PinPlace>,
    limit: u32,
    max_weight: usize,
) -> Result<Vec<Message>> {
    let mut query = db.cached(select_message!(
        "WHERE g.chat_id = ?1 AND g.pinned_at IS NOT NULL AND g.id > ?2
           AND g.pinned_at <= ?3 AND (g.pinned_at < ?3 OR g.id < ?4)
         ORDER BY g.pinned_at DESC, g.id DESC LIMIT ?5"
    ))?;
    let (at, id) = after.map_or((i64::MAX, i64::MAX), |place| (place.pinned_at.0, place.id.0));
    let rows = query.query_map(params![chat.0, cleared.0, at, id, limit], bare)?;
    take_within(rows.map(|row| whole(db, row?)), Message::weight, max_weight)
}

/// Deletes the row; reactions go with it. Its files are the caller's to erase first.
pub fn delete(tx: &Tx<'_>, id: MessageId) -> Result<()> {
    tx.run("DELETE FROM messages WHERE id = ?1", [id.0])
}

pub fn insert_tombstone(tx: &Tx<'_>, id: MessageId, chat: ChatId, seq: Seq) -> Result<()> {
    tx.run("INSERT INTO tombstones (message_id, chat_id, seq) VALUES (?1, ?2, ?3)", [id.0, chat.0, seq.0])
}

pub fn some_of(db: &Db, chat: ChatId, limit: u32) -> Result<Vec<MessageId>> {
    db.column(ids_between!("LIMIT ?4"), params![chat.0, 0, i64::MAX, limit])
}

/// Whether more than `count` messages stand after `from` and before `end`.
pub fn are_more(db: &Db, chat: ChatId, from: MessageId, end: MessageId, count: u32) -> Result<bool> {
    db.exists(ids_between!("LIMIT 1 OFFSET ?4"), params![chat.0, from.0, end.0, count])
}

/// How many messages of others stand after `from`, up to and with `upto`.
pub fn count_of_others(db: &Db, chat: ChatId, me: UserId, from: MessageId, upto: MessageId) -> Result<i64> {
    db.one(
        "SELECT (SELECT count(*) FROM messages
                 WHERE chat_id = ?1 AND id > max(?3, (SELECT indexed FROM sequence)) AND id <= ?4 AND sender_id <> ?2)
              + (SELECT count(*) FROM messages_by_chat b CROSS JOIN messages g ON g.id = b.message_id
                 WHERE b.chat_id = ?1 AND b.message_id > ?3 AND b.message_id <= ?4 AND g.sender_id <> ?2)",
        [chat.0, me.0, from.0, upto.0],
    )
}
