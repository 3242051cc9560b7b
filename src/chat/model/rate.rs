//! Where somebody stands with a limit of how often.

use std::time::Duration;

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateUsage {
    /// What is limited.
    pub name: &'static str,
    /// How much of it may come at once.
    pub quota: u32,
    /// The time in which all of that is there again.
    pub window: Duration,
    /// How much is left.
    pub remaining: u32,
    /// The time after which all of it is.
    pub reset: Duration,
}

impl RateUsage {
    /// So many are left of a quota, of which one comes back at a time.
    pub fn new(name: &'static str, quota: u32, every: Duration, remaining: u32) -> Self {
        let reset = every * quota.saturating_sub(remaining);
        Self { name, quota, window: every * quota, remaining, reset }
    }
}
