//! Hooks: URLs by which programs speak in a group, and those that are sent what happens there.

use std::time::Duration;

use super::id::{ChatId, HookId, UserId};
use super::message::Message;
use super::name::rule::Violation;
use super::time::Timestamp;
use super::user::User;

/// Hooks of one group.
pub const MAX_HOOKS: u32 = 20;
/// Longest word that messages of a hook begin with, in characters, its `/` included.
const MAX_WORD: usize = 64;
/// How long what a hook sends beside new messages is known, and so how far back a replay goes.
pub const KEEP_HOOK_EVENTS: Duration = Duration::from_hours(24 * 30);
/// Attempts that are listed for each hook.
pub const MAX_DELIVERIES: u32 = 100;

/// A hook as the admins of its group see it. Its secret is shown to whoever makes it, and kept nowhere.
#[derive(Clone, Debug)]
pub struct Hook {
    pub id: HookId,
    /// The group in which it speaks.
    pub chat: ChatId,
    /// What its admins know it by, and what its bot is called at first.
    pub label: String,
    /// Who says what comes in by it.
    pub bot: User,
    pub created_at: Timestamp,
    /// What it sends, if it does; else it takes what others send.
    pub outgoing: Option<Outgoing>,
    /// Why it neither sends nor takes anything.
    pub off_reason: Option<String>,
}

/// Why hooks are off that somebody made who left the group.
pub const MAKER_LEFT: &str = "Whoever created it left the group.";
/// And of somebody who may not sign in any more.
pub const MAKER_DISABLED: &str = "The account of whoever created it is disabled.";

/// A hook that sends, and in whose name: all hooks of one person have one share of the sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendingHook {
    pub id: HookId,
    /// Who made it; `None`: the command line.
    pub maker: Option<UserId>,
}

/// What a hook sends, and where.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The receiver.
    pub url: String,
    /// Which events.
    pub events: HookEvents,
    /// About which messages.
    pub only: Only,
}

/// What a hook can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookEvent {
    /// A new message.
    MessageCreated,
    /// Another text, or a pin.
    MessageUpdated,
    /// A message is gone.
    MessageDeleted,
    /// Somebody came into the group.
    MemberAdded,
    MemberRemoved,
}

impl HookEvent {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::MessageCreated, Self::MessageUpdated, Self::MessageDeleted, Self::MemberAdded, Self::MemberRemoved];

    /// As receivers know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageCreated => "message_created",
            Self::MessageUpdated => "message_updated",
            Self::MessageDeleted => "message_deleted",
            Self::MemberAdded => "member_added",
            Self::MemberRemoved => "member_removed",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// Some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookEvents(u8);

impl HookEvents {
    /// These.
    pub fn of(events: &[HookEvent]) -> Self {
        Self(events.iter().fold(0, |bits, event| bits | 1 << *event as u8))
    }

    /// Whether one is among them.
    #[must_use]
    pub fn has(self, event: HookEvent) -> bool {
        self.0 & (1 << event as u8) != 0
    }

    /// In the order of [`HookEvent::ALL`].
    pub fn iter(self) -> impl Iterator<Item = HookEvent> {
        HookEvent::ALL.into_iter().filter(move |event| self.has(*event))
    }

    pub(in crate::chat) fn stored(bits: i64) -> Self {
        Self(u8::try_from(bits).unwrap_or(0))
    }

    pub(in crate::chat) fn to_stored(self) -> i64 {
        i64::from(self.0)
    }
}

impl Default for HookEvents {
    fn default() -> Self {
        Self::of(&[HookEvent::MessageCreated])
    }
}

/// Which messages a hook sends. Deletions go whatever the message said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Only {
    /// All.
    #[default]
    All,
    /// Those that mention its bot, by name or with everybody.
    Mentions,
    /// Those whose first word is just this one.
    Word(String),
}

impl Only {
    /// `all`, `mentions` or `/word`.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text.trim() {
            "all" => Ok(Self::All),
            "mentions" => Ok(Self::Mentions),
            word if is_command(word) => Ok(Self::Word(word.to_owned())),
            _ => Err(Violation(format!(
                "This is all, mentions, or a word of up to {MAX_WORD} characters with a / before it."
            ))),
        }
    }

    /// The same as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::Word(word) => word,
        }
    }

    /// Whether a message is one of them, for a hook with this bot.
    #[must_use]
    pub fn takes(&self, message: &Message, bot: UserId) -> bool {
        match self {
            Self::All => true,
            Self::Mentions => message.mentions.all || message.mentions.users.contains(&bot),
            Self::Word(word) => message.text.split_whitespace().next() == Some(word),
        }
    }
}

fn is_command(word: &str) -> bool {
    let rest = word.strip_prefix('/').unwrap_or_default();
    !rest.is_empty() && !rest.contains(char::is_whitespace) && word.chars().count() <= MAX_WORD
}

#[cfg(test)]
mod tests {
    use super::{HookEvent, HookEvents, Only};

    #[test]
    fn events_are_known_by_their_names_and_kept_as_bits() {
        for event in HookEvent::ALL {
            assert_eq!(HookEvent::of(event.as_str()), Some(event));
        }
        assert_eq!(HookEvent::of("message_read"), None);
        let some = HookEvents::of(&[HookEvent::MemberAdded, HookEvent::MessageCreated, HookEvent::MemberAdded]);
        assert_eq!(HookEvents::stored(some.to_stored()), some);
        assert_eq!(some.iter().map(HookEvent::as_str).collect::<Vec<_>>(), ["message_created", "member_added"]);
        assert!(some.has(HookEvent::MemberAdded) && !some.has(HookEvent::MemberRemoved));
    }

    #[test]
    fn a_filter_is_one_of_two_words_or_a_command() {
        for good in ["all", "mentions", "/deploy", "/развернуть", " /x "] {
            assert_eq!(Only::parse(good).expect(good).as_str(), good.trim());
        }
        let long = format!("/{}", "x".repeat(64));
        for bad in ["", "/", "deploy", "All", "/two words", &long] {
            assert!(Only::parse(bad).is_err(), "{bad}");
        }
    }
}
