//! How many files of the disk may be open at once.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Stored files that are open at once to be read, each for one piece. One more waits.
pub const MAX_READS: usize = 64;
/// Uploads at once; one more is told to come back. With the reads they leave the database most of
/// the files that connections may not take.
pub const MAX_UPLOADS: usize = 128;

/// How many files of the disk may be open at once.
pub struct OpenFiles {
    pub reads: Semaphore,
    pub uploads: Arc<Semaphore>,
}

impl Default for OpenFiles {
    fn default() -> Self {
        Self { reads: Semaphore::new(MAX_READS), uploads: Arc::new(Semaphore::new(MAX_UPLOADS)) }
    }
}
