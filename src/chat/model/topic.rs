//! What events are about: a socket is woken for the topics that its API has words for.

/// What an event is about, as sockets choose what they hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What is said.
    Messages,
    /// Reactions to messages.
    Reactions,
    /// Pins on messages.
    Pins,
    /// Who has read how far.
    Receipts,
    /// Chats, and how they look.
    Chats,
    /// Who comes into chats and leaves them.
    Members,
    Typing,
    /// Who is there.
    Presence,
    /// Calls, for those who look at their chat.
    Calls,
    /// Calls that begin and end, for everybody in their chat.
    Ringing,
}

/// Some topics: what a socket is woken for.
#[derive(Clone, Copy, Debug)]
pub struct Topics(u16);

impl Topics {
    /// Whatever there is.
    pub const ALL: Self = Self(u16::MAX);

    /// These.
    pub const fn of(topics: &[Topic]) -> Self {
        let (mut bits, mut rest) = (0, topics);
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u16;
            rest = others;
        }
        Self(bits)
    }

    /// Whether one is among them.
    #[must_use]
    pub fn has(self, topic: Topic) -> bool {
        self.0 & (1 << topic as u16) != 0
    }
}
