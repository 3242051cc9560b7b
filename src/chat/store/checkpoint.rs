//! Checkpoints: the write-ahead log goes back into the database.
//!
//! SQLite would do that by itself within a commit, and throw away what went wrong: a
//! sync of the database that failed would be tried again with the next commit, which
//! is what must never happen. So the writer checkpoints, after its callers have heard, and
//! sees the outcome.

use std::cell::Cell;
use std::time::Duration;

use rusqlite::Connection;

/// The log is checkpointed past this many pages. 4,000 keeps it at about 17 MB and costs the
/// writer least.
const CHECKPOINT_PAGES: i32 = 4_000;
/// Past this many the writer waits for its readers: each of them reads for a moment only,
/// but together they could keep the log from ever starting anew.
const MAX_PAGES: i32 = 4 * CHECKPOINT_PAGES;
/// Longest file that the log keeps when it starts anew, in bytes: what it grew to under a
/// reader who stayed goes back to the disk.
const KEPT_BYTES: i64 = 64 * 1024 * 1024;
/// How long it waits for them.
const MAX_WAIT: Duration = Duration::from_millis(250);
/// The same at the end. Whoever reads on, as a replicator does, must not hold up the stop:
/// then the log stays, and the next start reads it.
const MAX_WAIT_AT_END: Duration = Duration::from_secs(1);

thread_local! {
    /// Pages in the log after this thread's last commit.
    static PAGES: Cell<i32> = const { Cell::new(0) };
    /// Pages from which on this thread waits for readers.
    static WAIT_AT: Cell<i32> = const { Cell::new(MAX_PAGES) };
}

/// Takes over from SQLite's own checkpoints on the writer's connection.
pub(super) fn watch(connection: &Connection) -> rusqlite::Result<()> {
    connection.wal_hook(Some(|_, pages| {
        PAGES.set(pages);
        Ok(())
    }));
    // The limit itself is the answer.
    connection.query_row(&format!("PRAGMA journal_size_limit = {KEPT_BYTES}"), [], |_| Ok(()))
}

/// Checkpoints the log if it has become long. To be called on the writer's thread.
pub(super) fn checkpoint_if_long(connection: &Connection) -> rusqlite::Result<()> {
    let pages = PAGES.replace(0);
    if pages < CHECKPOINT_PAGES {
        return Ok(());
    }
    if pages < WAIT_AT.get() {
        if pages < MAX_PAGES {
            WAIT_AT.set(MAX_PAGES);
        }
        return checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").map(drop);
    }
    connection.busy_timeout(MAX_WAIT)?;
    let done = checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
    connection.busy_timeout(LOCK_TURN)?;
    // A reader that stays, as a backup does, must not hold up every commit.
    WAIT_AT.set(if done? { MAX_PAGES } else { pages.saturating_add(CHECKPOINT_PAGES) });
    Ok(())
}

/// Checkpoints all of it and truncates the log, so that a copy of the file is the whole of the database.
pub(super) fn checkpoint_and_truncate(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(MAX_WAIT_AT_END)?;
    checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)").map(drop)
}

/// `false`: a reader was in the way, which is no fault.
fn checkpoint(connection: &Connection, pragma: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached(pragma)?.query_row([], |row| Ok(row.get::<_, i64>(0)? == 0))
}

/// How long the thread waits at once while another program holds the file's lock, before
/// it looks who still waits.
pub(super) const LOCK_TURN: Duration = Duration::from_millis(250);
