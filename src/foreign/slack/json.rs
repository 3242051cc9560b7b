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
    pub topic: Said,
    pub purpose: Said,
}

/// A text that somebody set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
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
    let seconds: i64 = seconds.parse().ok().filter(|seconds| *seconds >= 0)?;
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: u32 = fraction.parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(i64::from(fraction))
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn moments_have_microseconds() {
        assert_eq!(micros("1609459200.000200"), Some(1_609_459_200_000_200));
        assert_eq!(micros("1609459200"), Some(1_609_459_200_000_000));
        for wrong in ["", "x", "-1.0", "1.-1", "9223372036854775807.0", "1.2.3", "1.é"] {
            assert_eq!(micros(wrong), None, "{wrong}");
        }
    }
}
