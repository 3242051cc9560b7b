//! From whatever version a database has to this program's, in one transaction.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::db::prepare;
use crate::chat::folder;
use crate::chat::model::error::OpenError;

/// The version of the first release. Those before it were of its development.
pub(super) const FIRST_VERSION: usize = 17;

/// `MIGRATIONS[n]` leads from version `FIRST_VERSION + n` to the next; `schema.sql` is what comes of them all.
const MIGRATIONS: &[&str] = &[
    // 18: hooks that take what others send can be off, too.
    "ALTER TABLE hooks ADD COLUMN off_reason TEXT;
     UPDATE hooks SET off_reason = (SELECT o.off_reason FROM outgoing_hooks o WHERE o.hook_id = hooks.id);
     ALTER TABLE outgoing_hooks DROP COLUMN off_reason;",
    // 19: who came into a group, left it and renamed it is kept.
    "CREATE TABLE chat_log (
         id         INTEGER PRIMARY KEY,
         chat_id    INTEGER NOT NULL REFERENCES chats,
         kind       TEXT    NOT NULL CHECK (kind IN ('joined', 'added', 'left', 'removed', 'renamed')),
         actor_id   INTEGER NOT NULL REFERENCES users,
         user_id    INTEGER REFERENCES users,
         old_title  TEXT,
         new_title  TEXT,
         created_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX chat_log_by_chat ON chat_log (chat_id, id);",
    // 20: calls that go on are known after a crash.
    "CREATE TABLE open_calls (
         chat_id      INTEGER PRIMARY KEY REFERENCES chats,
         starter_id   INTEGER NOT NULL REFERENCES users,
         last_id      INTEGER NOT NULL REFERENCES users,
         has_video    INTEGER NOT NULL,
         was_answered INTEGER NOT NULL,
         seconds      INTEGER NOT NULL
     ) STRICT;",
];

/// An empty database of the newest version, as `build.rs` makes it by `schema.sql`.
const NEW: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/new.db.gz"));

/// The version that this program reads and writes.
pub(in crate::chat) const SCHEMA_VERSION: usize = FIRST_VERSION + MIGRATIONS.len();

/// A connection that writes. The database is made where there is none, or an empty file, which SQLite takes for one.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    if path.metadata().map_or(0, |file| file.len()) == 0 {
        make(path)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    Ok(connection)
}

/// Makes a new database. It has its name only when it is whole and on the disk.
fn make(path: &Path) -> Result<(), OpenError> {
    let part = fresh_part(path)?;
    let mut whole = Vec::new();
    let written = GzDecoder::new(NEW).read_to_end(&mut whole).and_then(|_| fs::write(&part, whole));
    written.map_err(|cause| OpenError::Io(part.clone(), cause))?;
    name(&part, path)
}

/// Brings the database up to date, after a copy of the old one was made beside it.
/// One that is newer, foreign or of before the first release is refused and not touched.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    step(connection, path, MIGRATIONS)
}

fn step(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let newest = FIRST_VERSION + migrations.len();
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let found = found as usize;
    let sql = match found {
        0 => return Err(OpenError::Damaged("it is a database, but not Fireside's".into())),
        _ if found < FIRST_VERSION => return Err(OpenError::Unreleased { found, first: FIRST_VERSION }),
        _ if found > newest => return Err(OpenError::Newer { found, newest }),
        _ => {
            check(connection)?;
            migrations[found - FIRST_VERSION..].concat()
        }
    };
    if sql.is_empty() {
        return Ok(());
    }
    keep_copy(connection, path, found).map_err(|cause| not_migrated(found, newest, cause))?;
    change(connection, &sql, newest).map_err(|cause| not_migrated(found, newest, cause.into()))
}

fn change(connection: &mut Connection, sql: &str, newest: usize) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", newest.to_string())?;
    transaction.commit()
}

/// What an operator has to know of an upgrade that failed: that nothing is lost by it.
fn not_migrated(found: usize, newest: usize, cause: OpenError) -> OpenError {
    match cause {
        OpenError::Damaged(cause) => OpenError::NotMigrated { found, newest, cause },
        OpenError::Refused(cause) => {
            OpenError::Refused(format!("it stays of version {found} and could not be brought to {newest}: {cause}"))
        }
        other => other,
    }
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

/// How the copies begin that upgrades make.
pub(in crate::chat) const COPY_PREFIX: &str = "fireside.before-version-";

fn keep_copy(connection: &Connection, path: &Path, version: usize) -> Result<(), OpenError> {
    let copy: PathBuf = path.with_file_name(format!("{COPY_PREFIX}{}.db", version + 1));
    let part = fresh_part(&copy)?;
    // It has its name only when it is whole and on the disk.
    if let Err(cause) = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]) {
        if let Err(left) = fs::remove_file(&part) {
            tracing::debug!(cause = %left, "a part of a copy stays");
        }
        return Err(cause.into());
    }
    name(&part, &copy)
}

/// An empty file beside a path, for its owner alone: SQLite fills it as it would make a new one, and that would be for
/// everybody.
fn fresh_part(path: &Path) -> Result<PathBuf, OpenError> {
    let part = path.with_extension("db.part");
    let cleared = folder::create(&part).and_then(|file| file.set_len(0));
    cleared.map_err(|cause| OpenError::Io(part.clone(), cause))?;
    Ok(part)
}

/// Gives a file its name once it is on the disk.
fn name(part: &Path, path: &Path) -> Result<(), OpenError> {
    let synced = File::open(part).and_then(|file| file.sync_all());
    let named = synced.and_then(|()| fs::rename(part, path));
    named.and_then(|()| folder::sync(folder::parent(path))).map_err(|cause| OpenError::Io(path.to_owned(), cause))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use rusqlite::Connection;

    use super::{FIRST_VERSION, OpenError, change, make, run, step};

    const FIRST: i64 = 17;
    /// What the first release makes, with a little in it.
    const FIRST_RELEASE: &[u8] = include_bytes!("../../../tests/fixtures/version-17/fireside.db.gz");

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
        change(&mut connection, OLD, FIRST_VERSION).expect("made");
        step(&mut connection, &path, &["UPDATE sequence SET value = 8;", "UPDATE sequence SET value = value * 10;"])
            .expect("migrated");
        assert_eq!(value(&connection, "SELECT value FROM sequence"), 80);
        assert_eq!(value(&connection, "PRAGMA user_version"), FIRST + 2);
        let copy = Connection::open(folder.path().join(format!("fireside.before-version-{}.db", FIRST + 1)))
            .expect("the copy");
        assert_eq!(value(&copy, "SELECT value FROM sequence"), 7);
        assert_eq!(value(&copy, "PRAGMA user_version"), FIRST);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fireside.db");
        let mut connection = Connection::open(&path).expect("opened");
        change(&mut connection, OLD, FIRST_VERSION).expect("made");
        let failed = step(&mut connection, &path, &["UPDATE sequence SET value = 8; SELECT nonsense;"]);
        assert!(matches!(failed, Err(OpenError::NotMigrated { found: FIRST_VERSION, newest: 18, .. })));
        assert_eq!(value(&connection, "SELECT value FROM sequence"), 7);
        assert_eq!(value(&connection, "PRAGMA user_version"), FIRST);
    }

    #[test]
    fn a_newer_a_foreign_and_an_unreleased_database_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fireside.db");
        let mut connection = Connection::open(&path).expect("opened");
        connection.execute_batch("CREATE TABLE other (a)").expect("foreign");
        assert!(matches!(step(&mut connection, &path, &[]), Err(OpenError::Damaged(_))));
        connection.execute_batch("PRAGMA user_version = 99").expect("newer");
        let refused = step(&mut connection, &path, &[]);
        assert!(matches!(refused, Err(OpenError::Newer { found: 99, newest: FIRST_VERSION })));
        connection.execute_batch("PRAGMA user_version = 16").expect("older");
        let refused = step(&mut connection, &path, &["UPDATE sequence SET value = 8;"]);
        assert!(matches!(refused, Err(OpenError::Unreleased { found: 16, .. })));
    }

    /// Every table and index by its name, without comments and with single spaces.
    fn layout(connection: &Connection) -> BTreeMap<String, String> {
        let mut query =
            connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").expect("a query");
        let rows = query.query_map([], |row| Ok((row.get(0)?, normalised(&row.get::<_, String>(1)?))));
        rows.expect("rows").collect::<rusqlite::Result<_>>().expect("the schema")
    }

    fn normalised(sql: &str) -> String {
        let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let words: Vec<&str> = code.iter().flat_map(|line| line.split_whitespace()).collect();
        words.join(" ").replace(" ,", ",").replace(" )", ")")
    }

    #[test]
    fn a_database_of_the_first_release_is_laid_out_as_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(FIRST_RELEASE).read_to_end(&mut bytes).expect("unpacked");
        std::fs::write(&old, bytes).expect("written");
        let mut migrated = Connection::open(&old).expect("opened");
        assert_eq!(value(&migrated, "PRAGMA user_version"), FIRST);
        run(&mut migrated, &old).expect("migrated");
        assert!(value(&migrated, "SELECT count(*) FROM users") > 0);
        make(&new).expect("made");
        let made = Connection::open(&new).expect("opened");
        assert_eq!(layout(&migrated), layout(&made));
        assert_eq!(value(&migrated, "PRAGMA user_version"), value(&made, "PRAGMA user_version"));
    }
}
