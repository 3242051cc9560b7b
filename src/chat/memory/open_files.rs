//! How many files of the disk may be open at once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::chat::model::id::UserId;

/// Stored files that are open at once to be read, each for one piece. One more waits.
pub const MAX_READS: usize = 64;
/// Uploads at once; one more is told to come back. With the reads they leave the database most of
/// the files that connections may not take.
pub const MAX_UPLOADS: usize = 128;
/// Those of one user: an upload may take its time, and nobody is to hold them all for as long.
pub const MAX_UPLOADS_EACH: usize = 16;

/// How many files of the disk may be open at once.
pub struct OpenFiles {
    pub reads: Semaphore,
    uploads: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl Default for OpenFiles {
    fn default() -> Self {
        Self { reads: Semaphore::new(MAX_READS), uploads: Arc::default() }
    }
}

/// The right to one more upload, until it is dropped.
pub struct UploadPermit {
    user: UserId,
    uploads: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl OpenFiles {
    /// A permit for an upload of the user's, unless they have too many, or all together.
    pub fn permit_upload(&self, user: UserId) -> Option<UploadPermit> {
        let mut uploads = self.uploads.lock();
        let (all, own) = (uploads.values().sum::<usize>(), uploads.get(&user).copied().unwrap_or(0));
        if all >= MAX_UPLOADS || own >= MAX_UPLOADS_EACH {
            return None;
        }
        uploads.insert(user, own + 1);
        Some(UploadPermit { user, uploads: Arc::clone(&self.uploads) })
    }
}

impl Drop for UploadPermit {
    fn drop(&mut self) {
        let mut uploads = self.uploads.lock();
        if let Some(own) = uploads.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                uploads.remove(&self.user);
            }
        }
    }
}
