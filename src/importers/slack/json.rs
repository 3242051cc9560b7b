//! The files of an export, as far as they are read. Whatever is not listed is not looked at.

use serde::Deserialize;

/// A line of `users.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub id: String,
    pub name: String,
    pub real_name: Option<String>,
    pub deleted: bool,
    pub is_bot: bool,
    pub profile: Profile,
}

/// What people say of themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profile {
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub real_name: Option<String>,
    pub email: Option<String>,
    pub title: Option<String>,
}

/// A line of `channels.json`, `groups.json`, `dms.json` or `mpims.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Channel {
    pub id: String,
    /// A direct chat has none.
    pub name: String,
    pub created: i64,
    pub creator: Option<String>,
    pub members: Option<Vec<String>>,
    pub topic: Topic,
    pub purpose: Topic,
}

/// A text that somebody set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Topic {
    pub value: String,
}

/// A message of a day.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub ts: String,
    pub subtype: Option<String>,
    pub user: Option<String>,
    pub bot_id: Option<String>,
    pub username: Option<String>,
    pub user_profile: Option<Profile>,
    pub text: Option<String>,
    pub thread_ts: Option<String>,
    pub edited: Option<Edited>,
    pub reactions: Option<Vec<Reaction>>,
    pub files: Option<Vec<File>>,
    pub attachments: Option<Vec<Attachment>>,
}

/// When a text last changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edited {
    pub ts: String,
}

/// An emoji by its name, and who chose it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reaction {
    pub name: String,
    pub users: Vec<String>,
}

/// A file, of which the export has the address alone. That holds a secret, and is not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub name: Option<String>,
    pub title: Option<String>,
}

/// What a program hung on its message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attachment {
    pub fallback: Option<String>,
    pub text: Option<String>,
}

/// A moment as Slack writes it, `1609459200.000200`, in microseconds.
pub(super) fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    // A number may have a sign; a moment has none.
    [seconds, fraction].iter().all(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    let seconds: i64 = seconds.parse().ok()?;
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: u32 = fraction.parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(i64::from(fraction))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::micros;

    #[test]
    fn moments_have_microseconds() {
        assert_eq!(micros("1609459200.000200"), Some(1_609_459_200_000_200));
        assert_eq!(micros("1609459200"), Some(1_609_459_200_000_000));
        for wrong in ["", "x", "-1.0", "1.-1", "9223372036854775807.0", "1.2.3", "1.é"] {
            assert_eq!(micros(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_moment_or_none(noise in any::<String>(), near in "[+-]?[0-9]{0,20}[.]?[+-]?[0-9]{0,8}", micro in 0_i64..i64::MAX) {
            for text in [noise, near] {
                let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                prop_assert!(micros(&text).is_none_or(|moment| moment >= 0 && is_plain), "{text}");
            }
            prop_assert_eq!(micros(&format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)), Some(micro));
        }

        /// Files of an export are whatever somebody put into the archive.
        #[test]
        fn any_bytes_are_a_file_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60), value in "(null|1|\"x\"|\\[1\\]|\\{\\})", field in "(ts|user|files|reactions|edited|profile)") {
            drop(serde_json::from_slice::<Vec<super::User>>(&bytes));
            let text = format!(r#"[{{"{field}": {value}}}]"#);
            drop(serde_json::from_str::<Vec<super::Message>>(&text));
            drop(serde_json::from_str::<Vec<super::Channel>>(&text));
            prop_assert!(serde_json::from_str::<Vec<super::User>>(&text).is_ok() || field == "profile", "{text}");
        }
    }
}
