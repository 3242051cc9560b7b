//! Whether the machine's clock is believed.
//!
//! What is deleted for its age is deleted by the clock, and a date that somebody mistyped
//! would take everything with it. So the server writes down, seldom, until when it knew the
//! time. Where the clock is far from that, ahead or behind, nothing is deleted for its age
//! until the clock is right again or the operator confirms it; all else goes on.

use std::time::Duration;

use crate::chat::app::App;
use crate::chat::auth::audit;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::clock::ClockDoubt;
use crate::chat::model::error::Result;
use crate::chat::store;

/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl App {
    /// Why nothing is deleted for its age now, if that is so.
    pub fn clock_doubt(&self) -> Option<ClockDoubt> {
        self.clock_watch.look()
    }

    /// The operator says that the clock is right. What is too old by it goes at once.
    pub async fn confirm_clock(&self) -> Result<()> {
        let confirmed = self.store.write(|tx| {
            store::clock::set_known(tx, tx.now)?;
            audit::note(tx, Administrator::CommandLine.id(), AuditAction::ClockConfirmed, &tx.now.to_string(), "")?;
            Ok(tx.now)
        });
        self.clock_watch.confirm(confirmed.await?);
        self.maintain().await
    }

    /// Looks at the clock again and again. What was known is written down at once, and when a doubt arises or ends: a
    /// start that knew nothing would believe any time.
    pub(in crate::chat) fn watch_clock(&self) {
        let app = self.clone();
        self.in_background(async move {
            let mut written = None;
            loop {
                let is_doubted = app.clock_watch.look().is_some();
                if written != Some(is_doubted) && app.write_known_time().await.is_ok() {
                    written = Some(is_doubted);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }

    async fn write_known_time(&self) -> Result<()> {
        let Some(known) = self.clock_watch.lock().known else { return Ok(()) };
        self.store.write(move |tx| store::clock::set_known(tx, known)).await
    }
}
