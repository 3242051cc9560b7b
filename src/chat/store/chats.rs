//! Rows of `chats`, as one viewer sees them.

use rusqlite::types::ValueRef;
use rusqlite::{Row, params};

use super::by_chat::ids_between;
use super::columns::named_columns;
use super::db::{Db, Sql};
use super::members;
use super::transaction::Tx;
use super::users::{self, columns};
use crate::chat::model::chat::{Chat, ChatChange, Kind, Membership, NewGroup};
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{ChatId, MessageId, UserId};
use crate::chat::model::name::rule::fold;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::time::Timestamp;
use crate::chat::model::user::User;

named_columns! {
    chat_columns, OWNER:
    ID = "c.id",
    KIND = "c.kind",
    TITLE = "c.title",
    SLUG = "c.slug",
    DESCRIPTION = "c.description",
    IS_PRIVATE = "c.is_private",
    MAX_MEMBERS = "c.max_members",
    MEMBER_COUNT = "c.member_count",
    MESSAGE_COUNT = "c.message_count",
    LAST_MESSAGE = "c.last_message_id",
    CREATED_AT = "c.created_at",
    UPDATED_AT = "c.updated_at",
    ACTIVE_AT = "c.active_at",
    MEMBER = "m.id",
    IS_ADMIN = "m.is_admin",
    SEEN_COUNT = "m.seen_count",
    CLEARED_COUNT = "m.cleared_count",
    CLEARED_MARK = "m.cleared_mark",
    LEVEL = "m.level",
    MUTED_UNTIL = "m.muted_until",
    AVATAR = "c.avatar_name",
}

/// A chat with its owner, the other side of a direct one, and the viewer's place in
/// it. `?1` is the viewer. What follows begins with the tables' joins.
macro_rules! select_room {
    ($rest:literal) => {
        concat!("SELECT ", chat_columns!(), ", ", columns!("o"), ", ", columns!("x"), " ", $rest)
    };
}

/// The joins of [`select_room`] that start from the chat.
macro_rules! people {
    () => {
        " JOIN users o ON o.id = c.owner_id
          LEFT JOIN users x ON x.id = CASE WHEN c.low_user = ?1 THEN c.high_user ELSE c.low_user END "
    };
}

/// The chat `?2`, where the viewer is in it or it is a public room.
macro_rules! visible {
    () => {
        "WHERE c.id = ?2 AND c.is_deleted = 0 AND (m.id IS NOT NULL OR (c.kind = 'group' AND c.is_private = 0))"
    };
}

const OTHER: usize = OWNER + users::COLUMNS;

fn membership(row: &Row<'_>) -> rusqlite::Result<Option<Membership>> {
    if row.get_ref(MEMBER)? == ValueRef::Null {
        return Ok(None);
    }
    let message_count: i64 = row.get(MESSAGE_COUNT)?;
    Ok(Some(Membership {
        is_admin: row.get(IS_ADMIN)?,
        unread_count: message_count - row.get::<_, i64>(SEEN_COUNT)?,
        message_count: message_count - row.get::<_, i64>(CLEARED_COUNT)?,
        cleared_mark: MessageId(row.get(CLEARED_MARK)?),
        level: members::level(row, LEVEL)?,
        mute: members::mute(row, MUTED_UNTIL)?,
    }))
}

fn room(row: &Row<'_>) -> rusqlite::Result<Chat> {
    let membership = membership(row)?;
    let is_direct = row.get_ref(KIND)?.as_str()? == "direct";
    let other = if is_direct { Some(users::user(row, OTHER)?) } else { None };
    let last: Option<i64> = row.get(LAST_MESSAGE)?;
    let cleared = membership.as_ref().map_or(0, |membership| membership.cleared_mark.0);
    Ok(Chat {
        id: ChatId(row.get(ID)?),
        kind: if is_direct { Kind::Direct } else { Kind::Group },
        title: other.as_ref().map_or_else(|| row.get(TITLE), |other: &User| Ok(other.display_name.clone()))?,
        slug: row.get(SLUG)?,
        avatar: row.get(AVATAR)?,
        description: row.get(DESCRIPTION)?,
        is_private: row.get(IS_PRIVATE)?,
        max_members: row.get(MAX_MEMBERS)?,
        member_count: row.get(MEMBER_COUNT)?,
        last_message: last.filter(|id| *id > cleared && membership.is_some()).map(MessageId),
        created_at: Timestamp(row.get(CREATED_AT)?),
        updated_at: Timestamp(row.get(UPDATED_AT)?),
        active_at: Timestamp(row.get(ACTIVE_AT)?),
        owner: users::user(row, OWNER)?,
        other,
        membership,
    })
}

/// A chat that the viewer is in, or a public room. Nothing else is there for them.
pub fn find(db: &Db, viewer: UserId, id: ChatId) -> Result<Option<Chat>> {
    db.first(
        concat!(
            select_room!("FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.user_id = ?1"),
            people!(),
            visible!()
        ),
        [viewer.0, id.0],
        room,
    )
}

/// The viewer's part in a chat, which is all that a history asks of it.
pub fn find_membership(db: &Db, viewer: UserId, id: ChatId) -> Result<Membership> {
    let sql = concat!(
        "SELECT ",
        chat_columns!(),
        " FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.user_id = ?1 ",
        visible!()
    );
    db.first(sql, [viewer.0, id.0], membership)?.ok_or(Error::NotFound)?.ok_or(Error::NotMember)
}

/// The viewer's chats that are not hidden, newest created first.
pub fn page_newest(db: &Db, viewer: UserId, page: Page) -> Result<Paged<Chat>> {
    let count = count(db, viewer)?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        concat!(
            select_room!("FROM members m JOIN chats c ON c.id = m.chat_id"),
            people!(),
            "WHERE m.user_id = ?1 AND m.is_hidden = 0 ORDER BY m.chat_id DESC LIMIT ?2 OFFSET ?3"
        ),
        [viewer.0, page.limit(), page.offset()],
        room,
    )?;
    Ok(Paged { count, items })
}

/// How many chats the viewer's lists have.
pub fn count(db: &Db, viewer: UserId) -> Result<i64> {
    db.one("SELECT count(*) FROM members WHERE user_id = ?1 AND is_hidden = 0", [viewer.0])
}

/// Public rooms that the viewer is not in, newest created first.
pub fn page_public(db: &Db, viewer: UserId, page: Page) -> Result<Paged<Chat>> {
    let count = db.one(
        "SELECT count(*) FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.user_id = ?1
         WHERE c.kind = 'group' AND c.is_private = 0 AND c.is_deleted = 0 AND m.id IS NULL",
        [viewer.0],
    )?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        concat!(
            select_room!("FROM chats c LEFT JOIN members m ON m.chat_id = c.id AND m.user_id = ?1"),
            people!(),
            "WHERE c.kind = 'group' AND c.is_private = 0 AND c.is_deleted = 0 AND m.id IS NULL
                 ORDER BY c.id DESC LIMIT ?2 OFFSET ?3"
        ),
        [viewer.0, page.limit(), page.offset()],
        room,
    )?;
    Ok(Paged { count, items })
}

/// Those of the viewer's chats that have `part` in their title or in the name of somebody
/// else in them. Notes to self have nobody else.
const MATCHES: &str = "(instr(c.title_key, ?2) > 0 OR EXISTS (
    SELECT 1 FROM members o JOIN users u ON u.id = o.user_id
    WHERE o.chat_id = c.id AND (o.user_id <> ?1 OR c.low_user = c.high_user) AND instr(u.search_key, ?2) > 0))";

/// The viewer's chats that are not hidden, newest activity first: ids only.
pub fn page_by_activity(db: &Db, viewer: UserId, page: Page, part: Option<&str>) -> Result<Paged<ChatId>> {
    let matches = if part.is_some() { MATCHES } else { "?2 = ''" };
    let from = format!(
        "FROM members m JOIN chats c ON c.id = m.chat_id WHERE m.user_id = ?1 AND m.is_hidden = 0 AND {matches}"
    );
    let part = part.unwrap_or_default();
    let count = if part.is_empty() {
        count(db, viewer)?
    } else {
        db.one(&format!("SELECT count(*) {from}"), params![viewer.0, part])?
    };
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let sql =
        format!("SELECT c.id {from} ORDER BY c.active_at DESC, c.last_message_id DESC, c.id DESC LIMIT ?3 OFFSET ?4");
    Ok(Paged { count, items: db.column(&sql, params![viewer.0, part, page.limit(), page.offset()])? })
}

/// A user's chats with at most so many members, hidden ones too; newest activity first.
pub fn newest_small(db: &Db, user: UserId, members: i64, limit: u32) -> Result<Vec<ChatId>> {
    db.column(
        "SELECT c.id FROM members m JOIN chats c ON c.id = m.chat_id
         WHERE m.user_id = ?1 AND c.member_count <= ?2 ORDER BY c.active_at DESC, c.id DESC LIMIT ?3",
        params![user.0, members, limit],
    )
}

/// The first of the viewer's chats above `above` that are not hidden and, unless `only_mine`,
/// of the public rooms; by id.
pub fn visible(db: &Db, viewer: UserId, only_mine: bool, above: ChatId, limit: u32) -> Result<Vec<ChatId>> {
    let mine =
        "SELECT chat_id FROM members WHERE user_id = ?1 AND is_hidden = 0 AND chat_id > ?2 ORDER BY chat_id LIMIT ?3";
    let public = "SELECT id FROM chats WHERE kind = 'group' AND is_private = 0 AND is_deleted = 0 AND id > ?2
                  ORDER BY id LIMIT ?3";
    let sql = if only_mine {
        mine.to_owned()
    } else {
        format!("SELECT * FROM ({mine}) UNION SELECT * FROM ({public}) ORDER BY 1 LIMIT ?3")
    };
    db.column(&sql, params![viewer.0, above.0, limit])
}

/// Every chat that a user is in, hidden ones too.
pub fn ids_of(db: &Db, user: UserId) -> Result<Vec<ChatId>> {
    db.column("SELECT chat_id FROM members WHERE user_id = ?1", [user.0])
}

/// The groups of which somebody is an admin.
pub fn administered_by(db: &Db, user: UserId) -> Result<Vec<ChatId>> {
    db.column("SELECT chat_id FROM members WHERE user_id = ?1 AND is_admin = 1", [user.0])
}

/// How many chats there are that a user made.
pub fn count_created(db: &Db, user: UserId) -> Result<i64> {
    db.one("SELECT count(*) FROM chats WHERE created_by = ?1 AND is_deleted = 0", [user.0])
}

pub fn insert_group(tx: &Tx<'_>, owner: UserId, new: &NewGroup) -> Result<ChatId> {
    tx.insert(
        "INSERT INTO chats (kind, title, title_key, description, is_private, max_members, owner_id,
                            created_by, created_at, updated_at, active_at)
         VALUES ('group', ?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?7, ?8)",
        params![
            new.title,
            fold(&new.title),
            new.description,
            new.is_private,
            new.max_members,
            owner.0,
            tx.now.0,
            tx.activity().0
        ],
    )
    .map(ChatId)
}

pub fn update(tx: &Tx<'_>, id: ChatId, chat: &Chat, change: &ChatChange) -> Result<()> {
    let title = change.title.as_ref().unwrap_or(&chat.title);
    tx.run(
        "UPDATE chats SET title = ?2, title_key = ?3, description = ?4, is_private = ?5, max_members = ?6,
                updated_at = ?7
         WHERE id = ?1",
        params![
            id.0,
            title,
            fold(title),
            change.description.as_ref().unwrap_or(&chat.description),
            change.is_private.unwrap_or(chat.is_private),
            change.max_members.unwrap_or(chat.max_members),
            tx.now.0,
        ],
    )
}

pub fn set_avatar(tx: &Tx<'_>, id: ChatId, name: Option<&str>) -> Result<()> {
    tx.run("UPDATE chats SET avatar_name = ?2 WHERE id = ?1", params![id.0, name])
}

pub fn set_owner(tx: &Tx<'_>, id: ChatId, owner: UserId) -> Result<()> {
    tx.run("UPDATE chats SET owner_id = ?2, updated_at = ?3 WHERE id = ?1", params![id.0, owner.0, tx.now.0])
}

pub fn add_members(tx: &Tx<'_>, id: ChatId, members: i64) -> Result<()> {
    tx.run(
        "UPDATE chats SET member_count = member_count + ?2, updated_at = ?3 WHERE id = ?1",
        params![id.0, members, tx.now.0],
    )
}

/// Counts a message that was just posted, and makes it the last.
pub fn count_posted(tx: &Tx<'_>, id: ChatId, message: MessageId) -> Result<()> {
    tx.run(
        "UPDATE chats SET message_count = message_count + 1, last_message_id = ?2, active_at = ?3 WHERE id = ?1",
        params![id.0, message.0, tx.activity().0],
    )
}

/// The latest activity of all chats: that of the chat with the newest message, or of the
/// newest chat.
pub fn newest_activity(db: &Db) -> rusqlite::Result<Timestamp> {
    let mut query = db.prepare_cached(
        "SELECT max(coalesce((SELECT active_at FROM chats WHERE id = (SELECT chat_id FROM messages
                                                                      WHERE id = (SELECT max(id) FROM messages))), 0),
                    coalesce((SELECT active_at FROM chats WHERE id = (SELECT max(id) FROM chats)), 0))",
    )?;
    query.query_row([], |row| Ok(Timestamp(row.get(0)?)))
}

/// Takes a message that was just deleted out of the count, and finds the last anew.
pub fn count_deleted(tx: &Tx<'_>, id: ChatId) -> Result<()> {
    tx.run(
        concat!(
            "UPDATE chats SET message_count = message_count - 1, last_message_id = (",
            ids_between!("DESC LIMIT 1"),
            ") WHERE id = ?1"
        ),
        [id.0, 0, i64::MAX],
    )
}

/// Hides a chat from everybody at once. What it holds is erased piece by piece.
pub fn mark_deleted(tx: &Tx<'_>, id: ChatId) -> Result<()> {
    tx.run("UPDATE chats SET is_deleted = 1, member_count = 0 WHERE id = ?1", [id.0])
}

/// A chat that still waits to be erased.
pub fn to_erase(db: &Db) -> Result<Option<ChatId>> {
    db.first("SELECT id FROM chats WHERE is_deleted = 1 ORDER BY id LIMIT 1", [], |row| row.get(0))
}

/// Leaves nothing of a chat but its number, when the messages are gone. The row stays: to take
/// it away, SQLite would look through all messages for one that still refers to it.
pub fn delete(tx: &Tx<'_>, id: ChatId) -> Result<()> {
    tx.run("DELETE FROM tombstones WHERE chat_id = ?1", [id.0])?;
    super::hook_events::delete_all(tx, id)?;
    tx.run(
        "UPDATE chats SET is_deleted = 2, kind = 'group', low_user = NULL, high_user = NULL, slug = NULL,
                title = '', title_key = '', description = '', last_message_id = NULL, created_by = NULL WHERE id = ?1",
        [id.0],
    )
}
