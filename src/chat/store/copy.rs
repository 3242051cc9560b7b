//! A copy of the whole database as it was at one commit, and whether a copy is whole.
//!
//! This opens the file by itself, beside a server that may run on it.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{changes, migrations};
use crate::chat::model::backup::BackupError;
use crate::chat::model::file::StorageName;
use crate::chat::model::id::Seq;

/// Pages copied between two looks at how far it is.
const PAGES_AT_ONCE: i32 = 1_000;
/// How long to wait for another program's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Faults that are named; more would not help.
const MAX_FAULTS: usize = 5;

/// What a database says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseVersion {
    /// The version of its layout.
    pub schema: usize,
    /// The newest number that is in it: the commit that it shows.
    pub seq: Seq,
}

/// What is known of a file.
pub struct FileRow {
    pub name: StorageName,
    pub size: u64,
    pub sha256: String,
}

/// Copies `from` to `to`. One read transaction spans all of it: the writer goes on
/// meanwhile, and nothing that it writes gets in. `progress` hears of pages, done and all.
pub fn copy(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), BackupError> {
    let source = open(from)?;
    source.execute_batch("BEGIN")?;
    edition(&source)?;
    let mut target = Connection::open(to)?;
    // The copy counts when it is in the archive; what a crash leaves of it is thrown away.
    target.execute_batch("PRAGMA synchronous = OFF")?;
    let backup = Backup::new(&source, &mut target)?;
    loop {
        match backup.step(PAGES_AT_ONCE)? {
            StepResult::Done => break,
            StepResult::More => {
                let state = backup.progress();
                let all = u64::try_from(state.pagecount).unwrap_or(0);
                progress(all.saturating_sub(u64::try_from(state.remaining).unwrap_or(0)), all);
            }
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    drop(backup);
    source.execute_batch("COMMIT")?;
    // One file is the whole copy: no log beside it.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    target.close().map_err(|(_, cause)| cause.into())
}

/// Leaves a copy as a server writes it, with a log, so that it is not written anew where one opens it.
pub fn prepare_to_open(path: &Path) -> Result<(), BackupError> {
    let copy = Connection::open(path)?;
    copy.execute_batch("PRAGMA synchronous = OFF")?;
    copy.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    copy.close().map_err(|(_, cause)| cause.into())
}

/// Reads all of a copy: its pages, its indexes, and that every reference leads somewhere.
pub fn verify(path: &Path) -> Result<DatabaseVersion, BackupError> {
    let copy = open(path)?;
    let faults = faults(&copy)?;
    if faults.is_empty() { edition(&copy) } else { Err(BackupError::Database(faults.join("; "))) }
}

/// What SQLite finds wrong.
pub(super) fn faults(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = db.prepare(&format!("PRAGMA integrity_check({MAX_FAULTS})"))?;
    let found = check.query_map([], |row| row.get::<_, String>(0))?;
    let mut faults: Vec<_> = found.collect::<rusqlite::Result<_>>()?;
    faults.retain(|fault| fault != "ok");
    let mut check = db.prepare("PRAGMA foreign_key_check")?;
    let found = check.query_map([], |row| {
        let (table, row, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("row {} of {table} refers to a row of {parent} that is not there", row.unwrap_or_default()))
    })?;
    for fault in found.take(MAX_FAULTS) {
        faults.push(fault?);
    }
    Ok(faults)
}

/// Tells every file that a database names, in the order of their names.
pub fn each_file(path: &Path, mut tell: impl FnMut(FileRow) -> Result<(), BackupError>) -> Result<(), BackupError> {
    let db = open(path)?;
    let mut query = db.prepare("SELECT storage_name, size, sha256 FROM files ORDER BY storage_name")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let size: i64 = row.get("size")?;
        tell(FileRow {
            name: StorageName::stored(row.get("storage_name")?),
            size: u64::try_from(size).unwrap_or(0),
            sha256: row.get("sha256")?,
        })?;
    }
    Ok(())
}

/// How many files a database names, and their bytes.
pub fn files(path: &Path) -> Result<(u64, u64), BackupError> {
    let totals = open(path)?.query_row("SELECT count(*), coalesce(sum(size), 0) FROM files", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    Ok((u64::try_from(totals.0).unwrap_or(0), u64::try_from(totals.1).unwrap_or(0)))
}

pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// Refuses what is not Fireside's, and what this program does not know yet.
pub(super) fn edition(db: &Connection) -> Result<DatabaseVersion, BackupError> {
    let found: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found as usize {
        0 => Err(BackupError::Database("it is not Fireside's".into())),
        found if found < migrations::FIRST_VERSION => {
            Err(BackupError::Database(format!("an unreleased Fireside wrote it (database version {found})")))
        }
        found if found > migrations::SCHEMA_VERSION => {
            Err(BackupError::Newer { found, newest: migrations::SCHEMA_VERSION })
        }
        schema => Ok(DatabaseVersion { schema, seq: changes::newest(db)? }),
    }
}

impl From<rusqlite::Error> for BackupError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Database(cause.to_string())
    }
}
