//! How much of the disk files may take.

use super::file::MAX_STORED_BYTES;

/// Bytes that files may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// One user's.
    pub user: u64,
    /// Everybody's together; `None`: as many as the disk has.
    pub all: Option<u64>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { user: MAX_STORED_BYTES, all: None }
    }
}
