//! Rows of `deliveries`: the last attempts of each hook that sends.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::delivery::{Attempt, PastDelivery};
use crate::chat::model::error::Result;
use crate::chat::model::hook::MAX_DELIVERIES;
use crate::chat::model::id::{DeliveryId, HookId, Seq};
use crate::chat::model::time::Timestamp;

/// Notes an attempt, and forgets those before the last hundred.
pub fn insert(
    tx: &Tx<'_>,
    hook: HookId,
    webhook_id: &str,
    seq: Option<Seq>,
    kind: &str,
    attempt: &Attempt,
) -> Result<()> {
    tx.run(
        "INSERT INTO deliveries (hook_id, webhook_id, seq, type, status, ms, at, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![hook.0, webhook_id, seq.map(|seq| seq.0), kind, attempt.status, attempt.ms, tx.now.0, attempt.error,],
    )?;
    tx.run(
        "DELETE FROM deliveries WHERE hook_id = ?1 AND id <=
             (SELECT id FROM deliveries WHERE hook_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        params![hook.0, MAX_DELIVERIES],
    )
}

/// Those of a hook below one: the newest first.
pub fn of_hook(db: &Db, hook: HookId, below: DeliveryId, limit: u32) -> Result<Vec<PastDelivery>> {
    db.all(
        "SELECT id, webhook_id, seq, type, status, ms, error, at FROM deliveries
         WHERE hook_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        params![hook.0, below.0, limit],
        |row| {
            Ok(PastDelivery {
                id: DeliveryId(row.get("id")?),
                webhook_id: row.get("webhook_id")?,
                seq: row.get("seq")?,
                kind: row.get("type")?,
                attempt: Attempt { status: row.get("status")?, ms: row.get("ms")?, error: row.get("error")? },
                at: Timestamp(row.get("at")?),
            })
        },
    )
}
