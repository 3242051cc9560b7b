//! What is committed, looked at a second time by SQL of its own.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

use crate::chat::model::event::{ChatEvent, Event, MemberEvent, MessageEvent};
use crate::chat::model::id::{ChatId, CredentialId, FileId, MessageId, Seq, UserId};
use crate::chat::model::session::Family;
use crate::chat::model::time::Timestamp;
use crate::chat::store::changes;

/// A message as it is stored.
pub(in crate::chat) struct StoredMessage {
    pub id: MessageId,
    pub chat: ChatId,
    pub sender: UserId,
    pub text: String,
    pub seq: Seq,
}

/// A file as it is stored, and what it hangs on.
pub(in crate::chat) struct Bytes {
    pub id: FileId,
    pub uploader: UserId,
    pub size: i64,
    pub name: String,
    pub created_at: i64,
    pub message: Option<MessageId>,
    pub chat: Option<ChatId>,
    /// Whose message it hangs on; of a free one its uploader.
    pub sender: UserId,
}

/// A message as somebody has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct VisibleMessage {
    pub chat: ChatId,
    pub seq: Seq,
    pub text: String,
    pub files: i64,
    /// Who reacted, by id.
    pub reactors: String,
}

/// What is committed, seen by a connection that has nothing to do with the store's.
/// Cloning shares it.
#[derive(Clone)]
pub(in crate::chat) struct View(Arc<Mutex<Connection>>);

impl View {
    pub fn open(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).expect("the database");
        connection.set_prepared_statement_cache_capacity(32);
        Self(Arc::new(Mutex::new(connection)))
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().expect("no panic")
    }

    fn holds(&self, sql: &str, of: impl rusqlite::Params) -> bool {
        self.db().prepare_cached(sql).and_then(|mut query| query.exists(of)).expect(sql)
    }

    fn all<T, C: FromIterator<T>>(
        &self,
        sql: &str,
        of: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> C {
        let db = self.db();
        let mut query = db.prepare_cached(sql).expect(sql);
        query.query_map(of, read).and_then(Iterator::collect).expect(sql)
    }

    /// Deleted, or erased with all that was in it.
    pub fn is_gone(&self, chat: ChatId) -> bool {
        !self.holds("SELECT 1 FROM chats WHERE id = ?1 AND is_deleted = 0", [chat.0])
    }

    pub fn is_member(&self, chat: ChatId, user: UserId) -> bool {
        self.holds("SELECT 1 FROM members WHERE chat_id = ?1 AND user_id = ?2", [chat.0, user.0])
    }

    pub fn is_deleted(&self, message: MessageId) -> bool {
        self.holds("SELECT 1 FROM tombstones WHERE message_id = ?1", [message.0])
    }

    pub fn has_reacted(&self, message: MessageId, user: UserId, emoji: &str) -> bool {
        let sql = "SELECT 1 FROM reactions WHERE message_id = ?1 AND user_id = ?2 AND emoji = ?3";
        self.holds(sql, (message.0, user.0, emoji))
    }

    pub fn newest(&self) -> Seq {
        changes::newest(&self.db()).expect("a number")
    }

    pub fn messages(&self) -> Vec<StoredMessage> {
        let sql = "SELECT g.id, g.chat_id, g.sender_id, g.content, g.seq FROM messages g
                   JOIN chats c ON c.id = g.chat_id WHERE c.is_deleted = 0";
        self.all(sql, [], |row| {
            Ok(StoredMessage {
                id: MessageId(row.get(0)?),
                chat: ChatId(row.get(1)?),
                sender: UserId(row.get(2)?),
                text: row.get(3)?,
                seq: Seq(row.get(4)?),
            })
        })
    }

    /// Messages that came after a number: which, where, whose.
    pub fn newer(&self, than: Seq) -> Vec<(MessageId, ChatId, UserId)> {
        let sql = "SELECT g.id, g.chat_id, g.sender_id FROM messages g
                   JOIN chats c ON c.id = g.chat_id WHERE c.is_deleted = 0 AND g.id > ?1";
        self.all(sql, [than.0], |row| Ok((MessageId(row.get(0)?), ChatId(row.get(1)?), UserId(row.get(2)?))))
    }

    pub fn members(&self) -> HashSet<(ChatId, UserId)> {
        let sql = "SELECT chat_id, user_id FROM members";
        self.all(sql, [], |row| Ok((ChatId(row.get(0)?), UserId(row.get(1)?))))
    }

    pub fn credentials(&self) -> HashSet<CredentialId> {
        let sql = "SELECT c.id FROM credentials c JOIN users u ON u.id = c.user_id WHERE u.is_disabled = 0";
        self.all(sql, [], |row| Ok(CredentialId(row.get(0)?)))
    }

    /// The chat of two users.
    pub fn direct(&self, one: UserId, other: UserId) -> Option<ChatId> {
        let sql = "SELECT id FROM chats WHERE low_user = ?1 AND high_user = ?2 AND is_deleted = 0";
        let db = self.db();
        let mut query = db.prepare_cached(sql).expect(sql);
        let found = query.query_row([one.min(other).0, one.max(other).0], |row| Ok(ChatId(row.get(0)?)));
        found.optional().expect(sql)
    }

    /// When a credential's time is over, if ever.
    pub fn end_of(&self, family: Family) -> Option<Timestamp> {
        let sql = "SELECT expires_at FROM credentials WHERE secret_hash = ?1";
        let db = self.db();
        let mut query = db.prepare_cached(sql).expect(sql);
        let found = query.query_row([family.0], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Timestamp)));
        found.optional().expect(sql).flatten()
    }

    pub fn files(&self) -> Vec<Bytes> {
        let sql = "SELECT f.id, f.uploader_id, f.size, f.storage_name, f.created_at, f.message_id, g.chat_id,
                          coalesce(g.sender_id, f.uploader_id)
                   FROM files f LEFT JOIN messages g ON g.id = f.message_id";
        self.all(sql, [], |row| {
            Ok(Bytes {
                id: FileId(row.get(0)?),
                uploader: UserId(row.get(1)?),
                size: row.get(2)?,
                name: row.get(3)?,
                created_at: row.get(4)?,
                message: row.get::<_, Option<i64>>(5)?.map(MessageId),
                chat: row.get::<_, Option<i64>>(6)?.map(ChatId),
                sender: UserId(row.get(7)?),
            })
        })
    }

    /// Bytes of texts, by whose they are.
    pub fn texts(&self) -> HashMap<UserId, u64> {
        let sql = "SELECT sender_id, sum(octet_length(content)) FROM messages GROUP BY sender_id";
        self.all(sql, [], |row| Ok((UserId(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs())))
    }

    /// All messages that a user can see.
    pub fn visible_to(&self, user: UserId) -> HashMap<MessageId, VisibleMessage> {
        let sql = "SELECT g.id, g.chat_id, g.seq, g.content,
                          (SELECT count(*) FROM files f WHERE f.message_id = g.id),
                          (SELECT coalesce(group_concat(user_id), '') FROM
                              (SELECT user_id FROM reactions r WHERE r.message_id = g.id ORDER BY user_id))
                   FROM members m JOIN messages g ON g.chat_id = m.chat_id AND g.id > m.cleared_mark
                   WHERE m.user_id = ?1";
        self.all(sql, [user.0], |row| {
            let held = VisibleMessage {
                chat: ChatId(row.get(1)?),
                seq: Seq(row.get(2)?),
                text: row.get(3)?,
                files: row.get(4)?,
                reactors: row.get(5)?,
            };
            Ok((MessageId(row.get(0)?), held))
        })
    }

    /// Whether a member has cleared a message from their view.
    pub fn has_cleared(&self, chat: ChatId, user: UserId, message: MessageId) -> bool {
        let sql = "SELECT 1 FROM members WHERE chat_id = ?1 AND user_id = ?2 AND cleared_mark >= ?3";
        self.holds(sql, [chat.0, user.0, message.0])
    }

    /// Others' messages that a member has not read, and messages that the member can see: counted.
    pub fn unread_and_visible(&self, chat: ChatId, user: UserId) -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM messages g WHERE g.chat_id = m.chat_id AND g.id > max(m.read_mark, m.cleared_mark)
                               AND g.sender_id <> m.user_id),
                          (SELECT count(*) FROM messages g WHERE g.chat_id = m.chat_id AND g.id > m.cleared_mark)
                   FROM members m WHERE m.chat_id = ?1 AND m.user_id = ?2";
        let db = self.db();
        let mut query = db.prepare_cached(sql).expect(sql);
        query.query_row([chat.0, user.0], |row| Ok((row.get(0)?, row.get(1)?))).expect(sql)
    }

    /// Whether what an event tells is stored already.
    pub fn backs(&self, event: &Event) -> bool {
        let has_changed = |chat: ChatId, message: MessageId, seq: Seq| {
            self.holds("SELECT 1 FROM messages WHERE id = ?1 AND seq >= ?2", [message.0, seq.0])
                || self.is_deleted(message)
                || self.is_gone(chat)
        };
        let was_made =
            |chat: ChatId| self.holds("SELECT 1 FROM sqlite_sequence WHERE name = 'chats' AND seq >= ?1", [chat.0]);
        match event {
            Event::Message(MessageEvent::Posted { message, .. } | MessageEvent::Edited { message, .. }) => {
                has_changed(message.chat, message.id, message.seq)
            }
            Event::ReactionsChanged { chat, message, seq, .. } => has_changed(*chat, *message, *seq),
            Event::Message(MessageEvent::Deleted { chat, message, .. }) => {
                self.is_deleted(*message) || self.is_gone(*chat)
            }
            Event::Read { chat, user, upto } => {
                let sql = "SELECT 1 FROM members WHERE chat_id = ?1 AND user_id = ?2 AND read_mark < ?3";
                !self.holds(sql, [chat.0, user.0, upto.0])
            }
            Event::Chat(ChatEvent::Created { chat, .. }) | Event::Member(MemberEvent::Added { chat, .. }) => {
                was_made(*chat)
            }
            Event::Chat(ChatEvent::Deleted { chat }) => self.is_gone(*chat),
            _ => true,
        }
    }

    /// Counters that are not what counting says, in words.
    pub fn wrong_counters(&self) -> Vec<String> {
        COUNTERS.iter().filter(|(_, sql)| self.holds(sql, [])).map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// Each finds a row whose counter is wrong.
const COUNTERS: &[(&str, &str)] = &[
    (
        "chats.message_count",
        "SELECT 1 FROM chats c WHERE is_deleted = 0
         AND message_count <> (SELECT count(*) FROM messages WHERE chat_id = c.id)",
    ),
    (
        "chats.last_message_id",
        "SELECT 1 FROM chats c WHERE is_deleted = 0
         AND last_message_id IS NOT (SELECT max(id) FROM messages WHERE chat_id = c.id)",
    ),
    (
        "chats.member_count",
        "SELECT 1 FROM chats c WHERE is_deleted = 0
         AND member_count <> (SELECT count(*) FROM members WHERE chat_id = c.id)",
    ),
    (
        "members.seen_count",
        "SELECT 1 FROM members m WHERE seen_count <> (SELECT count(*) FROM messages g
         WHERE g.chat_id = m.chat_id AND (g.id <= max(m.read_mark, m.cleared_mark) OR g.sender_id = m.user_id))",
    ),
    (
        "members.cleared_count",
        "SELECT 1 FROM members m WHERE cleared_count <>
         (SELECT count(*) FROM messages g WHERE g.chat_id = m.chat_id AND g.id <= m.cleared_mark)",
    ),
    (
        "messages_by_chat",
        "SELECT 1 FROM messages g JOIN sequence ON g.id <= indexed
         WHERE NOT EXISTS (SELECT 1 FROM messages_by_chat WHERE chat_id = g.chat_id AND message_id = g.id)
         UNION ALL
         SELECT 1 FROM messages_by_chat b JOIN sequence ON true
         WHERE message_id > indexed OR NOT EXISTS (SELECT 1 FROM messages WHERE id = message_id AND chat_id = b.chat_id)",
    ),
    (
        "messages.reaction_count",
        "SELECT 1 FROM messages g WHERE reaction_count <> (SELECT count(*) FROM reactions WHERE message_id = g.id)",
    ),
    (
        "messages.attachment_count",
        "SELECT 1 FROM messages g WHERE attachment_count <> (SELECT count(*) FROM files WHERE message_id = g.id)",
    ),
    (
        "users.stored_bytes",
        "SELECT 1 FROM users u
         WHERE stored_bytes <> (SELECT coalesce(sum(size), 0) FROM files WHERE uploader_id = u.id)",
    ),
    (
        "text_bytes.bytes",
        "SELECT 1 FROM users u WHERE coalesce((SELECT bytes FROM text_bytes WHERE user_id = u.id), 0) <>
         (SELECT coalesce(sum(octet_length(content)), 0) FROM messages WHERE sender_id = u.id) +
         (SELECT coalesce(sum(octet_length(title) + octet_length(content)), 0) FROM posts WHERE author_id = u.id)",
    ),
    (
        "the sequence",
        "SELECT 1 FROM sequence WHERE max(value, (SELECT coalesce(max(id), 0) FROM messages)) <
         max((SELECT coalesce(max(seq), 0) FROM messages), (SELECT coalesce(max(seq), 0) FROM tombstones))",
    ),
];
