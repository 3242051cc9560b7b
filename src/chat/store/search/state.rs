//! How far the index is.

use rusqlite::Connection;

use crate::chat::store::db::Db;

/// How far messages are entered.
#[derive(Clone, Copy)]
pub struct State {
    pub is_on: bool,
    /// Those up to this one wait since before there was an index.
    pub below: i64,
    /// Those above `below`, up to this one, are entered.
    pub upto: i64,
}

pub fn state(db: &Db) -> rusqlite::Result<State> {
    let mut query = db.prepare_cached("SELECT is_on, below, upto FROM search_state")?;
    query.query_row([], |row| Ok(State { is_on: row.get(0)?, below: row.get(1)?, upto: row.get(2)? }))
}

pub fn set_state(db: &Db, state: State) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE search_state SET is_on = ?1, below = ?2, upto = ?3")?.execute((
        state.is_on,
        state.below,
        state.upto,
    ))?;
    Ok(())
}

/// How much of all messages the index knows, from 0 to 1.
pub fn indexed(db: &Db) -> rusqlite::Result<f64> {
    let State { below, upto, .. } = state(db)?;
    // Parts of a thousand are enough, and 1 says that nothing waits.
    let thousandths = if below == 0 { 1_000 } else { ((upto - below) * 1_000 / upto.max(1)).min(999) };
    Ok(f64::from(i32::try_from(thousandths).unwrap_or(0)) / 1_000.0)
}

/// Begins to keep the index, or keeps none any more. To be called before anybody searches.
pub fn begin(connection: &mut Connection, is_on: bool) -> rusqlite::Result<()> {
    let tx = connection.transaction()?;
    let before = state(&tx)?;
    let newest: i64 = tx.query_row("SELECT coalesce(max(id), 0) FROM messages", [], |row| row.get(0))?;
    if !is_on && before.is_on {
        tx.execute_batch(
            "INSERT INTO search (search) VALUES ('delete-all');
             DELETE FROM search_changed; DELETE FROM search_gone; DELETE FROM search_blocks;",
        )?;
        set_state(&tx, State { is_on, below: 0, upto: 0 })?;
    } else if is_on && before.below == before.upto && newest > before.upto {
        // Nothing is entered yet: all that is there waits.
        set_state(&tx, State { is_on, below: newest, upto: newest })?;
    } else if is_on && !before.is_on {
        set_state(&tx, State { is_on, ..before })?;
    }
    tx.commit()
}

/// Whether the database keeps an index.
pub fn is_on(db: &Db) -> rusqlite::Result<bool> {
    Ok(state(db)?.is_on)
}
