//! Messages: one that exists, one that is to be, and which of them are asked for.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::direct::Pair;
use super::file::File;
use super::id::{ChatId, FileId, MessageId, Seq, UserId};
use super::mention::Mentions;
use super::name::{IdempotencyKey, MessageText};
use super::page::Page;
use super::receipt::ReadMark;
use super::time::Timestamp;
use super::user::User;

/// Longest message unless the operator says otherwise, in characters.
pub const MAX_MESSAGE: usize = 10_000;
/// Files on one message.
pub const MAX_ATTACHMENTS: usize = 10;

/// A message that exists.
#[derive(Clone, Debug)]
pub struct Message {
    /// Grows in commit order.
    pub id: MessageId,
    pub chat: ChatId,
    /// The number of its last change.
    pub seq: Seq,
    pub sender: User,
    /// Blank only with attachments.
    pub text: String,
    /// The message that it answers, which may be gone.
    pub reply_to: Option<MessageId>,
    /// Who said that.
    pub answered: Option<UserId>,
    /// Whom it names.
    pub mentions: Mentions,
    /// In the sender's order.
    pub attachments: Vec<File>,
    /// In order of the first of each emoji.
    pub reactions: Vec<Reaction>,
    pub created_at: Timestamp,
    /// When its text last changed; when it was posted, if never.
    pub updated_at: Timestamp,
    /// Whether its text ever changed.
    pub is_edited: bool,
    /// When it was pinned; `None`: it is not.
    pub pinned_at: Option<Timestamp>,
    /// Nobody said this: it is the line that a call left, and how long people talked in it, 0 if
    /// nobody answered.
    pub call_seconds: Option<u32>,
}

impl Message {
    /// About how many bytes it takes.
    pub(in crate::chat) fn weight(&self) -> usize {
        let mentions = self.mentions.users.len() * size_of::<UserId>();
        size_of::<Self>()
            + self.text.len()
            + reactions_weight(&self.reactions)
            + mentions
            + self.attachments.len() * size_of::<File>()
    }
}

/// About how many bytes it takes to say who has reacted.
pub(in crate::chat) fn reactions_weight(reactions: &[Reaction]) -> usize {
    reactions.iter().map(|reaction| reaction.users.len() * size_of::<UserId>()).sum()
}

/// About how many bytes it takes to say who has read a message: each who has, and nobody who has not.
pub(in crate::chat) fn readers_weight(message: &Message, marks: &[ReadMark]) -> usize {
    marks.iter().filter(|mark| mark.has_read(message.id, message.sender.id)).count() * size_of::<UserId>()
}

/// One emoji on a message, and who put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// One grapheme cluster.
    pub emoji: String,
    /// In order of reacting; never empty.
    pub users: Vec<UserId>,
}

/// A message to be posted.
#[derive(Clone, Debug)]
pub struct Draft {
    /// May be blank if files are attached.
    pub text: MessageText,
    /// Files that the sender uploaded and has not used.
    pub attachments: Vec<FileId>,
    /// A message of the same chat.
    pub reply_to: Option<MessageId>,
    /// Makes a resend return the first result.
    pub key: Option<IdempotencyKey>,
    /// Of the line that a call leaves, how long it was.
    pub(in crate::chat) call_seconds: Option<u32>,
}

impl Draft {
    /// Text alone.
    pub fn of(text: MessageText, key: Option<IdempotencyKey>) -> Self {
        Self { text, attachments: Vec::new(), reply_to: None, key, call_seconds: None }
    }

    /// The same with files.
    #[must_use]
    pub fn with_files(self, attachments: Vec<FileId>) -> Self {
        Self { attachments, ..self }
    }

    /// The same as an answer.
    #[must_use]
    pub fn answering(self, reply_to: Option<MessageId>) -> Self {
        Self { reply_to, ..self }
    }

    /// What a key stands for: the same key with other content is a mistake of the client's.
    pub(in crate::chat) fn content_hash(&self, chat: ChatId) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(chat.0.to_le_bytes());
        hash.update(self.reply_to.map_or(0, |id| id.0).to_le_bytes());
        for file in &self.attachments {
            hash.update(file.0.to_le_bytes());
        }
        hash.update([0xff]);
        hash.update(self.text.as_str());
        hash.finalize().into()
    }
}

/// A message as its sender gets it back.
#[derive(Clone, Debug)]
pub struct Posted {
    pub message: Message,
    /// The two of a direct chat.
    pub pair: Option<Pair>,
    /// Up to where everybody had read by then; empty for a new message, which nobody has.
    pub marks: Arc<[ReadMark]>,
    /// `false`: this was a resend, and nobody was told again.
    pub is_new: bool,
}

/// Which of a chat's messages are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// Newest first, by page number.
    Page(Page),
    /// Newest first, from below a message.
    Before(MessageId, u32),
    /// Oldest first, from above a message.
    After(MessageId, u32),
}

/// Pinned messages of one chat.
pub const MAX_PINS: u32 = 50;

/// Where a message stands among the pinned ones: the latest pinned first.
#[derive(Clone, Copy, Debug)]
pub struct PinPlace {
    pub pinned_at: Timestamp,
    pub id: MessageId,
}

/// Messages that one can have unread again: what is counted for it is bounded.
pub const MAX_UNREAD_AGAIN: u32 = 10_000;

/// Different emoji on one message.
pub const MAX_EMOJI_ON_MESSAGE: usize = 20;
