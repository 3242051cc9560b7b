//! Which messages a chat has, in order.
//!
//! Were every message entered under its chat as it is posted, each commit would write a page
//! for each chat that somebody spoke in: with 64 of them four fifths of all that goes to the
//! disk. So they are entered a thousand at a time, sorted by chat, and who looks for a
//! chat's messages looks through those few too that are not entered yet. Both in one
//! transaction: a reader sees each message once.

use rusqlite::Connection;

/// Messages entered at once where very many wait: in a database that was filled otherwise
/// than one by one. They are sorted in memory.
const MAX_AT_ONCE: i64 = 100_000;

/// Ids of the messages of chat `?1` above `?2` and below `?3`; the order and how many come behind.
macro_rules! ids_between {
    ($rest:literal) => {
        concat!(
            "SELECT id FROM messages
             WHERE chat_id = ?1 AND id > max(?2, (SELECT indexed FROM sequence)) AND id < ?3
             UNION ALL
             SELECT message_id FROM messages_by_chat WHERE chat_id = ?1 AND message_id > ?2 AND message_id < ?3
             ORDER BY id ",
            $rest
        )
    };
}
pub(super) use ids_between;

/// Up to where messages are entered.
pub fn indexed(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT indexed FROM sequence")?.query_row([], |row| row.get(0))
}

/// Enters the messages above `from`, up to and with `upto`.
pub fn enter(connection: &Connection, from: i64, upto: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO messages_by_chat (chat_id, message_id)
             SELECT chat_id, id FROM messages WHERE id > ?1 AND id <= ?2 ORDER BY chat_id, id",
        )?
        .execute([from, upto])?;
    connection.prepare_cached("UPDATE sequence SET indexed = ?1")?.execute([upto])?;
    Ok(())
}

/// Enters a piece of what waits in a database that was just opened or filled, if that is more
/// than may wait. `false`: it is not.
pub fn enter_piece(connection: &Connection, newest: i64, may_wait: i64) -> rusqlite::Result<bool> {
    let from = indexed(connection)?;
    let waits = newest - from >= may_wait;
    if waits {
        enter(connection, from, newest.min(from + MAX_AT_ONCE))?;
    }
    Ok(waits)
}
