//! Bytes of uploads that are on their way.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::chat::model::id::UserId;

/// Bytes of one user, and of all.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    pub user: u64,
    pub all: u64,
}

/// Bytes of uploads that are on their way, by user.
#[derive(Default)]
pub struct UploadsInProgress(pub Mutex<HashMap<UserId, u64>>);

#[cfg(test)]
mod simulated {
    use super::UploadsInProgress;

    impl UploadsInProgress {
        /// Whether nothing is on its way.
        pub fn is_empty(&self) -> bool {
            self.0.lock().is_empty()
        }
    }
}
