//! What an export reads: rows in a fixed order, one at a time, in one read transaction.
//!
//! It opens the file by itself, beside a server that may run on it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Statement};

use super::copy;
use super::migrations::SCHEMA_VERSION;
use crate::chat::backup::Failure as Same;
use crate::chat::file::StorageName;
use crate::chat::id::{ChatId, UserId};
use crate::chat::moving::{
    Chat, Credential, CredentialKind, Failure, File, Friend, Member, Message, Post, Reaction, Record, Role, User,
};
use crate::chat::time::Timestamp;

type Result<T> = std::result::Result<T, Failure>;

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything.
    All,
    /// One chat.
    Chat(ChatId),
    /// One person's own.
    User(UserId),
}

/// The read transaction.
pub struct Departure {
    db: Connection,
    wanted: Wanted,
    has_secrets: bool,
}

/// Bytes that go into the archive.
pub struct Bytes {
    pub sha256: String,
    pub size: u64,
    /// One of the files that have them.
    pub storage_name: StorageName,
}

impl Departure {
    /// Begins to read, of one commit.
    pub fn begin(path: &Path, has_secrets: bool) -> Result<Self> {
        let db = copy::open(path)?;
        db.execute_batch("BEGIN")?;
        let edition = copy::edition(&db)?;
        if edition.schema < SCHEMA_VERSION {
            let why = "it is of an older version; start Fireside on it once";
            return Err(Same::Database(why.into()).into());
        }
        Ok(Self { db, wanted: Wanted::All, has_secrets })
    }

    /// Chooses a chat. `false`: it is not there.
    pub fn choose_chat(&mut self, id: ChatId) -> Result<bool> {
        self.wanted = Wanted::Chat(id);
        Ok(self.db.prepare("SELECT 1 FROM chats WHERE id = ?1 AND is_deleted = 0")?.exists([id.0])?)
    }

    /// Chooses somebody by the key of their name. `false`: there is nobody.
    pub fn choose_user(&mut self, key: &str) -> Result<bool> {
        let mut query = self.db.prepare("SELECT id FROM users WHERE username_key = ?1")?;
        let found: Option<i64> = query.query_row([key], |row| row.get(0)).optional()?;
        drop(query);
        self.wanted = Wanted::User(UserId(found.unwrap_or(0)));
        Ok(found.is_some())
    }

    /// About how many records there will be.
    pub fn count(&self) -> Result<u64> {
        let sql = match self.wanted {
            Wanted::All => "SELECT count(*) FROM messages WHERE ?1 = 0",
            Wanted::Chat(_) => "SELECT message_count FROM chats WHERE id = ?1",
            Wanted::User(_) => "SELECT count(*) FROM messages WHERE sender_id = ?1",
        };
        let count: i64 = self.db.query_row(sql, [self.of()], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Tells every record after the head, in the order of the format.
    pub fn each_record(&self, mut tell: impl FnMut(Record) -> Result<()>) -> Result<()> {
        self.each(&self.users(), self.user(), &mut tell)?;
        self.each(&self.credentials(), self.credential(), &mut tell)?;
        self.each(&self.friends(), friend, &mut tell)?;
        self.each(&self.posts(), post, &mut tell)?;
        self.each(&self.chats(), chat, &mut tell)?;
        self.each(&self.messages(), message, &mut tell)?;
        self.each(&self.reactions(), reaction, &mut tell)?;
        self.each(&self.files("*"), file, &mut tell)?;
        self.each(&self.members(), member, &mut tell)
    }

    /// Tells the bytes of all files that are named, each once, in the order of their sums.
    pub fn each_bytes(&self, mut tell: impl FnMut(Bytes) -> Result<()>) -> Result<()> {
        let sql = format!(
            "SELECT sha256, size, min(storage_name) FROM ({}) GROUP BY sha256, size ORDER BY sha256",
            self.files("sha256, size, storage_name")
        );
        let mut query = self.db.prepare(&sql)?;
        let mut rows = self.ask(&mut query)?;
        while let Some(row) = rows.next()? {
            tell(Bytes {
                sha256: row.get(0)?,
                size: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
                storage_name: StorageName::stored(row.get(2)?),
            })?;
        }
        Ok(())
    }

    /// What `?1` stands for.
    fn of(&self) -> i64 {
        match self.wanted {
            Wanted::All => 0,
            Wanted::Chat(id) => id.0,
            Wanted::User(id) => id.0,
        }
    }

    fn ask<'a>(&self, query: &'a mut Statement<'_>) -> Result<rusqlite::Rows<'a>> {
        // Not every question has to do with what was chosen.
        Ok(if query.parameter_count() == 0 { query.query([])? } else { query.query([self.of()])? })
    }

    fn each(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<Record>,
        tell: &mut impl FnMut(Record) -> Result<()>,
    ) -> Result<()> {
        let mut query = self.db.prepare(sql)?;
        let mut rows = self.ask(&mut query)?;
        while let Some(row) = rows.next()? {
            tell(read(row)?)?;
        }
        Ok(())
    }

    /// Of whom everything is told, and of whom only the names.
    fn users(&self) -> String {
        let (is_whole, which) = match self.wanted {
            Wanted::All => ("1", "1"),
            Wanted::Chat(_) => (
                "0",
                "u.id IN (SELECT user_id FROM members WHERE chat_id = ?1
                          UNION SELECT sender_id FROM messages WHERE chat_id = ?1
                          UNION SELECT owner_id FROM chats WHERE id = ?1
                          UNION SELECT low_user FROM chats WHERE id = ?1
                          UNION SELECT high_user FROM chats WHERE id = ?1
                          UNION SELECT r.user_id FROM reactions r JOIN messages g ON g.id = r.message_id
                                WHERE g.chat_id = ?1)",
            ),
            Wanted::User(_) => (
                "u.id = ?1",
                "u.id = ?1 OR u.id IN (
                    SELECT friend_id FROM friends WHERE user_id = ?1
                    UNION SELECT c.owner_id FROM chats c WHERE c.id IN (TALKED)
                    UNION SELECT c.low_user FROM chats c WHERE c.id IN (TALKED)
                    UNION SELECT c.high_user FROM chats c WHERE c.id IN (TALKED))",
            ),
        };
        format!(
            "SELECT u.id, u.username, u.display_name, {is_whole}, u.email, u.bio, u.is_admin, u.is_disabled,
                    u.created_at, u.last_seen_at, u.password_hash
             FROM users u WHERE {} ORDER BY u.id",
            which.replace("TALKED", TALKED)
        )
    }

    fn user(&self) -> impl Fn(&Row<'_>) -> rusqlite::Result<Record> {
        let has_secrets = self.has_secrets;
        move |row| {
            let mut user =
                User { id: row.get(0)?, username: row.get(1)?, display_name: row.get(2)?, ..User::default() };
            if row.get(3)? {
                user.email = row.get::<_, Option<String>>(4)?.filter(|email| !email.is_empty());
                user.bio = row.get(5)?;
                (user.is_admin, user.is_disabled) = (row.get(6)?, row.get(7)?);
                (user.created_at, user.last_seen_at) = (moment(row, 8)?, moment(row, 9)?);
                user.password_hash = if has_secrets { row.get(10)? } else { None };
            }
            Ok(Record::User(user))
        }
    }

    fn credentials(&self) -> String {
        let which = match self.wanted {
            Wanted::All if self.has_secrets => "kind IN ('account', 'device')",
            Wanted::All | Wanted::Chat(_) => "0",
            Wanted::User(_) => "user_id = ?1",
        };
        format!(
            "SELECT user_id, kind, label, is_bot, secret_hash, created_at, used_at, expires_at
             FROM credentials WHERE {which} ORDER BY id"
        )
    }

    fn credential(&self) -> impl Fn(&Row<'_>) -> rusqlite::Result<Record> {
        let has_secrets = self.has_secrets;
        move |row| {
            let kind = match row.get_ref(1)?.as_str()? {
                "account" => CredentialKind::Account,
                "session" => CredentialKind::Session,
                "refresh" => CredentialKind::Refresh,
                _ => CredentialKind::Device,
            };
            Ok(Record::Credential(Credential {
                user: row.get(0)?,
                kind,
                label: row.get(2)?,
                is_bot: row.get(3)?,
                secret_sha256: if has_secrets { Some(hex::encode(row.get_ref(4)?.as_blob()?)) } else { None },
                created_at: Timestamp(row.get(5)?),
                used_at: Timestamp(row.get(6)?),
                expires_at: moment(row, 7)?,
            }))
        }
    }

    fn friends(&self) -> String {
        let which = match self.wanted {
            Wanted::All => "user_id < friend_id",
            Wanted::Chat(_) => "0",
            Wanted::User(_) => "user_id = ?1",
        };
        format!("SELECT user_id, friend_id, created_at FROM friends WHERE {which} ORDER BY user_id, friend_id")
    }

    fn posts(&self) -> String {
        let which = match self.wanted {
            Wanted::All => "1",
            Wanted::Chat(_) => "0",
            Wanted::User(_) => "author_id = ?1",
        };
        format!("SELECT author_id, title, content, created_at FROM posts WHERE {which} ORDER BY id")
    }

    fn chats(&self) -> String {
        let which = match self.wanted {
            Wanted::All => "1".to_owned(),
            Wanted::Chat(_) => "c.id = ?1".to_owned(),
            Wanted::User(_) => format!("c.id IN ({TALKED})"),
        };
        format!(
            "SELECT c.id, c.low_user, c.high_user, c.title, c.description, c.is_private, c.max_members, c.owner_id,
                    c.created_at, c.updated_at, c.active_at, c.retain_days
             FROM chats c WHERE c.is_deleted = 0 AND {which} ORDER BY c.id"
        )
    }

    /// Answers to messages that are gone are answers to nothing. To which of others' a
    /// person answered, is theirs to know.
    fn messages(&self) -> String {
        let (answers, which) = match self.wanted {
            Wanted::All => (ANSWERED, "g.chat_id NOT IN (SELECT id FROM chats WHERE is_deleted = 1)"),
            Wanted::Chat(_) => (ANSWERED, "g.chat_id = ?1"),
            Wanted::User(_) => {
                ("g.reply_to", "g.sender_id = ?1 AND g.chat_id NOT IN (SELECT id FROM chats WHERE is_deleted = 1)")
            }
        };
        format!(
            "SELECT g.id, g.chat_id, g.sender_id, g.content, {answers}, g.created_at, g.edited_at
             FROM messages g WHERE {which} ORDER BY g.id"
        )
    }

    fn reactions(&self) -> String {
        let which = match self.wanted {
            Wanted::All => "g.chat_id NOT IN (SELECT id FROM chats WHERE is_deleted = 1)",
            Wanted::Chat(_) => "g.chat_id = ?1",
            Wanted::User(_) => "r.user_id = ?1 AND g.chat_id NOT IN (SELECT id FROM chats WHERE is_deleted = 1)",
        };
        format!(
            "SELECT r.message_id, r.user_id, r.emoji FROM reactions r JOIN messages g ON g.id = r.message_id
             WHERE {which} ORDER BY r.id"
        )
    }

    fn files(&self, columns: &str) -> String {
        let columns =
            columns.replace('*', "f.uploader_id, f.name, f.size, f.sha256, f.created_at, f.message_id, f.avatar_of");
        let which = match self.wanted {
            Wanted::All => "g.id IS NULL OR g.chat_id NOT IN (SELECT id FROM chats WHERE is_deleted = 1)",
            Wanted::Chat(_) => "g.chat_id = ?1",
            Wanted::User(_) => "f.uploader_id = ?1",
        };
        format!(
            "SELECT {columns} FROM files f LEFT JOIN messages g ON g.id = f.message_id
             WHERE {which} ORDER BY f.message_id, f.position, f.id"
        )
    }

    /// Marks name messages that are there, so that they mean the same where others are not.
    fn members(&self) -> String {
        let which = match self.wanted {
            Wanted::All => "1",
            Wanted::Chat(_) => "m.chat_id = ?1",
            Wanted::User(_) => "m.user_id = ?1",
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
            "SELECT m.chat_id, m.user_id, m.is_admin, m.joined_at, {}, {}, {}, m.is_hidden
             FROM members m WHERE {which} ORDER BY m.id",
            upto("joined_mark"),
            upto("read_mark"),
            upto("cleared_mark")
        )
    }
}

/// Chats that somebody is in or has written in.
const TALKED: &str = "SELECT chat_id FROM members WHERE user_id = ?1
    UNION SELECT g.chat_id FROM messages g WHERE g.sender_id = ?1
    UNION SELECT g.chat_id FROM reactions r JOIN messages g ON g.id = r.message_id WHERE r.user_id = ?1";

/// What a message answers, if that is there.
const ANSWERED: &str = "(SELECT a.id FROM messages a WHERE a.id = g.reply_to AND a.chat_id = g.chat_id)";

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

fn friend(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Friend(Friend { user: row.get(0)?, friend: row.get(1)?, created_at: Timestamp(row.get(2)?) }))
}

fn post(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Post(Post {
        author: row.get(0)?,
        title: row.get(1)?,
        content: row.get(2)?,
        created_at: Timestamp(row.get(3)?),
    }))
}

fn chat(row: &Row<'_>) -> rusqlite::Result<Record> {
    let pair = match (row.get(1)?, row.get(2)?) {
        (Some(low), Some(high)) => Some([low, high]),
        _ => None,
    };
    Ok(Record::Chat(Chat {
        id: row.get(0)?,
        pair,
        title: row.get(3)?,
        description: row.get(4)?,
        is_private: row.get(5)?,
        max_members: row.get(6)?,
        owner: row.get(7)?,
        created_at: Timestamp(row.get(8)?),
        updated_at: moment(row, 9)?,
        active_at: moment(row, 10)?,
        retain_days: row.get(11)?,
    }))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Message(Message {
        id: row.get(0)?,
        chat: row.get(1)?,
        sender: row.get(2)?,
        text: row.get(3)?,
        reply_to: row.get(4)?,
        created_at: Timestamp(row.get(5)?),
        edited_at: moment(row, 6)?,
    }))
}

fn reaction(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Reaction(Reaction { message: row.get(0)?, user: row.get(1)?, emoji: row.get(2)? }))
}

fn file(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::File(File {
        uploader: row.get(0)?,
        name: row.get(1)?,
        size: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
        sha256: row.get(3)?,
        created_at: Timestamp(row.get(4)?),
        message: row.get(5)?,
        is_avatar: row.get::<_, Option<i64>>(6)?.is_some(),
    }))
}

fn member(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Member(Member {
        chat: row.get(0)?,
        user: row.get(1)?,
        role: if row.get(2)? { Role::Admin } else { Role::Member },
        joined_at: Timestamp(row.get(3)?),
        joined_after: row.get(4)?,
        read_upto: row.get(5)?,
        cleared_upto: row.get(6)?,
        is_hidden: row.get(7)?,
    }))
}
