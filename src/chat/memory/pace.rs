//! How often everybody has said something lately.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::UserId;

/// After so many, those who have been quiet since are forgotten.
pub const FORGET_EVERY: u32 = 4_096;

/// What everybody has said lately.
pub struct Pace {
    pub limit: Option<DefaultKeyedRateLimiter<UserId>>,
    pub checks: AtomicU32,
}

impl Pace {
    /// With nobody having said anything yet; `None`: as often as they like.
    pub fn new(limit: Option<Quota>) -> Self {
        Self { limit: limit.map(DefaultKeyedRateLimiter::keyed), checks: AtomicU32::new(0) }
    }

    pub fn check(&self, user: UserId) -> Result<()> {
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
