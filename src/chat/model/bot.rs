//! Bots: programs with an account of their own.

use super::id::UserId;
use super::name::Username;
use super::time::Timestamp;
use super::user::User;

/// Bots that somebody may have who does not administer the server.
pub const MAX_BOTS: u32 = 20;

/// Bots and hooks that somebody may ever have made who does not administer the server, and hooks that whoever
/// does may have: their accounts stay when they end.
pub const MAX_PROGRAMS: u32 = 1_000;

#[derive(Clone, Debug)]
pub struct NewBot {
    /// Unique as anybody's.
    pub username: Username,
    /// The username if there is none.
    pub display_name: Option<String>,
}

/// A bot as its maker and administrators see it.
#[derive(Clone, Debug)]
pub struct Bot {
    pub user: User,
    /// Who made it; `None`: the command line.
    pub made_by: Option<UserId>,
    pub created_at: Timestamp,
}

/// Who may make bots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BotMakers {
    /// Administrators of the server.
    #[default]
    Administrators,
    /// Everybody with an account, but for bots.
    Everybody,
}
