//! Labels: what people know a token, a device or an invitation by.

use super::name::rule::{Violation, too_long};

/// Longest label, in characters.
pub const MAX_LABEL: usize = 100;

/// One line of text, perhaps empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// As somebody typed it: without control characters, [`MAX_LABEL`] characters at most.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let label = raw.trim();
        if label.chars().any(char::is_control) {
            return Err(Violation("A label is one line of text.".into()));
        }
        if label.chars().count() > MAX_LABEL {
            return too_long(MAX_LABEL);
        }
        Ok(Self(label.to_owned()))
    }

    /// What a program says of itself, as far as it is fit to be shown.
    pub fn cut(raw: &str) -> Self {
        let words = raw.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let line = words.collect::<Vec<_>>().join(" ");
        Self(line.chars().take(MAX_LABEL).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Label, MAX_LABEL};

    #[test]
    fn a_typed_label_is_one_short_line() {
        assert_eq!(Label::parse("  my bot ").expect("a label").as_str(), "my bot");
        assert_eq!(Label::parse("").expect("none").as_str(), "");
        assert!(Label::parse("two\nlines").is_err());
        assert!(Label::parse(&"ы".repeat(MAX_LABEL)).is_ok());
        assert!(Label::parse(&"ы".repeat(MAX_LABEL + 1)).is_err());
    }

    #[test]
    fn what_a_program_says_is_cut_to_one_short_line() {
        assert_eq!(Label::cut("Mozilla/5.0\t(X11;\u{1b}[31m  Linux)").as_str(), "Mozilla/5.0 (X11; [31m Linux)");
        assert_eq!(Label::cut(&"я".repeat(9_999)).as_str().chars().count(), MAX_LABEL);
    }

    proptest! {
        /// Both ways lead to one short line, which is taken again as it is.
        #[test]
        fn any_text_becomes_a_line_or_is_refused(text in any::<String>(), times in 0_usize..40) {
            for text in [text.clone(), text.repeat(times)] {
                for label in Label::parse(&text).into_iter().chain([Label::cut(&text)]) {
                    prop_assert!(label.as_str().chars().count() <= MAX_LABEL && !label.as_str().chars().any(char::is_control));
                    prop_assert_eq!(Label::parse(label.as_str()).map(|again| again.as_str().to_owned()), Ok(label.as_str().trim().to_owned()));
                }
            }
        }
    }
}
