//! How much of the disk users may fill.

use super::file::MAX_STORED_BYTES;

/// Bytes that may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// One user's files and texts.
    pub user: u64,
    /// Everybody's files together; `None`: as many as the disk has. Their texts count for none of it: whoever filled
    /// this with them would silence everybody.
    pub all: Option<u64>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { user: MAX_STORED_BYTES, all: None }
    }
}
