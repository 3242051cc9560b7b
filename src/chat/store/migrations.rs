//! From whatever version a database has to this program's, in one transaction.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::chat::folder;
use crate::chat::model::error::OpenError;

/// The newest state of the database, for one that is new.
const SCHEMA: &str = include_str!("../../../schema.sql");

/// `MIGRATIONS[n]` leads from version n + 1 to n + 2.
const MIGRATIONS: &[&str] =
    &[TO_VERSION_2, TO_VERSION_3, TO_VERSION_4, TO_VERSION_5, TO_VERSION_6, TO_VERSION_7, TO_VERSION_8, TO_VERSION_9];

const TO_VERSION_2: &str = "
     -- Accounts without a mail server: labels, invitations, links, and what administrators did.
     CREATE INDEX users_admins ON users (id) WHERE is_admin = 1 AND is_disabled = 0;
     CREATE INDEX users_disabled ON users (id) WHERE is_disabled = 1;
     ALTER TABLE credentials ADD COLUMN label TEXT NOT NULL DEFAULT '';
     ALTER TABLE credentials ADD COLUMN is_bot INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX credentials_of_bots ON credentials (user_id) WHERE is_bot = 1;
     CREATE TABLE invites (
         id         INTEGER PRIMARY KEY AUTOINCREMENT,
         code_hash  BLOB    NOT NULL UNIQUE,
         label      TEXT    NOT NULL,
         uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
         created_by INTEGER REFERENCES users,
         created_at INTEGER NOT NULL,
         expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX invites_by_expiry ON invites (expires_at);
     CREATE TABLE resets (
         user_id    INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         code_hash  BLOB    NOT NULL UNIQUE,
         created_by INTEGER REFERENCES users,
         expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX resets_by_expiry ON resets (expires_at);
     CREATE TABLE audit (
         id       INTEGER PRIMARY KEY AUTOINCREMENT,
         at       INTEGER NOT NULL,
         actor_id INTEGER REFERENCES users,
         action   TEXT    NOT NULL,
         subject  TEXT    NOT NULL,
         detail   TEXT    NOT NULL
     ) STRICT;
     CREATE INDEX audit_by_age ON audit (at);

     -- How large pictures are. Those that are there already keep no size: what shows them does without.
     ALTER TABLE files ADD COLUMN width INTEGER;
     ALTER TABLE files ADD COLUMN height INTEGER;

     -- Names that are drawn alike. What it is for those that are there already, the program works out.
     ALTER TABLE users ADD COLUMN look_key TEXT NOT NULL DEFAULT '';
     CREATE INDEX users_by_look ON users (look_key);";

const TO_VERSION_3: &str = "
     -- Which messages a chat has, no more as an index: the newest few are entered later.
     DROP INDEX messages_by_chat;
     CREATE TABLE messages_by_chat (
         chat_id    INTEGER NOT NULL,
         message_id INTEGER NOT NULL,
         PRIMARY KEY (chat_id, message_id)
     ) STRICT, WITHOUT ROWID;
     INSERT INTO messages_by_chat SELECT chat_id, id FROM messages ORDER BY chat_id, id;
     ALTER TABLE sequence ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
     UPDATE sequence SET indexed = (SELECT coalesce(max(id), 0) FROM messages);
     CREATE TRIGGER messages_leave_chat AFTER DELETE ON messages BEGIN
         DELETE FROM messages_by_chat WHERE chat_id = old.chat_id AND message_id = old.id;
     END;

     -- How long messages are kept, and whose files take the room.
     ALTER TABLE chats ADD COLUMN retain_days INTEGER;
     CREATE INDEX users_by_storage ON users (stored_bytes) WHERE stored_bytes > 0;";

const TO_VERSION_4: &str = "
     -- Who made a chat: that counts, and not to whom its ownership has passed. What is known
     -- of those that are there already is the owner.
     ALTER TABLE chats ADD COLUMN created_by INTEGER REFERENCES users;
     UPDATE chats SET created_by = owner_id WHERE is_deleted < 2;
     DROP INDEX chats_by_owner;
     CREATE INDEX chats_by_creator ON chats (created_by) WHERE is_deleted = 0;";

const TO_VERSION_5: &str = "
     -- Until when the time was known, and the attached files by their age.
     CREATE TABLE clock (
         only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
         known_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX files_attached ON files (created_at) WHERE message_id IS NOT NULL;";

const TO_VERSION_6: &str = "
     -- Bytes of each user's texts. Those that are there are added one by one: sums by user would
     -- be sorted, and that takes room on a disk that may have none.
     CREATE TABLE text_bytes (
         user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         bytes   INTEGER NOT NULL
     ) STRICT;
     CREATE TRIGGER messages_add_text AFTER INSERT ON messages BEGIN
         INSERT INTO text_bytes VALUES (new.sender_id, octet_length(new.content))
         ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
     END;
     CREATE TRIGGER messages_change_text AFTER UPDATE OF content ON messages BEGIN
         UPDATE text_bytes SET bytes = bytes + octet_length(new.content) - octet_length(old.content)
         WHERE user_id = new.sender_id;
     END;
     CREATE TRIGGER messages_drop_text AFTER DELETE ON messages BEGIN
         UPDATE text_bytes SET bytes = bytes - octet_length(old.content) WHERE user_id = old.sender_id;
     END;
     CREATE TRIGGER posts_add_text AFTER INSERT ON posts BEGIN
         INSERT INTO text_bytes VALUES (new.author_id, octet_length(new.title) + octet_length(new.content))
         ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
     END;
     CREATE TRIGGER posts_change_text AFTER UPDATE OF title, content ON posts BEGIN
         UPDATE text_bytes SET bytes = bytes + octet_length(new.title) + octet_length(new.content)
             - octet_length(old.title) - octet_length(old.content)
         WHERE user_id = new.author_id;
     END;
     CREATE TRIGGER posts_drop_text AFTER DELETE ON posts BEGIN
         UPDATE text_bytes SET bytes = bytes - octet_length(old.title) - octet_length(old.content)
         WHERE user_id = old.author_id;
     END;
     INSERT INTO text_bytes SELECT sender_id, octet_length(content) FROM messages WHERE true
     ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
     INSERT INTO text_bytes SELECT author_id, octet_length(title) + octet_length(content) FROM posts WHERE true
     ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;";

const TO_VERSION_7: &str = "
     -- A name for the server, rooms that welcome every new account, invitations into groups, and pins.
     CREATE TABLE server (
         only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
         name     TEXT    NOT NULL
     ) STRICT;
     INSERT INTO server (only_row, name) VALUES (1, '');
     ALTER TABLE chats ADD COLUMN welcomes INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX chats_welcoming ON chats (id) WHERE welcomes = 1 AND is_deleted = 0;
     ALTER TABLE invites ADD COLUMN chat_id INTEGER REFERENCES chats;
     CREATE TABLE group_invites (
         id         INTEGER PRIMARY KEY AUTOINCREMENT,
         chat_id    INTEGER NOT NULL REFERENCES chats,
         nonce      BLOB    NOT NULL,
         code_hash  BLOB    NOT NULL UNIQUE,
         uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
         created_by INTEGER NOT NULL REFERENCES users,
         created_at INTEGER NOT NULL,
         expires_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX group_invites_by_chat ON group_invites (chat_id);
     CREATE INDEX group_invites_by_expiry ON group_invites (expires_at);
     CREATE INDEX users_by_name ON users (substr(search_key, length(username_key) + 2)) WHERE is_disabled = 0;
     ALTER TABLE messages ADD COLUMN pinned_at INTEGER;
     CREATE INDEX messages_pinned ON messages (chat_id, pinned_at) WHERE pinned_at IS NOT NULL;";

const TO_VERSION_8: &str = "
     -- Names from before a move, by which people sign in who have another here.
     CREATE TABLE former_names (
         user_id  INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
         name_key TEXT    NOT NULL UNIQUE
     ) STRICT;
     -- The lines that calls leave.
     ALTER TABLE messages ADD COLUMN call_seconds INTEGER;";

const TO_VERSION_9: &str = "
     -- The words of messages. Those that are there are entered while the server serves.
     CREATE VIRTUAL TABLE search USING fts5(
         words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
     );
     INSERT INTO search (search, rank) VALUES ('automerge', 8);
     CREATE VIRTUAL TABLE search_terms USING fts5vocab('search', 'instance');
     CREATE TABLE search_state (
         only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
         is_on    INTEGER NOT NULL,
         below    INTEGER NOT NULL,
         upto     INTEGER NOT NULL
     ) STRICT;
     INSERT INTO search_state SELECT 1, 1, coalesce(max(id), 0), coalesce(max(id), 0) FROM messages;
     CREATE TABLE search_changed (
         message_id INTEGER PRIMARY KEY
     ) STRICT;
     CREATE TABLE search_gone (
         message_id INTEGER PRIMARY KEY
     ) STRICT;
     CREATE TRIGGER messages_change_search AFTER UPDATE OF content, attachment_count ON messages
     WHEN old.id <= (SELECT upto FROM search_state) AND old.id > (SELECT below FROM search_state) BEGIN
         INSERT INTO search_changed VALUES (old.id) ON CONFLICT DO NOTHING;
     END;
     CREATE TRIGGER messages_leave_search AFTER DELETE ON messages
     WHEN old.id <= (SELECT upto FROM search_state) AND old.id > (SELECT below FROM search_state) BEGIN
         DELETE FROM search_changed WHERE message_id = old.id;
         INSERT INTO search_gone VALUES (old.id) ON CONFLICT DO NOTHING;
     END;
     CREATE TABLE search_blocks (
         block  INTEGER PRIMARY KEY,
         oldest INTEGER NOT NULL,
         newest INTEGER NOT NULL
     ) STRICT;";

/// The version that this program reads and writes.
pub(in crate::chat) const SCHEMA_VERSION: usize = MIGRATIONS.len() + 1;

/// Brings the database up to date, after a copy of the old one was made beside it.
/// A newer or foreign one is refused and not touched.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    step(connection, path, SCHEMA, MIGRATIONS)?;
    Ok(super::users::fill_looks(connection)?)
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
        keep_copy(connection, path, found).map_err(|cause| not_migrated(found, newest, cause))?;
    }
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
        cause if found == 0 => cause,
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
    let part = copy.with_extension("db.part");
    let failed = |cause| OpenError::Io(copy.clone(), cause);
    if part.exists() {
        std::fs::remove_file(&part).map_err(failed)?;
    }
    // SQLite fills an empty file as it would make a new one, and that would be for everybody.
    folder::create(&part).map_err(failed)?;
    // It has its name only when it is whole and on the disk.
    if let Err(cause) = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]) {
        if let Err(left) = std::fs::remove_file(&part) {
            tracing::debug!(cause = %left, "a part of a copy stays");
        }
        return Err(cause.into());
    }
    let synced = File::open(&part).and_then(|file| file.sync_all());
    let named = synced.and_then(|()| std::fs::rename(&part, &copy));
    named.and_then(|()| folder::sync(folder::parent(path))).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use rusqlite::Connection;

    use super::{OpenError, run, step};

    /// A database that the first version made: see `tests/fixtures/version-1`.
    const VERSION_1: &[u8] = include_bytes!("../../../tests/fixtures/version-1/fireside.db.gz");

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
        assert!(matches!(failed, Err(OpenError::NotMigrated { found: 1, newest: 2, .. })));
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
    fn a_migrated_database_is_laid_out_as_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(VERSION_1).read_to_end(&mut bytes).expect("unpacked");
        std::fs::write(&old, bytes).expect("written");
        let mut migrated = Connection::open(&old).expect("opened");
        assert_eq!(value(&migrated, "PRAGMA user_version"), 1);
        let before = layout(&migrated);
        run(&mut migrated, &old).expect("migrated");
        assert!(value(&migrated, "SELECT count(*) FROM users") > 0);
        assert_eq!(value(&migrated, "SELECT count(*) FROM users WHERE look_key = ''"), 0, "all names were looked at");
        let mut made = Connection::open(&new).expect("opened");
        run(&mut made, &new).expect("made");
        assert_eq!(layout(&migrated), layout(&made));
        assert_ne!(layout(&migrated), before, "it was an old one");
        assert_eq!(value(&migrated, "PRAGMA user_version"), value(&made, "PRAGMA user_version"));
    }
}
