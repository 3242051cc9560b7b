//! What happened, as it is told to open sockets.
//!
//! Events of stored things are made inside the writer's transaction and leave after
//! its commit. The rest (typing, presence, calls) is true only for a moment and is
//! told at once. Each dialect's codec has words for some [topics](Topic), and its sockets
//! are woken for those alone.

use std::sync::Arc;

use super::call::Signal;
use super::direct::Pair;
use super::file::StorageName;
use super::id::{ChatId, CredentialId, MessageId, Seq, SocketId, UserId};
use super::message::{Message, Reaction, reactions_weight, readers_weight};
use super::name::{IdempotencyKey, Username};
use super::receipt::ReadMark;
use super::time::Timestamp;
use super::topic::Topic;
use super::user::User;

/// Something that happened, grouped by what it is about.
#[derive(Debug)]
pub enum Event {
    /// What is said.
    Message(MessageEvent),
    /// Somebody reacted, or took a reaction back.
    ReactionsChanged {
        chat: ChatId,
        message: MessageId,
        /// All of its reactions as they are now.
        reactions: Vec<Reaction>,
        /// Members who cleared it from their view: they are not told.
        cleared_by: Vec<UserId>,
        /// The change's number.
        seq: Seq,
    },
    /// A message was pinned, or its pin taken off.
    MessagePinned {
        /// The message as it is now.
        message: Message,
        /// Up to where everybody has read.
        marks: Arc<[ReadMark]>,
        /// Members who cleared it from their view: they are not told.
        cleared_by: Vec<UserId>,
    },
    /// Somebody has read a chat up to a message, or only so far again.
    Read {
        chat: ChatId,
        user: UserId,
        /// The newest message that is read.
        upto: MessageId,
    },
    /// A chat, or how it looks to those in it.
    Chat(ChatEvent),
    /// Who is in a chat.
    Member(MemberEvent),
    /// Somebody began or stopped typing.
    Typing {
        chat: ChatId,
        user: UserId,
        /// Began, or stopped.
        is_typing: bool,
    },
    /// Somebody opened the first socket or closed the last.
    Presence {
        user: UserId,
        /// There, or gone.
        online: bool,
        /// When they were last there.
        last_seen: Option<Timestamp>,
        /// The chats whose members are told.
        chats: Vec<ChatId>,
    },
    /// The call of a room.
    Call(CallEvent),
    /// A call, for those who are not in it, and of them.
    Ringing { chat: ChatId, ring: Ring },
    /// What opens and closes sockets. Nobody is told.
    Steering(Steering),
}

/// What happens to a message itself.
#[derive(Debug)]
pub enum MessageEvent {
    Posted {
        message: Message,
        /// The two of a direct chat.
        pair: Option<Pair>,
        /// What its sender calls it, told to the sender alone.
        key: Option<IdempotencyKey>,
    },
    /// A message's text was edited.
    Edited {
        /// The message as it is now.
        message: Message,
        /// The two of a direct chat.
        pair: Option<Pair>,
        /// Up to where everybody has read.
        marks: Arc<[ReadMark]>,
        /// Members who cleared it from their view: they are not told.
        cleared_by: Vec<UserId>,
    },
    Deleted {
        /// Where it stood.
        chat: ChatId,
        /// Which it was.
        message: MessageId,
        /// Who had sent it.
        sender: UserId,
        /// The change's number.
        seq: Seq,
        /// The two of a direct chat.
        pair: Option<Pair>,
    },
}

/// What happens to a chat.
#[derive(Debug)]
pub enum ChatEvent {
    /// A chat came to be. Its members' sockets join it with this event.
    Created {
        chat: ChatId,
        /// The two of a direct chat.
        pair: Option<Pair>,
        /// Everybody who is in it from the start.
        members: Vec<UserId>,
    },
    /// A chat's title or description or limits changed, or who looks after it.
    Updated { chat: ChatId },
    /// Somebody in a chat has another name or picture.
    MemberChanged {
        chat: ChatId,
        /// Members who have put it away: they are not told.
        hidden_by: Vec<UserId>,
    },
    /// A chat was deleted for all. Its sockets leave with this event.
    Deleted { chat: ChatId },
    /// One side of a direct chat put it away for itself.
    Hidden {
        chat: ChatId,
        /// For whom.
        user: UserId,
    },
    /// A member's own part of a chat changed: told to that member alone.
    OwnPartChanged {
        chat: ChatId,
        /// Whose part.
        user: UserId,
    },
}

/// Who comes into a chat, and who leaves it.
#[derive(Debug)]
pub enum MemberEvent {
    /// Somebody joined a chat, or was added.
    Added {
        chat: ChatId,
        user: User,
        /// How many are in it now.
        members: i64,
        /// One of many at once in a large group: told to their own sockets alone, and to the
        /// others as [`MemberEvent::ManyChanged`].
        is_quiet: bool,
    },
    /// Somebody left a chat, or was removed. Their sockets leave with this event.
    Removed {
        chat: ChatId,
        user: UserId,
        /// How many are in it now.
        members: i64,
        /// As of somebody who was added.
        is_quiet: bool,
    },
    /// More came to a large group or left it than are told one by one.
    ManyChanged {
        chat: ChatId,
        /// The latest of them.
        latest: Turnover,
        /// How many are in it now.
        members: i64,
    },
}

/// What happens in a call.
#[derive(Debug)]
pub enum CallEvent {
    /// Somebody joined the call of a room.
    Joined {
        chat: ChatId,
        user: UserId,
        username: Username,
        /// Everybody who is in it now, in order of joining.
        participants: Vec<(UserId, Username)>,
    },
    /// Somebody left the call of a room.
    Left {
        chat: ChatId,
        user: UserId,
        /// Everybody who is still in it.
        participants: Vec<(UserId, Username)>,
    },
    /// Who is in the call now, told to those who are in it.
    State {
        /// Everybody in it, in order of joining.
        participants: Vec<(UserId, Username)>,
        to: Vec<SocketId>,
    },
    /// A signal from one participant of a call to another.
    Signalled {
        /// What, and from whom.
        signal: Arc<Signal>,
        /// The target's sockets in that call.
        to: Vec<SocketId>,
    },
}

/// What is told of a call to those who are not in it, and of them to those who are.
#[derive(Debug)]
pub enum Ring {
    /// Somebody joined a call that nobody was in.
    Started {
        user: UserId,
        /// With a camera.
        has_video: bool,
    },
    /// The last left.
    Ended {
        /// How long it was.
        seconds: u32,
    },
    /// Somebody does not join.
    Declined {
        user: UserId,
        /// Those who are in it, and whoever declined.
        to: Vec<UserId>,
    },
}

/// What decides which sockets hear anything.
#[derive(Debug)]
pub enum Steering {
    /// One credential is over. Its sockets close with this event.
    CredentialEnded {
        /// Whose it was.
        user: UserId,
        credential: CredentialId,
    },
    /// All credentials of a user are over, but one perhaps. Their sockets close.
    CredentialsEnded {
        /// Whose they were.
        user: UserId,
        /// The one that asked for it.
        kept: Option<CredentialId>,
    },
    /// What a user may do on the server changed. No socket is told.
    RightsChanged { user: UserId },
    /// A user may do hardly anything until they have a second factor. Their sockets close.
    Restricted { user: UserId },
    /// A socket is ready for what happens from here on.
    SocketOpened {
        /// Which; its place in the hub is kept already.
        socket: SocketId,
        /// The chats that it hears from here on.
        chats: Vec<ChatId>,
    },
}

impl Event {
    /// What it is about; `None`: nothing that is told.
    pub fn topic(&self) -> Option<Topic> {
        match self {
            Self::Message(_) => Some(Topic::Messages),
            Self::ReactionsChanged { .. } => Some(Topic::Reactions),
            Self::MessagePinned { .. } => Some(Topic::Pins),
            Self::Read { .. } => Some(Topic::Receipts),
            Self::Chat(_) => Some(Topic::Chats),
            Self::Member(_) => Some(Topic::Members),
            Self::Typing { .. } => Some(Topic::Typing),
            Self::Presence { .. } => Some(Topic::Presence),
            Self::Call(_) => Some(Topic::Calls),
            Self::Ringing { .. } => Some(Topic::Ringing),
            Self::Steering(_) => None,
        }
    }

    /// Whether it is about what `user` has cleared or put away from their view.
    pub fn is_cleared_by(&self, user: UserId) -> bool {
        match self {
            Self::Message(MessageEvent::Edited { cleared_by, .. })
            | Self::MessagePinned { cleared_by, .. }
            | Self::ReactionsChanged { cleared_by, .. } => cleared_by.contains(&user),
            Self::Chat(ChatEvent::MemberChanged { hidden_by, .. }) => hidden_by.contains(&user),
            _ => false,
        }
    }

    /// About how many bytes it takes in a socket's queue: text counts, the rest is small.
    pub fn weight(&self) -> usize {
        const SMALL: usize = 256;
        match self {
            Self::Message(MessageEvent::Posted { message, .. }) => SMALL + message.text.len(),
            Self::Message(MessageEvent::Edited { message, marks, .. }) | Self::MessagePinned { message, marks, .. } => {
                SMALL + message.text.len() + readers_weight(message, marks)
            }
            Self::ReactionsChanged { reactions, .. } => SMALL + reactions_weight(reactions),
            Self::Call(CallEvent::Signalled { signal, .. }) => SMALL + signal.body.len(),
            _ => SMALL,
        }
    }
}

/// Somebody who came to a chat or left it.
#[derive(Debug)]
pub enum Turnover {
    /// Who came.
    Joined(User),
    Left(UserId),
}

impl Turnover {
    pub fn user(&self) -> UserId {
        match self {
            Self::Joined(user) => user.id,
            Self::Left(user) => *user,
        }
    }
}

/// What a commit leaves to be done, in order.
#[derive(Default)]
pub(in crate::chat) struct Committed {
    /// To be published.
    pub events: Vec<Event>,
    /// Files to be erased from the disk.
    pub erased: Vec<StorageName>,
    /// Whether a command changed something that no event tells.
    pub is_untold: bool,
}

/// What a socket listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One chat; the socket closes when that ends for it.
    Chat(ChatId),
    /// The direct chat with one user, which may not exist yet.
    Pair(UserId),
    /// All chats one is in, whichever they are at the time.
    All,
}
