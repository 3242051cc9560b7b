//! Who is typing where, or was a moment ago.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::chat::model::id::{ChatId, UserId};

/// A repeat within this time is not passed on.
pub const REPEAT: Duration = Duration::from_secs(2);
/// Without a renewal, typing is over after this time.
pub const EXPIRES: Duration = Duration::from_secs(6);

/// Who is typing right now, or was a moment ago. An entry goes with its expiry, so there are
/// never more than requests of the last seconds.
#[derive(Default)]
pub struct TypingUsers {
    pub states: Mutex<HashMap<(ChatId, UserId), State>>,
}

pub struct State {
    /// When the others were told last that it began or goes on.
    pub told: Instant,
    pub renewed: Instant,
    pub is_typing: bool,
    /// What the others believe.
    pub is_shown: bool,
}

/// What is to be done about somebody's typing.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// To look at it again then.
    Wait(Instant),
    /// To tell the others that it began, or is over.
    Tell(bool),
    /// Nothing more.
    Rest,
}

impl TypingUsers {
    pub fn lock(&self) -> MutexGuard<'_, HashMap<(ChatId, UserId), State>> {
        self.states.lock()
    }
}

impl State {
    pub fn begun(now: Instant) -> Self {
        Self { told: now, renewed: now, is_typing: true, is_shown: true }
    }

    /// Somebody types on, or anew. Whether the others are to be told now.
    pub fn renew(&mut self, now: Instant) -> bool {
        (self.renewed, self.is_typing) = (now, true);
        let is_due = now.duration_since(self.told) >= REPEAT;
        if is_due {
            (self.told, self.is_shown) = (now, true);
        }
        is_due
    }

    /// Somebody stopped. Whether the others are to be told.
    pub fn end(&mut self) -> bool {
        self.is_typing = false;
        std::mem::take(&mut self.is_shown)
    }

    /// What time brings.
    pub fn next(&mut self, now: Instant) -> Next {
        let (repeats, expires) = (self.told + REPEAT, self.renewed + EXPIRES);
        if self.is_typing && now >= expires {
            return if self.end() { Next::Tell(false) } else { Next::Rest };
        }
        if self.is_typing && !self.is_shown && now >= repeats {
            (self.told, self.is_shown) = (now, true);
            return Next::Tell(true);
        }
        if !self.is_typing && now >= repeats {
            return Next::Rest;
        }
        // It may end and begin again meanwhile.
        Next::Wait(if self.is_shown { expires.min(now + REPEAT) } else { repeats.min(expires) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{EXPIRES, Next, REPEAT, State};

    #[test]
    fn repeats_are_not_news_and_renewals_last() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut state = State::begun(begun);
        assert!(!state.renew(after(1)));
        assert!(state.renew(after(3)));
        assert_eq!(state.next(after(8)), Next::Wait(after(3) + EXPIRES));
        assert_eq!(state.next(after(9)), Next::Tell(false));
        assert_eq!(state.next(after(9)), Next::Rest);
    }

    #[test]
    fn to_stop_and_begin_anew_is_told_no_sooner_than_a_repeat() {
        let begun = Instant::now();
        let after = |millis| begun + Duration::from_millis(millis);
        let mut state = State::begun(begun);
        assert!(state.end(), "an end is told at once");
        assert!(!state.end(), "and once");
        assert_eq!(state.next(after(100)), Next::Wait(begun + REPEAT));
        for millis in [200, 400, 600] {
            assert!(!state.renew(after(millis)), "told a moment ago");
            assert!(!state.end(), "the others know nothing of it");
        }
        assert!(!state.renew(after(800)));
        assert_eq!(state.next(after(900)), Next::Wait(begun + REPEAT));
        assert_eq!(state.next(after(2_000)), Next::Tell(true), "who still types is told to");
        assert!(state.end());
        assert_eq!(state.next(after(4_000)), Next::Rest);
    }
}
