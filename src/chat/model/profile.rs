//! Profiles, and the posts on them.

use super::id::{PostId, UserId};
use super::time::Timestamp;
use super::user::{Account, User};

#[derive(Clone, Debug)]
pub struct Post {
    pub id: PostId,
    pub author: User,
    /// One line.
    pub title: String,
    pub content: String,
    pub created_at: Timestamp,
}

impl Post {
    /// About how many bytes it takes.
    pub(in crate::chat) fn weight(&self) -> usize {
        size_of::<Self>() + self.title.len() + self.content.len()
    }
}

/// Somebody's profile as the actor sees it.
#[derive(Clone, Debug)]
pub struct Profile {
    pub account: Account,
    /// Their friends, if the actor is one or is them; nobody otherwise.
    pub friends: Vec<UserId>,
}
