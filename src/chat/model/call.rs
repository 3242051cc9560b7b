//! Calls: signals between those who are in one, and what is left of one that ended.

use super::id::{ChatId, UserId};
use super::name::Username;

/// Users in one call.
pub const MAX_PARTICIPANTS: u32 = 16;
/// Longest session description, in bytes.
pub const MAX_SDP: usize = 64 * 1024;
/// Longest ICE candidate, in bytes.
pub const MAX_CANDIDATE: usize = 4 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A session description that opens a connection.
    Offer,
    /// The one that answers it.
    Answer,
    /// A way to reach the sender.
    IceCandidate,
}

/// A signal on its way to one participant's sockets.
#[derive(Clone, Debug)]
pub struct Signal {
    pub kind: SignalKind,
    /// Set here, never taken from the sender's words.
    pub from: UserId,
    /// Likewise.
    pub from_username: Username,
    /// Whom it is for.
    pub target: UserId,
    /// The sender's words, passed on unread.
    pub body: String,
}

/// What is told of a call that is over, or would be if it ended now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRecord {
    pub chat: ChatId,
    /// Who joined first.
    pub starter: UserId,
    /// Who left last, or joined last of those who are in it.
    pub last: UserId,
    /// Begun with a camera.
    pub has_video: bool,
    /// Somebody else was in it.
    pub was_answered: bool,
    /// From the first who joined on.
    pub seconds: u32,
}

impl CallRecord {
    /// Seconds, as a message keeps them: 0 of one that nobody answered, and of others 1 at least.
    pub fn talked(&self) -> u32 {
        if self.was_answered { self.seconds.max(1) } else { 0 }
    }

    /// What is read of it where nothing else tells a call from a text.
    pub fn sentence(&self) -> String {
        let (call, missed) = if self.has_video { ("Video call", "Missed video call") } else { ("Call", "Missed call") };
        match self.talked() {
            0 => format!("{missed}."),
            seconds @ 1..60 => format!("{call}, {}.", counted(seconds, "second")),
            seconds @ 60..3_600 => format!("{call}, {}.", counted(seconds / 60, "minute")),
            seconds => format!("{call}, {}.", in_hours(seconds / 60)),
        }
    }
}

fn in_hours(minutes: u32) -> String {
    let hours = counted(minutes / 60, "hour");
    if minutes.is_multiple_of(60) { hours } else { format!("{hours} {}", counted(minutes % 60, "minute")) }
}

fn counted(count: u32, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{CallRecord, ChatId, UserId};

    #[test]
    fn a_call_is_told_in_a_sentence() {
        let call = |seconds, has_video, was_answered| {
            let (starter, last) = (UserId(1), UserId(2));
            CallRecord { chat: ChatId(1), starter, last, has_video, was_answered, seconds }.sentence()
        };
        assert_eq!(call(42, false, false), "Missed call.");
        assert_eq!(call(0, true, false), "Missed video call.");
        assert_eq!(call(0, false, true), "Call, 1 second.");
        assert_eq!(call(59, false, true), "Call, 59 seconds.");
        assert_eq!(call(60, true, true), "Video call, 1 minute.");
        assert_eq!(call(3_600, false, true), "Call, 1 hour.");
        assert_eq!(call(7_325, false, true), "Call, 2 hours 2 minutes.");
    }
}
