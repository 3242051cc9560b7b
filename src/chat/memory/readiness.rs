//! The latest attempt to write, which all share who ask meanwhile.

use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::chat::model::readiness::{DEADLINE, Unready};

/// The latest attempt to write, which all share who ask meanwhile.
#[derive(Default)]
pub struct Readiness {
    pub stopping: AtomicBool,
    pub latest: Mutex<Option<Attempt>>,
}

#[derive(Clone)]
pub struct Attempt {
    pub begun: Instant,
    pub outcome: watch::Receiver<Option<Result<(), Unready>>>,
}

impl Attempt {
    /// A write that hangs is not joined by a second one, however long it hangs: a queue
    /// that nobody empties must not be filled by those who ask how it is.
    pub fn answers_for(&self, now: Instant) -> bool {
        now.duration_since(self.begun) < DEADLINE || self.outcome.borrow().is_none()
    }

    pub async fn outcome(mut self) -> Result<(), Unready> {
        let done = async { self.outcome.wait_for(Option::is_some).await.map(|outcome| *outcome) };
        match tokio::time::timeout_at(self.begun + DEADLINE, done).await {
            Ok(Ok(Some(outcome))) => outcome,
            Ok(Ok(None) | Err(_)) | Err(_) => Err(Unready::Database),
        }
    }
}
