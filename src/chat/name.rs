//! Text that people type, parsed once at the edge into types that are the proof.
//!
//! Each `parse` trims, checks, and says in one sentence what is wrong. Which
//! field of a request it was is the dialect's to say.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;
use unicode_segmentation::UnicodeSegmentation;

/// Longest username, in characters.
pub const MAX_USERNAME: usize = 64;
/// Longest e-mail address, in bytes.
pub const MAX_EMAIL: usize = 254;
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
/// Longest emoji, in bytes.
pub const MAX_EMOJI: usize = 64;
/// Longest idempotency key, in characters.
pub const MAX_IDEMPOTENCY_KEY: usize = 64;
/// Longest name of an uploaded file, in characters; longer ones lose their middle.
pub const MAX_FILE_NAME: usize = 255;

/// What is wrong with a value, in a sentence for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

fn violation<T>(sentence: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(sentence.into()))
}

/// Two spellings that fold to the same key are the same name.
///
/// Up and down again, so that letters with two small forms (σ and ς) fold to one.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// A username by the rules of contracts §4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Letters, digits and `_ . + -` of one script, in NFKC; begins and ends with
    /// a letter, digit or `_`; not all digits, since those would be read as an id.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let name: String = raw.trim().nfkc().collect();
        let within = |c: char| c.is_alphanumeric() || c == '_';
        if name.is_empty() {
            return violation("This field may not be blank.");
        }
        if name.chars().count() > MAX_USERNAME {
            return violation(format!("Ensure this field has no more than {MAX_USERNAME} characters."));
        }
        if !name.chars().all(|c| within(c) || matches!(c, '.' | '+' | '-')) {
            return violation("A username has only letters, digits and the characters _ . + -");
        }
        if !name.starts_with(within) || !name.ends_with(within) {
            return violation("A username begins and ends with a letter, a digit or _");
        }
        if name.chars().all(char::is_numeric) {
            return violation("A username cannot be only digits.");
        }
        if !name.as_str().is_single_script() {
            return violation("A username keeps to the letters of one script.");
        }
        Ok(Self(name))
    }

    /// A name that was checked when it was stored.
    pub(super) fn stored(name: String) -> Self {
        Self(name)
    }

    /// As its owner spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is looked up by.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address, looked up without regard to case. Never verified: there is
/// no mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Something before one `@` and something with a dot-free edge after it.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let address = raw.trim();
        let valid = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with(['.', '-'])
                && !domain.ends_with(['.', '-'])
        });
        if address.len() > MAX_EMAIL {
            return violation(format!("Ensure this field has no more than {MAX_EMAIL} characters."));
        }
        if !valid || address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\",;".contains(c)) {
            return violation("Enter a valid email address.");
        }
        Ok(Self(address.to_owned()))
    }

    /// As its owner spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is looked up by.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

/// Text of a message: up to the server's limit of Unicode scalar values. Blank is
/// allowed here, since attachments may make up for it; the post decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Trims, and refuses more than `max` characters.
    pub fn parse(raw: &str, max: usize) -> Result<Self, Violation> {
        Ok(Self(bounded(raw, max)?))
    }

    /// Refuses blank text too: for edits, and dialects without attachments.
    pub fn parse_filled(raw: &str, max: usize) -> Result<Self, Violation> {
        Ok(Self(filled(raw, max)?))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key that makes a send happen once: 1 to 64 characters, any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Checks the length. Nothing is trimmed: the key is the client's own.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        match raw.chars().count() {
            0 => violation("This field may not be blank."),
            1..=MAX_IDEMPOTENCY_KEY => Ok(Self(raw.to_owned())),
            _ => violation(format!("Ensure this field has no more than {MAX_IDEMPOTENCY_KEY} characters.")),
        }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
            return violation("This field may not be blank.");
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

/// A file's name as people see it: the last part of any path, one line, no
/// control characters, never empty. It names nothing on disk.
#[must_use]
pub fn file_name(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control() && !is_direction_control(*c)).collect();
    let name = name.trim();
    match name {
        "" | "." | ".." => "file".to_owned(),
        _ => shortened(name),
    }
}

/// Keeps the end of a long name, where its extension is.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_FILE_NAME {
        return name.to_owned();
    }
    let kept_end = 32;
    let head = name.chars().take(MAX_FILE_NAME - kept_end);
    head.chain(name.chars().skip(length - kept_end)).collect()
}

/// Characters that turn the direction of text, and so can make `gpj.exe` out of `exe.jpg`.
fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

fn filled(raw: &str, max: usize) -> Result<String, Violation> {
    let text = bounded(raw, max)?;
    if text.is_empty() { violation("This field may not be blank.") } else { Ok(text) }
}

fn bounded(raw: &str, max: usize) -> Result<String, Violation> {
    let text = raw.trim();
    // No text is longer in characters than in bytes, so most need no counting.
    if text.len() > max && text.chars().count() > max {
        return violation(format!("Ensure this field has no more than {max} characters."));
    }
    if text.contains('\0') {
        return violation("Null characters are not allowed.");
    }
    Ok(text.to_owned())
}

fn one_line(text: String) -> Result<String, Violation> {
    if text.contains(char::is_control) { violation("This field is one line of text.") } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::{Email, Emoji, MAX_FILE_NAME, Username, file_name, fold};

    #[test]
    fn usernames_follow_the_rules() {
        for good in ["bob", "a", "_x_", "jane.doe", "a+b-c", "Ольга", "2pac", "李雷", " trimmed "] {
            assert!(Username::parse(good).is_ok(), "{good} is a name");
        }
        let long = "x".repeat(65);
        for bad in ["", " ", "12345", "٣٤٥", "a@b", ".a", "a.", "-a", "a b", "pаypal", "a\u{200b}b", "a/b", &long] {
            assert!(Username::parse(bad).is_err(), "{bad} is not a name");
        }
        assert_eq!(Username::parse("ｂｏｂ").map(|n| n.key()), Ok("bob".to_owned()));
    }

    #[test]
    fn names_fold_without_regard_to_case() {
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_ne!(fold("bob"), fold("rob"));
    }

    #[test]
    fn emails_need_two_sides() {
        assert!(Email::parse("jane@example.com").is_ok());
        for bad in ["", "jane", "@example.com", "jane@", "a@b@c", "a b@c.d", "a@.d"] {
            assert!(Email::parse(bad).is_err(), "{bad} is no address");
        }
    }

    #[test]
    fn an_emoji_is_one_picture() {
        for good in ["👍", "❤️", "👩‍👩‍👧‍👦", "🇫🇷", "1️⃣", "👍🏽"] {
            assert!(Emoji::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "ok", "👍👍", "1", "я", " "] {
            assert!(Emoji::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_name_is_never_a_path() {
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("C:\\x\\y.png"), "y.png");
        assert_eq!(file_name("a\r\nb.txt"), "ab.txt");
        assert_eq!(file_name(".."), "file");
        assert_eq!(file_name("\u{202e}gpj.exe"), "gpj.exe");
        let long = file_name(&format!("{}.txt", "x".repeat(400)));
        assert_eq!(long.chars().count(), MAX_FILE_NAME);
        assert!(long.ends_with(".txt"));
    }
}
