//! What a simulation does beneath the store: faults of the disk, bugs that are planted
//! there, and a second look at what is committed.

mod view;

use std::cell::Cell;

use rusqlite::{Connection, ffi};

use super::WriterThread;
pub(in crate::chat) use view::{View, VisibleMessage};

/// How the disk fails under the next batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Fault {
    /// It is full when the batch commits.
    FullAtCommit,
    /// It is full after a command, and SQLite undoes the whole transaction by itself.
    FullWithin,
    /// The commit's sync fails, and nobody knows what is stored: all of it, in the one case.
    SyncFailedStored,
    /// Nothing of it, in the other.
    SyncFailedLost,
}

/// What a turn of the writer ends with when the process would have ended.
pub(in crate::chat) struct Stopped;

thread_local! {
    static NEXT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Lets the disk fail under the next batch, or not.
pub(in crate::chat) fn fail_next(fault: Option<Fault>) {
    NEXT.set(fault);
}

/// Fails, if that is planned, in place of a statement that frames a batch or a command.
fn strike(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let code = match (NEXT.get(), sql) {
        (Some(Fault::FullAtCommit), "COMMIT") => ffi::SQLITE_FULL,
        (Some(Fault::FullWithin), "RELEASE command") => {
            connection.execute_batch("ROLLBACK")?;
            ffi::SQLITE_FULL
        }
        (Some(Fault::SyncFailedStored), "COMMIT") => {
            connection.execute_batch("COMMIT")?;
            ffi::SQLITE_IOERR_FSYNC
        }
        (Some(Fault::SyncFailedLost), "COMMIT") => ffi::SQLITE_IOERR_FSYNC,
        _ => return Ok(()),
    };
    NEXT.set(None);
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

/// Unwinds the turn as the end of the process would.
fn stop_turn() -> ! {
    // A new start on the same thread, as only a simulation makes one.
    super::fault::DISK_FAILED.set(false);
    std::panic::resume_unwind(Box::new(Stopped))
}

/// From here on the disk fails when it is told to, and the end of the process is the turn's.
pub(in crate::chat) fn take_over(writer: &mut WriterThread) {
    writer.stands_on(strike_or_run, stop_turn);
}

fn strike_or_run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    strike(connection, sql)?;
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Bugs that a trigger on the writer's connection makes: what a statement wrote is undone.
/// The other planted bugs are edits to a copy of the sources: see `.ci/mutants`.
pub(in crate::chat) const PLANTED: [(&str, &str); 6] = [
    (
        "the key of a post is not stored",
        "AFTER INSERT ON main.idempotency_keys
         BEGIN DELETE FROM idempotency_keys WHERE rowid = new.rowid; END",
    ),
    (
        "a deleted message is still counted",
        "AFTER UPDATE OF message_count ON main.chats WHEN new.message_count < old.message_count
         BEGIN UPDATE chats SET message_count = old.message_count WHERE id = new.id; END",
    ),
    (
        "what was read is still counted as unread",
        "AFTER UPDATE OF seen_count ON main.members WHEN new.read_mark > old.read_mark
         BEGIN UPDATE members SET seen_count = old.seen_count WHERE id = new.id; END",
    ),
    (
        "what ends all credentials spares JWTs",
        "BEFORE DELETE ON main.credentials WHEN old.kind = 'refresh' BEGIN SELECT RAISE(IGNORE); END",
    ),
    (
        "a message that got a reaction keeps its number",
        "AFTER UPDATE OF reaction_count ON main.messages
         BEGIN UPDATE messages SET seq = old.seq WHERE id = new.id; END",
    ),
    (
        "bytes of an erased file are still counted as its uploader's",
        "AFTER UPDATE OF stored_bytes ON main.users WHEN new.stored_bytes < old.stored_bytes
         BEGIN UPDATE users SET stored_bytes = old.stored_bytes WHERE id = new.id; END",
    ),
];

/// Plants one of them.
pub(in crate::chat) fn plant(writer: &WriterThread, bug: usize) {
    let sql = format!("CREATE TEMP TRIGGER planted {}", PLANTED[bug].1);
    writer.connection().execute_batch(&sql).expect("a trigger");
}
