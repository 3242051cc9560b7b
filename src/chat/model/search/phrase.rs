//! Words that have to stand together.

use super::words::{Words, is_whole, term};

/// One word or several, as they follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    words: Words,
    /// Its last word may be the beginning of one.
    is_prefix: bool,
}

/// What the index is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexTerm {
    Whole(String),
    /// Every term that begins so.
    Beginning(String),
}

impl Phrase {
    /// `None`: there is no word in it.
    pub fn of(text: &str, is_prefix: bool) -> Option<Self> {
        let words = Words::of(text);
        (!words.is_empty()).then_some(Self { words, is_prefix })
    }

    /// What a message has to have that the phrase stands in: more do than have the phrase.
    pub fn index_terms(&self) -> Vec<IndexTerm> {
        let last = self.words.len() - 1;
        let mut terms = Vec::with_capacity(last + 1);
        for at in 0..=last {
            let Some(word) = self.words.word(at) else { break };
            // A letter stands in the index together with the next, whatever that is behind the phrase's end.
            let is_end = at == last;
            if is_end && word.is_letter && word.is_joined {
                break;
            }
            if is_end && (word.is_letter || self.is_prefix) {
                terms.push(IndexTerm::Beginning(term(self.words.folded(word))));
            } else {
                terms.extend(self.words.term(at).map(IndexTerm::Whole));
            }
        }
        terms
    }

    /// The one term that every message has which the phrase stands in, and no other message.
    pub fn exact_term(&self) -> Option<String> {
        match (self.words.len(), self.words.word(0)?) {
            (1, word) if !word.is_letter && !self.is_prefix && is_whole(self.words.folded(word)) => self.words.term(0),
            _ => None,
        }
    }

    /// Where it stands in a text: the first word of each place, and the one behind its last.
    pub fn places<'a>(&'a self, text: &'a Words) -> impl Iterator<Item = (usize, usize)> + 'a {
        let behind = (text.len() + 1).saturating_sub(self.words.len());
        (0..behind).filter(|from| self.stands_at(text, *from)).map(|from| (from, from + self.words.len()))
    }

    /// Whether the letters of each of its words stand in a folded text: without them, it does not.
    pub fn has_letters_in(&self, folded: &str) -> bool {
        (0..self.words.len()).filter_map(|at| self.words.word(at)).all(|word| folded.contains(self.words.folded(word)))
    }

    /// Whether it stands in a text.
    pub fn is_in(&self, text: &Words) -> bool {
        self.places(text).next().is_some()
    }

    fn stands_at(&self, text: &Words, from: usize) -> bool {
        let last = self.words.len() - 1;
        (0..=last).all(|at| {
            let (Some(mine), Some(theirs)) = (self.words.word(at), text.word(from + at)) else { return false };
            let (wanted, there) = (self.words.folded(mine), text.folded(theirs));
            let is_same = if at == last && self.is_prefix && !mine.is_letter {
                there.starts_with(wanted)
            } else {
                there == wanted
            };
            // What stands before the phrase is nobody's business.
            is_same && mine.is_letter == theirs.is_letter && (at == 0 || mine.is_joined == theirs.is_joined)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{IndexTerm, Phrase, Words};

    fn stands(phrase: &str, text: &str) -> bool {
        Phrase::of(phrase, false).expect("words").is_in(&Words::of(text))
    }

    #[test]
    fn words_of_a_phrase_stand_together() {
        assert!(stands("new york", "in New-York today"));
        assert!(!stands("new york", "new in york"));
        assert!(!stands("york new", "new york"));
        assert!(stands("a a", "b a a"));
        assert!(!stands("work", "network works"));
    }

    #[test]
    fn a_prefix_is_the_beginning_of_the_last_word() {
        let phrase = Phrase::of("new yo", true).expect("words");
        assert!(phrase.is_in(&Words::of("a new york")));
        assert!(!phrase.is_in(&Words::of("news york")));
    }

    #[test]
    fn a_run_of_letters_stands_where_it_stands_together() {
        for (run, text) in [("京都", "東京都庁"), ("국어", "한국어를"), ("ภาษา", "เรียนภาษาไทย"), ("東", "東京")]
        {
            assert!(stands(run, text), "{run} in {text}");
        }
        for (run, text) in [("東都", "東京都"), ("京都", "東京 都庁"), ("東京 都", "東京都"), ("京都", "京、都")]
        {
            assert!(!stands(run, text), "{run} in {text}");
        }
    }

    #[test]
    fn a_term_is_exact_that_no_other_word_has() {
        let exact = |text: &str| Phrase::of(text, false).expect("words").exact_term();
        assert_eq!(exact("York"), Some("york".into()));
        assert_eq!(exact(&"y".repeat(31)), Some("y".repeat(31)));
        // The index knows 32 letters of a longer word, too.
        for none in ["new york", "東", "東京", &"y".repeat(32), &"y".repeat(33)] {
            assert_eq!(exact(none), None, "{none}");
        }
    }

    #[test]
    fn the_index_is_asked_for_what_the_phrase_needs() {
        let terms = |text: &str, is_prefix| Phrase::of(text, is_prefix).expect("words").index_terms();
        let whole = |term: &str| IndexTerm::Whole(term.into());
        let beginning = |term: &str| IndexTerm::Beginning(term.into());
        assert_eq!(terms("new york", false), [whole("new"), whole("york")]);
        assert_eq!(terms("new york", true), [whole("new"), beginning("york")]);
        assert_eq!(terms("東京都", false), [whole("東京"), whole("京都")]);
        assert_eq!(terms("東京", true), [whole("東京")]);
        assert_eq!(terms("東", false), [beginning("東")]);
        assert_eq!(terms("東京 tower", false), [whole("東京"), whole("京"), whole("tower")]);
    }
}
