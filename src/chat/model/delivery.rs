//! What a hook sends, one event after the other, what became of it, and when it is tried again.

use std::sync::Arc;
use std::time::Duration;

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
    pub key: SigningKey,
    pub at: Timestamp,
    pub what: Happening,
}

/// What happened in a group.
#[derive(Debug)]
pub enum Happening {
    Created(Box<Message>),
    /// A message has another text or pin; with up to where everybody has read.
    Updated(Box<Message>, Arc<[ReadMark]>),
    Deleted(ChatId, MessageId, Seq),
    /// Somebody came.
    Added(ChatId, UserId),
    /// Somebody left.
    Removed(ChatId, UserId),
}

impl Happening {
    /// As receivers know it.
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

/// How long a receiver may fail until its hook is switched off.
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(24);

/// How long to wait after so many failures in a row, before it is spread.
pub fn back_off(failures: u32) -> Duration {
    const SECONDS: [u64; 9] = [2, 10, 30, 60, 120, 300, 600, 1_200, 1_800];
    let place = failures.saturating_sub(1) as usize;
    Duration::from_secs(SECONDS.get(place).copied().unwrap_or(3_600))
}

/// How much longer or shorter a wait is made, so that not all try at once.
pub const SPREAD: std::ops::Range<f64> = 0.8..1.2;
/// Nobody waits longer than that, in milliseconds: the longest wait, spread.
const MAX_WAIT_MS: i64 = 3_600 * 1_200;

/// Whether the next attempt is due. One that is further away than any wait was put off by a clock that was ahead.
pub fn is_due(retry_at: Timestamp, now: Timestamp) -> bool {
    retry_at <= now || retry_at.0 > now.0.saturating_add(MAX_WAIT_MS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SPREAD, back_off, is_due};
    use crate::chat::model::time::Timestamp;

    #[test]
    fn the_first_retry_comes_within_15_seconds_and_later_ones_further_and_further_apart() {
        assert!(back_off(1).as_secs() < 12);
        assert!((1..20).all(|failures| back_off(failures) <= back_off(failures + 1)));
        assert_eq!(back_off(u32::MAX).as_secs(), 3_600);
    }

    #[test]
    fn an_attempt_is_due_at_its_time_or_if_a_clock_that_was_ahead_put_it_off() {
        let (now, longest) = (Timestamp(1_000_000), back_off(u32::MAX).mul_f64(SPREAD.end));
        assert!(is_due(now, now) && !is_due(now.plus(Duration::from_millis(1)), now));
        assert!(!is_due(now.plus(longest), now), "as long as anybody waits");
        assert!(is_due(now.plus(longest + Duration::from_millis(1)), now));
    }
}
