//! Rows of `members`: who is in a chat, and up to where they have read.

use std::sync::Arc;

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use super::users::{self, columns};
use crate::chat::model::chat::Kind;
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, MemberId, MessageId, UserId};
use crate::chat::model::member::Member;
use crate::chat::model::notify::{ChatNotify, Level, Mute};
use crate::chat::model::overview::OwnPart;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::receipt::ReadMark;
use crate::chat::model::time::Timestamp;

/// Puts a user into a chat; what was said before counts as seen. `false`: already in it.
pub fn insert(tx: &Tx<'_>, chat: ChatId, user: UserId, is_admin: bool) -> Result<bool> {
    tx.changed(
        "INSERT INTO members (chat_id, user_id, is_admin, joined_at, joined_mark, read_mark, seen_count)
         SELECT c.id, ?2, ?3, ?4, coalesce(c.last_message_id, 0), coalesce(c.last_message_id, 0), c.message_count
         FROM chats c WHERE c.id = ?1
         ON CONFLICT (chat_id, user_id) DO NOTHING",
        params![chat.0, user.0, is_admin, tx.now.0],
    )
}

/// Whether the one who goes was an admin; `None`: was not in it.
pub fn delete(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<Option<bool>> {
    tx.first("DELETE FROM members WHERE chat_id = ?1 AND user_id = ?2 RETURNING is_admin", [chat.0, user.0], |row| {
        row.get(0)
    })
}

pub fn delete_all(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("DELETE FROM members WHERE chat_id = ?1", [chat.0])
}

pub fn is_empty(db: &Db, chat: ChatId) -> Result<bool> {
    Ok(!db.exists(
        "SELECT 1 FROM members m WHERE chat_id = ?1 AND NOT EXISTS
             (SELECT 1 FROM hooks h WHERE h.bot_id = m.user_id) LIMIT 1",
        [chat.0],
    )?)
}

pub fn is_member(db: &Db, chat: ChatId, user: UserId) -> Result<bool> {
    db.exists("SELECT 1 FROM members WHERE chat_id = ?1 AND user_id = ?2", [chat.0, user.0])
}

/// How many may be in a group (`None`: as many as the server allows), and are. `None`: no
/// such group.
pub fn room_left(db: &Db, chat: ChatId) -> Result<Option<(Option<u32>, i64)>> {
    db.first(
        "SELECT max_members, member_count FROM chats WHERE id = ?1 AND kind = 'group' AND is_deleted = 0",
        [chat.0],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

const SELECT_MEMBER: &str = concat!(
    "SELECT m.id, m.joined_at, m.is_admin, ",
    columns!("u"),
    " FROM members m JOIN users u ON u.id = m.user_id"
);

fn member(row: &rusqlite::Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        id: MemberId(row.get(0)?),
        joined_at: Timestamp(row.get(1)?),
        is_admin: row.get(2)?,
        user: users::user(row, 3)?,
    })
}

/// Everybody in a chat, the longest standing first.
pub fn all(db: &Db, chat: ChatId) -> Result<Vec<Member>> {
    db.all(&format!("{SELECT_MEMBER} WHERE m.chat_id = ?1 ORDER BY m.id"), [chat.0], member)
}

/// Those above one who have `part` in their folded names, the longest standing first, and when
/// each was there last.
pub fn named(
    db: &Db,
    chat: ChatId,
    part: &str,
    above: MemberId,
    limit: u32,
) -> Result<Vec<(Member, Option<Timestamp>)>> {
    db.all(
        concat!(
            "SELECT m.id, m.joined_at, m.is_admin, ",
            columns!("u"),
            ", u.last_seen_at FROM members m JOIN users u ON u.id = m.user_id
             WHERE m.chat_id = ?1 AND m.id > ?2 AND instr(u.search_key, ?3) > 0 ORDER BY m.id LIMIT ?4"
        ),
        params![chat.0, above.0, part, limit],
        |row| Ok((member(row)?, row.get("last_seen_at")?)),
    )
}

/// The ids of everybody in a chat, the longest standing first.
pub fn ids(db: &Db, chat: ChatId) -> Result<Vec<UserId>> {
    db.column("SELECT user_id FROM members WHERE chat_id = ?1 ORDER BY id", [chat.0])
}

pub fn page(db: &Db, chat: ChatId, page: Page) -> Result<Paged<Member>> {
    let count = count(db, chat)?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        &format!("{SELECT_MEMBER} WHERE m.chat_id = ?1 ORDER BY m.id LIMIT ?2 OFFSET ?3"),
        [chat.0, page.limit(), page.offset()],
        member,
    )?;
    Ok(Paged { count, items })
}

/// The longest-standing member, an admin before all others. Whoever cannot sign in comes
/// last, and bots before them alone: a group would have nobody to look after it.
pub fn successor(db: &Db, chat: ChatId) -> Result<Option<UserId>> {
    db.first(
        "SELECT m.user_id FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.chat_id = ?1 AND NOT EXISTS (SELECT 1 FROM hooks h WHERE h.bot_id = m.user_id)
         ORDER BY u.is_disabled, u.is_bot, m.is_admin DESC, m.id LIMIT 1",
        [chat.0],
        |row| row.get(0),
    )
}

/// `None`: is not in it.
pub fn is_admin(db: &Db, chat: ChatId, user: UserId) -> Result<Option<bool>> {
    db.first("SELECT is_admin FROM members WHERE chat_id = ?1 AND user_id = ?2", [chat.0, user.0], |row| row.get(0))
}

pub fn set_admin(tx: &Tx<'_>, chat: ChatId, user: UserId, is: bool) -> Result<()> {
    tx.run("UPDATE members SET is_admin = ?3 WHERE chat_id = ?1 AND user_id = ?2", params![chat.0, user.0, is])
}

/// Whether somebody looks after a group: one who can sign in.
pub fn has_admin(db: &Db, chat: ChatId) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.chat_id = ?1 AND m.is_admin = 1 AND u.is_disabled = 0 LIMIT 1",
        [chat.0],
    )
}

/// `false`: is one already.
pub fn make_admin(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<bool> {
    tx.changed("UPDATE members SET is_admin = 1 WHERE chat_id = ?1 AND user_id = ?2 AND is_admin = 0", [chat.0, user.0])
}

/// A message that one posted oneself is no news to oneself.
pub fn count_own(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<()> {
    tx.run("UPDATE members SET seen_count = seen_count + 1 WHERE chat_id = ?1 AND user_id = ?2", [chat.0, user.0])
}

/// Takes a deleted message out of what members have seen and cleared.
pub fn count_deleted(tx: &Tx<'_>, chat: ChatId, message: MessageId, sender: UserId) -> Result<()> {
    tx.run(
        "UPDATE members SET seen_count = seen_count - 1,
                            cleared_count = cleared_count - (cleared_mark >= ?2)
         WHERE chat_id = ?1 AND (max(read_mark, cleared_mark) >= ?2 OR user_id = ?3)",
        [chat.0, message.0, sender.0],
    )
}

/// Brings a direct chat back into the lists that it was hidden from.
pub fn unhide(tx: &Tx<'_>, chat: ChatId) -> Result<()> {
    tx.run("UPDATE members SET is_hidden = 0 WHERE chat_id = ?1 AND is_hidden = 1", [chat.0])
}

/// Hides a chat from one member's lists, and all that is in it from their view. It counts as
/// seen, and not as read: that is for the others to know, and their copy stays as it is.
pub fn hide(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<()> {
    tx.run(
        "UPDATE members SET (is_hidden, cleared_mark, cleared_count, seen_count) =
            (SELECT 1, max(coalesce(c.last_message_id, 0), members.cleared_mark), c.message_count, c.message_count
             FROM chats c WHERE c.id = members.chat_id)
         WHERE chat_id = ?1 AND user_id = ?2",
        [chat.0, user.0],
    )
}

/// Members who cleared a message from their view. Only a direct chat is ever cleared: of a
/// group with thousands of members, none is looked at.
pub fn cleared_by(db: &Db, chat: ChatId, message: MessageId) -> Result<Vec<UserId>> {
    db.column(
        "SELECT m.user_id FROM chats c JOIN members m ON m.chat_id = c.id
         WHERE c.id = ?1 AND c.low_user IS NOT NULL AND m.cleared_mark >= ?2",
        [chat.0, message.0],
    )
}

/// Members who have put a chat away.
pub fn hidden_by(db: &Db, chat: ChatId) -> Result<Vec<UserId>> {
    db.column("SELECT user_id FROM members WHERE chat_id = ?1 AND is_hidden = 1", [chat.0])
}

/// A member's own part of a chat that they have not put away, but for what calls them, and its kind.
pub fn own_part(db: &Db, chat: ChatId, user: UserId, now: Timestamp) -> Result<Option<(Kind, OwnPart)>> {
    db.first(
        "SELECT c.low_user IS NOT NULL, c.message_count - m.seen_count, m.level, m.muted_until, c.member_count, m.is_admin
         FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.chat_id = ?1 AND m.user_id = ?2 AND m.is_hidden = 0",
        [chat.0, user.0],
        |row| {
            let kind = if row.get(0)? { Kind::Direct } else { Kind::Group };
            let notify = ChatNotify::new(level(row, 2)?, mute(row, 3)?, row.get(4)?, now);
            Ok((kind, OwnPart { is_admin: row.get(5)?, unread_count: row.get(1)?, mention_count: 0, notify }))
        },
    )
}

/// What a mute for ever is stored as.
const FOREVER: i64 = i64::MAX;

pub(super) fn level(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Level>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.and_then(Level::of))
}

pub(super) fn mute(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Mute>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|end| match end {
        FOREVER => Mute::Forever,
        end => Mute::Until(Timestamp(end)),
    }))
}

pub fn stored_mute(mute: Option<Mute>) -> Option<i64> {
    mute.map(|mute| match mute {
        Mute::Forever => FOREVER,
        Mute::Until(end) => end.0,
    })
}

pub fn set_notify(tx: &Tx<'_>, chat: ChatId, user: UserId, level: Option<Level>, mute: Option<Mute>) -> Result<()> {
    tx.run(
        "UPDATE members SET level = ?3, muted_until = ?4 WHERE chat_id = ?1 AND user_id = ?2",
        params![chat.0, user.0, level.map(Level::as_str), stored_mute(mute)],
    )
}

/// How many are in a chat.
fn count(db: &Db, chat: ChatId) -> Result<i64> {
    db.one("SELECT member_count FROM chats WHERE id = ?1", [chat.0])
}

/// About how many bytes so many members are, put into words.
pub fn weight(members: i64) -> usize {
    const EACH: usize = 128;
    usize::try_from(members).unwrap_or(0).saturating_mul(EACH)
}

/// Up to where each member has read, unless the members weigh more than that.
pub fn read_marks_within(db: &Db, chat: ChatId, max_weight: usize) -> Result<Option<Arc<[ReadMark]>>> {
    let is_short = weight(count(db, chat)?) <= max_weight;
    is_short.then(|| read_marks(db, chat)).transpose()
}

/// Up to where each member has read.
pub fn read_marks(db: &Db, chat: ChatId) -> Result<Arc<[ReadMark]>> {
    let marks = db.all(
        "SELECT user_id, joined_mark, read_mark FROM members WHERE chat_id = ?1 ORDER BY id",
        [chat.0],
        |row| Ok(ReadMark { user: UserId(row.get(0)?), after: MessageId(row.get(1)?), upto: MessageId(row.get(2)?) }),
    )?;
    Ok(marks.into())
}

/// One member's mark and counters.
pub struct ReadCounters {
    /// Everything up to this message is read, or cleared from view.
    pub seen_upto: MessageId,
    pub seen_count: i64,
    pub message_count: i64,
    pub last_message: Option<MessageId>,
}

pub fn reading(db: &Db, chat: ChatId, user: UserId) -> Result<Option<ReadCounters>> {
    db.first(
        "SELECT max(m.read_mark, m.cleared_mark) AS seen_upto, m.seen_count, c.message_count, c.last_message_id
         FROM members m JOIN chats c ON c.id = m.chat_id WHERE m.chat_id = ?1 AND m.user_id = ?2",
        [chat.0, user.0],
        |row| {
            Ok(ReadCounters {
                seen_upto: MessageId(row.get("seen_upto")?),
                seen_count: row.get("seen_count")?,
                message_count: row.get("message_count")?,
                last_message: row.get("last_message_id")?,
            })
        },
    )
}

pub fn set_read(tx: &Tx<'_>, chat: ChatId, user: UserId, upto: MessageId, seen_count: i64) -> Result<()> {
    tx.run(
        "UPDATE members SET read_mark = ?3, seen_count = ?4 WHERE chat_id = ?1 AND user_id = ?2",
        [chat.0, user.0, upto.0, seen_count],
    )
}
