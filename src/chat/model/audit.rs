//! What an administrator can do, and a line of the log of it.

use super::name::Username;
use super::time::Timestamp;

/// What an administrator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    /// The first admin made their account by the setup link.
    Setup,
    /// An account was made for somebody.
    UserCreated,
    /// Somebody may not sign in any more.
    UserDisabled,
    /// Somebody may sign in again.
    UserEnabled,
    /// Somebody became an admin.
    AdminGranted,
    /// Somebody is an admin no more.
    AdminRevoked,
    /// A link to set somebody's password was made.
    ResetLinkCreated,
    /// Somebody's password was set, by the operator or through such a link.
    PasswordSet,
    /// All sessions of somebody else were ended.
    SessionsEnded,
    /// Somebody's second factor was taken away.
    SecondFactorRemoved,
    /// An invitation was made.
    InviteCreated,
    /// An invitation was taken back.
    InviteRevoked,
    /// A token for a program was made.
    TokenCreated,
    /// A token of a program was taken back.
    TokenRevoked,
    /// A bot was made.
    BotCreated,
    BotDeleted,
    /// What another server or program held was taken in.
    Imported,
    /// How long a chat's messages are kept was changed.
    RetentionSet,
    /// The operator said that the clock is right.
    ClockConfirmed,
    /// The server got a name.
    ServerNamed,
    /// The rooms that newcomers join were named.
    JoinRoomsSet,
    /// An account elsewhere signs somebody in.
    IdentityLinked,
    /// It does no more.
    IdentityUnlinked,
}

impl AuditAction {
    /// Its word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::UserCreated => "user_created",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::AdminGranted => "admin_granted",
            Self::AdminRevoked => "admin_revoked",
            Self::ResetLinkCreated => "reset_link_created",
            Self::PasswordSet => "password_set",
            Self::SessionsEnded => "sessions_ended",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::InviteCreated => "invite_created",
            Self::InviteRevoked => "invite_revoked",
            Self::TokenCreated => "token_created",
            Self::TokenRevoked => "token_revoked",
            Self::BotCreated => "bot_created",
            Self::BotDeleted => "bot_deleted",
            Self::Imported => "imported",
            Self::RetentionSet => "retention_set",
            Self::ClockConfirmed => "clock_confirmed",
            Self::ServerNamed => "server_named",
            Self::JoinRoomsSet => "join_rooms_set",
            Self::IdentityLinked => "identity_linked",
            Self::IdentityUnlinked => "identity_unlinked",
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub id: i64,
    pub at: Timestamp,
    /// Who; `None`: the command line.
    pub actor: Option<Username>,
    /// [`AuditAction::as_str`].
    pub action: String,
    /// To whom or what: a username, the id of an invitation or a chat, the server's name.
    pub subject: String,
    /// The rest, possibly empty. Never a secret.
    pub detail: String,
}
