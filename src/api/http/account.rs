//! An account, as every API shows it that has a word for who signs in.

use schemars::JsonSchema;
use serde::Serialize;

use super::base::BasePath;
use crate::chat::model::user;

/// A user as they see themselves.
#[derive(JsonSchema, Serialize)]
pub struct Account<'a> {
    id: i64,
    email: &'a str,
    username: &'a str,
    display_name: &'a str,
    avatar_url: Option<String>,
    bio: &'a str,
}

impl<'a> Account<'a> {
    pub fn new(account: &'a user::Account, base: &BasePath) -> Self {
        let user::User { id, username, display_name, avatar, bio, .. } = &account.user;
        Self {
            id: id.0,
            email: &account.email,
            username: username.as_str(),
            display_name,
            avatar_url: avatar.as_deref().map(|name| base.avatar(name)),
            bio,
        }
    }
}
