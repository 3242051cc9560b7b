//! Up to where somebody has read.

use super::id::{MessageId, UserId};

/// Up to where a member has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMark {
    pub user: UserId,
    /// The newest message when they joined: what is not newer, they were not there for.
    pub after: MessageId,
    /// The newest message that they have read.
    pub upto: MessageId,
}

impl ReadMark {
    /// Whether this member has read `message`, which `sender` sent. One's own counts as read.
    pub fn has_read(&self, message: MessageId, sender: UserId) -> bool {
        self.user == sender || (self.after < message && message <= self.upto)
    }
}
