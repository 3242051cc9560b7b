//! Days and times as people name them.

use std::borrow::Cow;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::chat::model::time::Timestamp;

/// The last moment that is written with a year of four digits.
pub const LATEST: Timestamp = Timestamp(253_402_300_799_999);

/// Bytes of a day.
const DAY: usize = "2025-03-01".len();
/// In a millisecond.
const NANOS: i128 = 1_000_000;

/// The beginning of a day of UTC (`2025-03-01`), or a time by RFC 3339.
pub fn moment(text: &str) -> Option<Timestamp> {
    let is_day = text.len() == DAY;
    let text = if is_day { Cow::Owned(format!("{text}T00:00:00Z")) } else { Cow::Borrowed(text) };
    let moment = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(NANOS)).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Timestamp, moment};

    #[test]
    fn days_and_times_are_read() {
        for (text, millis) in [
            ("1970-01-01", 0),
            ("2025-01-01", 1_735_689_600_000),
            ("2024-02-29", 1_709_164_800_000),
            ("2025-01-01T12:00:00.123Z", 1_735_732_800_123),
            ("2025-01-01T12:00:00.1234567Z", 1_735_732_800_123),
            ("2025-01-01t14:00:00+02:00", 1_735_732_800_000),
            ("2025-01-01T06:30:00-05:30", 1_735_732_800_000),
            ("1969-12-31", -86_400_000),
        ] {
            assert_eq!(moment(text), Some(Timestamp(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "today",
            "2025",
            "2025-1-1",
            "2025-02-29",
            "2025-13-01",
            "2025-00-10",
            "2025-01-32",
            "2025-01-01T",
            "2025-01-01T12:00:00",
            "2025-01-01T24:00:00Z",
            "2025-01-01T12:00:00.Z",
            "2025-01-01T12:00:00+2",
            "2025-01-01 ",
            "+025-01-01",
            "２０２５-01-01",
            "2025-01-01T12:00Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in any::<String>(), dated in "[0-9TZ:.+-]{0,30}") {
            std::hint::black_box((moment(&text), moment(&dated)));
        }
    }
}
