//! What a simulation does beneath the store: faults of the disk, bugs that are planted
//! there, and a second look at what is committed.

mod view;

use std::cell::Cell;

use rusqlite::{Connection, ffi};
pub(in crate::chat) use view::{Held, View};

use super::changes::Place;
use super::{Db, WriterThread, by_chat, files};
use crate::chat::error::Result;
use crate::chat::file::File;
use crate::chat::id::{FileId, Seq};
use crate::chat::simulation::mutant::Mutant;
use crate::chat::time::Timestamp;

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
pub(super) fn strike(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
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
pub(super) fn stop_turn() -> ! {
    super::fault::forget();
    std::panic::resume_unwind(Box::new(Stopped))
}

/// Bugs that a trigger on the writer's connection makes: what a statement wrote is undone.
pub(in crate::chat) fn plant(writer: &WriterThread, mutant: Mutant) {
    let sql = match mutant {
        Mutant::KeyForgotten => {
            "AFTER INSERT ON main.idempotency_keys
             BEGIN DELETE FROM idempotency_keys WHERE rowid = new.rowid; END"
        }
        Mutant::CounterStale => {
            "AFTER UPDATE OF message_count ON main.chats WHEN new.message_count < old.message_count
             BEGIN UPDATE chats SET message_count = old.message_count WHERE id = new.id; END"
        }
        Mutant::UnreadStale => {
            "AFTER UPDATE OF seen_count ON main.members WHEN new.read_mark > old.read_mark
             BEGIN UPDATE members SET seen_count = old.seen_count WHERE id = new.id; END"
        }
        Mutant::FamilySpared => {
            "BEFORE DELETE ON main.credentials WHEN old.kind = 'refresh' BEGIN SELECT RAISE(IGNORE); END"
        }
        Mutant::ReactionUnnumbered => {
            "AFTER UPDATE OF reaction_count ON main.messages
             BEGIN UPDATE messages SET seq = old.seq WHERE id = new.id; END"
        }
        Mutant::BytesUncounted => {
            "AFTER UPDATE OF stored_bytes ON main.users WHEN new.stored_bytes < old.stored_bytes
             BEGIN UPDATE users SET stored_bytes = old.stored_bytes WHERE id = new.id; END"
        }
        _ => return,
    };
    writer.connection().execute_batch(&format!("CREATE TEMP TRIGGER planted {sql}")).expect("a trigger");
}

/// A planted bug's look at a file: through nobody.
pub(in crate::chat) fn any_file(db: &Db, id: FileId) -> Result<Option<File>> {
    files::any(db, id)
}

/// A planted bug: files of that age, whatever they hang on.
pub(in crate::chat) fn older_files(db: &Db, than: Timestamp) -> Result<Vec<File>> {
    files::older(db, than)
}

/// A planted bug: leaves out the messages that are not entered under their chats.
pub(in crate::chat) fn miss_waiting(db: &Db, found: &mut Vec<(Seq, Place)>) {
    let indexed = by_chat::indexed(db).expect("a number");
    found.retain(|(seq, place)| seq.0 <= indexed || !matches!(place, Place::Message(id) if id.0 == seq.0));
}
