//! Turns for reads that take their time: a few at once, and fewer for one user, so that
//! nobody's searching holds up what others catch up with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::UserId;
use crate::chat::model::shares::Shares;

/// Such reads of a kind at once. Each holds a connection meanwhile, and whoever has a short question is
/// to find one free.
const MAX_SCANS: usize = 4;
/// Those of one user.
const MAX_PER_USER: usize = 2;
/// How long somebody waits for a turn, and is told "busy" then.
const WAIT: Duration = Duration::from_secs(10);

/// The turns of one kind of reading: lists wait for no searches.
pub(super) struct Scans {
    all: Arc<Semaphore>,
    by_user: Mutex<Shares<UserId>>,
}

/// The right to one such read, to be held to its end.
pub(super) struct Turn {
    _of_user: Option<OwnedSemaphorePermit>,
    _of_all: OwnedSemaphorePermit,
}

impl Scans {
    pub fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(MAX_SCANS)), by_user: Mutex::new(Shares::of(MAX_PER_USER)) }
    }

    /// Waits for a turn; `None` is the server itself, or its operator.
    pub async fn turn(&self, user: Option<UserId>) -> Result<Turn> {
        let busy = Error::Busy { retry_after: WAIT };
        let of_user = user.map(|user| self.of(user));
        let turn = async {
            // One's own first: whoever waits for that keeps nobody from the others.
            let _of_user = match of_user {
                Some(of_user) => Some(of_user.acquire_owned().await.ok()?),
                None => None,
            };
            Some(Turn { _of_user, _of_all: Arc::clone(&self.all).acquire_owned().await.ok()? })
        };
        timeout(WAIT, turn).await.ok().flatten().ok_or(busy)
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner).get(user)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::{MAX_PER_USER, MAX_SCANS, Scans};
    use crate::chat::model::id::UserId;

    #[tokio::test]
    async fn one_user_leaves_turns_to_others() {
        let scans = Scans::new();
        let mut turns = Vec::new();
        for _ in 0..MAX_PER_USER {
            turns.push(scans.turn(Some(UserId(1))).await.expect("a turn"));
        }
        assert!(scans.turn(Some(UserId(1))).now_or_never().is_none(), "more than one user may have");
        for other in 2..=u32::try_from(MAX_SCANS - MAX_PER_USER + 1).expect("few") {
            turns.push(scans.turn(Some(UserId(other.into()))).now_or_never().expect("at once").expect("a turn"));
        }
        assert!(scans.turn(None).now_or_never().is_none(), "more than there are");
        turns.clear();
        assert!(scans.turn(Some(UserId(1))).now_or_never().is_some(), "given back");
    }
}
