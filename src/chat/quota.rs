//! How much of the disk may be filled: by a user's files and texts, and by all files together.
//!
//! Rows add up what each user has stored; of files, what is on its way is added up here, so that many
//! uploads at once are refused before the bytes are written and not after. The transaction
//! that makes a file's row looks again, and is what counts.

use super::app::App;
use super::memory::uploads::Usage;
use super::model::error::{Error, Result};
use super::model::id::UserId;
use super::model::quota::Quota;
use super::store::{self, Db};

impl Quota {
    /// Fails if more is stored than may be.
    pub(super) fn check(self, db: &Db, user: UserId) -> Result<()> {
        if self.has_room(self.stored(db, user)?) { Ok(()) } else { Err(Error::StorageFull) }
    }

    /// Fails if a text that grows by so many bytes has no room beside what its writer has
    /// stored. One that does not grow is let in: a quota may have been lowered since.
    pub(super) fn check_text(self, stored: u64, growth: usize) -> Result<()> {
        let bytes = stored.saturating_add(u64::try_from(growth).unwrap_or(u64::MAX));
        if growth == 0 || bytes <= self.user { Ok(()) } else { Err(Error::StorageFull) }
    }

    fn stored(self, db: &Db, user: UserId) -> Result<Usage> {
        let all = if self.all.is_some() { store::totals::files_bytes(db)? } else { 0 };
        Ok(Usage { user: stored_by(db, user)?, all: u64::try_from(all).unwrap_or(0) })
    }

    fn has_room(self, taken: Usage) -> bool {
        taken.user <= self.user && self.all.is_none_or(|all| taken.all <= all)
    }
}

/// Bytes of somebody's files and texts; of a program, those of all programs that its maker has made.
pub(super) fn stored_by(db: &Db, user: UserId) -> Result<u64> {
    let bytes = match store::bots::maker(db, user)? {
        Some(maker) => store::totals::bytes_of_programs(db, maker)?,
        None => store::totals::bytes_of(db, user)?,
    };
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// What one upload takes until it is a file or gone.
pub(super) struct QuotaReservation {
    app: App,
    user: UserId,
    bytes: u64,
}

impl App {
    /// How much users may store.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// A share of nothing yet, for somebody who has room left.
    pub(super) fn share_for(&self, user: UserId) -> Result<QuotaReservation> {
        let mut share = QuotaReservation { app: self.clone(), user, bytes: 0 };
        // A file has a byte, or it would be no news to a full share.
        share.grow(1)?;
        share.shrink(1);
        Ok(share)
    }
}

impl QuotaReservation {
    /// Takes more, if there is room for it beside all that is stored and on its way.
    pub fn grow(&mut self, bytes: u64) -> Result<()> {
        let quota = self.app.quota;
        let stored = self.app.store.read(|db| quota.stored(db, self.user))?;
        let mut incoming = self.app.incoming.0.lock();
        let mine = incoming.get(&self.user).copied().unwrap_or(0);
        let all: u64 = incoming.values().sum();
        let taken = Usage { user: stored.user + mine + bytes, all: stored.all + all + bytes };
        if !quota.has_room(taken) {
            return Err(Error::StorageFull);
        }
        incoming.insert(self.user, mine + bytes);
        self.bytes += bytes;
        Ok(())
    }

    fn shrink(&mut self, bytes: u64) {
        let mut incoming = self.app.incoming.0.lock();
        if let Some(mine) = incoming.get_mut(&self.user) {
            *mine = mine.saturating_sub(bytes);
            if *mine == 0 {
                incoming.remove(&self.user);
            }
        }
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Drop for QuotaReservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
