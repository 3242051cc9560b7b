//! Who administers, and accounts as administrators see them.

use super::session::Actor;
use super::time::Timestamp;
use super::user::Account;

/// Who administers: the right of each act is checked in its transaction.
#[derive(Clone, Debug)]
pub enum Administrator {
    /// Whoever owns the data folder.
    CommandLine,
    /// A user, who has to be an admin.
    Admin(Actor),
}

/// An account as administrators see it.
#[derive(Clone, Debug)]
pub struct ManagedAccount {
    /// As its owner sees it.
    pub account: Account,
    /// Bytes of its uploaded files.
    pub stored_bytes: i64,
    /// Bytes of its messages and posts.
    pub text_bytes: i64,
    /// Its sign-ins with the password ask for a code.
    pub has_second_factor: bool,
    /// Who else signs it in: issuers, by a blank between them.
    pub issuers: Option<String>,
    pub created_at: Timestamp,
    /// When its last socket closed.
    pub last_seen_at: Option<Timestamp>,
}

/// What changes; `None` leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserChange {
    /// May not sign in.
    pub is_disabled: Option<bool>,
    /// May administer.
    pub is_admin: Option<bool>,
}
