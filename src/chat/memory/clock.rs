//! What the clock said, and what it should say.

use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::chat::model::clock::ClockDoubt;
use crate::chat::model::time::{Clock, Timestamp};

/// A clock that moves this much against the time that passed has been set, or the machine slept.
pub const JUMP: Duration = Duration::from_mins(1);

/// What the clock said, and what it should say.
pub struct ClockWatch {
    pub clock: Clock,
    pub state: Mutex<State>,
}

pub struct State {
    /// Until when the time was known; `None`: nothing is known, and the clock is believed.
    pub known: Option<Timestamp>,
    pub looked: (Timestamp, Instant),
    pub jumps: u64,
    /// The jumps up to when somebody asked whether there were any.
    pub jumps_heard: u64,
    pub is_doubted: bool,
}

impl ClockWatch {
    /// Of a database that was just opened, and tells until when the time was `known`.
    pub fn new(clock: Clock, known: Option<Timestamp>) -> Self {
        let looked = (clock.now(), Instant::now());
        let state = State { known, looked, jumps: 0, jumps_heard: 0, is_doubted: false };
        Self { clock, state: Mutex::new(state) }
    }

    /// Looks at the clock. What it says is known from then on, unless there is a doubt.
    pub fn look(&self) -> Option<ClockDoubt> {
        let (now, at) = (self.clock.now(), Instant::now());
        let mut state = self.lock();
        let should = state.looked.0.plus(at.duration_since(state.looked.1));
        if now.0.abs_diff(should.0) >= u64::try_from(JUMP.as_millis()).unwrap_or(u64::MAX) {
            state.jumps += 1;
            tracing::warn!(target: "clock", seconds = (now.0 - should.0) / 1000, "the clock jumped");
        }
        state.looked = (now, at);
        let doubt = ClockDoubt::of(state.known, now);
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

    pub fn confirm(&self, now: Timestamp) {
        self.lock().known = Some(now);
        self.look();
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}
