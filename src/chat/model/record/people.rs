//! The records of people: who they are, what signs them in, whom they know.

use serde::{Deserialize, Serialize};

use super::{is_false, moment};
use crate::chat::model::time::Timestamp;

/// Somebody with an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The source's id.
    pub id: i64,
    /// By the rules of usernames here; unique without regard to case.
    pub username: String,
    /// Left out: the username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Left out: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bio: String,
    /// May administer the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_admin: bool,
    /// Cannot sign in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_disabled: bool,
    /// A program's account: no password opens it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_bot: bool,
    /// Who made that bot: it ends with them. Left out: administrators look after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<i64>,
    /// Left out: the time of the import.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Left out: never, or unknown.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// As it is stored: a PHC string of argon2id, or Django's `pbkdf2_sha256$…` and
    /// `argon2$argon2id$…`. Left out: they need a link that sets a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// What signs them in beside the password. Left out: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    /// What they were called before a move, where that is no username here: they sign in by it, if nobody else
    /// has it. Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_name: Option<String>,
    /// When nothing is pushed to them: two times and a zone, `22:00 07:00 Europe/Berlin`. Left out: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// Pushes to them do not carry the text.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hides_preview: bool,
}

/// A second factor: TOTP by SHA-1, six digits, 30 seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// What the app shares with the server, in base32 and in the clear: whoever reads it makes codes.
    pub secret: String,
    /// The number of the last 30 seconds since 1970 whose code was used. Left out: none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<i64>,
    /// SHA-256 of each recovery code that was not used, in 64 hex digits: of its letters in lower case alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery_sha256: Vec<String>,
}

/// What signs somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Whose.
    pub user: i64,
    /// What it is.
    pub kind: CredentialKind,
    /// What its owner knows it by, possibly empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Made for a program: sign-ins never end it to make room.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_bot: bool,
    /// SHA-256 of the secret as it is sent, in 64 hex digits. Left out: it opens nothing
    /// where this is imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sha256: Option<String>,
    /// Since when it is there.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
    /// When it was used.
    #[serde(with = "moment")]
    pub used_at: Timestamp,
    /// Left out: until it is revoked.
    #[serde(default, with = "moment::maybe", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// By whose word it was opened: it ends with that link. Left out: by a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// The account's own token. Imported, it opens as a device's, beside the account's new one.
    Account,
    /// A token of a device or a program.
    Device,
    /// A browser's session: never imported, since what guards its writes is the old server's.
    Session,
    /// A family of JWTs: never imported, since the old server signed them.
    Refresh,
}

/// An account elsewhere that signs somebody in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Whom.
    pub user: i64,
    /// Who vouches: the URL of a provider of OpenID Connect, or `proxy`.
    pub issuer: String,
    /// For whom.
    pub subject: String,
}

/// Two who are friends, each of the other: one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Friend {
    /// One of the two.
    pub user: i64,
    /// The other.
    pub friend: i64,
    /// Since when.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
}

/// A post on a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Who wrote it.
    pub author: i64,
    /// One line.
    pub title: String,
    /// What it says.
    pub content: String,
    /// When.
    #[serde(with = "moment")]
    pub created_at: Timestamp,
}
