//! How often somebody has done something lately that is limited.

use std::cell::RefCell;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use parking_lot::RwLock;

use crate::chat::model::error::{Error, Result};
use crate::chat::model::rate::RateUsage;

/// After so many, those who have been quiet since are forgotten.
pub const FORGET_EVERY: u32 = 4_096;
/// Entries of one table. Whoever fills it has thousands of networks, against whom counting by network is no use
/// anyway: the table is emptied, because the other choice is to turn everybody else away.
const MAX_ENTRIES: usize = 100_000;

tokio::task_local! {
    /// Where whoever asked stands by now. It is counted deep in the operations, whose results do not tell.
    static USAGES: RefCell<Vec<RateUsage>>;
}

/// Does what somebody asks for, and says where they stand after it with each limit that counted it.
pub async fn counted<T>(asked: impl Future<Output = T>) -> (T, Vec<RateUsage>) {
    let done = async { (asked.await, USAGES.with(RefCell::take)) };
    USAGES.scope(RefCell::default(), done).await
}

/// How often each of many has done something lately; nobody is counted where there is no limit.
pub struct Pace<K: Clone + Hash + Eq> {
    /// What it is called where somebody is told how much is left.
    name: &'static str,
    limit: Option<(Quota, RwLock<Limiter<K>>)>,
    checks: AtomicU32,
}

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

fn limiter<K: Clone + Eq + Hash>(quota: Quota) -> Limiter<K> {
    RateLimiter::keyed(quota).with_middleware()
}

impl<K: Clone + Hash + Eq> Pace<K> {
    /// With nobody having done anything yet; `None`: as often as they like.
    pub fn new(name: &'static str, limit: Option<Quota>) -> Self {
        let limit = limit.map(|quota| (quota, RwLock::new(limiter(quota))));
        Self { name, limit, checks: AtomicU32::new(0) }
    }

    /// Counts one of them, and tells whoever asked.
    pub fn check(&self, who: &K) -> Result<()> {
        self.count(who, NonZeroU32::MIN).told()
    }

    /// Counts what is worth `cost` of them. What is worth more than may come at once is worth that.
    pub fn count(&self, who: &K, cost: NonZeroU32) -> Counted {
        let Some((quota, limiter)) = &self.limit else { return Counted { usage: None, wait: None } };
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.forget();
        }
        let cost = cost.min(quota.burst_size());
        let (left, wait) = match limiter.read().check_key_n(who, cost) {
            Ok(Ok(after)) => (after.remaining_burst_capacity(), None),
            Ok(Err(until)) => (0, Some(until.wait_time_from(DefaultClock::default().now()))),
            // More than may come at once, which it is not.
            Err(_) => (0, Some(Duration::ZERO)),
        };
        let usage = RateUsage::new(self.name, quota.burst_size().get(), quota.replenish_interval(), left);
        Counted { usage: Some(usage), wait: wait.map(|wait| wait.max(Duration::from_secs(1))) }
    }

    /// Forgets those who may do as much as if they had never been here, and everybody if they are too many still.
    pub fn forget(&self) {
        self.forget_but(MAX_ENTRIES);
    }

    fn forget_but(&self, most: usize) {
        let Some((quota, counted)) = &self.limit else { return };
        let counted_now = counted.read();
        counted_now.retain_recent();
        counted_now.shrink_to_fit();
        let is_full = counted_now.len() > most;
        drop(counted_now);
        if is_full {
            *counted.write() = limiter(*quota);
        }
    }
}

/// What came of counting.
pub struct Counted {
    /// `None`: there is no limit.
    usage: Option<RateUsage>,
    /// Too often: when it works again.
    wait: Option<Duration>,
}

impl Counted {
    /// Whether it was too often, which nobody is told.
    pub fn is_too_often(&self) -> bool {
        self.wait.is_some()
    }

    /// Tells whoever asked where they stand, but at a socket.
    pub fn told(self) -> Result<()> {
        if let Some(usage) = self.usage {
            let told = USAGES.try_with(|told| {
                let mut told = told.borrow_mut();
                told.retain(|other| other.name != usage.name);
                told.push(usage);
            });
            told.ok();
        }
        self.wait.map_or(Ok(()), |retry_after| Err(Error::TooOften { retry_after }))
    }
}

#[cfg(test)]
mod tests {
    use governor::Quota;

    use super::{NonZeroU32, Pace};

    #[test]
    fn a_table_holds_those_who_were_here_lately_and_no_more_than_it_may() {
        let pace = Pace::<u32>::new("test", Some(Quota::per_hour(NonZeroU32::MIN)));
        let entries = |pace: &Pace<u32>| pace.limit.as_ref().map(|(_, limiter)| limiter.read().len());
        assert!((0..50).all(|key| pace.check(&key).is_ok()));
        pace.forget_but(50);
        assert!(pace.check(&7).is_err() && entries(&pace) == Some(50), "they are not too many");
        pace.forget_but(49);
        assert!(entries(&pace) == Some(0) && pace.check(&7).is_ok());
        let swift = Pace::<u32>::new("test", NonZeroU32::new(4_000_000_000).map(Quota::per_second));
        assert!((0..50).all(|key| swift.check(&key).is_ok()));
        std::thread::sleep(std::time::Duration::from_millis(1));
        swift.forget_but(50);
        assert_eq!(entries(&swift), Some(0));
    }
}
