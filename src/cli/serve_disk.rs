//! Flags of `fireside serve` about the disk: how much is taken, and how long it is kept.

use std::time::Duration;

use clap::Args;

use crate::chat::model::file;
use crate::chat::model::quota::Quota;
use crate::chat::model::retention::{MAX_RETENTION_DAYS, MIN_RETENTION, Retention};

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct DiskFlags {
    /// Refuse uploads while less than this is free on the disk, so that messages go on: like 256MiB
    #[arg(long, env = "FIRESIDE_MIN_FREE", default_value_t = file::MIN_FREE_BYTES, value_name = "SIZE", value_parser = size)]
    pub min_free: u64,
    /// Bytes that one user may keep, of files and of texts: like 500MB or 2GiB
    #[arg(long, env = "FIRESIDE_QUOTA_USER", default_value_t = file::MAX_STORED_BYTES, value_name = "SIZE", value_parser = size)]
    quota_user: u64,
    /// Bytes of files that all users together may keep; as many as the disk has, unless given. Texts count for their
    /// writers alone, so that messages go on where uploads stop
    #[arg(long, env = "FIRESIDE_QUOTA_ALL", value_name = "SIZE", value_parser = size)]
    quota_all: Option<u64>,
    /// Delete messages that are older: like 365d. A chat can have a time of its own (`fireside retain`)
    #[arg(long, env = "FIRESIDE_RETAIN_MESSAGES", value_name = "TIME", value_parser = retention)]
    retain_messages: Option<Duration>,
    /// Delete attached files that are older: like 90d
    #[arg(long, env = "FIRESIDE_RETAIN_UPLOADS", value_name = "TIME", value_parser = retention)]
    retain_uploads: Option<Duration>,
}

impl DiskFlags {
    pub fn quota(self) -> Quota {
        Quota { user: self.quota_user, all: self.quota_all }
    }

    pub fn retention(self) -> Retention {
        Retention { messages: self.retain_messages, uploads: self.retain_uploads }
    }
}

/// Bytes: digits, and perhaps a unit behind them.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size like 1000000, 500MB or 2GiB");
    let digits = text.trim().bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.trim().split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    // A database counts in signed numbers.
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    bytes.filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or_else(wrong)
}

fn retention(text: &str) -> Result<Duration, String> {
    let longest = Duration::from_hours(u64::from(MAX_RETENTION_DAYS) * 24);
    match humantime::parse_duration(text) {
        Ok(time) if (MIN_RETENTION..=longest).contains(&time) => Ok(time),
        _ => Err(format!("`{text}` is not a time from 1d to {MAX_RETENTION_DAYS}d")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{retention, size};

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        for (text, bytes) in [("0", 0), ("17", 17), ("5 kB", 5_000), ("2GiB", 2 << 30), ("1m", 1 << 20), ("7b", 7)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "x", "-1", "1.5GiB", "1 PB", "GiB", "9223372036854775808", "9999999999999TB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_kept_for_less_than_a_day() {
        assert!(retention("1d").is_ok() && retention("365d").is_ok() && retention("36500d").is_ok());
        for wrong in ["23h", "0d", "x", "", "-1d", "36501d", "90"] {
            assert!(retention(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        /// A database counts in signed numbers, and a time has its bounds.
        #[test]
        fn any_text_is_a_size_or_a_time_or_refused(noise in ".{0,12}", near in "[0-9]{0,21} ?[kKMGTiBbd]{0,3}", bytes in any::<i64>()) {
            for text in [noise, near] {
                if let Ok(bytes) = size(&text) {
                    prop_assert!(i64::try_from(bytes).is_ok(), "{text}");
                    prop_assert_eq!(size(&bytes.to_string()), Ok(bytes));
                }
                if let Ok(time) = retention(&text) {
                    prop_assert!(time >= Duration::from_hours(24), "{text}");
                    prop_assert_eq!(retention(&humantime::format_duration(time).to_string()), Ok(time));
                }
            }
            prop_assert_eq!(size(&bytes.to_string()).ok(), u64::try_from(bytes).ok());
        }
    }
}
