//! Rows of `second_factors` and `recovery_codes`.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::second_factor::step_at;
use crate::chat::model::time::Timestamp;

/// A second factor, or one that waits for its first code.
pub struct FactorRow {
    pub sealed: Vec<u8>,
    pub is_on: bool,
    pub last_step: i64,
    /// Wrong codes since the last right one, and when the latest came.
    pub wrong: u32,
    pub wrong_at: Timestamp,
}

pub fn find(db: &Db, user: UserId) -> Result<Option<FactorRow>> {
    db.first(
        "SELECT sealed_secret, is_on, last_step, wrong_count, wrong_at FROM second_factors WHERE user_id = ?1",
        [user.0],
        |row| {
            Ok(FactorRow {
                sealed: row.get("sealed_secret")?,
                is_on: row.get("is_on")?,
                last_step: row.get("last_step")?,
                wrong: row.get("wrong_count")?,
                wrong_at: Timestamp(row.get("wrong_at")?),
            })
        },
    )
}

pub fn is_on(db: &Db, user: UserId) -> Result<bool> {
    db.exists("SELECT 1 FROM second_factors WHERE user_id = ?1 AND is_on = 1", [user.0])
}

/// One that waits for its first code, in place of another that waits.
pub fn start(tx: &Tx<'_>, user: UserId, sealed: &[u8]) -> Result<()> {
    tx.run(
        "INSERT INTO second_factors (user_id, sealed_secret) VALUES (?1, ?2)
         ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret WHERE is_on = 0",
        params![user.0, sealed],
    )
}

/// Codes of the app up to this step are used.
pub fn use_step(tx: &Tx<'_>, user: UserId, step: i64) -> Result<()> {
    tx.run("UPDATE second_factors SET last_step = ?2, wrong_count = 0 WHERE user_id = ?1", [user.0, step])
}

pub fn turn_on(tx: &Tx<'_>, user: UserId, recovery_codes: &[[u8; 32]]) -> Result<()> {
    tx.run("UPDATE second_factors SET is_on = 1 WHERE user_id = ?1", [user.0])?;
    let sql = "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2)";
    recovery_codes.iter().try_for_each(|hash| tx.run(sql, params![user.0, hash]))
}

/// Uses a recovery code up. `false`: it is none of theirs any more.
pub fn use_recovery_code(tx: &Tx<'_>, user: UserId, hash: &[u8; 32]) -> Result<bool> {
    let sql = "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2";
    let is_used = tx.changed(sql, params![user.0, hash])?;
    if is_used {
        tx.run("UPDATE second_factors SET wrong_count = 0 WHERE user_id = ?1", [user.0])?;
    }
    Ok(is_used)
}

pub fn recovery_codes_left(db: &Db, user: UserId) -> Result<u32> {
    db.one("SELECT count(*) FROM recovery_codes WHERE user_id = ?1", [user.0])
}

pub fn count_wrong(tx: &Tx<'_>, user: UserId, most: u32) -> Result<()> {
    tx.run(
        "UPDATE second_factors SET wrong_count = min(wrong_count + 1, ?2), wrong_at = ?3 WHERE user_id = ?1",
        params![user.0, most, tx.now.0],
    )
}

/// `false`: there was none, or one that waited for its first code.
pub fn delete(tx: &Tx<'_>, user: UserId) -> Result<bool> {
    let was_on = is_on(tx, user)?;
    tx.run("DELETE FROM recovery_codes WHERE user_id = ?1", [user.0])?;
    tx.run("DELETE FROM second_factors WHERE user_id = ?1", [user.0])?;
    Ok(was_on)
}

/// Steps of after `believed` were used by clocks that were ahead: those of from now on count again.
pub fn redate(tx: &Tx<'_>, believed: Timestamp) -> Result<()> {
    tx.run("UPDATE second_factors SET last_step = ?1 WHERE last_step > ?2", [step_at(tx.now), step_at(believed)])
}
