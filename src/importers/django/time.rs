//! Moments as Django writes them: into SQLite in UTC without saying so, into dumps with a zone.

use crate::chat::model::moment::moment;
use crate::chat::model::time::{Clock, Timestamp};

/// Longest text that is taken for a moment, in bytes.
const MAX_LENGTH: usize = 40;
/// Where a date ends.
const DATE: usize = 10;

/// `2024-05-01 08:00:00.123000`, also with `T`, without a fraction, or with `Z` or an offset such as `+02:00`.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (date, time) = text.split_at_checked(DATE)?;
    let time = time.strip_prefix([' ', 'T'])?;
    let zone = if time.contains(['Z', '+', '-']) { "" } else { "Z" };
    // What was before 1970 is no time of a message; one from the future would stand below all that is written until then.
    moment(&format!("{date}T{time}{zone}")).filter(|at| (Timestamp(0)..=Clock::system().now()).contains(at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::parse;
    use crate::chat::model::time::Timestamp;

    #[test]
    fn moments_are_read_to_the_millisecond() {
        let moment = Some(Timestamp(1_714_550_400_123));
        for text in ["2024-05-01 08:00:00.123000", "2024-05-01T08:00:00.123Z", "2024-05-01 08:00:00.123456+00:00"] {
            assert_eq!(parse(text), moment, "{text}");
        }
        for text in ["2024-05-01T10:00:00.123+02:00", "2024-05-01 03:30:00.123-04:30"] {
            assert_eq!(parse(text), moment, "{text}");
        }
        assert_eq!(parse("2024-05-01 08:00:00"), Some(Timestamp(1_714_550_400_000)));
        for wrong in [
            "",
            "now",
            "2024-05-01",
            "2024-13-01 00:00:00",
            "9000-01-01 00:00:00",
            "1960-01-01 00:00:00",
            "2024-05-01 08:00:00+2:0",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_moment_that_is_over_or_none(noise in any::<String>(), near in "[0-9T :.+Z-]{0,41}", millis in 0_i64..1_700_000_000_000) {
            for text in [noise, near] {
                prop_assert!(parse(&text).is_none_or(|moment| moment.0 >= 0), "{text}");
            }
            let written = Timestamp(millis).to_string();
            let bare = written.trim_end_matches('Z');
            for text in [written.clone(), bare.replace('T', " "), format!("{bare}+00:00")] {
                prop_assert_eq!(parse(&text), Some(Timestamp(millis)), "{}", text);
            }
        }
    }
}
