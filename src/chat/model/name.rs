//! Text that people type, parsed once at the edge into types that are the proof.
//!
//! Each `parse` trims, checks, and says in one sentence what is wrong. Which
//! field of a request it was is the dialect's to say.

mod email;
mod emoji;
mod file_name;
mod idempotency_key;
pub mod rule;
mod text;
mod username;

pub use email::{Email, MAX_EMAIL};
pub use emoji::{Emoji, MAX_EMOJI};
pub use file_name::file_name;
pub use idempotency_key::{IdempotencyKey, KEEP_KEYS, MAX_IDEMPOTENCY_KEY};
pub use text::{
    MAX_BIO, MAX_DESCRIPTION, MAX_DISPLAY_NAME, MAX_POST, MAX_TITLE, MessageText, bio, description, display_name, post,
    title,
};
pub use username::{ALL, MAX_USERNAME, Username};

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::rule::fold;

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
