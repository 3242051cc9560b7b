//! Push: devices that are told of messages while no page is open, by the push service of their browser.

use std::time::Duration;

use super::id::{ChatId, MessageId, PushId, Seq, UserId};
use super::label::Label;
use super::time::Timestamp;

/// Devices that one user may have told; one more ends the oldest.
pub const MAX_PUSH_SUBSCRIPTIONS: u32 = 20;
/// Older messages are news to nobody: when the server was down for longer, or pushes nothing.
pub const MAX_PUSH_AGE: Duration = Duration::from_mins(10);
/// How long a socket counts as looked at that says no more.
pub const VISIBLE: Duration = Duration::from_secs(60);

/// What a push to a browser is encrypted for (RFC 8291).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushKeys {
    /// Its public key: a point of P-256, uncompressed.
    pub p256dh: [u8; 65],
    /// A secret that goes with it.
    pub auth: [u8; 16],
}

/// Where pushes to a device go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushTarget {
    /// The URL that the push service gave the browser.
    pub endpoint: String,
    /// The browser's keys.
    pub keys: PushKeys,
}

/// A device that is to be told.
#[derive(Clone, Debug)]
pub struct NewPushSubscription {
    /// Where its pushes go.
    pub target: PushTarget,
    /// What its owner knows it by.
    pub label: Label,
}

/// A device that is told.
#[derive(Clone, Debug)]
pub struct PushSubscription {
    pub id: PushId,
    /// What its owner knows it by.
    pub label: String,
    pub created_at: Timestamp,
}

/// A message that a device is to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub device: PushId,
    /// Whose it was by then: it may be another's now.
    pub user: UserId,
    pub message: MessageId,
}

/// What a piece of the messages brought.
#[derive(Clone, Debug)]
pub struct Dues {
    /// The newest that was looked at.
    pub upto: MessageId,
    /// Somebody has a device that is told.
    pub is_followed: bool,
    /// There may be newer ones.
    pub has_more: bool,
    /// Which devices are to be told of which, in the order of the messages, each with its endpoint.
    pub dues: Vec<(Due, String)>,
}

/// What a device is told of a message.
#[derive(Clone, Debug)]
pub struct Push {
    pub chat: ChatId,
    pub message: MessageId,
    /// The number of its last change.
    pub seq: Seq,
    /// The chat's title; of a direct chat the other's name.
    pub title: String,
    /// Who said it, as they want to be called.
    pub sender: String,
    /// What was said; `None`: pushes carry no text.
    pub text: Option<String>,
    /// What is unread in the chats that count.
    pub badge: i64,
    /// It is for nobody else, or mentions or answers them.
    pub is_urgent: bool,
}
