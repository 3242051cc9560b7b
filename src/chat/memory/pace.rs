//! How often somebody has done something lately that is limited.

use std::cell::Cell;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::chat::model::error::{Error, Result};
use crate::chat::model::rate::RateUsage;

/// After so many, those who have been quiet since are forgotten.
pub const FORGET_EVERY: u32 = 4_096;
/// What all of it is called where somebody is told how much is left.
const NAME: &str = "send";

tokio::task_local! {
    /// Where whoever asked stands by now. It is counted deep in the operations, whose results do not tell.
    static USAGE: Cell<Option<RateUsage>>;
}

/// Does what somebody asks for, and says where they stand after it with what they may say, if that was counted.
pub async fn counted<T>(asked: impl Future<Output = T>) -> (T, Option<RateUsage>) {
    let done = async { (asked.await, USAGE.with(Cell::get)) };
    USAGE.scope(Cell::new(None), done).await
}

/// What everybody has done lately.
pub struct Pace<K: Clone + Hash + Eq> {
    limit: Option<(Quota, Limiter<K>)>,
    checks: AtomicU32,
}

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

impl<K: Clone + Hash + Eq> Pace<K> {
    /// With nobody having done anything yet; `None`: as often as they like.
    pub fn new(limit: Option<Quota>) -> Self {
        let limit = limit.map(|quota| (quota, RateLimiter::keyed(quota).with_middleware()));
        Self { limit, checks: AtomicU32::new(0) }
    }

    /// Counts what is worth `cost` of them. What is worth more than may come at once is worth that.
    pub fn check(&self, who: K, cost: NonZeroU32) -> Result<()> {
        let Some((quota, limit)) = &self.limit else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limit.retain_recent();
        }
        let checked = limit.check_key_n(&who, cost.min(quota.burst_size())).map_err(|_| Error::Internal)?;
        let left = checked.as_ref().map_or(0, |after| after.remaining_burst_capacity());
        let usage = RateUsage::new(NAME, quota.burst_size().get(), quota.replenish_interval(), left);
        // Nobody is told at a socket.
        USAGE.try_with(|told| told.set(Some(usage))).ok();
        checked.map(drop).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::TooOften { retry_after: wait.max(Duration::from_secs(1)) }
        })
    }
}
