//! How much of the disk files may take: a user's, and all of them together.
//!
//! The rows of users add up what is stored; what is on its way is added up here, so that many
//! uploads at once are refused before the bytes are written and not after. The transaction
//! that makes a file's row looks again, and is what counts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Chat;
use super::error::{Error, Result};
use super::file::MAX_STORED_BYTES;
use super::id::UserId;
use super::store::{self, Db};

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

/// Bytes of one user, and of all.
#[derive(Clone, Copy, Default)]
struct Taken {
    user: u64,
    all: u64,
}

impl Quota {
    /// Fails if more is stored than may be.
    pub(super) fn check(self, db: &Db, user: UserId) -> Result<()> {
        if self.has_room(self.stored(db, user)?) { Ok(()) } else { Err(Error::StorageFull) }
    }

    fn stored(self, db: &Db, user: UserId) -> Result<Taken> {
        let bytes = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
        let all = if self.all.is_some() { store::totals::files_bytes(db)? } else { 0 };
        Ok(Taken { user: bytes(store::totals::files_bytes_of(db, user)?), all: bytes(all) })
    }

    fn has_room(self, taken: Taken) -> bool {
        taken.user <= self.user && self.all.is_none_or(|all| taken.all <= all)
    }
}

/// Bytes of uploads that are on their way, by user.
#[derive(Default)]
pub(super) struct Incoming(Mutex<HashMap<UserId, u64>>);

/// What one upload takes until it is a file or gone.
pub(super) struct Share {
    chat: Chat,
    user: UserId,
    bytes: u64,
}

impl Chat {
    /// How much files may take.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// A share of nothing yet, for somebody who has room left.
    pub(super) fn share_for(&self, user: UserId) -> Result<Share> {
        let mut share = Share { chat: self.clone(), user, bytes: 0 };
        // A file has a byte, or it would be no news to a full share.
        share.grow(1)?;
        share.shrink(1);
        Ok(share)
    }
}

impl Share {
    /// Takes more, if there is room for it beside all that is stored and on its way.
    pub fn grow(&mut self, bytes: u64) -> Result<()> {
        let quota = self.chat.quota;
        let stored = self.chat.store.read(|db| quota.stored(db, self.user))?;
        let mut incoming = self.chat.incoming.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = incoming.get(&self.user).copied().unwrap_or(0);
        let all: u64 = incoming.values().sum();
        let taken = Taken { user: stored.user + mine + bytes, all: stored.all + all + bytes };
        if !quota.has_room(taken) {
            return Err(Error::StorageFull);
        }
        incoming.insert(self.user, mine + bytes);
        self.bytes += bytes;
        Ok(())
    }

    fn shrink(&mut self, bytes: u64) {
        let mut incoming = self.chat.incoming.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = incoming.get_mut(&self.user) {
            *mine = mine.saturating_sub(bytes);
            if *mine == 0 {
                incoming.remove(&self.user);
            }
        }
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod simulated {
    use super::{Incoming, PoisonError};

    impl Incoming {
        /// Whether nothing is on its way.
        pub fn is_empty(&self) -> bool {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
        }
    }
}
