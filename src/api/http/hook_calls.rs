//! The ways out of hooks.
//!
//! There are three, so that nobody waits for others' receivers: one for hooks whose receiver answered promptly the
//! last time, one for all others, and one for tests. Each has places and look-ups of its own.

use crate::outbound::{Network, Outbound, Rules};

/// Calls at once of hooks whose receivers answer promptly, and as many of the others.
pub const MAX_CALLS: usize = 32;
/// Tests at once.
const MAX_TESTS: usize = 8;

/// The ways out of hooks.
pub struct HookCalls {
    /// For receivers that answer promptly.
    pub prompt: Outbound,
    /// For those that do not, or that nobody knows yet.
    pub slow: Outbound,
    /// For tests.
    pub tests: Outbound,
}

impl HookCalls {
    /// To public addresses, and to these networks.
    #[must_use]
    pub fn new(allowed: &[Network]) -> Self {
        let way = |at_once| Outbound::new(Rules { allowed: allowed.to_vec(), may_use_http: true, at_once });
        Self { prompt: way(MAX_CALLS), slow: way(MAX_CALLS), tests: way(MAX_TESTS) }
    }
}
