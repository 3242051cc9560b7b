//! Whether the machine's clock is believed.
//!
//! What is deleted for its age is deleted by the clock, and a date that somebody mistyped
//! would take everything with it. So the server writes down, seldom, until when it knew the
//! time. Where the clock is far from that, ahead or behind, nothing is deleted for its age
//! until the clock is right again or the operator confirms it; all else goes on.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Chat;
use super::admin::By;
use super::audit::{self, Act};
use super::error::Result;
use super::store::{self, Store};
use super::time::{Clock, Timestamp};

/// How far the clock may be from when the server last knew the time. A machine that was off
/// for a holiday or a repair starts without a question; the mistakes that clocks and people
/// make (another month, another year, 1970) are longer. It is also the most that a wrong
/// clock can make things go too early.
pub const MAX_STEP: Duration = Duration::from_hours(28 * 24);
/// A clock that moves this much against the time that passed has been set, or the machine slept.
const JUMP: Duration = Duration::from_mins(1);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// 2026-01-01. This program is younger: a clock that is before it was not set yet, and tells nothing.
const EARLIEST: Timestamp = Timestamp(1_767_225_600_000);

/// Why the clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What it says.
    pub now: Timestamp,
    /// When the server last knew the time.
    pub known: Timestamp,
}

impl Doubt {
    /// Whether a clock that says `now` is too far from what was `known`.
    #[must_use]
    pub fn of(known: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let known = known.filter(|known| *known >= EARLIEST)?;
        let is_near = now <= known.plus(MAX_STEP) && now >= known.minus(MAX_STEP);
        (!is_near).then_some(Self { now, known })
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, known } = self;
        let days = now.0.abs_diff(known.0) / (24 * 60 * 60 * 1000);
        let side = if now > known { "ahead of" } else { "behind" };
        write!(f, "the clock says {now}, which is {days} days {side} {known}, when the server last knew the time")
    }
}

/// What the clock said, and what it should say.
pub(super) struct ClockWatch {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    /// Until when the time was known; `None`: nothing is known, and the clock is believed.
    known: Option<Timestamp>,
    looked: (Timestamp, Instant),
    jumps: u64,
    /// The jumps up to when somebody asked whether there were any.
    jumps_heard: u64,
    is_doubted: bool,
}

impl ClockWatch {
    /// Of a database that was just opened.
    pub fn new(clock: Clock, store: &Store) -> Result<Self> {
        let now = clock.now();
        let known = store.read(|db| match store::clock::known(db)? {
            Some(known) => Ok(Some(known)),
            // Never written down: the newest of what is there tells, unless it is of the future.
            None => store::clock::newest(db, now.plus(MAX_STEP)),
        })?;
        let state = State { known, looked: (now, Instant::now()), jumps: 0, jumps_heard: 0, is_doubted: false };
        Ok(Self { clock, state: Mutex::new(state) })
    }

    /// Looks at the clock. What it says is known from then on, unless there is a doubt.
    pub fn look(&self) -> Option<Doubt> {
        let (now, at) = (self.clock.now(), Instant::now());
        let mut state = self.lock();
        let should = state.looked.0.plus(at.duration_since(state.looked.1));
        if now.0.abs_diff(should.0) >= u64::try_from(JUMP.as_millis()).unwrap_or(u64::MAX) {
            state.jumps += 1;
            tracing::warn!(target: "clock", seconds = (now.0 - should.0) / 1000, "the clock jumped");
        }
        state.looked = (now, at);
        let doubt = Doubt::of(state.known, now);
        match doubt {
            Some(doubt) if !state.is_doubted => tracing::warn!(
                target: "clock",
                "{doubt}: nothing is deleted for its age until the clock is right, or \
                 `fireside gc --confirm-clock` says that it is"
            ),
            None if state.is_doubted => tracing::info!(target: "clock", "the clock is believed again"),
            _ => {}
        }
        state.is_doubted = doubt.is_some();
        if doubt.is_none() {
            state.known = Some(now);
        }
        doubt
    }

    /// How often the clock was seen to jump.
    pub fn jumps(&self) -> u64 {
        self.lock().jumps
    }

    /// Whether it did not jump since this was asked before.
    pub fn is_steady(&self) -> bool {
        let mut state = self.lock();
        let jumps = state.jumps;
        std::mem::replace(&mut state.jumps_heard, jumps) == jumps
    }

    fn confirm(&self, now: Timestamp) {
        self.lock().known = Some(now);
        self.look();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chat {
    /// Why nothing is deleted for its age now, if that is so.
    #[must_use]
    pub fn clock_doubt(&self) -> Option<Doubt> {
        self.clock_watch.look()
    }

    /// The operator says that the clock is right. What is too old by it goes at once.
    pub async fn confirm_clock(&self) -> Result<()> {
        let confirmed = self.store.write(|tx| {
            store::clock::set_known(tx, tx.now)?;
            audit::note(tx, By::CommandLine.id(), Act::ClockConfirmed, &tx.now.to_string(), "")?;
            Ok(tx.now)
        });
        self.clock_watch.confirm(confirmed.await?);
        self.upkeep().await
    }

    /// Looks at the clock again and again, as long as the runtime lives.
    pub(super) fn watch_clock(&self) {
        let chat = self.clone();
        tokio::spawn(async move {
            loop {
                chat.clock_watch.look();
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Doubt, EARLIEST, MAX_STEP};
    use crate::chat::time::Timestamp;

    #[test]
    fn a_clock_is_doubted_only_where_something_is_known_and_far() {
        let known = EARLIEST.plus(MAX_STEP * 20);
        for now in [known, known.plus(MAX_STEP), known.minus(MAX_STEP)] {
            assert_eq!(Doubt::of(Some(known), now), None);
        }
        for now in [known.plus(MAX_STEP * 2), known.minus(MAX_STEP * 2), Timestamp(0), Timestamp(i64::MAX)] {
            assert_eq!(Doubt::of(Some(known), now), Some(Doubt { now, known }));
            assert_eq!(Doubt::of(None, now), None);
        }
        // A machine without a battery starts in 1970, and learns the time a little later.
        assert_eq!(Doubt::of(Some(Timestamp(0)), known), None);
    }
}
