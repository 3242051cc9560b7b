//! Credentials that were used lately, so that a request need not ask the database who
//! asks.
//!
//! What ends a credential forgets it here as part of its commit, before its answer.
//! A look-up that ran beside that commit may have read the older state: each invalidation
//! moves a counter, and what was read under another count is not kept.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::chat::model::event::{Event, Steering};
use crate::chat::model::id::UserId;
use crate::chat::model::session::Actor;
use crate::chat::model::time::Timestamp;

/// Credentials that are kept; when there are more, all are forgotten and come back as
/// they are used.
const MAX_KNOWN: usize = 20_000;

/// Who a secret signs in, and for how long that can be said without asking.
#[derive(Clone)]
pub(in crate::chat) struct CachedCredential {
    pub actor: Actor,
    /// When that was found. A clock that was set back since makes it be asked again.
    pub since: Timestamp,
    /// Ask again then: its use is to be written down, or it is over.
    pub until: Timestamp,
}

#[derive(Default)]
pub(in crate::chat) struct CredentialCache {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_hash: HashMap<[u8; 32], CachedCredential>,
    forgettings: u64,
}

impl CredentialCache {
    /// Whom a secret signs in, if that is known; else the count to give back with what
    /// is found.
    pub fn find(&self, hash: &[u8; 32], now: Timestamp) -> Result<Actor, u64> {
        let state = self.state.lock();
        match state.by_hash.get(hash) {
            Some(entry) if (entry.since..entry.until).contains(&now) => Ok(entry.actor.clone()),
            _ => Err(state.forgettings),
        }
    }

    /// Keeps what was found, unless something was forgotten since `count` was given out.
    pub fn keep(&self, hash: [u8; 32], entry: CachedCredential, count: u64) {
        let mut state = self.state.lock();
        if state.forgettings != count {
            return;
        }
        if state.by_hash.len() >= MAX_KNOWN {
            state.by_hash.clear();
        }
        state.by_hash.insert(hash, entry);
    }

    /// Forgets what an event ends or changes.
    pub fn hear(&self, event: &Event) {
        if let Event::Steering(
            Steering::CredentialEnded { user, .. }
            | Steering::CredentialsEnded { user, .. }
            | Steering::RightsChanged { user }
            | Steering::Restricted { user },
        ) = event
        {
            self.forget(*user);
        }
    }

    fn forget(&self, user: UserId) {
        let mut state = self.state.lock();
        state.forgettings += 1;
        state.by_hash.retain(|_, entry| entry.actor.user != user);
    }
}

#[cfg(test)]
mod tests {
    use super::{CachedCredential, CredentialCache};
    use crate::chat::model::event::{Event, Steering};
    use crate::chat::model::id::{CredentialId, UserId};
    use crate::chat::model::name::Username;
    use crate::chat::model::session::{Actor, CredentialKind};
    use crate::chat::model::time::Timestamp;

    const NOW: Timestamp = Timestamp(1_000);

    fn entry(user: i64) -> CachedCredential {
        let actor = Actor {
            user: UserId(user),
            username: Username::parse("bob").expect("a name"),
            credential: CredentialId(user),
            kind: CredentialKind::Device,
            is_admin: false,
            is_bot: false,
            has_factor: false,
        };
        CachedCredential { actor, since: NOW, until: Timestamp(2_000) }
    }

    fn end(user: i64) -> Event {
        Event::Steering(Steering::CredentialEnded { user: UserId(user), credential: CredentialId(user) })
    }

    #[test]
    fn what_is_kept_is_found_until_its_time() {
        let known = CredentialCache::default();
        let count = known.find(&[1; 32], NOW).expect_err("nothing yet");
        known.keep([1; 32], entry(1), count);
        assert_eq!(known.find(&[1; 32], NOW).expect("kept").user, UserId(1));
        assert!(known.find(&[2; 32], NOW).is_err());
        assert!(known.find(&[1; 32], Timestamp(2_000)).is_err(), "its time is over");
        assert!(known.find(&[1; 32], Timestamp(999)).is_err(), "the clock was set back");
    }

    #[test]
    fn what_ends_is_forgotten_and_not_kept_late() {
        let known = CredentialCache::default();
        let count = known.find(&[1; 32], NOW).expect_err("nothing yet");
        known.keep([1; 32], entry(1), count);
        known.keep([2; 32], entry(2), count);
        let late = known.find(&[3; 32], NOW).expect_err("nothing yet");
        known.hear(&end(1));
        assert!(known.find(&[1; 32], NOW).is_err());
        assert!(known.find(&[2; 32], NOW).is_ok(), "another user's stays");
        known.keep([1; 32], entry(1), late);
        assert!(known.find(&[1; 32], NOW).is_err(), "it was read before the end");
    }
}
