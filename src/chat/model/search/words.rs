//! A text as words, folded so that two spellings of one word are the same.
//!
//! Words are Unicode's (UAX 29), parted at [`SEPARATORS`] too. Scripts that put no space between
//! words have none: each of their letters stands alone, and knows whether it stands right behind
//! another, so that any run of them is found wherever it stands.

use unicode_segmentation::UnicodeSegmentation;

use super::folding::fold;

/// What parts a word beside Unicode's own bounds; the last is the apostrophe that keyboards of phones type.
const SEPARATORS: &[char] = &['_', '.', '-', '\'', '@', '/', ':', '\u{2019}'];

/// Letters of a word that the index knows; of a longer one it knows the beginning.
const MAX_TERM: usize = 32;

/// A word, or a letter of a script without spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Bytes of the folded text.
    from: usize,
    to: usize,
    /// Unicode scalar values of the text as it was written: the first, and the one behind the last.
    pub start: usize,
    pub end: usize,
    /// A letter of a script without spaces.
    pub is_letter: bool,
    /// And it stands right behind another such letter.
    pub is_joined: bool,
}

/// The words of a text, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    folded: String,
    words: Vec<Word>,
}

impl Words {
    pub fn of(text: &str) -> Self {
        if text.is_ascii() { of_ascii(text) } else { of_any(text) }
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn word(&self, at: usize) -> Option<&Word> {
        self.words.get(at)
    }

    pub fn folded(&self, word: &Word) -> &str {
        &self.folded[word.from..word.to]
    }

    /// Writes what the index knows of all words, with a space behind each.
    pub fn write_terms(&self, terms: &mut String) {
        for (at, word) in self.words.iter().enumerate() {
            match self.words.get(at + 1).filter(|next| next.is_joined) {
                Some(next) => terms.extend([self.folded(word), self.folded(next)]),
                None => terms.extend(self.folded(word).chars().take(MAX_TERM).map(wide)),
            }
            terms.push(' ');
        }
    }

    /// What the index knows of the word at a place: a word, or a letter with the one right behind it.
    pub fn term(&self, at: usize) -> Option<String> {
        let word = self.words.get(at)?;
        let next = self.words.get(at + 1).filter(|next| next.is_joined);
        Some(match next {
            Some(next) => format!("{}{}", self.folded(word), self.folded(next)),
            None => term(self.folded(word)),
        })
    }
}

/// A folded word as the index knows it: its tokens are parted at what is no letter or digit of
/// ASCII, and such a sign stands inside a few words.
pub fn term(folded: &str) -> String {
    folded.chars().take(MAX_TERM).map(wide).collect()
}

/// Whether the index knows all of a folded word, and no longer one by the same term.
pub fn is_whole(folded: &str) -> bool {
    folded.chars().nth(MAX_TERM - 1).is_none()
}

/// Full width signs stand in no folded text: there they are ASCII.
fn wide(c: char) -> char {
    match c {
        '!'..='~' if !c.is_ascii_alphanumeric() => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        // A mark may stand on a space.
        '\0'..=' ' | '\x7f' => '\u{3000}',
        _ => c,
    }
}

/// The same as [`of_any`] finds, for a hundredth of the work.
fn of_ascii(text: &str) -> Words {
    let folded = text.to_ascii_lowercase();
    let bytes = folded.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut words, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let from = at;
        // A number goes on behind a comma: UAX 29, WB11.
        while at < bytes.len()
            && (bytes[at].is_ascii_alphanumeric()
                || matches!(bytes[at], b',' | b';') && is_digit(at - 1) && is_digit(at + 1))
        {
            at += 1;
        }
        words.push(Word { from, to: at, start: from, end: at, is_letter: false, is_joined: false });
    }
    Words { folded, words }
}

/// A folded letter, and where it stood.
struct Letter {
    /// Byte of the folded text.
    at: usize,
    start: usize,
    end: usize,
}

fn of_any(text: &str) -> Words {
    let mut letters = Vec::with_capacity(text.len());
    let folded = fold(text, |from, piece, start, end| {
        letters.extend(piece.char_indices().map(|(at, _)| Letter { at: from + at, start, end }));
    });
    let mut words = Words { folded, words: Vec::new() };
    let mut from = 0;
    let mut is_joined = false;
    for (at, c) in words.folded.char_indices() {
        if !stands_alone(c) {
            is_joined = false;
            continue;
        }
        spaced(&words.folded, from, at, &letters, &mut words.words);
        from = at + c.len_utf8();
        words.words.push(placed(&letters, at, from, true, is_joined));
        is_joined = true;
    }
    spaced(&words.folded, from, words.folded.len(), &letters, &mut words.words);
    words
}

/// The words of a piece of text whose script has spaces.
fn spaced(folded: &str, from: usize, to: usize, letters: &[Letter], words: &mut Vec<Word>) {
    for (at, word) in folded[from..to].unicode_word_indices() {
        let mut start = from + at;
        for part in word.split(SEPARATORS) {
            if part.chars().any(char::is_alphanumeric) {
                words.push(placed(letters, start, start + part.len(), false, false));
            }
            start += part.len();
            start += folded[start..].chars().next().map_or(0, char::len_utf8);
        }
    }
}

fn placed(letters: &[Letter], from: usize, to: usize, is_letter: bool, is_joined: bool) -> Word {
    let first = letters.partition_point(|letter| letter.at < from);
    let behind = letters.partition_point(|letter| letter.at < to);
    let start = letters.get(first).map_or(0, |letter| letter.start);
    let end = behind.checked_sub(1).and_then(|last| letters.get(last)).map_or(start, |letter| letter.end);
    Word { from, to, start, end, is_letter, is_joined }
}

/// A letter of a script that puts no space between words, or whose words are found by their parts:
/// Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer.
fn stands_alone(c: char) -> bool {
    !c.is_ascii()
        && matches!(c,
            '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' | '\u{e50}'..='\u{e59}' | '\u{e81}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17dd}' | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{3038}'..='\u{303c}' | '\u{3041}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3105}'..='\u{312f}' | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Words, of_any, of_ascii};
    use crate::chat::model::search::folding::{MAX_UNFOLDED, folded};

    fn words(text: &str) -> Vec<String> {
        let words = Words::of(text);
        words.words.iter().map(|word| words.folded(word).to_owned()).collect()
    }

    fn terms(text: &str) -> Vec<String> {
        let words = Words::of(text);
        (0..words.len()).filter_map(|at| words.term(at)).collect()
    }

    #[test]
    fn words_are_unicodes_and_parted_at_more() {
        assert_eq!(
            words("Hello, World! don't e-mail ann.lee@example.org a/b:c_d"),
            ["hello", "world", "don", "t", "e", "mail", "ann", "lee", "example", "org", "a", "b", "c", "d"]
        );
        assert_eq!(words("1,000.50 a,b 3;4"), ["1,000", "50", "a", "b", "3;4"]);
        assert_eq!(words("don’t ＡＢＣ＿ｄｅ １２"), ["don", "t", "abc", "de", "12"]);
        assert!(words("… — !? 🙂 \u{301}").is_empty());
    }

    #[test]
    fn spellings_of_a_word_are_one() {
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("Ёлка", "елка"),
            ("café", "CAFE\u{301}"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("ﬁne", "FINE"),
            ("İstanbul", "istanbul"),
            ("שָׁלוֹם", "שלום"),
            ("كِتَابٌ", "كتاب"),
            ("ｶﾞｷﾞ", "ガギ"),
            ("\u{1112}\u{1161}\u{11ab}글", "한글"),
            ("co\u{ad}op", "coop"),
            ("ᾳδω", "αδω"),
        ] {
            assert_eq!(words(one), words(other), "{one} and {other}");
            assert!(!words(one).is_empty(), "{one}");
        }
    }

    #[test]
    fn letters_of_their_own_stay_so() {
        for (one, other) in [
            ("йод", "иод"),
            ("їжак", "іжак"),
            ("ør", "or"),
            ("łuk", "luk"),
            ("ısı", "isi"),
            ("が", "か"),
            ("कि", "क"),
            ("أب", "اب"),
        ] {
            assert_ne!(words(one), words(other), "{one} and {other}");
        }
        assert_eq!(words("И\u{306}од"), words("йод"), "composed");
    }

    #[test]
    fn letters_without_spaces_are_indexed_in_twos() {
        assert_eq!(terms("東京都"), ["東京", "京都", "都"]);
        assert_eq!(terms("東京 tower に"), ["東京", "京", "tower", "に"]);
        assert_eq!(terms("API를"), ["api", "를"]);
        assert_eq!(terms("1,000"), ["1，000"]);
    }

    #[test]
    fn places_are_those_of_the_text_as_it_was_written() {
        let words = Words::of("«ﬁne» Cafe\u{301} 東京");
        let places: Vec<_> = words.words.iter().map(|word| (word.start, word.end)).collect();
        assert_eq!(places, [(1, 4), (6, 11), (12, 13), (13, 14)]);
    }

    #[test]
    fn what_unfolds_to_much_does_so_up_to_a_bound() {
        let bytes = |text: &str| Words::of(text).folded.len() - text.len();
        // Thirty bytes more each: of all that fit, and of thousands.
        let fit = MAX_UNFOLDED / 30;
        assert_eq!(bytes(&"\u{fdfa}".repeat(fit)), 30 * fit);
        let many = format!("first {} last é½", "\u{fdfa}".repeat(10_000));
        assert!(folded(&many).len() < many.len());
        let all = words(&many);
        // Four words, of which the last and the next one's first stand together.
        assert_eq!(all.len(), 1 + 3 * fit + 1 + 2);
        assert_eq!((&all[0], &all[all.len() - 2..]), (&"first".to_owned(), &["last".to_owned(), "e".to_owned()][..]));
        // Nothing that people write in such numbers is bounded.
        for ordinary in ["ế", "ﬁ", "ß", "İ", "が", "가\u{301}", "ᾂ", "ﾊﾟ", "Ｗ", "й", "⑴"] {
            let word = words(ordinary);
            assert_eq!(words(&ordinary.repeat(5_000)).concat(), word.concat().repeat(5_000), "{ordinary}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_words_in_their_order(text in any::<String>()) {
            let words = Words::of(&text);
            let all = text.chars().count();
            let mut before = (0, 0);
            for (at, word) in words.words.iter().enumerate() {
                prop_assert!(word.start < word.end && word.end <= all);
                prop_assert!(word.start >= before.0 && word.end >= before.1, "in order");
                before = (word.start, word.end);
                prop_assert!(!words.term(at).expect("a term").contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()));
            }
        }

        #[test]
        fn plain_text_is_read_as_any_other(text in "[ -~\n]{0,60}") {
            prop_assert_eq!(of_ascii(&text), of_any(&text));
        }
    }
}
