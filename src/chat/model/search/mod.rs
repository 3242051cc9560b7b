//! What is searched for, and what is found.

mod folding;
mod link;
mod phrase;
mod question;
mod snippet;
mod term;
mod words;

use std::sync::Arc;
use std::time::Duration;

use super::chat::Kind;
use super::id::{ChatId, MessageId};
use super::message::Message;
use super::receipt::ReadMark;
use super::time::Timestamp;
#[cfg(test)]
pub use folding::MAX_UNFOLDED;
pub use link::has_link;
pub use phrase::{IndexTerm, Phrase};
pub use question::{Author, Has, MAX_QUERY, MAX_TERMS, Place, Question};
pub use snippet::{MAX_SNIPPET, Snippet};
pub use term::Filter;
pub use words::Words;

/// In which order what matches is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// Of the newest [`MAX_RANKED`] that match, those first that speak most of it.
    Relevance,
}

/// How long a search may hold a connection. Who asks for more is told to come back.
pub const MAX_TIME: Duration = Duration::from_millis(500);
/// Messages that are put in an order of their own; what matches beyond is older.
pub const MAX_RANKED: usize = 500;

/// Where a part of the found messages ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundPlace {
    /// The last message that was told.
    pub id: MessageId,
    /// With an order of relevance, what holds it still while others write.
    pub rank: Option<RankedPlace>,
}

/// The messages that are put in order, and how far they were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankedPlace {
    /// Of the last message that was told.
    pub score: i64,
    /// The newest and the oldest of the messages that were put in order.
    pub newest: MessageId,
    pub oldest: MessageId,
    /// When they were: who was edited since stands elsewhere now.
    pub at: Timestamp,
}

/// A message that matches.
#[derive(Clone, Debug)]
pub struct Found {
    pub message: Message,
    /// Up to where everybody in its chat has read.
    pub marks: Arc<[ReadMark]>,
    pub chat: FoundIn,
    pub snippet: Snippet,
    /// Where it stands among all that match.
    pub place: FoundPlace,
}

/// The chat that a found message is of.
#[derive(Clone, Debug)]
pub struct FoundIn {
    pub id: ChatId,
    /// As the viewer reads it.
    pub title: String,
    pub kind: Kind,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct FoundMessages {
    /// One more than was asked for where there are more.
    pub found: Vec<Found>,
    /// There was no time for all of them: more of what was asked for follows the last.
    pub is_cut: bool,
    /// How much of all messages the index knows, from 0 to 1.
    pub indexed: f64,
}
