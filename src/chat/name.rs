//! Text that people type, parsed once at the edge into types that are the proof.
//!
//! Each `parse` trims, checks, and says in one sentence what is wrong. Which
//! field of a request it was is the dialect's to say.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::{MixedScript, skeleton};
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

    /// What names have in common that are drawn alike, in small or in capital letters.
    #[must_use]
    pub fn look(&self) -> String {
        self.key().chars().map(drawn).collect::<String>().replace("rn", "m").replace(['i', '1'], "l").replace('0', "o")
    }

    /// Whether readers take it for `other`, because its letters are another alphabet's. Two plain names are
    /// never meant: `modern` and `modem` are read with care, but nobody can see that `сосо` is not `coco`.
    #[must_use]
    pub fn passes_for(&self, other: &Self) -> bool {
        !(self.0.is_ascii() && other.0.is_ascii()) && self.look() == other.look()
    }
}

/// A small letter as the plain letters that it or its capital is drawn like, or as what all its likes have in common.
fn drawn(c: char) -> String {
    if c.is_ascii() {
        return c.into();
    }
    let small: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    let capital: String = skeleton(&c.to_uppercase().collect::<String>()).collect();
    let plain = [&small, &capital].into_iter().find(|likeness| likeness.is_ascii());
    plain.map(|likeness| likeness.to_ascii_lowercase()).unwrap_or(small)
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
    if text.contains(char::is_control) {
        return violation("This field is one line of text.");
    }
    // They would turn around what stands beside it on a page, or leave nothing to be seen.
    if text.contains(is_direction_control) || text.chars().all(is_unseen) {
        return violation("This field has no invisible characters that mislead.");
    }
    Ok(text)
}

/// Takes no room on a page, or is empty room: fine between letters that join, but no text by itself.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}')
        || matches!(c, '\u{2060}'..='\u{2064}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

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

    #[test]
    fn names_of_two_alphabets_that_are_drawn_alike_are_known() {
        let name = |text: &str| Username::parse(text).expect(text);
        for (one, other) in [
            ("coco", "сосо"),
            ("Coco", "СОСО"),
            ("bob", "ВОВ"),
            ("paypal", "раураӏ"),
            ("alice", "ɑlice"),
            ("eta", "ΕΤΑ"),
            ("o", "о"),
            ("оса", "oca"),
        ] {
            assert!(name(one).passes_for(&name(other)) && name(other).passes_for(&name(one)), "{one} {other}");
        }
        for (one, other) in [
            ("modern", "modem"),
            ("bill", "b1ll"),
            ("émile", "emile"),
            ("жанна", "anna"),
            ("李雷", "李霄"),
            ("zoë", "zoe"),
        ] {
            assert!(!name(one).passes_for(&name(other)) && !name(other).passes_for(&name(one)), "{one} {other}");
        }
    }

    #[test]
    fn a_line_that_is_shown_shows_something_and_turns_nothing_around() {
        for bad in ["\u{202e}ecila", "alice\u{2066}", "\u{200b}", "\u{3164}", " \u{2060} "] {
            assert!(super::display_name(bad).is_err() && super::title(bad).is_err(), "{bad:?}");
        }
        for good in ["شادی می\u{200c}خواهم", "👩\u{200d}🚀", "a", "Ольга ❤\u{fe0f}"] {
            assert!(super::display_name(good).is_ok(), "{good:?}");
        }
    }

    /// Letters of several scripts, twins of other letters, and what is no letter.
    const ODD: &str = "[a-zA-Z0-9_.+@ /а-яΑ-Ωα-ως٠-٩۰-۹０-９ａ-ｚ\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{300}-\u{310}\u{ad}\u{feff}İıſßﬁ-]{0,80}";

    proptest! {
        /// What is a name has none of what misleads, and is the same name when it is parsed again.
        #[test]
        fn a_username_misleads_nobody(raw in proptest::prop_oneof![any::<String>(), ODD.boxed()]) {
            let Ok(name) = Username::parse(&raw) else { return Ok(()) };
            let text = name.as_str();
            prop_assert!(!text.is_empty() && text.chars().count() <= super::MAX_USERNAME);
            let is_bad = |c: char| c.is_control() || c.is_whitespace() || "@/\\<>\"'".contains(c);
            prop_assert!(!text.contains(is_bad), "it has what leads elsewhere");
            let is_unseen = |c| super::is_direction_control(c) || matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}');
            prop_assert!(!text.contains(is_unseen), "it has what nobody sees");
            prop_assert!(!text.chars().all(char::is_numeric), "an id");
            let again = Username::parse(text);
            prop_assert_eq!(again.as_ref().map(Username::as_str), Ok(text));
            prop_assert_eq!(again.map(|name| name.key()), Ok(name.key()));
        }

        /// Spellings that differ in case or width alone are one name.
        #[test]
        fn twins_have_one_key(raw in ODD) {
            prop_assert_eq!(fold(&raw.to_uppercase()), fold(&raw.to_lowercase().to_uppercase()));
            prop_assert_eq!(fold(&fold(&raw)), fold(&raw));
        }

        #[test]
        fn a_files_name_is_a_name(raw in proptest::prop_oneof![any::<String>(), ODD.boxed(), "[./\\\\ \u{0}a]{0,40}".boxed()]) {
            let name = file_name(&raw);
            prop_assert!(!name.is_empty() && name != "." && name != ".." && name.chars().count() <= MAX_FILE_NAME);
            let is_bad = |c: char| c.is_control() || matches!(c, '/' | '\\') || super::is_direction_control(c);
            prop_assert!(!name.contains(is_bad), "it has what leads elsewhere");
        }

        /// Text is what was written, trimmed, and never longer than it may be.
        #[test]
        fn text_keeps_to_its_limit(raw in any::<String>(), max in 0_usize..40) {
            if let Ok(text) = super::MessageText::parse(&raw, max) {
                prop_assert_eq!(text.as_str(), raw.trim());
                prop_assert!(text.as_str().chars().count() <= max && !text.as_str().contains('\0'));
            } else {
                prop_assert!(raw.trim().chars().count() > max || raw.contains('\0'));
            }
        }

        #[test]
        fn other_names_are_taken_or_refused(raw in any::<String>()) {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
            }
            if let Ok(emoji) = Emoji::parse(&raw) {
                prop_assert!(emoji.as_str().len() <= super::MAX_EMOJI);
            }
            for line in [super::display_name(&raw), super::title(&raw)].into_iter().flatten() {
                prop_assert!(!line.is_empty() && !line.contains(char::is_control));
            }
        }
    }
}
