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
/// Uploads at once from which on they have to hurry, and what is left is for those who have few.
const MANY: usize = MAX_UPLOADS * 3 / 4;
/// Of so many that one user has, one more finds a place even then.
const FEW: usize = 4;

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
        let max_own = if all < MANY { MAX_UPLOADS_EACH } else { FEW };
        if all >= MAX_UPLOADS || own >= max_own {
            return None;
        }
        uploads.insert(user, own + 1);
        Some(UploadPermit { user, uploads: Arc::clone(&self.uploads) })
    }
}

impl UploadPermit {
    /// Whether places are few, so that nobody is to hold one for as long as they like.
    pub fn is_one_of_many(&self) -> bool {
        self.uploads.lock().values().sum::<usize>() >= MANY
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

#[cfg(test)]
mod tests {
    use super::{FEW, MANY, MAX_UPLOADS, MAX_UPLOADS_EACH, OpenFiles, UserId};

    #[test]
    fn the_last_places_are_for_those_who_have_few() {
        let files = OpenFiles::default();
        let mut held = Vec::new();
        for user in 0..i64::try_from(MANY / MAX_UPLOADS_EACH).expect("few") {
            assert!(held.iter().all(|permit: &super::UploadPermit| !permit.is_one_of_many()));
            held.extend((0..MAX_UPLOADS_EACH).map_while(|_| files.permit_upload(UserId(user))));
            assert!(files.permit_upload(UserId(user)).is_none(), "one more than anybody has");
        }
        assert!(held.len() == MANY && held[0].is_one_of_many());
        held.extend((0..MAX_UPLOADS_EACH).map_while(|_| files.permit_upload(UserId(100))));
        assert_eq!(held.len(), MANY + FEW);
        held.extend((0..).map_while(|user| files.permit_upload(UserId(200 + user))));
        assert_eq!(held.len(), MAX_UPLOADS);
        held.truncate(MANY - 1);
        assert!(!held[0].is_one_of_many());
        held.extend((0..MAX_UPLOADS_EACH).map_while(|_| files.permit_upload(UserId(100))));
        assert_eq!(held.len(), MANY + FEW - 1, "given back");
    }
}
