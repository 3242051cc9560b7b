//! Time as the core knows it: UTC milliseconds, and a clock that is passed in.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment: UTC milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The moment `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

/// RFC 3339 with milliseconds and `Z`: `2025-01-01T12:00:00.123Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_epoch = Duration::from_millis(u64::try_from(self.0).unwrap_or(0));
        let moment = UNIX_EPOCH + since_epoch;
        write!(f, "{}", humantime::format_rfc3339_millis(moment))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the time. Tests pass one that they move by hand.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(|| {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp(millis(since_epoch))
        })
    }

    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::Timestamp;

    #[test]
    fn a_moment_is_written_with_milliseconds_and_z() {
        assert_eq!(Timestamp(1_735_732_800_123).to_string(), "2025-01-01T12:00:00.123Z");
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        /// Every moment until the year 9999 is written so that it sorts as text, and reads back.
        #[test]
        fn a_moment_is_read_as_it_was_written(millis in 0_i64..253_402_300_799_999, later in 0_i64..99_999_999) {
            let written = Timestamp(millis).to_string();
            let read = humantime::parse_rfc3339(&written).expect("a time").duration_since(std::time::UNIX_EPOCH);
            prop_assert_eq!(read.expect("since 1970").as_millis(), u128::try_from(millis).expect("positive"));
            let after = Timestamp((millis + later).min(253_402_300_799_999)).to_string();
            prop_assert_eq!(written <= after, true);
        }

        #[test]
        fn spans_do_not_wrap(at in any::<i64>(), seconds in any::<u64>()) {
            let span = std::time::Duration::from_secs(seconds);
            prop_assert_eq!(Timestamp(at).plus(span) >= Timestamp(at), true);
            prop_assert_eq!(Timestamp(at).minus(span) <= Timestamp(at), true);
        }
    }
}
