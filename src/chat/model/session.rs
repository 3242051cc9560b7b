//! Who is asking, and by what.

use std::time::Duration;

use super::id::{CredentialId, UserId};
use super::name::Username;
use super::time::Timestamp;
use super::token::Token;

pub(in crate::chat) const ACCOUNT_TOKEN_LABEL: &str = "account token";
/// The label of a token that came with an account from another server: a device's, until its owner takes another account token.
pub(crate) const MOVED_TOKEN_LABEL: &str = "token from before the move";

/// A session that nobody used for this long is over.
pub const SESSION_IDLE: Duration = Duration::from_hours(14 * 24);
/// A session is over after this long, used or not.
pub const SESSION_LIFE: Duration = Duration::from_hours(90 * 24);
/// Sessions a user may have; one more ends the least used.
pub const MAX_SESSIONS: u32 = 20;
/// Device tokens, and likewise JWT families, a user may have; one more ends the least used.
pub const MAX_DEVICES: u32 = 100;

/// What a credential is, and so how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// The account's own stable token.
    Account,
    /// Made by a login or registration, for one device.
    Device,
    /// A browser's cookie.
    Session,
    /// A family of JWTs.
    Refresh,
}

/// The JWTs of one sign-in, by the hash of a secret that nobody knows: the number of a row comes again where a database
/// is begun anew, or gone back to, beside the key that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family(pub [u8; 32]);

/// Proof of who asks: only a valid credential makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user: UserId,
    pub username: Username,
    /// By what.
    pub credential: CredentialId,
    /// What kind of thing that is.
    pub kind: CredentialKind,
    /// May administer the server.
    pub is_admin: bool,
    /// A program with an account of its own.
    pub is_bot: bool,
    /// Has a second factor.
    pub has_factor: bool,
}

/// A new browser session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The value of the `sessionid` cookie.
    pub key: Token,
    /// What a write with that cookie has to repeat.
    pub csrf: Token,
}

/// A credential as its owner sees it in a list.
#[derive(Clone, Debug)]
pub struct IssuedCredential {
    pub id: CredentialId,
    pub kind: CredentialKind,
    /// What its owner knows it by, possibly empty.
    pub label: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was used, to the hour.
    pub used_at: Timestamp,
    /// `None`: until it is ended.
    pub expires_at: Option<Timestamp>,
    pub username: Username,
}
