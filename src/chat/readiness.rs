//! Whether the server can do its work now: a write goes through, there is room on the
//! disk, and nobody has told it to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Chat;
use super::error::Error;

/// How long a write may take. Also how long its outcome answers for others who ask.
pub const DEADLINE: Duration = Duration::from_secs(1);
/// Bytes that have to be left on the disk: a write-ahead log of ordinary size still fits.
pub const LEAST_FREE: u64 = 32 * 1024 * 1024;

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// The server was told to stop.
    #[error("the server stops")]
    Stopping,
    /// There is no room for what people write.
    #[error("the disk is full")]
    DiskFull,
    /// A write did not go through, or not in time.
    #[error("a write did not go through within a second")]
    Database,
    /// The writer is well, and waits for another program.
    #[error("another program holds the database's lock")]
    Locked,
}

/// The latest attempt to write, which all share who ask meanwhile.
#[derive(Default)]
pub(super) struct Readiness {
    stopping: AtomicBool,
    latest: Mutex<Option<Attempt>>,
}

#[derive(Clone)]
struct Attempt {
    begun: Instant,
    outcome: watch::Receiver<Option<Result<(), Unready>>>,
}

impl Attempt {
    /// A write that hangs is not joined by a second one, however long it hangs: a queue
    /// that nobody empties must not be filled by those who ask how it is.
    fn answers_for(&self, now: Instant) -> bool {
        now.duration_since(self.begun) < DEADLINE || self.outcome.borrow().is_none()
    }

    async fn outcome(mut self) -> Result<(), Unready> {
        let done = async { self.outcome.wait_for(Option::is_some).await.map(|outcome| *outcome) };
        match tokio::time::timeout_at(self.begun + DEADLINE, done).await {
            Ok(Ok(Some(outcome))) => outcome,
            Ok(Ok(None) | Err(_)) | Err(_) => Err(Unready::Database),
        }
    }
}

impl Chat {
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

    /// Whether a write goes through, all the way to the disk, within [`DEADLINE`]. Many
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
        let mut latest = self.readiness.latest.lock().unwrap_or_else(PoisonError::into_inner);
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
