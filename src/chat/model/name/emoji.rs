//! What people react with.

use unicode_properties::UnicodeEmoji;
use unicode_properties::emoji::is_text_presentation_selector;
use unicode_segmentation::UnicodeSegmentation;

use super::rule::{Violation, blank, violation};

/// Longest emoji, in bytes.
pub const MAX_EMOJI: usize = 64;

/// One emoji: a single grapheme cluster of at most 64 bytes that has a pictograph, flag or
/// keycap, and nothing else than emoji are made of: no marks that tower over the line, and
/// none that turn it around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(String);

impl Emoji {
    /// One grapheme cluster, and not plain text.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let emoji = raw.trim();
        let is_part = |c: char| c.is_emoji_char_or_emoji_component() || is_text_presentation_selector(c);
        let is_keycap = emoji.starts_with(is_key) && emoji.ends_with(KEYCAP);
        let is_picture = !emoji.contains(KEYCAP) && emoji.contains(|c: char| c.is_emoji_char() && !c.is_ascii());
        if emoji.is_empty() {
            return blank();
        }
        let is_one = emoji.len() <= MAX_EMOJI && emoji.graphemes(true).count() == 1;
        if !is_one || !emoji.chars().all(is_part) || !(is_keycap || is_picture) {
            return violation("This is not one emoji.");
        }
        Ok(Self(emoji.to_owned()))
    }

    /// The emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stands around a digit, `#` or `*`.
const KEYCAP: char = '\u{20e3}';

fn is_key(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Emoji, MAX_EMOJI};

    #[test]
    fn an_emoji_is_one_picture() {
        for good in
            ["👍", "❤️", "👩‍👩‍👧‍👦", "🇫🇷", "1️⃣", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "❤️‍🔥", "👩🏿‍❤️‍💋‍👨🏻", "❤", "☺︎", "#️⃣", "🅰️", "ℹ️", "㊗️", "🫶🏾", "🐦‍🔥"]
        {
            assert!(Emoji::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "ok",
            "👍👍",
            "1",
            "я",
            " ",
            "\u{202e}",
            "\u{2067}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{20e3}",
            "\u{2800}",
            "\u{3164}",
            "👍\u{336}\u{30d}",
            "👍\u{20e3}\u{20e3}",
            "1\u{336}\u{20e3}",
            "\u{fdfd}",
            "§",
            "👍\u{202e}",
        ] {
            assert!(Emoji::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_emoji_is_short(raw in any::<String>()) {
            if let Ok(emoji) = Emoji::parse(&raw) {
                prop_assert!(emoji.as_str().len() <= MAX_EMOJI);
            }
        }
    }
}
