//! What a hook sends, one event after the other, and what became of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::hook::HookEvent;
use super::id::{ChatId, DeliveryId, HookId, MessageId, Seq, UserId};
use super::message::Message;
use super::receipt::ReadMark;
use super::time::Timestamp;

/// What comes next for a hook.
#[derive(Debug)]
pub enum Upcoming {
    /// Nothing until something happens, its time comes, or it is switched on.
    Nothing,
    /// Many events that it does not send: the look goes on behind them.
    Passed(HookCursor),
    /// This.
    Send(Box<Delivery>),
}

/// How far a hook has come.
#[derive(Clone, Copy, Debug)]
pub struct HookCursor {
    /// Which hook.
    pub hook: HookId,
    /// Its replays when this was read: if another began meanwhile, it stays where that has set it.
    pub replays: i64,
    /// Where it will be.
    pub to: Seq,
}

/// An event that is to be sent.
#[derive(Debug)]
pub struct Delivery {
    /// Of which hook, and how far it comes by this.
    pub cursor: HookCursor,
    /// The same at each attempt, and in each replay.
    pub webhook_id: String,
    /// Where it goes.
    pub url: String,
    /// What signs it.
    pub key: SigningKey,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
}

/// What happened in a group.
#[derive(Debug)]
pub enum Happening {
    /// A message was posted.
    Created(Box<Message>),
    /// A message has another text or pin; with up to where everybody has read.
    Updated(Box<Message>, Vec<ReadMark>),
    /// A message was deleted.
    Deleted(ChatId, MessageId, Seq),
    /// Somebody came.
    Added(ChatId, UserId),
    /// Somebody left.
    Removed(ChatId, UserId),
}

impl Happening {
    /// As receivers know it.
    #[must_use]
    pub fn event(&self) -> HookEvent {
        match self {
            Self::Created(_) => HookEvent::MessageCreated,
            Self::Updated(..) => HookEvent::MessageUpdated,
            Self::Deleted(..) => HookEvent::MessageDeleted,
            Self::Added(..) => HookEvent::MemberAdded,
            Self::Removed(..) => HookEvent::MemberRemoved,
        }
    }
}

/// The secret of a hook that sends. It prints as nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigningKey(pub [u8; 32]);

impl SigningKey {
    /// As its owner is shown it, once.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// What came of sending something.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was answered, if anything was.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub ms: i64,
    /// Why it counts for nothing; `None`: it was taken.
    pub error: Option<String>,
}

/// An attempt in the list of a hook.
#[derive(Clone, Debug)]
pub struct PastDelivery {
    /// Its number.
    pub id: DeliveryId,
    /// What the receiver knows it by.
    pub webhook_id: String,
    /// The number of the event; `None`: a test.
    pub seq: Option<Seq>,
    /// What was sent.
    pub kind: String,
    /// What came of it.
    pub attempt: Attempt,
    /// When it ended.
    pub at: Timestamp,
}
