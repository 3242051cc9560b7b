//! The HTTP clients that send what hooks send.
//!
//! There are three, so that nobody waits for others' receivers: one for hooks whose receiver answered promptly the
//! last time, one for all others, and one for tests. Each has places and look-ups of its own.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::outbound::{Network, Outbound, Rules};

/// Requests at once of hooks whose receivers answer promptly, and as many of the others.
pub const MAX_REQUESTS: usize = 32;
/// Tests at once.
const MAX_TESTS: usize = 8;

/// The clients of hooks.
pub struct HookClients {
    /// For receivers that answer promptly.
    pub prompt: Outbound,
    /// For those that do not, or that nobody knows yet.
    pub slow: Outbound,
    /// For tests.
    pub tests: Outbound,
    /// What is counted of all but the tests.
    pub meters: HookMeters,
}

/// Counters since the start.
#[derive(Default)]
pub struct HookMeters {
    taken: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    waiting: AtomicUsize,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug)]
pub struct HookCounts {
    /// Events that receivers took.
    pub taken: u64,
    /// Attempts that came to nothing.
    pub failed: u64,
    /// Hooks that are off for it.
    pub given_up: u64,
    /// Hooks with something to send: under way, waiting for their turn, or to be tried again.
    pub waiting: usize,
}

impl HookMeters {
    pub fn note_taken(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    pub fn note_failed(&self, is_given_up: bool) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.given_up.fetch_add(u64::from(is_given_up), Ordering::Relaxed);
    }

    pub fn set_waiting(&self, hooks: usize) {
        self.waiting.store(hooks, Ordering::Relaxed);
    }

    #[must_use]
    pub fn look(&self) -> HookCounts {
        HookCounts {
            taken: self.taken.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            given_up: self.given_up.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

impl HookClients {
    /// To public addresses, and to these networks.
    #[must_use]
    pub fn new(allowed: &[Network]) -> Self {
        let client = |at_once| Outbound::new(Rules { allowed: allowed.to_vec(), may_use_http: true, at_once });
        Self {
            prompt: client(MAX_REQUESTS),
            slow: client(MAX_REQUESTS),
            tests: client(MAX_TESTS),
            meters: HookMeters::default(),
        }
    }
}
