//! Foreign texts, brought to the lengths and lines of this server.

use crate::chat::model::message::MAX_MESSAGE;
use crate::chat::model::name::{self, MAX_BIO, MAX_DESCRIPTION, MAX_DISPLAY_NAME, MAX_TITLE, rule};

/// The first so many characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// One line that the rules take, or nothing.
fn line(text: &str, max: usize, rule: impl Fn(&str) -> Result<String, rule::Violation>) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    let line = cut(&line, max);
    rule(line).ok().or_else(|| {
        // What turns text around is not carried along.
        let plain: String = line.chars().filter(|c| c.is_alphanumeric() || c.is_ascii()).collect();
        rule(&plain).ok()
    })
}

/// A display name, if anything is left of it.
pub(super) fn display_name(text: &str) -> Option<String> {
    line(text, MAX_DISPLAY_NAME, name::display_name)
}

/// A title, if anything is left of it.
pub(super) fn title(text: &str) -> Option<String> {
    line(text, MAX_TITLE, name::title)
}

/// A bio, possibly empty.
pub(super) fn bio(text: &str) -> String {
    cut(text.replace('\0', "").trim(), MAX_BIO).trim().to_owned()
}

/// A description, possibly empty.
pub(super) fn description(text: &str) -> String {
    cut(text.replace('\0', "").trim(), MAX_DESCRIPTION).trim().to_owned()
}

/// A message's text in parts of at most the longest message; none of a blank one. A part
/// ends with a line or a word where there is one to end with.
pub(super) fn parts(text: &str) -> Vec<String> {
    let clean = text.replace('\0', "");
    let mut rest = clean.trim();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let longest = cut(rest, MAX_MESSAGE);
        let end = if longest.len() == rest.len() {
            rest.len()
        } else {
            longest
                .rfind('\n')
                .or_else(|| longest.rfind(' '))
                .filter(|end| *end > longest.len() / 2)
                .unwrap_or(longest.len())
        };
        let (part, after) = rest.split_at(end);
        parts.push(part.trim_end().to_owned());
        rest = after.trim_start();
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::{MAX_MESSAGE, display_name, parts, title};

    #[test]
    fn lines_are_made_one_and_fit() {
        assert_eq!(title(" two\nlines "), Some("two lines".into()));
        assert_eq!(title("\u{202e}"), None);
        assert_eq!(title("a\u{202e}b"), Some("ab".into()));
        assert_eq!(display_name(&"x".repeat(200)).map(|name| name.len()), Some(150));
        assert_eq!(display_name(" \t "), None);
    }

    #[test]
    fn a_long_text_comes_in_parts_and_whole() {
        assert_eq!(parts("  short "), ["short"]);
        assert!(parts(" \0 ").is_empty());
        let words = "word ".repeat(5_000);
        let made = parts(&words);
        assert!(made.len() == 3 && made.iter().all(|part| part.chars().count() <= MAX_MESSAGE), "{}", made.len());
        assert_eq!(made.join(" "), words.trim());
        assert_eq!(parts(&"ж".repeat(MAX_MESSAGE + 1)).len(), 2);
    }

    proptest! {
        #[test]
        fn parts_fit_whatever_the_text(text in "(?s).{0,60}", times in 1_usize..600) {
            for part in parts(&text.repeat(times)) {
                prop_assert!(part.chars().count() <= MAX_MESSAGE && !part.trim().is_empty());
            }
        }
    }
}
