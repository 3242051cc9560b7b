//! Sizes from which on the core works in another way.
//!
//! They are configuration, so that a test is on both sides of each with a handful of
//! messages. An operator has no reason to turn them.

use std::time::Duration;

use super::call::MAX_PARTICIPANTS;

/// Each is the size up to which it works in the one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Users in one call.
    pub participants: u32,
    /// Changes on one page.
    pub changes: u32,
    /// Messages that wait to be entered under their chats: all who read a chat look through them.
    pub waiting: i64,
    /// Messages that wait to be entered in the index of words while nobody searches: the more are entered
    /// together, the less is written.
    pub unindexed: u64,
    /// And while somebody does: all who search look through them.
    pub unindexed_searched: u64,
    /// New messages on the whole server that whoever catches up looks through, whosever they are. Of
    /// more, each of their chats is asked: this many take about as long as some hundred chats.
    pub recent: i64,
    pub search: SearchThresholds,
    /// How long a read waits for a free connection before it says "busy".
    pub reader_wait: Duration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            participants: MAX_PARTICIPANTS,
            changes: 200,
            waiting: 1_024,
            unindexed: 4_096,
            unindexed_searched: 256,
            recent: 256,
            search: SearchThresholds::default(),
            reader_wait: Duration::from_secs(2),
        }
    }
}

/// Sizes from which on search works in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchThresholds {
    /// Messages that one sees in all: of so few each is looked through, without the index.
    pub looked_through: i64,
    /// Messages entered in one transaction: few, since a post may wait behind them, and not fewer, since each
    /// transaction leaves a part that the index rewrites when it merges: by 512, half as much again goes to the disk.
    pub piece: u32,
    /// Numbers of messages in a block, as a power of two: what the index cannot be interrupted in is bounded by
    /// a block. The index has it in each entry.
    pub block_bits: u32,
    /// Words that a beginning is asked for by name; to find out how many there are takes longer than most searches.
    pub expansions: usize,
    /// The same where nothing else is asked for: to read all that begin so takes longer still.
    pub expansions_alone: usize,
    /// Entries of the index that it may pass over without a look at the clock: a third of a second.
    pub uninterrupted: i64,
    /// Messages that are looked through before the index is asked for the beginning of words alone.
    pub newest: usize,
}

impl Default for SearchThresholds {
    fn default() -> Self {
        Self {
            looked_through: 400,
            piece: 2_048,
            block_bits: 17,
            expansions: 16,
            expansions_alone: 128,
            uninterrupted: 20_000_000,
            newest: 1_000,
        }
    }
}
