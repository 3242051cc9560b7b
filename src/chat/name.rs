//! Text that people type, parsed once at the edge into types that are the proof.
//!
//! Each `parse` trims, checks, and says in one sentence what is wrong. Which
//! field of a request it was is the dialect's to say.

mod email;
mod emoji;
mod file_name;
mod idempotency_key;
mod text;
mod username;

pub use email::{Email, MAX_EMAIL};
pub use emoji::{Emoji, MAX_EMOJI};
pub use file_name::{MAX_FILE_NAME, file_name};
pub use idempotency_key::{IdempotencyKey, MAX_IDEMPOTENCY_KEY};
pub use text::{
    MAX_BIO, MAX_DESCRIPTION, MAX_DISPLAY_NAME, MAX_POST, MAX_TITLE, MessageText, bio, description, display_name, post,
    title,
};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
pub use username::{MAX_USERNAME, Username};

/// Longest name or address that is looked for at a sign-in, in bytes: a username of 64 letters of four bytes is a
/// little longer than the longest address.
pub const MAX_LOGIN: usize = if MAX_EMAIL > MAX_USERNAME * 4 { MAX_EMAIL } else { MAX_USERNAME * 4 };

/// What is wrong with a value, in a sentence for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

fn violation<T>(sentence: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(sentence.into()))
}

fn blank<T>() -> Result<T, Violation> {
    violation("This field may not be blank.")
}

pub(super) fn too_long<T>(max: usize) -> Result<T, Violation> {
    violation(format!("Ensure this field has no more than {max} characters."))
}

/// Two spellings that fold to the same key are the same name.
///
/// Up and down again, so that letters with two small forms (σ and ς) fold to one.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Characters that turn the direction of text, and so can make `gpj.exe` out of `exe.jpg`.
fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

/// Unicode's Default_Ignorable_Code_Point: letters among them (fillers of Hangul), and all are drawn as nothing.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// Marks that may stand on one letter. As UTS 39 (5.4) has it: no language needs more, and a tower of them covers what
/// others wrote above and below.
const MAX_MARKS: usize = 4;

/// Whether somewhere more marks stand on one letter than may.
fn is_stacked(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        let is_mark = matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        marks = if is_mark { marks + 1 } else { 0 };
        marks > MAX_MARKS
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::fold;

    /// Letters of several scripts, twins of other letters, and what is no letter.
    pub const ODD: &str = "[a-zA-Z0-9_.+@ /а-яΑ-Ωα-ως٠-٩۰-۹０-９ａ-ｚ\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{300}-\u{310}\u{ad}\u{feff}İıſßﬁ-]{0,80}";

    #[test]
    fn names_fold_without_regard_to_case() {
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_ne!(fold("bob"), fold("rob"));
    }

    proptest! {
        /// Spellings that differ in case or width alone are one name.
        #[test]
        fn twins_have_one_key(raw in ODD) {
            prop_assert_eq!(fold(&raw.to_uppercase()), fold(&raw.to_lowercase().to_uppercase()));
            prop_assert_eq!(fold(&fold(&raw)), fold(&raw));
        }
    }
}
