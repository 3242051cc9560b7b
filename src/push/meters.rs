//! What is counted of pushes.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::chat::model::gauges::{Distribution, Histogram};

/// Bounds of how long a push took from when it was due, in microseconds.
const TIME_BOUNDS: &[u64] =
    &[10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 60_000_000];

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The push service took it.
    Sent,
    /// The push service knows the device no more.
    Gone,
    /// The push service refused it.
    Refused,
    /// The push service did not answer.
    Unreached,
    /// The push service could not take it for as long as it was news.
    GivenUp,
    /// Too many waited already.
    Dropped,
}

impl Outcome {
    const ALL: [Self; 6] = [Self::Sent, Self::Gone, Self::Refused, Self::Unreached, Self::GivenUp, Self::Dropped];

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Unreached => "unreached",
            Self::GivenUp => "given_up",
            Self::Dropped => "dropped",
        }
    }
}

/// Counters since the start.
pub struct Meters {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    retries: AtomicU64,
    waiting: AtomicUsize,
    time: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        let (outcomes, time) = (Default::default(), Histogram::new(TIME_BOUNDS));
        Self { outcomes, retries: AtomicU64::new(0), waiting: AtomicUsize::new(0), time }
    }
}

impl Meters {
    pub(super) fn note(&self, outcome: Outcome) {
        if let Some(count) = self.outcomes.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn note_time(&self, took: Duration) {
        self.time.record_time(took);
    }

    pub(super) fn note_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_waiting(&self, waiting: usize) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// How many pushes came to what.
    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, u64)> {
        let counted = Outcome::ALL.into_iter().zip(&self.outcomes);
        counted.map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }

    /// Attempts after the first.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Pushes that are under way, or wait for that.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Microseconds from when a push was due until its push service had taken it.
    #[must_use]
    pub fn time(&self) -> Distribution {
        self.time.look()
    }
}
