//! How the server is, in numbers.

use std::path::Path;
use std::time::Duration;

use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::backup::Backups;
use crate::chat::model::clock::ClockDoubt;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::storage;
use crate::chat::store;

/// Numbers of one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// Since the state was opened.
    pub uptime: Duration,
    pub users: i64,
    /// Users with an open socket.
    pub users_online: usize,
    /// Chats that exist.
    pub chats: i64,
    pub messages: i64,
    /// Bytes of the database's file.
    pub database_bytes: u64,
    /// Bytes of its write-ahead log.
    pub wal_bytes: u64,
    /// Bytes of all uploaded files.
    pub files_bytes: i64,
    /// Bytes that may still be written where the data folder is.
    pub free_bytes: u64,
    /// Devices that are told while no page is open.
    pub push_devices: i64,
    /// Hooks that send what happens in groups.
    pub sending_hooks: i64,
    /// How it goes with the backups, where there are any.
    pub backups: Option<Backups>,
    /// Why nothing is deleted for its age, if that is so.
    pub clock_doubt: Option<ClockDoubt>,
}

impl App {
    /// How the server is. No message and no file is looked at: counters are added up.
    pub async fn status(&self, by: &Administrator) -> Result<Status> {
        let (by, chat) = (by.clone(), self.clone());
        self.store
            .scan(move |db| {
                by.check(db)?;
                let (chats, messages) = store::totals::chats_and_messages(db)?;
                let uptime = chat.clock.now().0.saturating_sub(chat.opened_at.0);
                Ok(Status {
                    uptime: Duration::from_millis(u64::try_from(uptime).unwrap_or(0)),
                    users: store::accounts::count(db)?,
                    users_online: chat.hub.users_present(),
                    chats,
                    messages,
                    database_bytes: size(&storage::database(&chat.data)),
                    wal_bytes: size(&storage::log(&chat.data)),
                    files_bytes: store::totals::files_bytes(db)?,
                    free_bytes: free(&chat.data)?,
                    push_devices: store::push::count(db)?,
                    sending_hooks: store::outgoing_hooks::count_on(db)?,
                    backups: chat.backups(),
                    clock_doubt: chat.clock_doubt(),
                })
            })
            .await
    }
}

/// A file that is not there has no bytes.
pub(in crate::chat) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

fn free(folder: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(folder).map_err(|cause| {
        tracing::error!(%cause, "the disk does not say how full it is");
        Error::Internal
    })?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
