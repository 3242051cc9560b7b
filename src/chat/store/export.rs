//! What an export reads: rows in a fixed order, one at a time, in one read transaction.
//!
//! It opens the file by itself, beside a server that may run on it.

mod people;
mod talk;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Statement};

use super::copy;
use super::migrations::SCHEMA_VERSION;
use crate::chat::model::backup::BackupError as Same;
use crate::chat::model::file::StorageName;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::model::record::{Record, RecordError};
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::Keys;

type Result<T> = std::result::Result<T, RecordError>;

/// How much is read.
#[derive(Clone, Copy)]
enum ExportFilter {
    All,
    Chat(ChatId),
    /// One person's own.
    User(UserId),
}

/// The read transaction.
pub struct ExportTx {
    db: Connection,
    wanted: ExportFilter,
    /// What opens those that are told; `None`: none is.
    secrets: Option<Keys>,
}

/// Bytes that go into the archive.
pub struct Bytes {
    pub sha256: String,
    pub size: u64,
    /// One of the files that have them.
    pub storage_name: StorageName,
}

impl ExportTx {
    /// Begins to read, of one commit.
    pub fn begin(path: &Path, secrets: Option<Keys>) -> Result<Self> {
        let db = copy::open(path)?;
        db.execute_batch("BEGIN")?;
        let edition = copy::edition(&db)?;
        if edition.schema < SCHEMA_VERSION {
            let why = "it is of an older version; start Fireside on it once";
            return Err(Same::Database(why.into()).into());
        }
        Ok(Self { db, wanted: ExportFilter::All, secrets })
    }

    /// Chooses a chat. `false`: it is not there.
    pub fn choose_chat(&mut self, id: ChatId) -> Result<bool> {
        self.wanted = ExportFilter::Chat(id);
        Ok(self.db.prepare("SELECT 1 FROM chats WHERE id = ?1 AND is_deleted = 0")?.exists([id.0])?)
    }

    /// Chooses somebody by the key of their name. `false`: there is nobody.
    pub fn choose_user(&mut self, key: &str) -> Result<bool> {
        let mut query = self.db.prepare("SELECT id FROM users WHERE username_key = ?1")?;
        let found: Option<i64> = query.query_row([key], |row| row.get(0)).optional()?;
        drop(query);
        self.wanted = ExportFilter::User(UserId(found.unwrap_or(0)));
        Ok(found.is_some())
    }

    /// About how many records there will be.
    pub fn count(&self) -> Result<u64> {
        let sql = match self.wanted {
            ExportFilter::All => "SELECT count(*) FROM messages WHERE ?1 = 0",
            ExportFilter::Chat(_) => "SELECT message_count FROM chats WHERE id = ?1",
            ExportFilter::User(_) => "SELECT count(*) FROM messages WHERE sender_id = ?1",
        };
        let count: i64 = self.db.query_row(sql, [self.of()], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Tells every record after the head, in the order of the format.
    pub fn each_record(&self, mut tell: impl FnMut(Record) -> Result<()>) -> Result<()> {
        let (wanted, has_secrets) = (self.wanted, self.secrets.is_some());
        self.each(&people::users(wanted), people::user(self.secrets.as_ref()), &mut tell)?;
        self.each(&people::credentials(wanted, has_secrets), people::credential(has_secrets), &mut tell)?;
        self.each(&people::identities(wanted), people::identity, &mut tell)?;
        self.each(&people::friends(wanted), people::friend, &mut tell)?;
        self.each(&people::posts(wanted), people::post, &mut tell)?;
        self.each(&talk::chats(wanted), talk::chat, &mut tell)?;
        self.each(&talk::messages(wanted), talk::message, &mut tell)?;
        self.each(&talk::reactions(wanted), talk::reaction, &mut tell)?;
        self.each(&talk::files(wanted, talk::FILE), talk::file, &mut tell)?;
        self.each(&talk::members(wanted), talk::member, &mut tell)
    }

    /// Tells the bytes of all files that are named, each once, in the order of their sums.
    pub fn each_bytes(&self, mut tell: impl FnMut(Bytes) -> Result<()>) -> Result<()> {
        let sql = format!(
            "SELECT sha256, size, min(storage_name) AS storage_name FROM ({}) GROUP BY sha256, size ORDER BY sha256",
            talk::files(self.wanted, "sha256, size, storage_name")
        );
        let mut query = self.db.prepare(&sql)?;
        let mut rows = self.ask(&mut query)?;
        while let Some(row) = rows.next()? {
            tell(Bytes {
                sha256: row.get("sha256")?,
                size: u64::try_from(row.get::<_, i64>("size")?).unwrap_or(0),
                storage_name: StorageName::stored(row.get("storage_name")?),
            })?;
        }
        Ok(())
    }

    /// What `?1` stands for.
    fn of(&self) -> i64 {
        match self.wanted {
            ExportFilter::All => 0,
            ExportFilter::Chat(id) => id.0,
            ExportFilter::User(id) => id.0,
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
}

/// Chats that somebody is in or has written in.
const TALKED: &str = "SELECT chat_id FROM members WHERE user_id = ?1
    UNION SELECT g.chat_id FROM messages g WHERE g.sender_id = ?1
    UNION SELECT g.chat_id FROM reactions r JOIN messages g ON g.id = r.message_id WHERE r.user_id = ?1";

fn moment(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}
