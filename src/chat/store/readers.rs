//! Read-only connections, kept open with their statements compiled.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use r2d2::{ManageConnection, Pool, PooledConnection};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::OpenFlags;
use scheduled_thread_pool::ScheduledThreadPool;

use super::db::{Db, prepare, release};
use crate::chat::model::error::OpenError;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::gauges::{ReaderGauges, ReaderMeter};

/// Connections open at most: each worker and some threads that scan can have one.
const MAX_READERS: u32 = 16;

#[derive(Clone)]
pub(super) struct Readers {
    pool: Pool<SqliteConnectionManager>,
    meter: Arc<ReaderMeter>,
}

impl Readers {
    pub fn open(path: &Path, wait: Duration) -> Result<Self, OpenError> {
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(|connection| {
                prepare(connection)?;
                connection
                    .execute_batch("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;")
            });
        // One is opened now, and by this thread: what it cannot read is refused at the start, and a machine that is
        // too busy for the pool's threads is not taken for a damaged file.
        let damaged = |cause: rusqlite::Error| OpenError::Damaged(cause.to_string());
        drop(manager.connect().map_err(damaged)?);
        let pool = Pool::builder()
            .max_size(MAX_READERS)
            // It would open one more while all that are idle are looked through.
            .min_idle(Some(0))
            // r2d2 would otherwise ask `SELECT 1` at every turn, and reopen connections on a timer.
            .test_on_check_out(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connection_timeout(wait)
            // It opens connections, seldom: three threads would wait for that otherwise.
            .thread_pool(Arc::new(ScheduledThreadPool::new(1)))
            .build(manager)
            .map_err(|cause| OpenError::Damaged(cause.to_string()))?;
        Ok(Self { pool, meter: Arc::default() })
    }

    /// All of `work` sees one state of the database.
    pub fn read<T>(&self, work: impl FnOnce(&Db) -> Result<T>) -> Result<T> {
        let state = self.begin()?;
        work(&state.0)
    }

    fn begin(&self) -> Result<Snapshot> {
        let connection = self.connection()?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Snapshot(connection))
    }

    fn connection(&self) -> Result<PooledConnection<SqliteConnectionManager>> {
        if let Some(free) = self.pool.try_get() {
            return Ok(free);
        }
        let (begun, meter) = (Instant::now(), &self.meter);
        let waited = self.pool.get();
        meter.waits.add(1);
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        meter.waited_micros.add(micros);
        waited.map_err(|_| {
            meter.refused.add(1);
            Error::Busy { retry_after: self.pool.connection_timeout() }
        })
    }

    /// Frees the pages and the compiled statements of connections that nobody uses.
    pub fn let_go(&self) {
        let idle = 0..self.pool.state().idle_connections;
        // All at once: each is given back on top, and would be the next again.
        let connections: Vec<_> = idle.map_while(|_| self.pool.try_get()).collect();
        connections.iter().for_each(|connection| release(connection));
    }

    pub fn gauges(&self) -> ReaderGauges {
        let state = self.pool.state();
        ReaderGauges {
            open: state.connections,
            idle: state.idle_connections,
            waits: self.meter.waits.get(),
            waited_micros: self.meter.waited_micros.get(),
            refused: self.meter.refused.get(),
        }
    }
}

/// Ends the read transaction however `work` ends, by a panic too.
struct Snapshot(PooledConnection<SqliteConnectionManager>);

impl Drop for Snapshot {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(cause) = ended {
            tracing::error!(%cause, "a read transaction did not end");
        }
    }
}

#[cfg(test)]
mod simulated {
    use super::{Db, MAX_READERS, Readers};

    impl Readers {
        /// All connections, opened if they are not.
        pub fn each(&self, mut look: impl FnMut(&Db)) {
            let all: Vec<_> = (0..MAX_READERS).map(|_| self.pool.get().expect("a connection")).collect();
            all.iter().for_each(|connection| look(connection));
        }
    }
}
