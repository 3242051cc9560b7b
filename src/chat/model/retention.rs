//! How long what is said is kept.

use std::time::Duration;

/// The shortest time: by then nobody sends the same message again, by any key.
pub const MIN_RETENTION: Duration = Duration::from_hours(24);
/// The longest time, in days.
pub const MAX_RETENTION_DAYS: u32 = 36_500;

/// How long a server keeps what is said, unless a chat says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Messages; `None`: for ever.
    pub messages: Option<Duration>,
    /// Attached files; `None`: as long as their messages.
    pub uploads: Option<Duration>,
}

/// How long one chat keeps its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionOverride {
    /// As long as the server is told.
    Server,
    /// Whatever the server is told.
    Forever,
    /// So many days, from 1 to [`MAX_RETENTION_DAYS`].
    Days(u32),
}

impl RetentionOverride {
    /// A number of days, if there is such a term; 0 is for ever.
    pub fn of_days(days: i64) -> Option<Self> {
        match u32::try_from(days) {
            Ok(0) => Some(Self::Forever),
            Ok(days) if days <= MAX_RETENTION_DAYS => Some(Self::Days(days)),
            _ => None,
        }
    }

    /// The number of days; `None`: as the server is told.
    pub fn days(self) -> Option<u32> {
        match self {
            Self::Server => None,
            Self::Forever => Some(0),
            Self::Days(days) => Some(days),
        }
    }

    pub(in crate::chat) fn stored(days: Option<i64>) -> Self {
        days.map_or(Self::Server, |days| Self::of_days(days).unwrap_or(Self::Forever))
    }

    pub(in crate::chat) fn to_stored(self) -> Option<i64> {
        self.days().map(i64::from)
    }

    pub(in crate::chat) fn time(self, server: Retention) -> Option<Duration> {
        match self {
            Self::Server => server.messages,
            Self::Forever => None,
            Self::Days(days) => Some(Duration::from_hours(u64::from(days) * 24)),
        }
    }

    pub(in crate::chat) fn in_words(self) -> String {
        match self {
            Self::Server => "as the server".into(),
            Self::Forever => "for ever".into(),
            Self::Days(days) => format!("{days} days"),
        }
    }
}
