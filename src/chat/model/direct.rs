//! The two of a direct chat.

use super::id::UserId;
use super::name::Username;

/// One of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    pub username: Username,
}

/// The two of a direct chat, the lower id first. Both are the same in notes to self.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The lower id.
    pub low: Person,
    /// The higher id.
    pub high: Person,
}

impl Pair {
    /// The pair of two users, in either order.
    pub fn new(one: Person, other: Person) -> Self {
        if one.id <= other.id { Self { low: one, high: other } } else { Self { low: other, high: one } }
    }

    /// Whether these are the two.
    #[must_use]
    pub fn is(&self, one: UserId, other: UserId) -> bool {
        (self.low.id, self.high.id) == (one.min(other), one.max(other))
    }

    /// The other side of `user`.
    pub fn other_of(&self, user: UserId) -> &Person {
        if self.low.id == user { &self.high } else { &self.low }
    }

    pub fn person(&self, user: UserId) -> &Person {
        if self.low.id == user { &self.low } else { &self.high }
    }

    pub(in crate::chat) fn ids(&self) -> Vec<UserId> {
        if self.low.id == self.high.id { vec![self.low.id] } else { vec![self.low.id, self.high.id] }
    }
}
