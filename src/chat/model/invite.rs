//! Invitations.

use std::time::Duration;

use super::id::{ChatId, InviteId};
use super::label::Label;
use super::name::Username;
use super::time::Timestamp;

/// Accounts that one invitation is good for, at most.
pub const MAX_USES: u32 = 1_000;
/// Invitations that are kept, spent and expired ones too.
pub const MAX_INVITES: u32 = 1_000;
/// How long an invitation is good unless its maker says otherwise.
pub const INVITE_LIFE: Duration = Duration::from_hours(7 * 24);
/// The shortest life of an invitation.
pub const MIN_LIFE: Duration = Duration::from_mins(1);
/// The longest life of an invitation.
pub const MAX_LIFE: Duration = Duration::from_hours(366 * 24);

/// An invitation that is to be.
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
    /// Its id.
    pub id: InviteId,
    /// For its maker's own list.
    pub label: String,
    /// Accounts that it is still good for.
    pub uses_left: u32,
    /// When it is over.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom; `None`: the command line.
    pub created_by: Option<Username>,
    /// The group that its guests join.
    pub chat: Option<ChatId>,
    /// Whether it opens the door: it has uses, is in time, and its maker still may invite.
    pub is_live: bool,
}
