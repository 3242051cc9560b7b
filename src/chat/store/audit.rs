//! Rows of `audit`: who administered what.

use rusqlite::params;

use super::db::{Db, Sql};
use super::transaction::Tx;
use crate::chat::model::audit::AuditEntry;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::name::Username;
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::time::Timestamp;

pub fn insert(tx: &Tx<'_>, actor: Option<UserId>, action: &str, subject: &str, detail: &str) -> Result<()> {
    tx.run(
        "INSERT INTO audit (at, actor_id, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![tx.now.0, actor.map(|actor| actor.0), action, subject, detail],
    )
}

/// The newest first.
pub fn page(db: &Db, page: Page) -> Result<Paged<AuditEntry>> {
    let count = db.one("SELECT count(*) FROM audit", [])?;
    if page.is_past(count) {
        return Ok(Paged::past_the_end(count));
    }
    let items = db.all(
        "SELECT a.id, a.at, u.username, a.action, a.subject, a.detail
             FROM audit a LEFT JOIN users u ON u.id = a.actor_id ORDER BY a.id DESC LIMIT ?1 OFFSET ?2",
        [page.limit(), page.offset()],
        |row| {
            Ok(AuditEntry {
                id: row.get("id")?,
                at: Timestamp(row.get("at")?),
                actor: row.get::<_, Option<String>>("username")?.map(Username::stored),
                action: row.get("action")?,
                subject: row.get("subject")?,
                detail: row.get("detail")?,
            })
        },
    )?;
    Ok(Paged { count, items })
}

pub fn delete_older(tx: &Tx<'_>, than: Timestamp) -> Result<()> {
    tx.run("DELETE FROM audit WHERE at < ?1", [than.0])
}
