//! Letters folded, so that two spellings of one word are the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::chat::model::name::rule::is_unseen;

/// Bytes of letters that a text may unfold to beyond those that it is written in, as U+FDFA does to eighteen letters.
/// More than any question unfolds to, and little beside a long message: what is written in few characters costs no
/// more to search than what is written out. Behind that, a character that unfolds to more stands for a space.
pub const MAX_UNFOLDED: usize = 8 * 1024;

/// A text with all letters folded: the words of [`super::Words::of`] are parts of it.
pub fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { fold(text, |_, _, _, _| {}) }
}

/// The text with every letter folded, together with the marks that stand on it. `place` is told where each came
/// to stand, as what, and where it stood.
pub fn fold(text: &str, mut place: impl FnMut(usize, &str, usize, usize)) -> String {
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
