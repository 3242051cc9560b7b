//! When the machine's clock is not believed.

use std::fmt;
use std::time::Duration;

use super::time::Timestamp;

/// How far the clock may be from when the server last knew the time. A machine that was off
/// for a holiday or a repair starts without a question; the mistakes that clocks and people
/// make (another month, another year, 1970) are longer. It is also the most that a wrong
/// clock can make things go too early.
pub const MAX_STEP: Duration = Duration::from_hours(28 * 24);

/// 2026-01-01. This program is younger: a clock that is before it was not set yet, and tells nothing.
const EARLIEST: Timestamp = Timestamp(1_767_225_600_000);

/// Why the clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDoubt {
    /// What it says.
    pub now: Timestamp,
    /// When the server last knew the time.
    pub known: Timestamp,
}

impl ClockDoubt {
    /// Whether a clock that says `now` is too far from what was `known`.
    pub fn of(known: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let known = known.filter(|known| *known >= EARLIEST)?;
        let is_near = now <= known.plus(MAX_STEP) && now >= known.minus(MAX_STEP);
        (!is_near).then_some(Self { now, known })
    }
}

impl fmt::Display for ClockDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, known } = self;
        let days = now.0.abs_diff(known.0) / (24 * 60 * 60 * 1000);
        let side = if now > known { "ahead of" } else { "behind" };
        write!(f, "the clock says {now}, which is {days} days {side} {known}, when the server last knew the time")
    }
}

#[cfg(test)]
mod tests {
    use super::{ClockDoubt, EARLIEST, MAX_STEP};
    use crate::chat::model::time::Timestamp;

    #[test]
    fn a_clock_is_doubted_only_where_something_is_known_and_far() {
        let known = EARLIEST.plus(MAX_STEP * 20);
        for now in [known, known.plus(MAX_STEP), known.minus(MAX_STEP)] {
            assert_eq!(ClockDoubt::of(Some(known), now), None);
        }
        for now in [known.plus(MAX_STEP * 2), known.minus(MAX_STEP * 2), Timestamp(0), Timestamp(i64::MAX)] {
            assert_eq!(ClockDoubt::of(Some(known), now), Some(ClockDoubt { now, known }));
            assert_eq!(ClockDoubt::of(None, now), None);
        }
        // A machine without a battery starts in 1970, and learns the time a little later.
        assert_eq!(ClockDoubt::of(Some(Timestamp(0)), known), None);
    }
}
