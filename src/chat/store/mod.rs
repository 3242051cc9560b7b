//! SQL and only SQL: one writer, many readers, one file per noun.
//!
//! The files per noun hold free functions on a connection. Rules (who may, what is
//! valid, who is told) live above, in `chat`; nothing here asks who somebody is
//! beyond the ids it is given.

pub(super) mod accounts;
pub(super) mod audit;
pub(super) mod bots;
mod by_chat;
pub(super) mod changes;
pub(super) mod chat_log;
pub(super) mod chats;
mod checkpoint;
pub(super) mod clock;
mod columns;
pub(super) mod copy;
pub(super) mod credentials;
pub mod db;
pub(super) mod deliveries;
pub(super) mod directs;
pub(super) mod export;
mod fault;
pub(super) mod files;
pub(super) mod friends;
pub(super) mod garbage;
pub(super) mod group_invites;
pub(super) mod hook_events;
pub(super) mod hooks;
pub(super) mod id_sequence;
pub(super) mod idempotency;
pub(super) mod identities;
pub(super) mod import;
pub(super) mod integrity;
pub(super) mod invites;
pub(super) mod members;
pub(super) mod mentions;
pub(super) mod messages;
mod migrations;
pub(super) mod notify;
pub(super) mod open_calls;
pub(super) mod outgoing_hooks;
pub(super) mod people;
#[cfg(test)]
mod plans;
pub(super) mod posts;
pub(super) mod push;
mod queue;
pub(super) mod reactions;
mod readers;
pub(super) mod resets;
pub(super) mod retention;
mod scans;
pub(super) mod search;
pub(super) mod second_factors;
pub(super) mod server;
#[cfg(test)]
pub(super) mod simulated;
pub(super) mod totals;
pub mod transaction;
pub(super) mod users;
mod values;
mod writer;

use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use tokio::sync::oneshot;

use super::model::error::{Error, OpenError, Result};
use super::model::event::Committed;
use super::model::gauges::{ReaderGauges, WriterGauges};
use super::model::id::UserId;
use super::model::page::Page;
use super::model::thresholds::Thresholds;
use super::model::time::Clock;
use db::prepare_writer;
pub(super) use db::take_within;
pub use db::{Db, Durability};
pub(super) use migrations::{COPY_PREFIX, SCHEMA_VERSION};
use scans::{Scans, Turn};
pub(super) use transaction::Tx;
pub(super) use writer::WriterThread;

/// SQLite before 3.51.3 can lose committed data when a writer races a checkpoint on
/// another connection, which is our very shape.
const OLDEST_SQLITE: i32 = 3_051_003;

/// What is read where it is asked for may weigh less, in bytes of messages: some tenths of a
/// millisecond of work, put into words. What weighs more takes a turn.
pub(super) const MAX_INLINE_BYTES: usize = 128 * 1024;

/// The database: its writer and its readers. Cloning shares them.
#[derive(Clone)]
pub(super) struct Store {
    writer: queue::Writer,
    readers: readers::Readers,
    scans: Arc<Scans>,
    searches: Arc<Scans>,
}

impl Store {
    /// Opens (or makes) the database at `path`. `on_commit` gets what each commit
    /// leaves to be done, in commit order, before the callers hear of it. What is written
    /// waits until the thread is started. `is_searched`: it keeps an index of words.
    pub fn open(
        path: &Path,
        durability: Durability,
        clock: Clock,
        thresholds: Thresholds,
        is_searched: bool,
        on_commit: impl FnMut(Committed) + Send + 'static,
    ) -> Result<(Self, WriterThread), OpenError> {
        assert_version()?;
        let mut connection = migrations::open(path)?;
        // What is refused stays as it is: closing it would checkpoint a log that a crash left.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        migrations::run(&mut connection, path)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        prepare_writer(&connection, durability)?;
        search::begin(&mut connection, is_searched)?;
        let readers = readers::Readers::open(path, thresholds.reader_wait)?;
        let (writer, thread) = WriterThread::new(connection, clock, thresholds.waiting, Box::new(on_commit))?;
        let [scans, searches] = [(), ()].map(|()| Arc::new(Scans::new()));
        Ok((Self { writer, readers, scans, searches }, thread))
    }

    /// Runs `work` in the writer's next transaction; returns when it is committed
    /// (or not at all). Whoever stops waiting changes nothing about that.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(work).await
    }

    /// Frees what connections keep for the next statement.
    pub async fn let_go(&self) {
        self.writer.let_go().await;
        self.readers.let_go();
    }

    /// Runs `work` on one state of the database, here and now: for short reads by
    /// an index. What may scan goes through [`Store::scan`].
    pub fn read<T>(&self, work: impl FnOnce(&Db) -> Result<T>) -> Result<T> {
        self.readers.read(work)
    }

    /// Like `read`, on a thread where it may take its time, for the server or its operator.
    pub async fn scan<T: Send + 'static>(&self, work: impl FnOnce(&Db) -> Result<T> + Send + 'static) -> Result<T> {
        self.scan_in(self.scans.turn(None).await?, work).await
    }

    /// The same for a user, who leaves turns to others.
    pub async fn scan_for<T: Send + 'static>(
        &self,
        user: UserId,
        work: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.scan_in(self.scans.turn(Some(user)).await?, work).await
    }

    /// Like [`Store::scan_for`], for what takes the longest, searches and pages far down a list: in turns of their own.
    pub async fn search_for<T: Send + 'static>(
        &self,
        user: UserId,
        work: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.scan_in(self.searches.turn(Some(user)).await?, work).await
    }

    async fn scan_in<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let readers = self.readers.clone();
        let (reply, scanned) = oneshot::channel();
        // One kind of task for all readings: the runtime's code is not made anew for each.
        let reading: Box<dyn FnOnce() + Send> = Box::new(move || {
            let read = readers.read(work);
            // Held to the end of the reading: whoever asked may be gone before.
            drop(turn);
            drop(reply.send(read));
        });
        tokio::task::spawn_blocking(reading);
        scanned.await.map_err(|_| Error::Internal)?
    }

    /// Reads a page of a list: here and now if it is near the beginning, else where the way
    /// to it may take its time.
    pub async fn read_page<T: Send + 'static>(
        &self,
        user: UserId,
        page: Page,
        work: impl FnOnce(&Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if page.is_far() { self.search_for(user, work).await } else { self.read(work) }
    }

    /// Reads what may be long. `work` is given what it may weigh, and yields nothing if it is more:
    /// then it is done again in a turn, as it is at once if it is not `near`.
    pub async fn read_long<T: Send + 'static>(
        &self,
        user: UserId,
        near: bool,
        work: impl Fn(&Db, usize) -> Result<Option<T>> + Send + 'static,
    ) -> Result<T> {
        if near && let Some(done) = self.read(|db| work(db, MAX_INLINE_BYTES))? {
            return Ok(done);
        }
        let turns = if near { &self.scans } else { &self.searches };
        self.scan_in(turns.turn(Some(user)).await?, move |db| work(db, usize::MAX)?.ok_or(Error::Internal)).await
    }

    pub fn gauges(&self) -> (WriterGauges, ReaderGauges) {
        (self.writer.gauges(), self.readers.gauges())
    }

    /// Whether the writer lives, and another program keeps it from writing.
    pub fn is_locked_out(&self) -> bool {
        self.writer.is_locked_out()
    }

    /// Commits what has been handed over, checkpoints the log into the database and closes it.
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
