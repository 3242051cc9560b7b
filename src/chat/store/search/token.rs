//! Tokens that are no words: no folded text has full width letters.

use crate::chat::model::search::Has;

pub fn chat(id: i64) -> String {
    format!("ｃ{id}")
}

pub fn sender(id: i64) -> String {
    format!("ｓ{id}")
}

pub fn block(number: i64) -> String {
    format!("ｂ{number}")
}

pub const fn has(has: Has) -> &'static str {
    match has {
        Has::File => "ｆ",
        Has::Image => "ｉ",
        Has::Link => "ｌ",
    }
}
