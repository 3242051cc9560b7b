//! Tokens that are no words: no folded text has full width letters.

use crate::chat::model::search::Has;

/// Numbers of messages in a block, as a power of two. What the index cannot be interrupted in is
/// bounded by a block. In tests they are few, so that a handful of messages has several.
pub const BLOCK_BITS: u32 = if cfg!(test) { 3 } else { 17 };

pub fn chat(id: i64) -> String {
    format!("ｃ{id}")
}

pub fn sender(id: i64) -> String {
    format!("ｓ{id}")
}

pub fn block(number: i64) -> String {
    format!("ｂ{number}")
}

pub fn block_of(message: i64) -> i64 {
    message >> BLOCK_BITS
}

pub const fn has(has: Has) -> &'static str {
    match has {
        Has::File => "ｆ",
        Has::Image => "ｉ",
        Has::Link => "ｌ",
    }
}
