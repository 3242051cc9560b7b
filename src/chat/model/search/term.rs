//! The terms of a question, as they are told apart in what somebody typed.

use super::phrase::Phrase;

/// A filter's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    From,
    /// A chat by its number or title.
    In,
    /// A chat by its number alone.
    Chat,
    Has,
    After,
    Before,
}

impl Filter {
    /// Those that may stand among the words, as they are written there.
    const WRITTEN: [(&str, Self); 5] =
        [("from", Self::From), ("in", Self::In), ("has", Self::Has), ("after", Self::After), ("before", Self::Before)];

    /// The parameter that is the same.
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::In | Self::Chat => "chat",
            Self::Has => "has",
            Self::After => "after",
            Self::Before => "before",
        }
    }
}

/// A part of a question.
pub enum Term<'a> {
    Phrase { phrase: Phrase, is_excluded: bool },
    Filter { filter: Filter, value: &'a str, is_excluded: bool },
}

/// Cuts what was typed; whether there is nothing in it at all.
pub fn terms(typed: &str) -> (Vec<Term<'_>>, bool) {
    let (mut rest, mut terms, mut is_empty) = (typed.trim_start(), Vec::new(), true);
    let mut plain_last = None;
    while !rest.is_empty() {
        let is_excluded = rest.starts_with('-') && rest[1..].starts_with(|c: char| !c.is_whitespace());
        let term = &rest[usize::from(is_excluded)..];
        if let Some(quoted) = term.strip_prefix('"') {
            let (text, behind) = until_quote(quoted);
            is_empty = false;
            if let Some(phrase) = Phrase::of(text, false) {
                terms.push(Term::Phrase { phrase, is_excluded });
                plain_last = None;
            }
            rest = behind.trim_start();
        } else if let Some((filter, value, behind)) = filter(term) {
            if !value.trim().is_empty() {
                is_empty = false;
                terms.push(Term::Filter { filter, value: value.trim(), is_excluded });
                plain_last = None;
            }
            rest = behind.trim_start();
        } else {
            let (text, behind) = term.split_at(term.find(char::is_whitespace).unwrap_or(term.len()));
            is_empty = false;
            if let Some(phrase) = Phrase::of(text, false) {
                terms.push(Term::Phrase { phrase, is_excluded });
                plain_last = Some(text).filter(|_| !is_excluded);
            }
            rest = behind.trim_start();
        }
    }
    // Who still types has written a part of the last word.
    if let (Some(text), Some(Term::Phrase { phrase, .. })) = (plain_last, terms.last_mut())
        && let Some(prefix) = Phrase::of(text, true)
    {
        *phrase = prefix;
    }
    (terms, is_empty)
}

/// A filter at the beginning of a text, its value, and what is behind it.
fn filter(text: &str) -> Option<(Filter, &str, &str)> {
    let (name, rest) = text.split_once(':')?;
    let (_, filter) = Filter::WRITTEN.iter().find(|(written, _)| written.eq_ignore_ascii_case(name))?;
    let (value, behind) = match rest.strip_prefix('"') {
        Some(quoted) => until_quote(quoted),
        None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    Some((*filter, value, behind))
}

fn until_quote(quoted: &str) -> (&str, &str) {
    quoted.split_once('"').unwrap_or((quoted, ""))
}
