//! Chats, who is in them, and what is said there: which rows, and how each is read.

use rusqlite::Row;
use rusqlite::types::Type;

use super::{ExportFilter, TALKED, moment};
use crate::chat::model::notify::Mute;
use crate::chat::model::record::{Chat, File, LogEntry, Member, Message, Reaction, Record, Role};
use crate::chat::model::time::Timestamp;
use crate::chat::store::mentions::EVERYBODY;

/// Of a message whose chat was not deleted.
const IN_A_CHAT: &str = "g.chat_id NOT IN (SELECT id FROM chats WHERE is_deleted = 1)";

/// What a message answers, if that is there.
const ANSWERED: &str = "(SELECT a.id FROM messages a WHERE a.id = g.reply_to AND a.chat_id = g.chat_id)";

/// Whom a message names, by id.
const NAMED: &str = "(SELECT group_concat(user_id ORDER BY user_id) FROM mentions
                      WHERE message_id = g.id AND is_named = 1)";

/// What happened in a chat, as [`LogEntry::list`] reads it.
const LOG: &str =
    "(SELECT json_group_array(json_array(l.kind, l.actor_id, l.user_id, l.old_title, l.new_title, l.created_at)
                    ORDER BY l.id) FROM chat_log l WHERE l.chat_id = c.id)";

/// Who came and went is no part of one person's own data.
pub fn chats(wanted: ExportFilter) -> String {
    let (log, which) = match wanted {
        ExportFilter::All => (LOG, "1".to_owned()),
        ExportFilter::Chat(_) => (LOG, "c.id = ?1".to_owned()),
        ExportFilter::User(_) => ("'[]'", format!("c.id IN ({TALKED})")),
    };
    format!(
        "SELECT c.id, c.low_user, c.high_user, c.title, c.description, c.is_private, c.max_members, c.owner_id,
                c.created_at, c.updated_at, c.active_at, c.retain_days, nullif(c.created_by, c.owner_id) AS created_by, {log} AS log
         FROM chats c WHERE c.is_deleted = 0 AND {which} ORDER BY c.id"
    )
}

pub fn chat(row: &Row<'_>) -> rusqlite::Result<Record> {
    let pair = match (row.get("low_user")?, row.get("high_user")?) {
        (Some(low), Some(high)) => Some([low, high]),
        _ => None,
    };
    let log = LogEntry::list(row.get_ref("log")?.as_str()?)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, cause))?;
    Ok(Record::Chat(Chat {
        id: row.get("id")?,
        pair,
        title: row.get("title")?,
        description: row.get("description")?,
        is_private: row.get("is_private")?,
        max_members: row.get("max_members")?,
        owner: row.get("owner_id")?,
        created_at: Timestamp(row.get("created_at")?),
        updated_at: moment(row, "updated_at")?,
        active_at: moment(row, "active_at")?,
        retain_days: row.get("retain_days")?,
        created_by: row.get("created_by")?,
        log,
    }))
}

/// Answers to messages that are gone are answers to nothing. To which of others' a
/// person answered, is theirs to know.
pub fn messages(wanted: ExportFilter) -> String {
    let (answers, which) = match wanted {
        ExportFilter::All => (ANSWERED, IN_A_CHAT.to_owned()),
        ExportFilter::Chat(_) => (ANSWERED, "g.chat_id = ?1".to_owned()),
        ExportFilter::User(_) => ("g.reply_to", format!("g.sender_id = ?1 AND {IN_A_CHAT}")),
    };
    format!(
        "SELECT g.id, g.chat_id, g.sender_id, g.content, {answers} AS reply_to, g.created_at, g.edited_at,
                g.pinned_at, g.call_seconds, iif(g.mention_count = 0, '', {NAMED}) AS named
         FROM messages g WHERE {which} ORDER BY g.id"
    )
}

pub fn message(row: &Row<'_>) -> rusqlite::Result<Record> {
    let named = row.get_ref("named")?.as_str()?;
    let named = || named.split(',').filter_map(|id| id.parse::<i64>().ok());
    Ok(Record::Message(Message {
        id: row.get("id")?,
        chat: row.get("chat_id")?,
        sender: row.get("sender_id")?,
        text: row.get("content")?,
        reply_to: row.get("reply_to")?,
        created_at: Timestamp(row.get("created_at")?),
        edited_at: moment(row, "edited_at")?,
        pinned_at: moment(row, "pinned_at")?,
        call_seconds: row.get("call_seconds")?,
        mentions: named().filter(|id| *id != EVERYBODY).collect(),
        mentions_all: named().any(|id| id == EVERYBODY),
    }))
}

pub fn reactions(wanted: ExportFilter) -> String {
    let which = match wanted {
        ExportFilter::All => IN_A_CHAT.to_owned(),
        ExportFilter::Chat(_) => "g.chat_id = ?1".to_owned(),
        ExportFilter::User(_) => format!("r.user_id = ?1 AND {IN_A_CHAT}"),
    };
    format!(
        "SELECT r.message_id, r.user_id, r.emoji FROM reactions r JOIN messages g ON g.id = r.message_id
         WHERE {which} ORDER BY r.id"
    )
}

pub fn reaction(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Reaction(Reaction {
        message: row.get("message_id")?,
        user: row.get("user_id")?,
        emoji: row.get("emoji")?,
    }))
}

/// The columns of which [`file()`] makes a record.
pub const FILE: &str = "f.uploader_id, f.name, f.size, f.sha256, f.created_at, f.message_id, f.avatar_of,
                        f.avatar_of_chat";

pub fn files(wanted: ExportFilter, columns: &str) -> String {
    let which = match wanted {
        ExportFilter::All => format!("g.id IS NULL OR {IN_A_CHAT}"),
        ExportFilter::Chat(_) => "g.chat_id = ?1 OR f.avatar_of_chat = ?1".to_owned(),
        // Of a group's picture as of a file that was never used: the group may have gone on without them.
        ExportFilter::User(_) => "f.uploader_id = ?1 AND f.avatar_of_chat IS NULL".to_owned(),
    };
    format!(
        "SELECT {columns} FROM files f LEFT JOIN messages g ON g.id = f.message_id
         WHERE {which} ORDER BY f.message_id, f.position, f.id"
    )
}

pub fn file(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::File(File {
        uploader: row.get("uploader_id")?,
        name: row.get("name")?,
        size: u64::try_from(row.get::<_, i64>("size")?).unwrap_or(0),
        sha256: row.get("sha256")?,
        created_at: Timestamp(row.get("created_at")?),
        message: row.get("message_id")?,
        is_avatar: row.get::<_, Option<i64>>("avatar_of")?.is_some(),
        avatar_of_chat: row.get("avatar_of_chat")?,
    }))
}

/// Marks name messages that are there, so that they mean the same where others are not.
pub fn members(wanted: ExportFilter) -> String {
    let which = match wanted {
        ExportFilter::All => "1",
        ExportFilter::Chat(_) => "m.chat_id = ?1",
        ExportFilter::User(_) => "m.user_id = ?1",
    };
    // The newest messages are not entered under their chats yet.
    let upto = |mark| {
        format!(
            "(SELECT id FROM messages
              WHERE chat_id = m.chat_id AND id > (SELECT indexed FROM sequence) AND id <= m.{mark}
              UNION ALL
              SELECT message_id FROM messages_by_chat WHERE chat_id = m.chat_id AND message_id <= m.{mark}
              ORDER BY id DESC LIMIT 1)"
        )
    };
    format!(
        "SELECT m.chat_id, m.user_id, m.is_admin, m.joined_at, {} AS joined_after, {} AS read_upto, {} AS cleared_upto, m.is_hidden,
                m.level, m.muted_until
         FROM members m WHERE {which} ORDER BY m.id",
        upto("joined_mark"),
        upto("read_mark"),
        upto("cleared_mark")
    )
}

pub fn member(row: &Row<'_>) -> rusqlite::Result<Record> {
    let mute = crate::chat::store::members::mute(row, row.as_ref().column_index("muted_until")?)?;
    Ok(Record::Member(Member {
        chat: row.get("chat_id")?,
        user: row.get("user_id")?,
        role: if row.get("is_admin")? { Role::Admin } else { Role::Member },
        joined_at: Timestamp(row.get("joined_at")?),
        joined_after: row.get("joined_after")?,
        read_upto: row.get("read_upto")?,
        cleared_upto: row.get("cleared_upto")?,
        is_hidden: row.get("is_hidden")?,
        level: row.get("level")?,
        muted_until: mute.and_then(|mute| if let Mute::Until(end) = mute { Some(end) } else { None }),
        is_muted: mute == Some(Mute::Forever),
    }))
}
