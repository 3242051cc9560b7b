//! Texts and lines that others read: what is said, and what things are titled.

use super::rule::{Violation, blank, is_direction_control, is_stacked, is_unseen, too_long, violation};

/// Longest display name, in characters.
pub const MAX_DISPLAY_NAME: usize = 150;
/// Longest bio, in characters.
pub const MAX_BIO: usize = 1_000;
/// Longest title of a chat, room or post, in characters.
pub const MAX_TITLE: usize = 255;
/// Longest post, in characters.
pub const MAX_POST: usize = 100_000;
/// Longest description of a room, in characters.
pub const MAX_DESCRIPTION: usize = 1_000;

/// Text of a message: up to the server's limit of Unicode scalar values. Blank is
/// allowed here, since attachments may make up for it; the post or edit decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Trims, and refuses more than `max` characters.
    pub fn parse(raw: &str, max: usize) -> Result<Self, Violation> {
        Ok(Self(bounded(raw, max)?))
    }

    /// Refuses blank text too: for messages to which nothing can be attached.
    pub fn parse_filled(raw: &str, max: usize) -> Result<Self, Violation> {
        Ok(Self(filled(raw, max)?))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A display name: one line, not blank.
pub fn display_name(raw: &str) -> Result<String, Violation> {
    one_line(filled(raw, MAX_DISPLAY_NAME)?)
}

/// A title of a chat, room or post: one line, not blank.
pub fn title(raw: &str) -> Result<String, Violation> {
    one_line(filled(raw, MAX_TITLE)?)
}

/// A room's description, possibly empty.
pub fn description(raw: &str) -> Result<String, Violation> {
    bounded(raw, MAX_DESCRIPTION)
}

/// What a post says: not blank.
pub fn post(raw: &str) -> Result<String, Violation> {
    filled(raw, MAX_POST)
}

/// A bio, possibly empty.
pub fn bio(raw: &str) -> Result<String, Violation> {
    bounded(raw, MAX_BIO)
}

fn filled(raw: &str, max: usize) -> Result<String, Violation> {
    let text = bounded(raw, max)?;
    if text.is_empty() { blank() } else { Ok(text) }
}

fn bounded(raw: &str, max: usize) -> Result<String, Violation> {
    let text = raw.trim();
    // No text is longer in characters than in bytes, so most need no counting.
    if text.len() > max && text.chars().count() > max {
        return too_long(max);
    }
    if text.contains('\0') {
        return violation("Null characters are not allowed.");
    }
    Ok(text.to_owned())
}

fn one_line(text: String) -> Result<String, Violation> {
    if text.contains(char::is_control) {
        return violation("This field is one line of text.");
    }
    // They would turn around what stands beside it on a page, or leave nothing to be seen.
    if text.contains(is_direction_control) || text.chars().all(is_blank) {
        return violation("This field has no invisible characters that mislead.");
    }
    if is_stacked(&text) {
        return violation("This field has fewer marks on one letter.");
    }
    Ok(text)
}

/// Takes no room on a page, or is empty room: fine between letters that join, but no text by itself.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}' || is_unseen(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{MessageText, display_name, title};

    #[test]
    fn a_line_that_is_shown_shows_something_and_turns_nothing_around() {
        let zalgo = format!("Z{}", "\u{336}\u{30d}\u{489}".repeat(4));
        for bad in [
            "\u{202e}ecila",
            "alice\u{2066}",
            "\u{200b}",
            "\u{3164}",
            " \u{2060} ",
            "\u{1160}\u{180e}",
            "\u{ffa0}",
            "\u{2800}",
            &zalgo,
            "\u{61c}a",
            "a\u{2068}b\u{2069}",
        ] {
            assert!(display_name(bad).is_err() && title(bad).is_err(), "{bad:?}");
        }
        for good in [
            "شادی می\u{200c}خواهم",
            "👩\u{200d}🚀",
            "a",
            "Ольга ❤\u{fe0f}",
            "👨‍👩‍👧‍👦 дом",
            "שָׁלוֹם",
            "السَّلَامُ",
            "क्षत्रिय",
            "ཧཱུྃ",
            "မြွှော်",
            "ผู้ใหญ่",
            "Nguyễn",
            "👍🏽",
        ] {
            assert!(display_name(good).is_ok(), "{good:?}");
        }
    }

    proptest! {
        /// Text is what was written, trimmed, and never longer than it may be.
        #[test]
        fn text_keeps_to_its_limit(raw in any::<String>(), max in 0_usize..40) {
            if let Ok(text) = MessageText::parse(&raw, max) {
                prop_assert_eq!(text.as_str(), raw.trim());
                prop_assert!(text.as_str().chars().count() <= max && !text.as_str().contains('\0'));
            } else {
                prop_assert!(raw.trim().chars().count() > max || raw.contains('\0'));
            }
        }

        #[test]
        fn a_line_is_one_and_not_blank(raw in any::<String>()) {
            for line in [display_name(&raw), title(&raw)].into_iter().flatten() {
                prop_assert!(!line.is_empty() && !line.contains(char::is_control));
            }
        }
    }
}
