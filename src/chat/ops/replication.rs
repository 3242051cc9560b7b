//! How far a Litestream that follows the database is behind, as far as its files tell.
//!
//! It keeps what it has read from the log in a folder of its own beside the database, as files
//! that are named after transactions. Whether those have reached the other machine is not to be
//! seen from here.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::chat::app::App;

/// How long one look answers for others who ask.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl App {
    /// The longest that a change may have been waiting for Litestream to read it; `None` where
    /// none ever followed this database.
    pub fn replication_lag(&self) -> Option<Duration> {
        let mut looks = self.replication.0.lock();
        if let Some((at, lag)) = looks.latest
            && at.elapsed() < LOOK_EVERY
        {
            return lag;
        }
        let lag = looks.lag(&self.data, SystemTime::now());
        looks.latest = Some((Instant::now(), lag));
        lag
    }
}
