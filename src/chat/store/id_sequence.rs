//! Numbers that people may have seen, and that do not come again after a step back in time.
//!
//! A backup knows what was given out until it was made. What came after that is told by the
//! folder that it replaces, if there is one and it can be read; else nobody knows, so that a
//! gap is left in any case.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{changes, copy};
use crate::chat::model::backup::BackupError;

/// More numbers of a kind than are given out between a backup and its restore.
const GAP: i64 = 1_000_000;
/// More than any server gives out: a folder that says so is damaged, and is not believed.
const MOST: i64 = 1 << 32;

/// The newest number that was given out.
#[derive(Debug, Default, PartialEq, Eq)]
struct LastId {
    /// Of changes, and so of messages.
    change: i64,
    /// Of the rows of each table that counts by itself.
    rows: HashMap<String, i64>,
}

impl LastId {
    fn of(db: &Connection) -> rusqlite::Result<Self> {
        // One that never had a row is not in SQLite's own list.
        let mut query = db.prepare(
            "SELECT name, coalesce((SELECT max(seq) FROM sqlite_sequence s WHERE s.name = t.name), 0)
             FROM sqlite_schema t WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'",
        )?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { change: changes::newest(db)?.0, rows: rows.collect::<rusqlite::Result<_>>()? })
    }

    /// Of a folder that is to be replaced: as much of it as can be believed.
    fn before(path: &Path) -> Self {
        if !path.exists() {
            return Self::default();
        }
        match copy::open(path).and_then(|db| Self::of(&db)) {
            Ok(given) => Self {
                change: believed(given.change),
                rows: given.rows.into_iter().map(|(table, newest)| (table, believed(newest))).collect(),
            },
            Err(cause) => {
                tracing::warn!(%cause, "the data that was there before does not say which numbers it gave out");
                Self::default()
            }
        }
    }
}

fn believed(number: i64) -> i64 {
    if number < MOST { number } else { 0 }
}

/// Sets the numbers of a database above all that it, and the one that it replaces, may have
/// given out.
pub fn leave_gap(path: &Path, replaced: &Path) -> Result<(), BackupError> {
    let before = LastId::before(replaced);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags)?;
    db.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    let tx = db.transaction()?;
    let here = LastId::of(&tx)?;
    tx.execute("UPDATE sequence SET value = ?1", [above(here.change, before.change)])?;
    for (table, newest) in here.rows {
        let newest = above(newest, before.rows.get(&table).copied().unwrap_or(0));
        if tx.execute("UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1", (&table, newest))? == 0 {
            tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (&table, newest))?;
        }
    }
    tx.commit()?;
    db.close().map_err(|(_, cause)| cause.into())
}

fn above(here: i64, before: i64) -> i64 {
    here.max(before).saturating_add(GAP)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use rusqlite::Connection;

    use super::{GAP, LastId, MOST, leave_gap};

    /// A database whose newest change and user have these numbers.
    fn database(folder: &Path, name: &str, change: i64, user: i64) -> PathBuf {
        let path = folder.join(name);
        let db = Connection::open(&path).expect("a database");
        db.execute_batch(include_str!("../../../schema.sql")).expect("the schema");
        db.execute("UPDATE sequence SET value = ?1", [change]).expect("a number");
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('users', ?1)", [user]).expect("a number");
        path
    }

    fn given(path: &Path) -> (i64, i64, i64) {
        let given = LastId::of(&Connection::open(path).expect("a database")).expect("numbers");
        (given.change, given.rows["users"], given.rows["posts"])
    }

    #[test]
    fn numbers_go_on_above_both() {
        let folder = tempfile::tempdir().expect("a folder");
        let restored = database(folder.path(), "restored", 3, 2_000);
        let replaced = database(folder.path(), "replaced", 5_000_000, 7);
        leave_gap(&restored, &replaced).expect("a gap");
        assert_eq!(given(&restored), (5_000_000 + GAP, 2_000 + GAP, GAP));
        assert_eq!(given(&replaced), (5_000_000, 7, 0), "only read");
        let db = Connection::open(&restored).expect("a database");
        let insert = "INSERT INTO posts (author_id, title, content, created_at) VALUES (1, '', '', 0)";
        db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {insert}")).expect("a post");
        assert_eq!(db.last_insert_rowid(), GAP + 1);
    }

    #[test]
    fn what_cannot_be_read_or_believed_leaves_the_gap_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let absent = folder.path().join("absent");
        let broken = folder.path().join("broken");
        std::fs::write(&broken, "no database").expect("a file");
        let wild = database(folder.path(), "wild", i64::MAX, MOST);
        for (number, replaced) in [absent, broken, wild].iter().enumerate() {
            let restored = database(folder.path(), &number.to_string(), 3, 2);
            leave_gap(&restored, replaced).expect("a gap");
            assert_eq!(given(&restored), (3 + GAP, 2 + GAP, GAP), "{}", replaced.display());
        }
        assert!(!folder.path().join("absent").exists());
    }
}
