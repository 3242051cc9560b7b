//! The yardstick: reads every message there is, and shares nothing with the search but what the
//! contract says of it. Words are told apart by Unicode's rules and looked for as pieces of a text.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::chat::model::search::{MAX_UNFOLDED, Words};

/// A text as it is compared: each word between two spaces, and letters of scripts without spaces
/// side by side where they stood so.
pub(super) struct Plain {
    text: String,
    words: i64,
}

struct Token<'a> {
    at: usize,
    text: &'a str,
    is_letter: bool,
}

impl Plain {
    pub fn of(text: &str) -> Self {
        let folded = folded(text);
        let tokens = tokens(&folded);
        let mut plain = String::from(" ");
        let mut behind_letter = None;
        for token in &tokens {
            let is_joined = token.is_letter && behind_letter == Some(token.at);
            if is_joined {
                plain.pop();
            }
            plain.extend([token.text, " "]);
            behind_letter = token.is_letter.then_some(token.at + token.text.len());
        }
        Self { text: plain, words: i64::try_from(tokens.len()).expect("a text") }
    }

    pub fn is_empty(&self) -> bool {
        self.words == 0
    }

    /// The same as something to look for: the space stays where a word has to begin or end.
    fn wanted(&self, is_prefix: bool) -> &str {
        let mut wanted = self.text.as_str();
        if wanted.trim_start().starts_with(is_lone) {
            wanted = wanted.trim_start();
        }
        if is_prefix || wanted.trim_end().ends_with(is_lone) {
            wanted = wanted.trim_end();
        }
        wanted
    }

    /// How often it stands in a text.
    pub fn times_in(&self, text: &Self, is_prefix: bool) -> i64 {
        let wanted = self.wanted(is_prefix);
        let places = text.text.char_indices().filter(|(at, _)| text.text[*at..].starts_with(wanted));
        i64::try_from(places.count()).expect("a text")
    }
}

/// How much texts of one message speak of something that stands in them so often: BM25 with the
/// constants of most, for a message of twelve words.
pub(super) fn score(times: i64, texts: &[Plain]) -> i64 {
    let words: i64 = texts.iter().map(|text| text.words).sum();
    times * 2_200_000 / (times * 1_000 + 300 + 75 * words)
}

fn tokens(folded: &str) -> Vec<Token<'_>> {
    let letters = folded.char_indices().filter(|(_, c)| is_lone(*c));
    let mut tokens: Vec<_> =
        letters.map(|(at, c)| Token { at, text: &folded[at..at + c.len_utf8()], is_letter: true }).collect();
    for (start, word) in folded.unicode_word_indices() {
        let mut at = start;
        for part in word.split_inclusive(parts) {
            let text = part.trim_end_matches(parts);
            if text.contains(char::is_alphanumeric) {
                tokens.push(Token { at, text, is_letter: false });
            }
            at += part.len();
        }
    }
    tokens.sort_by_key(|token| token.at);
    tokens
}

fn parts(c: char) -> bool {
    is_lone(c) || "_.-'’@/:".contains(c)
}

/// Chinese, Japanese, Korean and Thai: as much of them as these worlds write.
fn is_lone(c: char) -> bool {
    matches!(u32::from(c), 0x0e01..=0x0e4e | 0x3005 | 0x3041..=0x30ff | 0x4e00..=0x9fff | 0xac00..=0xd7a3) && c != '・'
}

fn folded(text: &str) -> String {
    let (mut letters, mut base) = (Vec::new(), ' ');
    for c in bounded(text).nfkd().filter(|c| *c != '\u{ad}') {
        if is_combining_mark(c) {
            let makes_a_letter = matches!((base, c), ('и' | 'И', '\u{306}') | ('і' | 'І', '\u{308}'));
            let is_european = base.is_alphabetic() && u32::from(base) < 0x530;
            let is_point = matches!(u32::from(c), 0x591..=0x5c7 | 0x64b..=0x652 | 0x670);
            if (is_european || is_point) && !makes_a_letter {
                continue;
            }
        } else {
            base = c;
        }
        letters.push(c);
    }
    let small: String = letters.into_iter().flat_map(char::to_lowercase).collect();
    let once_more = |c: char| if c == 'ı' { vec![c] } else { c.to_uppercase().flat_map(char::to_lowercase).collect() };
    small.chars().flat_map(once_more).nfc().collect()
}

/// The text with spaces for what unfolds to more, behind all that may.
fn bounded(text: &str) -> String {
    let mut bytes = 0;
    let letter = |c: char| {
        let unfolded: usize = c.to_string().nfkc().filter(|part| !is_combining_mark(*part)).map(char::len_utf8).sum();
        let more = unfolded.saturating_sub(c.len_utf8());
        bytes += more;
        if more > 0 && bytes > MAX_UNFOLDED { ' ' } else { c }
    };
    text.chars().map(letter).collect()
}

#[test]
fn both_bound_what_a_text_unfolds_to() {
    for text in ["\u{fdfa}", "é\u{fdfa} ½", "가\u{301}\u{fdfa}ﬃ", "㌍ \u{fdfa}x"] {
        let many = text.repeat(3_000);
        assert_eq!(usize::try_from(Plain::of(&many).words), Ok(Words::of(&many).len()), "{text}");
    }
}

/// Whether a web address stands in a text.
pub(super) fn has_link(text: &str) -> bool {
    let small = text.to_ascii_lowercase();
    ["http://", "https://"].iter().any(|scheme| {
        small.match_indices(scheme).any(|(at, _)| {
            let behind = small[at + scheme.len()..].chars().next();
            behind.is_some_and(|c| c.is_alphanumeric() || c == '[') && !small[..at].ends_with(char::is_alphanumeric)
        })
    })
}
