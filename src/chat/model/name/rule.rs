//! What all that people type is held to.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::email::MAX_EMAIL;
use super::username::MAX_USERNAME;

/// Longest name or address that is looked for at a sign-in, in bytes: a username of 64 letters of four bytes is a
/// little longer than the longest address.
pub const MAX_LOGIN: usize = if MAX_EMAIL > MAX_USERNAME * 4 { MAX_EMAIL } else { MAX_USERNAME * 4 };

/// What is wrong with a value, in a sentence for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

pub(in crate::chat::model) fn violation<T>(sentence: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(sentence.into()))
}

pub(in crate::chat::model) fn blank<T>() -> Result<T, Violation> {
    violation("This field may not be blank.")
}

pub(in crate::chat) fn too_long<T>(max: usize) -> Result<T, Violation> {
    violation(format!("Ensure this field has no more than {max} characters."))
}

/// Two spellings that fold to the same key are the same name.
///
/// Up and down again, so that letters with two small forms (σ and ς) fold to one.
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Characters that turn the direction of text, and so can make `gpj.exe` out of `exe.jpg`.
pub fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

/// Unicode's Default_Ignorable_Code_Point: letters among them (fillers of Hangul), and all are drawn as nothing.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// Marks that may stand on one letter. As UTS 39 (5.4) has it: no language needs more, and a tower of them covers what
/// others wrote above and below.
pub const MAX_MARKS: usize = 4;

/// Whether somewhere more marks stand on one letter than may.
pub fn is_stacked(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| is_too_high(&mut marks, c))
}

/// The text with as many marks on each letter as may stand there.
pub fn without_towers(text: &str) -> String {
    let mut marks = 0;
    text.chars().filter(|c| !is_too_high(&mut marks, *c)).collect()
}

/// Counts the marks on the letter before; whether this is one too many.
fn is_too_high(marks: &mut usize, c: char) -> bool {
    let is_mark = matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    *marks = if is_mark { *marks + 1 } else { 0 };
    *marks > MAX_MARKS
}
