//! How often somebody was told to be gone.
//!
//! Everybody who shares a chat hears of it, thousands in a large one, and a socket that opens
//! and closes again and again costs its client nothing. So after some times in a row the
//! others see a user as there until the next is due: coming back meanwhile is no news either.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::chat::model::id::UserId;

/// One of these is due for each user in this time.
pub const EVERY: Duration = Duration::from_secs(5);
/// So many may come at once, after a while without.
const AT_ONCE: u32 = 6;
/// Users that are kept before those are looked for who could be forgotten.
const FEW: usize = 256;

/// Who was told to be gone a while ago, or is to be.
#[derive(Default)]
pub struct Absences(Mutex<State>);

#[derive(Default)]
struct State {
    by_user: HashMap<UserId, Absence>,
    /// How many make it worth looking for those that are over.
    many: usize,
}

struct Absence {
    /// When all that were told are made up for.
    free_at: Instant,
    /// Somebody waits to tell the next.
    is_awaited: bool,
}

impl Absences {
    /// When the next may be told of a user. `None`: somebody waits for that already.
    pub fn next(&self, user: UserId, now: Instant) -> Option<Instant> {
        let mut state = self.0.lock();
        state.forget(now);
        let absence = state.by_user.entry(user).or_insert(Absence { free_at: now, is_awaited: false });
        if absence.is_awaited {
            return None;
        }
        let due = (absence.free_at - EVERY * (AT_ONCE - 1)).max(now);
        absence.free_at = absence.free_at.max(now) + EVERY;
        absence.is_awaited = true;
        Some(due)
    }

    /// It is told now: who leaves from here on has one of their own.
    pub fn begin(&self, user: UserId) {
        if let Some(absence) = self.0.lock().by_user.get_mut(&user) {
            absence.is_awaited = false;
        }
    }
}

impl State {
    /// Lets go of what is over, seldom enough to cost each only a moment.
    fn forget(&mut self, now: Instant) {
        if self.by_user.len() < self.many.max(FEW) {
            return;
        }
        self.by_user.retain(|_, absence| absence.is_awaited || absence.free_at > now);
        self.many = self.by_user.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{AT_ONCE, Absences, EVERY, FEW};
    use crate::chat::model::id::UserId;

    const BOB: UserId = UserId(1);

    #[test]
    fn some_are_told_at_once_and_one_waits_for_the_next() {
        let (absences, now) = (Absences::default(), Instant::now());
        for _ in 0..AT_ONCE {
            assert_eq!(absences.next(BOB, now), Some(now));
            assert_eq!(absences.next(BOB, now), None, "that one is not told yet");
            absences.begin(BOB);
        }
        let due = now + EVERY;
        assert_eq!(absences.next(BOB, now), Some(due));
        assert_eq!(absences.next(BOB, now), None, "one waits");
        assert_eq!(absences.next(UserId(2), now), Some(now), "others have their own");
        absences.begin(BOB);
        assert_eq!(absences.next(BOB, due), Some(due + EVERY));
        absences.begin(BOB);
        let later = due + EVERY * (AT_ONCE + 1);
        assert_eq!(absences.next(BOB, later), Some(later));
    }

    #[test]
    fn who_has_been_quiet_is_forgotten() {
        let (absences, now) = (Absences::default(), Instant::now());
        for user in 0..10 * FEW as i64 {
            let at = now + Duration::from_secs(user.unsigned_abs());
            assert_eq!(absences.next(UserId(user), at), Some(at));
            absences.begin(UserId(user));
        }
        assert!(absences.0.lock().by_user.len() <= FEW);
    }
}
