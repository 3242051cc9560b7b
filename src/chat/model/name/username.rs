//! What people are called by others, and how it is looked up.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::{MixedScript, skeleton};

use super::rule::{MAX_LOGIN, Violation, blank, fold, is_stacked, is_unseen, too_long, violation};

/// Longest username, in characters.
pub const MAX_USERNAME: usize = 64;
/// What mentions everybody, folded: no new account may be called so.
pub const ALL: &str = "all";

/// A username by the rules of contracts §4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Letters, digits and `_ . + -` of one script, in NFKC; begins and ends with
    /// a letter, digit or `_`; not all digits, since those would be read as an id, and not
    /// `all`, which mentions everybody.
    pub fn parse(raw: &str) -> Result<Self, Violation> {
        let raw = raw.trim();
        // What is longer as it was typed could not be typed again to sign in.
        if raw.len() > MAX_LOGIN {
            return too_long(MAX_USERNAME);
        }
        let name: String = raw.nfkc().collect();
        let within = |c: char| c.is_alphanumeric() || c == '_';
        if name.is_empty() {
            return blank();
        }
        if name.chars().count() > MAX_USERNAME {
            return too_long(MAX_USERNAME);
        }
        if !name.chars().all(|c| within(c) || matches!(c, '.' | '+' | '-')) {
            return violation("A username has only letters, digits and the characters _ . + -");
        }
        if name.contains(is_unseen) || is_stacked(&name) {
            return violation("A username has only letters that are seen, and few marks on each");
        }
        if !name.starts_with(within) || !name.ends_with(within) {
            return violation("A username begins and ends with a letter, a digit or _");
        }
        if name.chars().all(char::is_numeric) {
            return violation("A username cannot be only digits.");
        }
        if fold(&name) == ALL {
            return violation("Nobody can be called all, which mentions everybody.");
        }
        if !name.as_str().is_single_script() {
            return violation("A username keeps to the letters of one script.");
        }
        Ok(Self(name))
    }

    /// A name that was checked when it was stored.
    pub(in crate::chat) fn stored(name: String) -> Self {
        Self(name)
    }

    /// As its owner spelled it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is looked up by.
    pub fn key(&self) -> String {
        fold(&self.0)
    }

    /// What names have in common that are drawn alike, in small or in capital letters.
    pub fn skeleton(&self) -> String {
        self.key().chars().map(drawn).collect::<String>().replace("rn", "m").replace(['i', '1'], "l").replace('0', "o")
    }

    /// Whether readers take it for `other`, because its letters are another alphabet's. Two plain names are
    /// never meant: `modern` and `modem` are read with care, but nobody can see that `сосо` is not `coco`.
    #[must_use]
    pub fn passes_for(&self, other: &Self) -> bool {
        !(self.0.is_ascii() && other.0.is_ascii()) && self.skeleton() == other.skeleton()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

    use super::{MAX_USERNAME, Username};
    use crate::chat::model::name::rule::is_direction_control;
    use crate::chat::model::name::tests::ODD;

    #[test]
    fn usernames_follow_the_rules() {
        for good in ["bob", "a", "_x_", "jane.doe", "a+b-c", "Ольга", "2pac", "李雷", " trimmed "] {
            assert!(Username::parse(good).is_ok(), "{good} is a name");
        }
        let long = "x".repeat(65);
        for bad in
            ["", " ", "12345", "٣٤٥", "a@b", ".a", "a.", "-a", "a b", "pаypal", "a\u{200b}b", "a/b", "All", &long]
        {
            assert!(Username::parse(bad).is_err(), "{bad} is not a name");
        }
        for unseen in
            ["\u{1160}", "\u{3164}", "\u{ffa0}", "\u{115f}", "\u{2800}", "한\u{1160}", "ㅤ", "a\u{34f}b", "a\u{e0061}"]
        {
            assert!(Username::parse(unseen).is_err(), "{unseen:?} is not seen");
        }
        let tower = format!("a{}", "\u{363}".repeat(5));
        assert!(Username::parse(&tower).is_err() && Username::parse(&tower[..tower.len() - 2]).is_ok(), "{tower}");
        for good in ["한국어", "하늘", "ไทย", "दीना", "עברית"] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        assert!(Username::parse(&"𐌰".repeat(MAX_USERNAME)).is_ok(), "of four bytes each");
        assert!(Username::parse(&"\u{fdfa}".repeat(90)).is_err());
        assert_eq!(Username::parse("ｂｏｂ").map(|n| n.key()), Ok("bob".to_owned()));
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

    proptest! {
        /// What is a name has none of what misleads, and is the same name when it is parsed again.
        #[test]
        fn a_username_misleads_nobody(raw in proptest::prop_oneof![any::<String>(), ODD.boxed()]) {
            let Ok(name) = Username::parse(&raw) else { return Ok(()) };
            let text = name.as_str();
            prop_assert!(!text.is_empty() && text.chars().count() <= MAX_USERNAME);
            let is_bad = |c: char| c.is_control() || c.is_whitespace() || "@/\\<>\"'".contains(c);
            prop_assert!(!text.contains(is_bad), "it has what leads elsewhere");
            let is_unseen = |c| is_direction_control(c) || matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}');
            prop_assert!(!text.contains(is_unseen), "it has what nobody sees");
            prop_assert!(!text.chars().all(char::is_numeric), "an id");
            let again = Username::parse(text);
            prop_assert_eq!(again.as_ref().map(Username::as_str), Ok(text));
            prop_assert_eq!(again.map(|name| name.key()), Ok(name.key()));
        }
    }
}
