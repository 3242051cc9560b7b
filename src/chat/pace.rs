//! How often one user says or changes something that others are told, whichever dialect or
//! socket it comes by: every request for it costs a commit and a frame for each who hears.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::Chat;
use super::error::{Error, Result};
use super::id::UserId;
use super::session::Asker;

/// After so many, those who have been quiet since are forgotten.
const FORGET_EVERY: u32 = 4_096;

/// What everybody has said lately.
pub(super) struct Pace {
    limit: Option<DefaultKeyedRateLimiter<UserId>>,
    checks: AtomicU32,
}

impl Pace {
    /// With nobody having said anything yet; `None`: as often as they like.
    pub fn new(limit: Option<Quota>) -> Self {
        Self { limit: limit.map(DefaultKeyedRateLimiter::keyed), checks: AtomicU32::new(0) }
    }

    fn check(&self, user: UserId) -> Result<()> {
        let Some(limit) = &self.limit else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limit.retain_recent();
        }
        limit.check_key(&user).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::TooOften { retry_after: wait.max(Duration::from_secs(1)) }
        })
    }
}

impl Chat {
    /// Counts something that the asker says or changes for others to hear.
    pub(super) fn check_pace(&self, asker: &Asker) -> Result<()> {
        self.pace.check(asker.user)
    }
}
