//! How much there is of what may go.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::{copy, search};
use crate::chat::model::backup::BackupError;
use crate::chat::model::thresholds::SearchThresholds;
use crate::chat::model::time::Timestamp;

/// From when on things are too old.
pub struct Cutoffs {
    pub now: Timestamp,
    pub invites: Timestamp,
    pub audit: Timestamp,
    pub keys: Timestamp,
    pub unused: Timestamp,
}

/// Rows that may go.
pub struct Rows {
    pub credentials: u64,
    pub resets: u64,
    pub invites: u64,
    pub audit: u64,
    pub keys: u64,
    /// Uploads that nothing uses, and their bytes.
    pub unused: (u64, u64),
    /// Messages of chats that were deleted.
    pub messages: u64,
}

pub fn count(db: &Connection, cutoffs: &Cutoffs) -> rusqlite::Result<Rows> {
    let count = |sql: &str, than: Timestamp| -> rusqlite::Result<u64> {
        db.query_row(sql, [than.0], |row| row.get::<_, i64>(0)).map(|count| u64::try_from(count).unwrap_or(0))
    };
    let unused = "FROM files WHERE message_id IS NULL AND avatar_of IS NULL AND avatar_of_chat IS NULL
                  AND created_at < ?1";
    Ok(Rows {
        credentials: count("SELECT count(*) FROM credentials WHERE expires_at <= ?1", cutoffs.now)?,
        resets: count("SELECT count(*) FROM resets WHERE expires_at <= ?1", cutoffs.now)?,
        invites: count("SELECT count(*) FROM invites WHERE expires_at <= ?1", cutoffs.invites)?,
        audit: count("SELECT count(*) FROM audit WHERE at < ?1", cutoffs.audit)?,
        keys: count("SELECT count(*) FROM idempotency_keys WHERE created_at < ?1", cutoffs.keys)?,
        unused: (
            count(&format!("SELECT count(*) {unused}"), cutoffs.unused)?,
            count(&format!("SELECT coalesce(sum(size), 0) {unused}"), cutoffs.unused)?,
        ),
        messages: {
            let sql = "SELECT count(*) FROM messages WHERE chat_id IN (SELECT id FROM chats WHERE is_deleted = 1)";
            let count: i64 = db.query_row(sql, [], |row| row.get(0))?;
            u64::try_from(count).unwrap_or(0)
        },
    })
}

/// Opens a database that nobody works on, so that not even a log appears beside it.
pub fn open_at_rest(path: &Path) -> Result<(Connection, usize), BackupError> {
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
    let schema = copy::edition(&db)?.schema;
    Ok((db, schema))
}

/// Bytes of pages that hold nothing.
pub fn free_pages(db: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    let size: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(u64::try_from(pages.saturating_mul(size)).unwrap_or(0))
}

/// Makes one of all parts of the index of words, so that words of what was deleted leave it.
/// Nobody else may work on it.
pub fn merge_words(path: &Path) -> rusqlite::Result<()> {
    let mut db = open_to_write(path)?;
    let tx = db.transaction()?;
    if search::is_on(&tx)? {
        search::merge(&tx, SearchThresholds::default())?;
    }
    tx.commit()?;
    close(db)
}

/// Writes the database anew without them. Nobody else may work on it.
pub fn compact(path: &Path) -> rusqlite::Result<()> {
    let db = open_to_write(path)?;
    db.execute_batch("VACUUM")?;
    close(db)
}

fn open_to_write(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
    Ok(db)
}

fn close(db: Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", params![], |_| Ok(()))?;
    db.close().map_err(|(_, cause)| cause)
}
