//! What changed in one's chats, for whoever catches up.

use std::sync::Arc;

use super::id::{ChatId, MessageId, Seq};
use super::message::{Message, readers_weight};
use super::receipt::ReadMark;

/// A page of changes, in the order of their numbers.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Ask on from here. Below the number that was asked for, if there is none so high.
    pub seq: Seq,
    /// Whether there is more right now.
    pub more: bool,
    /// What changed, oldest change first.
    pub items: Vec<Change>,
}

/// One message's newest change.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is new, or was edited, or got reactions: as it is now, with its chat's read marks.
    Message(Box<Message>, Arc<[ReadMark]>),
    Deleted {
        id: MessageId,
        /// Where it stood.
        chat: ChatId,
        /// The change's number.
        seq: Seq,
    },
}

impl Change {
    pub fn seq(&self) -> Seq {
        match self {
            Self::Message(message, _) => message.seq,
            Self::Deleted { seq, .. } => *seq,
        }
    }

    /// About how many bytes it takes in words. What is shared, the marks themselves, is not counted.
    pub(in crate::chat) fn weight(&self) -> usize {
        match self {
            Self::Message(message, marks) => message.weight() + readers_weight(message, marks),
            Self::Deleted { .. } => size_of::<Self>(),
        }
    }
}
