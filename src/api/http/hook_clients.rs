//! The HTTP clients that send what hooks send.
//!
//! There are three, so that nobody waits for others' receivers: one for hooks whose receiver answered promptly the
//! last time, one for all others, and one for tests. Each has places and look-ups of its own.

use std::sync::atomic::AtomicUsize;

use crate::chat::model::gauges::Counter;
use crate::outbound::{Network, Outbound, Rules};

/// Requests at once of hooks whose receivers answer promptly, and as many of the others.
pub const MAX_REQUESTS: usize = 32;
/// Tests at once.
const MAX_TESTS: usize = 8;

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

/// What came of attempts since the start.
#[derive(Default)]
pub struct HookMeters {
    /// Events that receivers took.
    pub taken: Counter,
    /// Attempts that came to nothing.
    pub failed: Counter,
    /// Hooks that are off for it.
    pub given_up: Counter,
    /// Hooks with something to send: under way, waiting for their turn, or to be tried again.
    pub waiting: AtomicUsize,
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
