//! How often somebody has done something lately that is limited.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::chat::model::error::{Error, Result};

/// After so many, those who have been quiet since are forgotten.
pub const FORGET_EVERY: u32 = 4_096;

/// What everybody has done lately.
pub struct Pace<K: Clone + Hash + Eq> {
    /// And how much may come at once.
    limit: Option<(DefaultKeyedRateLimiter<K>, NonZeroU32)>,
    checks: AtomicU32,
}

impl<K: Clone + Hash + Eq> Pace<K> {
    /// With nobody having done anything yet; `None`: as often as they like.
    pub fn new(limit: Option<Quota>) -> Self {
        let limit = limit.map(|quota| (DefaultKeyedRateLimiter::keyed(quota), quota.burst_size()));
        Self { limit, checks: AtomicU32::new(0) }
    }

    /// Counts what is worth `cost` of them. What is worth more than may come at once is worth that.
    pub fn check(&self, who: K, cost: NonZeroU32) -> Result<()> {
        let Some((limit, most)) = &self.limit else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limit.retain_recent();
        }
        let checked = limit.check_key_n(&who, cost.min(*most)).map_err(|_| Error::Internal)?;
        checked.map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::TooOften { retry_after: wait.max(Duration::from_secs(1)) }
        })
    }
}
