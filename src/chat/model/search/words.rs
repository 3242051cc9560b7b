//! A text as words, folded so that two spellings of one word are the same.
//!
//! Words are Unicode's (UAX 29), parted at [`SEPARATORS`] too. Scripts that put no space between
//! words have none: each of their letters stands alone, and knows whether it stands right behind
//! another, so that any run of them is found wherever it stands.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use crate::chat::model::name::rule::is_unseen;

/// What parts a word beside Unicode's own bounds; the last is the apostrophe that keyboards of phones type.
const SEPARATORS: &[char] = &['_', '.', '-', '\'', '@', '/', ':', '\u{2019}'];

/// Letters of a word that the index knows; of a longer one it knows the beginning.
const MAX_TERM: usize = 32;
/// Bytes of letters that a text may unfold to beyond those that it is written in, as U+FDFA does to eighteen letters.
/// More than any question unfolds to, and little beside a long message: what is written in few characters costs no
/// more to search than what is written out. Behind that, a character that unfolds to more stands for a space.
pub const MAX_UNFOLDED: usize = 8 * 1024;

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

    /// The word, folded.
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

/// A text with all letters folded: the words of [`Words::of`] are parts of it.
pub fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { fold(text, |_, _, _, _| {}) }
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

/// The text with every letter folded, together with the marks that stand on it. `place` is told where each came
/// to stand, as what, and where it stood.
fn fold(text: &str, mut place: impl FnMut(usize, &str, usize, usize)) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut chars = text.chars().enumerate().peekable();
    let (mut marked, mut unfolded) = (String::new(), 0);
    while let Some((start, first)) = chars.next() {
        let more = more_unfolded(first);
        unfolded += more;
        let first = if more > 0 && unfolded > MAX_UNFOLDED { ' ' } else { first };
        let from = folded.len();
        let mut end = start + 1;
        let is_alone = chars.peek().is_none_or(|(_, c)| !hangs_on(*c));
        match plain(first).filter(|_| is_alone) {
            Some(c) => folded.push(c),
            None => {
                marked.clear();
                marked.push(first);
                while let Some((at, mark)) = chars.next_if(|(_, c)| hangs_on(*c)) {
                    marked.push(mark);
                    end = at + 1;
                }
                fold_marked(&marked, &mut folded);
            }
        }
        place(from, &folded[from..], start, end);
    }
    folded
}

/// Whether a character belongs to the one before: a mark, a later part of a Korean syllable, the
/// voice of a half width kana, or nothing that is drawn.
fn hangs_on(c: char) -> bool {
    plain(c).is_none()
        && (is_combining_mark(c)
            || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}')
            || is_unseen(c) && c != '\u{200b}')
}

/// What the most frequent characters are folded to.
fn plain(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7f}' => Some(c.to_ascii_lowercase()),
        'а'..='я' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '\u{4e00}'..='\u{9fff}' | '가'..='힣' => Some(c),
        'А'..='Я' => char::from_u32(u32::from(c) + 0x20),
        _ => None,
    }
}

/// Bytes of letters that a character unfolds to, beyond its own.
fn more_unfolded(c: char) -> usize {
    let mut bytes = 0;
    if plain(c).is_none() {
        decompose_compatible(c, |part| bytes += if is_combining_mark(part) { 0 } else { part.len_utf8() });
    }
    bytes.saturating_sub(c.len_utf8())
}

/// NFKC and case folding; marks go from letters where they make no difference.
fn fold_marked(text: &str, folded: &mut String) {
    let (mut base, mut small) = ('\0', String::new());
    for c in text.nfkd() {
        let is_mark = is_combining_mark(c);
        if is_unseen(c) && c != '\u{200b}' || is_mark && !is_kept(base, c) {
            continue;
        }
        if !is_mark {
            base = c;
        }
        // Up and down again, so that letters with two small forms fold to one, and ß to its two. Small
        // first: the large ß has no other large form. The ı without a dot is no i.
        for c in c.to_lowercase() {
            match c {
                'ı' => small.push(c),
                _ => small.extend(c.to_uppercase().flat_map(char::to_lowercase)),
            }
        }
    }
    folded.extend(small.nfc());
}

/// Whether a mark makes another letter of the one that it stands on.
fn is_kept(base: char, mark: char) -> bool {
    match (base, mark) {
        // й and ї.
        ('И' | 'и', '\u{306}') | ('І' | 'і', '\u{308}') => true,
        _ => !is_bare(base) && !is_point(mark),
    }
}

/// A letter of a script whose marks make no difference: Latin, Greek, Cyrillic.
fn is_bare(c: char) -> bool {
    c.is_alphabetic()
        && matches!(c,
            'A'..='Z' | 'a'..='z' | '\u{aa}'..='\u{24f}' | '\u{250}'..='\u{2af}' | '\u{1d00}'..='\u{1dbf}'
            | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}'
            | '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' | '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}'
            | '\u{a640}'..='\u{a69f}')
}

/// A point of Hebrew or Arabic: a vowel or a sign for reading aloud. Hamza and madda belong to letters.
fn is_point(c: char) -> bool {
    matches!(c,
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{652}' | '\u{656}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{8ca}'..='\u{8e1}'
        | '\u{8e3}'..='\u{8ff}')
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

    use super::{MAX_UNFOLDED, Words, folded, of_any, of_ascii};

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
