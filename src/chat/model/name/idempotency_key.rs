//! What a client gives a send, so that it happens once.

use std::time::Duration;

use super::rule::{Violation, blank, too_long};

/// Longest idempotency key, in characters.
pub const MAX_IDEMPOTENCY_KEY: usize = 64;
/// How long an idempotency key answers for its first message.
pub const KEEP_KEYS: Duration = Duration::from_hours(24);

/// A key that makes a send happen once: 1 to 64 characters, any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Checks the length. Nothing is trimmed: the key is the client's own.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        match raw.chars().count() {
            0 => blank(),
            1..=MAX_IDEMPOTENCY_KEY => Ok(Self(raw.to_owned())),
            _ => too_long(MAX_IDEMPOTENCY_KEY),
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
