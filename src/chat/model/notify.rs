//! Of what a member of a chat is told, and when: what badges, pushes and clients go by.

use super::mention::MAX_SMALL_GROUP;
use super::time::Timestamp;

/// Of which messages of a chat its member is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Of every one.
    #[default]
    All,
    /// Of those that mention them or answer them.
    Mentions,
    /// Of none.
    Nothing,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::Nothing];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::Nothing => "nothing",
        }
    }

    /// The one that is called so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }

    /// What holds in a chat of so many members until one says otherwise.
    pub const fn of_size(members: i64) -> Self {
        if members > MAX_SMALL_GROUP { Self::Mentions } else { Self::All }
    }
}

/// Until when a chat is mute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// Until then.
    Until(Timestamp),
    /// Until one says otherwise.
    Forever,
}

impl Mute {
    /// Whether it is not over.
    #[must_use]
    pub fn holds(self, now: Timestamp) -> bool {
        match self {
            Self::Until(end) => now < end,
            Self::Forever => true,
        }
    }
}

/// How somebody is told of what happens in one chat: by default of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChatNotify {
    /// Their own, or what holds by the chat's size.
    pub level: Level,
    /// `None`: it is not mute, or not any more.
    pub muted_until: Option<Mute>,
}

impl ChatNotify {
    /// Of what is stored, as it is now.
    pub fn new(level: Option<Level>, mute: Option<Mute>, members: i64, now: Timestamp) -> Self {
        Self { level: level.unwrap_or(Level::of_size(members)), muted_until: mute.filter(|mute| mute.holds(now)) }
    }

    /// Whether they are told of a message of somebody else: the one rule of badges and pushes.
    /// `addresses`: it mentions them or answers them.
    pub fn is_told(self, addresses: bool) -> bool {
        self.counts()
            && match self.level {
                Level::All => true,
                Level::Mentions => addresses,
                Level::Nothing => false,
            }
    }

    /// Whether what is unread in the chat counts among all that is unread.
    #[must_use]
    pub fn counts(self) -> bool {
        self.muted_until.is_none() && self.level != Level::Nothing
    }
}

/// What of it is to be otherwise; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotifyChange {
    /// `Some(None)`: what holds by the chat's size.
    pub level: Option<Option<Level>>,
    /// `Some(None)`: mute no more.
    pub muted_until: Option<Option<Mute>>,
}

#[cfg(test)]
mod tests {
    use super::{ChatNotify, Level, Mute, Timestamp};

    const NOW: Timestamp = Timestamp(1_000);

    #[test]
    fn the_level_follows_the_size_until_it_is_set() {
        let level = |level, members| ChatNotify::new(level, None, members, NOW).level;
        assert_eq!((level(None, 20), level(None, 21)), (Level::All, Level::Mentions));
        assert_eq!(level(Some(Level::All), 500), Level::All);
        assert_eq!(level(Some(Level::Nothing), 2), Level::Nothing);
    }

    #[test]
    fn whoever_wants_it_is_told() {
        let told = |level, mute| {
            let notify = ChatNotify::new(Some(level), mute, 3, NOW);
            [notify.is_told(false), notify.is_told(true), notify.counts()]
        };
        assert_eq!(told(Level::All, None), [true, true, true]);
        assert_eq!(told(Level::Mentions, None), [false, true, true]);
        assert_eq!(told(Level::Nothing, None), [false, false, false]);
        for level in Level::ALL {
            assert_eq!(told(level, Some(Mute::Forever)), [false; 3], "mutes hold mentions back too");
            assert_eq!(told(level, Some(Mute::Until(Timestamp(1_001)))), [false; 3]);
            assert_eq!(told(level, Some(Mute::Until(NOW))), told(level, None), "one that is over is none");
        }
    }
}
