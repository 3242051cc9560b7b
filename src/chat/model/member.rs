//! Somebody in a chat.

use super::id::MemberId;
use super::time::Timestamp;
use super::user::User;

/// Users that one request may add to a group.
pub const MAX_ADDED: usize = 1_000;

/// Somebody in a chat.
#[derive(Clone, Debug)]
pub struct Member {
    /// The lower, the longer in the chat.
    pub id: MemberId,
    pub user: User,
    pub joined_at: Timestamp,
    /// May change the chat and its members.
    pub is_admin: bool,
}

/// What somebody may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRole {
    /// Read and write.
    Member,
    /// Change the group and its members, too.
    Admin,
    /// An admin whom no other can take that away from: one in each group.
    Owner,
}

/// Somebody in a chat, and whether they are there now.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Who, and since when in the chat.
    pub member: Member,
    /// There now.
    pub is_online: bool,
    /// When their last socket closed.
    pub last_seen: Option<Timestamp>,
}
