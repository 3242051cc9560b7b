//! What fills the disk.

use std::fs;
use std::path::Path;

use super::status::size;
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::quota::Quota;
use crate::chat::model::retention::Retention;
use crate::chat::model::storage::{self, ChatShare, DATABASE, UserShare};
use crate::chat::store;

/// Chats and users that are named.
pub const MAX_NAMED: u32 = 10;

/// What is on the disk, and whose it is.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Bytes of the database.
    pub database: u64,
    /// Bytes of its write-ahead log.
    pub log: u64,
    /// Bytes of all uploaded files.
    pub files: i64,
    /// Bytes of all else in the data folder: copies from before upgrades, backups put there.
    pub copies: u64,
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes below which uploads stop.
    pub min_free: u64,
    /// How much users may store.
    pub quota: Quota,
    /// How long the server keeps what is said.
    pub retention: Retention,
    /// The largest by their messages.
    pub by_messages: Vec<ChatShare>,
    /// The largest by their files.
    pub by_bytes: Vec<ChatShare>,
    /// Those whose files and texts take the most.
    pub users: Vec<UserShare>,
}

impl App {
    /// What fills the disk. Every attached file's row is looked at.
    pub async fn storage(&self, by: &Administrator) -> Result<Storage> {
        let (by, chat) = (by.clone(), self.clone());
        self.store
            .scan(move |db| {
                by.check(db)?;
                Ok(Storage {
                    database: size(&storage::database(&chat.data)),
                    log: size(&storage::log(&chat.data)),
                    files: store::totals::files_bytes(db)?,
                    copies: copies(&chat.data),
                    free: chat.free_disk().ok_or(Error::Internal)?,
                    min_free: chat.min_free,
                    quota: chat.quota,
                    retention: chat.retention,
                    by_messages: store::totals::largest_chats(db, false, MAX_NAMED)?,
                    by_bytes: store::totals::largest_chats(db, true, MAX_NAMED)?,
                    users: store::totals::largest_users(db, MAX_NAMED)?,
                })
            })
            .await
    }
}

/// Files beside the database that are none of its own.
fn copies(data: &Path) -> u64 {
    let entries = fs::read_dir(data).into_iter().flatten().flatten();
    let is_own = |name: &str| match name.strip_prefix(DATABASE) {
        Some(rest) => matches!(rest, "" | "-wal" | "-shm"),
        None => matches!(name, "secret.key" | "lock" | "files.lock"),
    };
    let others = entries.filter(|entry| !is_own(&entry.file_name().to_string_lossy()));
    others.filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}
