//! Who administered what: a line for each act, written in the act's own transaction.

use std::time::Duration;

use super::Chat;
use super::admin::By;
use super::error::Result;
use super::id::UserId;
use super::name::Username;
use super::page::{Page, Paged};
use super::store::{self, Tx};
use super::time::Timestamp;

/// How long a line is kept.
pub const KEEP_AUDIT: Duration = Duration::from_hours(400 * 24);

/// What an administrator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
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
    /// An invitation was made.
    InviteCreated,
    /// An invitation was taken back.
    InviteRevoked,
    /// A token for a program was made.
    TokenCreated,
    /// A token of a program was taken back.
    TokenRevoked,
    /// What another server or program held was taken in.
    Imported,
    /// How long a chat's messages are kept was changed.
    RetentionSet,
    /// The operator said that the clock is right.
    ClockConfirmed,
}

impl Act {
    /// Its word in the log.
    #[must_use]
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
            Self::InviteCreated => "invite_created",
            Self::InviteRevoked => "invite_revoked",
            Self::TokenCreated => "token_created",
            Self::TokenRevoked => "token_revoked",
            Self::Imported => "imported",
            Self::RetentionSet => "retention_set",
            Self::ClockConfirmed => "clock_confirmed",
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who; `None`: the command line.
    pub actor: Option<Username>,
    /// [`Act::as_str`].
    pub action: String,
    /// To whom or what: a username, or the id of an invitation or a chat.
    pub subject: String,
    /// The rest, possibly empty. Never a secret.
    pub detail: String,
}

impl Chat {
    /// What was administered, the newest first.
    pub async fn audit(&self, by: &By, page: Page) -> Result<Paged<Entry>> {
        let by = by.clone();
        self.store
            .scan(move |db| {
                by.check(db)?;
                store::audit::page(db, page)
            })
            .await
    }
}

/// Writes an act down. `actor` is `None` for the command line.
pub(super) fn note(tx: &Tx<'_>, actor: Option<UserId>, act: Act, subject: &str, detail: &str) -> Result<()> {
    store::audit::insert(tx, actor, act.as_str(), subject, detail)
}
