//! What people react with.

use unicode_segmentation::UnicodeSegmentation;

use super::{Violation, blank, violation};

/// Longest emoji, in bytes.
pub const MAX_EMOJI: usize = 64;

/// One emoji: a single grapheme cluster of at most 64 bytes with a pictograph,
/// flag or keycap in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(String);

impl Emoji {
    /// One grapheme cluster, and not plain text.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let emoji = raw.trim();
        let pictographic = |c: char| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control() && !c.is_ascii();
        if emoji.is_empty() {
            return blank();
        }
        if emoji.len() > MAX_EMOJI || emoji.graphemes(true).count() != 1 || !emoji.contains(pictographic) {
            return violation("This is not one emoji.");
        }
        Ok(Self(emoji.to_owned()))
    }

    /// The emoji.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Emoji, MAX_EMOJI};

    #[test]
    fn an_emoji_is_one_picture() {
        for good in ["👍", "❤️", "👩‍👩‍👧‍👦", "🇫🇷", "1️⃣", "👍🏽"] {
            assert!(Emoji::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "ok", "👍👍", "1", "я", " "] {
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
