//! What is to be written: a row of each noun, with the times of its source.

use crate::chat::model::name::{Email, Username};
use crate::chat::model::notify::{Level, Mute};
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::time::Timestamp;

/// Somebody who is to have an account.
pub struct NewUser<'a> {
    pub username: &'a Username,
    pub email: Option<&'a Email>,
    pub display_name: &'a str,
    pub bio: &'a str,
    pub password_hash: &'a str,
    pub nonce: &'a [u8],
    pub is_admin: bool,
    pub is_disabled: bool,
    pub is_bot: bool,
    pub created_at: Timestamp,
    pub last_seen_at: Option<Timestamp>,
}

/// Something that is to sign somebody in.
pub struct NewCredential<'a> {
    pub user: i64,
    pub kind: &'static str,
    pub secret_hash: &'a [u8],
    pub label: &'a str,
    pub is_bot: bool,
    pub created_at: Timestamp,
    pub used_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub issuer: Option<&'a str>,
}

pub struct NewChat<'a> {
    /// The lower id first, and the slug.
    pub direct: Option<(i64, i64, &'a str)>,
    pub title: &'a str,
    pub description: &'a str,
    pub is_private: bool,
    pub max_members: Option<u32>,
    pub retention: RetentionOverride,
    pub owner: i64,
    pub created_by: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub active_at: Timestamp,
}

/// A place in a chat that is to be.
pub struct NewMember {
    pub chat: i64,
    pub user: i64,
    pub is_admin: bool,
    pub joined_at: Timestamp,
    pub joined_mark: i64,
    pub read_mark: i64,
    pub cleared_mark: i64,
    pub is_hidden: bool,
    pub level: Option<Level>,
    pub mute: Option<Mute>,
}
