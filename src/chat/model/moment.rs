//! Days and times as people name them.

use crate::chat::model::time::Timestamp;

/// The last moment that is written with a year of four digits.
pub const LATEST: Timestamp = Timestamp(253_402_300_799_999);

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The beginning of a day of UTC (`2025-03-01`), or a time by RFC 3339.
pub fn moment(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let day = day(number(text, 0, 4)?, number(text, 5, 7)?, number(text, 8, 10)?)? * DAY;
    if text.len() == 10 {
        return Some(Timestamp(day));
    }
    if !matches!(bytes[10], b'T' | b't') || bytes.get(13) != Some(&b':') || bytes.get(16) != Some(&b':') {
        return None;
    }
    let (hour, minute, second) = (number(text, 11, 13)?, number(text, 14, 16)?, number(text, 17, 19)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
        None => ("000", rest),
    };
    if fraction.is_empty() {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    // A leap second is the last of its minute.
    Some(Timestamp(day + ((hour * 60 + minute) * 60 + second.min(59)) * 1000 + millis - offset(zone)?))
}

/// Milliseconds that a zone is ahead.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(zone, 1, 3)?, number(zone, 4, 6)?);
    let is_whole = zone.len() == 6 && zone.as_bytes()[3] == b':' && hours < 24 && minutes < 60;
    is_whole.then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn number(text: &str, from: usize, to: usize) -> Option<i64> {
    let digits = text.get(from..to)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// Days since 1970, by the calendar of today for all times.
fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the odd day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
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
