//! What can be in the way of the server's work.

use std::time::Duration;

/// How long a write may take. Also how long its outcome answers for others who ask.
pub const DEADLINE: Duration = Duration::from_secs(1);
/// Bytes that have to be left on the disk: a write-ahead log of ordinary size still fits.
pub const LEAST_FREE: u64 = 32 * 1024 * 1024;

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// The server was told to stop.
    #[error("the server stops")]
    Stopping,
    /// There is no room for what people write.
    #[error("the disk is full")]
    DiskFull,
    /// A write did not go through, or not in time.
    #[error("a write did not go through within a second")]
    Database,
    /// The writer is well, and waits for another program.
    #[error("another program holds the database's lock")]
    Locked,
}
