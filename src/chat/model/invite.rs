//! Invitations.

use std::time::Duration;

use super::id::{ChatId, InviteId, UserId};
use super::label::Label;
use super::name::Username;
use super::time::Timestamp;
use super::token::Token;

/// Accounts that one invitation is good for, at most.
pub const MAX_USES: u32 = 1_000;
/// Invitations that are kept, spent and expired ones too.
pub const MAX_INVITES: u32 = 1_000;
/// Invitations into one group that work at a time.
pub const MAX_GROUP_INVITES: u32 = 20;
/// How long an invitation is good unless its maker says otherwise.
pub const INVITE_LIFE: Duration = Duration::from_hours(7 * 24);
/// The shortest life of an invitation.
pub const MIN_LIFE: Duration = Duration::from_mins(1);
/// The longest life of an invitation.
pub const MAX_LIFE: Duration = Duration::from_hours(366 * 24);

#[derive(Clone, Debug)]
pub struct NewInvite {
    /// 1 to [`MAX_USES`].
    pub uses: u32,
    /// [`MIN_LIFE`] to [`MAX_LIFE`].
    pub life: Duration,
    /// For its maker's own list.
    pub label: Label,
    /// The group that its guests join.
    pub chat: Option<ChatId>,
}

/// An invitation as its makers see it.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InviteId,
    /// For its maker's own list.
    pub label: String,
    /// Accounts that it is still good for.
    pub uses_left: u32,
    /// When it is over.
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    /// By whom; `None`: the command line.
    pub created_by: Option<Username>,
    /// The group that its guests join.
    pub chat: Option<ChatId>,
    /// Whether it opens the door: it has uses, is in time, and its maker still may invite.
    pub is_live: bool,
}

/// An invitation into a group that is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewGroupInvite {
    /// 1 to [`MAX_USES`].
    pub uses: u32,
    /// [`MIN_LIFE`] to [`MAX_LIFE`].
    pub life: Duration,
}

/// An invitation into a group as the group's admins see it, and as long as it works.
#[derive(Clone, Debug)]
pub struct GroupInvite {
    pub id: InviteId,
    /// What opens the group.
    pub code: Token,
    /// People who can still join with it.
    pub uses_left: u32,
    /// Who made it.
    pub created_by: UserId,
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}
