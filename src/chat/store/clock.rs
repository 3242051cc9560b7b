//! When the server last knew the time.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::time::Timestamp;

pub fn known(db: &Db) -> Result<Option<Timestamp>> {
    db.first("SELECT known_at FROM clock", [], |row| row.get(0))
}

pub fn set_known(tx: &Tx<'_>, at: Timestamp) -> Result<()> {
    tx.run(
        "INSERT INTO clock (only_row, known_at) VALUES (1, ?1) ON CONFLICT DO UPDATE SET known_at = excluded.known_at",
        params![at.0],
    )
}

/// The newest moment of which the data tells that something happened, `upto` at most: for a
/// database in which the time was never written down. The rows that were made last suffice.
pub fn newest(db: &Db, upto: Timestamp) -> Result<Option<Timestamp>> {
    let newest: Option<i64> = db.one(
        "SELECT max(at) FROM (
             SELECT at FROM (SELECT created_at AS at FROM messages ORDER BY id DESC LIMIT 1000)
             UNION ALL SELECT at FROM (SELECT created_at AS at FROM users ORDER BY id DESC LIMIT 1000)
             UNION ALL SELECT at FROM (SELECT used_at AS at FROM credentials ORDER BY id DESC LIMIT 1000)
             UNION ALL SELECT at FROM (SELECT at FROM audit ORDER BY id DESC LIMIT 1000)
         ) WHERE at <= ?1",
        [upto.0],
    )?;
    Ok(newest.map(Timestamp))
}
