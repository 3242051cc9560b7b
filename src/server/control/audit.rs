//! What was administered.

use serde::{Deserialize, Serialize};

use super::{Outcome, failed};
use crate::chat::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditEntry;
use crate::chat::model::page::Page;

/// Lines that are listed at most.
pub const MAX_LINES: u32 = 10_000;

/// An act in the list.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditLine {
    pub id: i64,
    pub at: String,
    /// The admin, or `command line`.
    pub actor: String,
    pub action: String,
    /// To whom or what.
    pub subject: String,
    /// The rest, or `""`.
    pub detail: String,
}

impl From<AuditEntry> for AuditLine {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.to_string(),
            actor: entry.actor.map_or_else(|| "command line".into(), |name| name.to_string()),
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
        }
    }
}

pub(super) async fn list(app: &App, limit: u32) -> Result<Outcome, String> {
    let page = Page { number: 1, size: limit.clamp(1, MAX_LINES) };
    let entries = app.audit(&Administrator::CommandLine, page).await.map_err(failed)?;
    Ok(Outcome::Audit(entries.items.into_iter().map(AuditLine::from).collect()))
}
