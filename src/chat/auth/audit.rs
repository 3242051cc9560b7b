//! Who administered what: a line for each act, written in the act's own transaction.

use std::time::Duration;

use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::{AuditAction, AuditEntry};
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::page::{Page, Paged};
use crate::chat::store::{self, Tx};

/// How long a line is kept.
pub const KEEP_AUDIT: Duration = Duration::from_hours(400 * 24);

impl App {
    /// What was administered, the newest first.
    pub async fn audit(&self, by: &Administrator, page: Page) -> Result<Paged<AuditEntry>> {
        let by = by.clone();
        self.store
            .scan(move |db| {
                by.check(db)?;
                store::audit::page(db, page)
            })
            .await
    }
}

/// Writes an act down. `actor` is `None` for the command line.
pub(in crate::chat) fn note(
    tx: &Tx<'_>,
    actor: Option<UserId>,
    act: AuditAction,
    subject: &str,
    detail: &str,
) -> Result<()> {
    store::audit::insert(tx, actor, act.as_str(), subject, detail)
}
