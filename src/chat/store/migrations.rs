//! From whatever version a database has to this program's, in one transaction.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::super::OpenError;

/// The newest state of the database, for one that is new.
const SCHEMA: &str = include_str!("../../../schema.sql");

/// `MIGRATIONS[n]` leads from version n + 1 to n + 2.
const MIGRATIONS: &[&str] = &[];

/// The version that this program reads and writes.
pub(in crate::chat) const SCHEMA_VERSION: usize = MIGRATIONS.len() + 1;

/// Brings the database up to date, after a copy of the old one was made beside it.
/// A newer or foreign one is refused and not touched.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    step(connection, path, SCHEMA, MIGRATIONS)
}

fn step(connection: &mut Connection, path: &Path, schema: &str, migrations: &[&str]) -> Result<(), OpenError> {
    let newest = migrations.len() + 1;
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let found = found as usize;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let sql = match found {
        0 if tables == 0 => schema.to_owned(),
        0 => return Err(OpenError::Damaged("it is a database, but not Fireside's".into())),
        _ if found > newest => return Err(OpenError::Newer { found, newest }),
        _ => {
            check(connection)?;
            migrations[found - 1..].concat()
        }
    };
    if sql.is_empty() {
        return Ok(());
    }
    if found > 0 {
        keep_copy(connection, path, found)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    transaction.execute_batch(&sql)?;
    transaction.pragma_update(None, "user_version", newest.to_string())?;
    transaction.commit()?;
    Ok(())
}

/// Reads enough to notice a file that is damaged where it matters at once. The full
/// check is an operator's command: it reads the whole file.
fn check(connection: &Connection) -> Result<(), OpenError> {
    connection.query_row("SELECT value FROM sequence", [], |row| row.get::<_, i64>(0))?;
    for table in ["users", "chats", "members", "messages", "files", "credentials"] {
        // Two questions, since asked as one they read the whole table.
        let ends = format!("SELECT (SELECT min(rowid) FROM {table}), (SELECT max(rowid) FROM {table})");
        connection.query_row(&ends, [], |_| Ok(()))?;
    }
    Ok(())
}

fn keep_copy(connection: &Connection, path: &Path, version: usize) -> Result<(), OpenError> {
    let copy: PathBuf = path.with_extension(format!("before-version-{}.db", version + 1));
    if copy.exists() {
        std::fs::remove_file(&copy).map_err(|cause| OpenError::Io(copy.clone(), cause))?;
    }
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{OpenError, step};

    const OLD: &str = "CREATE TABLE sequence (value); INSERT INTO sequence VALUES (7);
        CREATE TABLE users (a); CREATE TABLE chats (a); CREATE TABLE members (a);
        CREATE TABLE messages (a); CREATE TABLE files (a); CREATE TABLE credentials (a);";

    fn value(connection: &Connection, sql: &str) -> i64 {
        connection.query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    #[test]
    fn an_old_database_is_copied_and_brought_up_to_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fireside.db");
        let mut connection = Connection::open(&path).expect("opened");
        step(&mut connection, &path, OLD, &[]).expect("made");
        step(
            &mut connection,
            &path,
            "",
            &["UPDATE sequence SET value = 8;", "UPDATE sequence SET value = value * 10;"],
        )
        .expect("migrated");
        assert_eq!(value(&connection, "SELECT value FROM sequence"), 80);
        assert_eq!(value(&connection, "PRAGMA user_version"), 3);
        let copy = Connection::open(folder.path().join("fireside.before-version-2.db")).expect("the copy");
        assert_eq!(value(&copy, "SELECT value FROM sequence"), 7);
        assert_eq!(value(&copy, "PRAGMA user_version"), 1);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fireside.db");
        let mut connection = Connection::open(&path).expect("opened");
        step(&mut connection, &path, OLD, &[]).expect("made");
        let failed = step(&mut connection, &path, "", &["UPDATE sequence SET value = 8; SELECT nonsense;"]);
        assert!(matches!(failed, Err(OpenError::Damaged(_))));
        assert_eq!(value(&connection, "SELECT value FROM sequence"), 7);
        assert_eq!(value(&connection, "PRAGMA user_version"), 1);
    }

    #[test]
    fn a_newer_or_foreign_database_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fireside.db");
        let mut connection = Connection::open(&path).expect("opened");
        connection.execute_batch("CREATE TABLE other (a)").expect("foreign");
        assert!(matches!(step(&mut connection, &path, OLD, &[]), Err(OpenError::Damaged(_))));
        connection.execute_batch("PRAGMA user_version = 9").expect("newer");
        assert!(matches!(step(&mut connection, &path, OLD, &[]), Err(OpenError::Newer { found: 9, newest: 1 })));
    }
}
