//! Moments as Django writes them: into SQLite in UTC without saying so, into dumps with a zone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::chat::model::time::Timestamp;

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
    let (text, ahead) = without_offset(text)?;
    let moment = humantime::parse_rfc3339_weak(text).ok()?;
    let moment = if ahead < 0 { moment.checked_add(seconds(ahead))? } else { moment.checked_sub(seconds(ahead))? };
    let since = moment.duration_since(UNIX_EPOCH).ok()?;
    // A message from the future would stand below all that is written until then.
    (moment <= SystemTime::now()).then_some(())?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

fn seconds(of: i64) -> Duration {
    Duration::from_secs(of.unsigned_abs())
}

/// A moment without its offset, and that in seconds east of UTC.
fn without_offset(text: &str) -> Option<(&str, i64)> {
    let Some(place) = text.rfind(['+', '-']).filter(|place| *place > DATE) else { return Some((text, 0)) };
    let (moment, offset) = text.split_at(place);
    let (hours, minutes) = offset[1..].split_once(':')?;
    let [hours, minutes] = [hours, minutes].map(|part| part.parse::<i64>().ok().filter(|_| part.len() == 2));
    let ahead = hours.filter(|hours| *hours < 24)? * 3_600 + minutes.filter(|minutes| *minutes < 60)? * 60;
    Some((moment, if offset.starts_with('-') { -ahead } else { ahead }))
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
