//! Profiles, and the posts on them.

use super::id::{PostId, UserId};
use super::time::Timestamp;
use super::user::{Account, User};

/// A post.
#[derive(Clone, Debug)]
pub struct Post {
    pub id: PostId,
    /// Who wrote it.
    pub author: User,
    /// One line.
    pub title: String,
    /// What it says.
    pub content: String,
    /// When.
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
    /// Who it is.
    pub account: Account,
    /// Their friends, if the actor is one or is them; nobody otherwise.
    pub friends: Vec<UserId>,
}
