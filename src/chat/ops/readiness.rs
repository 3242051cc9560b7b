//! Whether the server can do its work now: a write goes through, there is room on the
//! disk, and nobody has told it to stop.

use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::chat::app::App;
use crate::chat::memory::readiness::Attempt;
use crate::chat::model::error::Error;
use crate::chat::model::readiness::{LEAST_FREE, Unready};

impl App {
    /// Whether requests should be sent here.
    pub async fn readiness(&self) -> Result<(), Unready> {
        if self.readiness.stopping.load(Ordering::Acquire) {
            return Err(Unready::Stopping);
        }
        if self.free_disk().is_some_and(|free| free < LEAST_FREE) {
            return Err(Unready::DiskFull);
        }
        self.try_write().await
    }

    /// Whether a write goes through, all the way to the disk, within [`DEADLINE`](crate::chat::model::readiness::DEADLINE). Many
    /// who ask within that time share one write.
    pub async fn try_write(&self) -> Result<(), Unready> {
        match self.latest_attempt().outcome().await {
            Err(Unready::Database) if self.store.is_locked_out() => Err(Unready::Locked),
            outcome => outcome,
        }
    }

    /// From now on it is not ready, though it goes on answering.
    pub fn begin_to_stop(&self) {
        self.readiness.stopping.store(true, Ordering::Release);
    }

    fn latest_attempt(&self) -> Attempt {
        let mut latest = self.readiness.latest.lock();
        let now = Instant::now();
        let kept = latest.take().filter(|attempt| attempt.answers_for(now));
        latest.insert(kept.unwrap_or_else(|| self.attempt(now))).clone()
    }

    /// Writes on a task of its own: whoever asked may go away, and it is still one write.
    fn attempt(&self, begun: Instant) -> Attempt {
        let (tell, outcome) = watch::channel(None);
        let store = self.store.clone();
        tokio::spawn(async move {
            let written = store.write(|tx| {
                tx.next_seq();
                Ok(())
            });
            tell.send_replace(Some(match written.await {
                Ok(()) => Ok(()),
                Err(Error::StorageFull) => Err(Unready::DiskFull),
                Err(_) => Err(Unready::Database),
            }));
        });
        Attempt { begun, outcome }
    }
}
