//! Moments as Django writes them into SQLite: UTC without saying so.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::chat::model::time::Timestamp;

/// Longest text that is taken for a moment, in bytes.
const MAX_LENGTH: usize = 40;

/// `2024-05-01 08:00:00.123000`, also with `T`, without a fraction, or with `Z` or `+00:00`.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > MAX_LENGTH {
        return None;
    }
    let text = text.strip_suffix("+00:00").unwrap_or(text);
    let moment = humantime::parse_rfc3339_weak(text).ok()?;
    let since = moment.duration_since(UNIX_EPOCH).ok()?;
    // A message from the future would stand below all that is written until then.
    (moment <= SystemTime::now()).then_some(())?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
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
        assert_eq!(parse("2024-05-01 08:00:00"), Some(Timestamp(1_714_550_400_000)));
        for wrong in ["", "now", "2024-05-01", "2024-13-01 00:00:00", "9000-01-01 00:00:00", "1960-01-01 00:00:00"] {
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
