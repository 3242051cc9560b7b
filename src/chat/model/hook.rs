//! Hooks: URLs by which programs speak in a group.

use super::id::{ChatId, HookId};
use super::time::Timestamp;
use super::user::User;

/// Hooks of one group.
pub const MAX_HOOKS: u32 = 20;

/// A hook as the admins of its group see it. Its secret is shown to whoever makes it, and kept nowhere.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Its id.
    pub id: HookId,
    /// The group in which it speaks.
    pub chat: ChatId,
    /// What its admins know it by, and what its bot is called at first.
    pub label: String,
    /// Who says what comes in by it.
    pub bot: User,
    /// When it was made.
    pub created_at: Timestamp,
}
