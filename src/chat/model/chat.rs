//! Chats: direct ones and groups, as one viewer sees them.

use super::error::{Denial, Error, Result};
use super::id::{ChatId, FileId, MessageId, UserId};
use super::notify::{ChatNotify, Level, Mute};
use super::time::Timestamp;
use super::user::User;

/// Members that a group may have.
pub const MAX_MEMBERS: u32 = 5_000;
/// Members of a group whose members are told each other's names, pictures, comings and goings,
/// and are listed in its frames: those of a larger one say only how many there are.
pub const MAX_MEMBERS_TOLD: u32 = 100;
/// Chats that a user may have made, of those that there are. Whoever owns them now: ownership
/// passes on, and nobody is to be filled up with what others made.
pub const MAX_CREATED: u32 = 500;

/// What kind of chat it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Exactly one for each pair of users; a pair may be one user.
    Direct,
    /// Any number of members.
    Group,
}

/// A chat as one viewer sees it.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Its id, the same in every dialect.
    pub id: ChatId,
    /// Direct or group.
    pub kind: Kind,
    /// A group's title; of a direct chat the other's display name.
    pub title: String,
    /// `<a>_<b>` of a direct chat; a group has none of its own.
    pub slug: Option<String>,
    /// A group's picture, as a user's.
    pub avatar: Option<String>,
    /// Possibly empty.
    pub description: String,
    /// Seen by its members only.
    pub is_private: bool,
    /// `None`: the server's own limit.
    pub max_members: Option<u32>,
    pub owner: User,
    /// The other side of a direct chat: oneself in notes to self.
    pub other: Option<User>,
    /// How many are in it.
    pub member_count: i64,
    /// The newest message that the viewer can see.
    pub last_message: Option<MessageId>,
    pub created_at: Timestamp,
    /// When the chat itself last changed.
    pub updated_at: Timestamp,
    /// When something was last said in it.
    pub active_at: Timestamp,
    /// The viewer's place in it; `None` for who sees a public room from outside.
    pub membership: Option<Membership>,
}

impl Chat {
    /// The viewer's unread messages.
    pub fn unread_count(&self) -> i64 {
        self.membership.as_ref().map_or(0, |membership| membership.unread_count)
    }

    /// How the viewer is told of what happens in it.
    pub(in crate::chat) fn notify(&self, now: Timestamp) -> ChatNotify {
        let own = self.membership.as_ref();
        let (level, mute) = own.map_or((None, None), |membership| (membership.level, membership.mute));
        ChatNotify::new(level, mute, self.member_count, now)
    }
}

/// A member's own view of a chat.
#[derive(Clone, Debug)]
pub struct Membership {
    /// May change the chat and its members.
    pub is_admin: bool,
    /// Messages of others that are not read yet.
    pub unread_count: i64,
    /// Messages that this member can see.
    pub message_count: i64,
    /// Messages up to this one were cleared from this member's view.
    pub cleared_mark: MessageId,
    /// Of what this member is told; `None`: what holds by the chat's size.
    pub level: Option<Level>,
    /// Until when it is mute, which may be over.
    pub mute: Option<Mute>,
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Possibly empty, if it has members to be named after.
    pub title: String,
    /// Possibly empty.
    pub description: String,
    /// Seen by its members only.
    pub is_private: bool,
    /// At most so many members; `None`: the server's own limit.
    pub max_members: Option<u32>,
    /// Who is in it from the start, beside the one who makes it.
    pub members: Vec<UserId>,
}

/// Changes to a group; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ChatChange {
    /// A new title.
    pub title: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// Open it, or close it.
    pub is_private: Option<bool>,
    /// `Some(None)` takes the limit away.
    pub max_members: Option<Option<u32>>,
    /// An uploaded image; `Some(None)` takes the picture away.
    pub avatar: Option<Option<FileId>>,
}

/// What one has to be to change a group. Dialects differ in whom they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    Owner,
    Admin,
}

impl Authority {
    /// The one predicate of every change to a group.
    pub(in crate::chat) fn check(self, chat: &Chat, actor: UserId) -> Result<()> {
        let membership = chat.membership.as_ref().ok_or(Error::NotMember)?;
        if chat.kind == Kind::Direct {
            return Err(Error::Forbidden(Denial::DirectChat));
        }
        match self {
            Self::Owner if chat.owner.id == actor => Ok(()),
            Self::Owner => Err(Error::Forbidden(Denial::NotOwner)),
            Self::Admin if membership.is_admin => Ok(()),
            Self::Admin => Err(Error::Forbidden(Denial::NotAdmin)),
        }
    }
}
