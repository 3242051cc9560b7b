//! Sizes from which on the core works in another way.
//!
//! They are configuration, so that a test is on both sides of each with a handful of
//! messages. An operator has no reason to turn them.

/// Each is the size up to which it works in the one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Users in one call.
    pub participants: u32,
    /// Changes on one page.
    pub changes: u32,
    /// Messages that wait to be entered under their chats: all who read a chat look through them.
    pub waiting: i64,
    /// Messages that wait to be entered in the index of words: all who search look through them.
    pub unindexed: u64,
    /// Messages that one sees in all: of so few each is looked through by who searches, without the index.
    pub looked_through: i64,
    /// New messages on the whole server that whoever catches up looks through, whosever they are. Of
    /// more, each of their chats is asked: this many take about as long as some hundred chats.
    pub recent: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { participants: 16, changes: 200, waiting: 1_024, unindexed: 256, looked_through: 400, recent: 256 }
    }
}
