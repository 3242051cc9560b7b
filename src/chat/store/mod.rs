//! SQL and only SQL: one writer, many readers, one file per noun.
//!
//! The files per noun hold free functions on a connection. Rules (who may, what is
//! valid, who is told) live above, in `chat`; nothing here asks who somebody is
//! beyond the ids it is given.

pub(super) mod changes;
pub(super) mod credentials;
pub(super) mod files;
pub(super) mod friends;
pub(super) mod idempotency;
pub(super) mod members;
pub(super) mod messages;
mod migrations;
#[cfg(test)]
mod plans;
pub(super) mod posts;
pub(super) mod reactions;
mod readers;
pub(super) mod rooms;
pub(super) mod users;
mod writer;

use std::path::Path;

use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use super::error::{Error, Result};
use super::time::Clock;

pub(super) use migrations::SCHEMA_VERSION;
pub(super) use writer::{Committed, Tx};

/// What the functions per noun take to read: a connection inside a transaction.
pub(super) type Db = Connection;

/// SQLite before 3.51.3 can lose committed data when a writer races a checkpoint on
/// another connection, which is our very shape.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How many statements stay compiled on each connection.
const STATEMENTS: usize = 128;
/// The write-ahead log is folded back into the database past this many pages.
/// 4,000 keeps it at about 17 MB and costs the writer least.
const CHECKPOINT_PAGES: u32 = 4_000;

/// How much a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every commit is on the disk before it is acknowledged: survives a power cut.
    #[default]
    Full,
    /// Survives `kill -9`; a power cut can take the last moments.
    Normal,
}

/// The database: its writer and its readers. Cloning shares them.
#[derive(Clone)]
pub(super) struct Store {
    writer: writer::Writer,
    readers: readers::Readers,
}

impl Store {
    /// Opens (or makes) the database at `path`. `on_commit` gets what each commit
    /// leaves to be done, in commit order, before the callers hear of it.
    pub fn open(
        path: &Path,
        durability: Durability,
        clock: Clock,
        on_commit: impl FnMut(Committed) + Send + 'static,
    ) -> Result<Self, OpenError> {
        assert_version()?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        migrations::run(&mut connection, path)?;
        prepare_writer(&connection, durability)?;
        let readers = readers::Readers::open(path)?;
        let writer = writer::Writer::start(connection, clock, Box::new(on_commit))?;
        Ok(Self { writer, readers })
    }

    /// Runs `work` in the writer's next transaction; returns when it is committed
    /// (or not at all). Whoever stops waiting changes nothing about that.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(work).await
    }

    /// Runs `work` on one state of the database, here and now: for short reads by
    /// an index. What may scan goes through [`Store::scan`].
    pub fn read<T>(&self, work: impl FnOnce(&Db) -> Result<T>) -> Result<T> {
        self.readers.read(work)
    }

    /// Like `read`, on a thread where it may take its time.
    pub async fn scan<T: Send + 'static>(&self, work: impl FnOnce(&Db) -> Result<T> + Send + 'static) -> Result<T> {
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || readers.read(work)).await.map_err(|_| Error::Internal)?
    }

    /// Commits what has been handed over, folds the log into the database and closes it.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

fn assert_version() -> Result<(), OpenError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenError::Damaged(format!("SQLite {} is too old to be safe", rusqlite::version())));
    }
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    prepare(&connection);
    Ok(connection)
}

/// What every connection is given, to write or to read.
fn prepare(connection: &Connection) {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    #[cfg(test)]
    plans::record(connection);
}

fn prepare_writer(connection: &Connection, durability: Durability) -> Result<(), OpenError> {
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = {synchronous};
         PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA foreign_keys = ON;
         PRAGMA busy_timeout = 5000;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    ))?;
    Ok(())
}

/// The one place where a fault of the database becomes an error of the domain.
impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        let full = matches!(cause.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::TooBig));
        tracing::error!(%cause, "the database refused");
        if full { Self::StorageFull } else { Self::Internal }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Damaged(cause.to_string())
    }
}
