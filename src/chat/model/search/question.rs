//! The question: words, phrases and filters, as somebody typed them.

use std::borrow::Borrow;

use super::folding::folded;
use super::phrase::{IndexTerm, Phrase};
use super::term::{Filter, Term, terms};
use super::words::Words;
use crate::chat::model::moment::moment;
use crate::chat::model::name::rule::fold;
use crate::chat::model::time::Timestamp;

/// Characters of a question.
pub const MAX_QUERY: usize = 256;
/// Words, phrases and filters of a question.
pub const MAX_TERMS: usize = 16;

/// What to search for. All of it has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub wanted: Vec<Phrase>,
    pub unwanted: Vec<Phrase>,
    /// Any of these said it; nobody named: whoever did.
    pub from: Vec<Author>,
    pub not_from: Vec<Author>,
    /// It stands in any of these; none named: anywhere.
    pub chats: Vec<Place>,
    pub not_chats: Vec<Place>,
    pub has: Vec<Has>,
    pub has_not: Vec<Has>,
    /// Not before this moment.
    pub after: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
    /// Something is asked for: exclusions alone find nothing.
    pub is_wish: bool,
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    Me,
    /// The username, folded.
    Named(String),
}

/// A chat, by its number or by its title: what looks like a number may be both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub id: Option<i64>,
    /// Folded.
    pub title: Option<String>,
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    File,
    Image,
    /// An http(s) URL.
    Link,
}

/// What cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionFault {
    /// The parameter, wherever it stood.
    pub field: &'static str,
    pub says: String,
}

fn fault<T>(field: &'static str, says: impl Into<String>) -> Result<T, QuestionFault> {
    Err(QuestionFault { field, says: says.into() })
}

impl Question {
    /// Reads what was typed, and filters that stood beside it.
    pub fn read(typed: &str, beside: &[(Filter, &str)]) -> Result<Self, QuestionFault> {
        if typed.chars().count() > MAX_QUERY {
            return fault("q", format!("Ensure this field has no more than {MAX_QUERY} characters."));
        }
        let beside: Vec<_> = beside
            .iter()
            .map(|(filter, value)| (*filter, value.trim()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let (terms, is_empty) = terms(typed);
        if terms.len() > MAX_TERMS || beside.len() > MAX_TERMS {
            return fault("q", format!("Ensure there are no more than {MAX_TERMS} terms."));
        }
        if is_empty && beside.is_empty() {
            return fault("q", "This field may not be blank.");
        }
        let mut question = Self::default();
        for term in terms {
            match term {
                Term::Phrase { phrase, is_excluded } => question.add(phrase, is_excluded),
                Term::Filter { filter, value, is_excluded } => question.narrow(filter, value, is_excluded)?,
            }
        }
        for (filter, value) in beside {
            question.narrow(filter, value, false)?;
        }
        Ok(question)
    }

    fn add(&mut self, phrase: Phrase, is_excluded: bool) {
        if is_excluded {
            self.unwanted.push(phrase);
        } else {
            self.wanted.push(phrase);
            self.is_wish = true;
        }
    }

    fn narrow(&mut self, filter: Filter, value: &str, is_excluded: bool) -> Result<(), QuestionFault> {
        self.is_wish |= !is_excluded;
        match filter {
            Filter::From => {
                let name = fold(value);
                let author = if name == "me" { Author::Me } else { Author::Named(name) };
                if is_excluded { &mut self.not_from } else { &mut self.from }.push(author);
            }
            Filter::In | Filter::Chat => {
                let Some(place) = place(filter, value) else {
                    return fault(filter.parameter(), "This is not a chat's id.");
                };
                if is_excluded { &mut self.not_chats } else { &mut self.chats }.push(place);
            }
            Filter::Has => {
                let Some(has) = has(value) else {
                    return fault(filter.parameter(), "This is one of file, image, link.");
                };
                if is_excluded { &mut self.has_not } else { &mut self.has }.push(has);
            }
            Filter::After | Filter::Before => {
                let Some(at) = moment(value) else {
                    return fault(filter.parameter(), "This is a day as 2025-03-01, or a time by RFC 3339.");
                };
                // Not after a moment is before it.
                if (filter == Filter::After) == is_excluded {
                    self.before = Some(self.before.map_or(at, |before| before.min(at)));
                } else {
                    self.after = Some(self.after.map_or(at, |after| after.max(at)));
                }
            }
        }
        Ok(())
    }

    /// Whether the index knows all words and phrases of it: what it names need not be read for them.
    pub fn is_exact(&self) -> bool {
        self.wanted.iter().chain(&self.unwanted).all(|phrase| phrase.exact_term().is_some())
    }

    /// Whether of all that is asked for the index could look up nothing but beginnings of words.
    pub fn is_begun(&self) -> bool {
        let mut terms = self.wanted.iter().flat_map(Phrase::index_terms).peekable();
        let is_word = terms.peek().is_some() && self.from.is_empty() && self.has.is_empty();
        is_word && terms.all(|term| matches!(term, IndexTerm::Beginning(_)))
    }

    /// Whether all words and phrases may stand in this text alone. Most texts have not even their letters, which is
    /// found out for a part of the work of parting the words.
    pub fn may_be_met_by(&self, text: &str) -> bool {
        self.wanted.is_empty() || {
            let folded = folded(text);
            self.wanted.iter().all(|phrase| phrase.has_letters_in(&folded))
        }
    }

    /// Whether all words and phrases stand in these texts of one message, and none that may not.
    pub fn is_met_by(&self, texts: &[impl Borrow<Words>]) -> bool {
        let stands = |phrase: &Phrase| texts.iter().any(|text| phrase.is_in(text.borrow()));
        self.wanted.iter().all(stands) && !self.unwanted.iter().any(stands)
    }

    /// How much of what is asked for stands in these texts: more often is more, in a long text less.
    pub fn score(&self, texts: &[impl Borrow<Words>]) -> i64 {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4_000_000);
        let length = number(texts.iter().map(|text| text.borrow().len()).sum());
        let score = |phrase: &Phrase| {
            let times = number(texts.iter().map(|text| phrase.places(text.borrow()).count()).sum());
            // As BM25 has it, of a text that is as long as most have some twelve words.
            times * 2_200_000 / (times * 1_000 + 300 + 75 * length)
        };
        self.wanted.iter().map(score).sum()
    }
}

fn place(filter: Filter, value: &str) -> Option<Place> {
    let id = value.parse().ok();
    match filter {
        Filter::Chat => id.map(|id| Place { id: Some(id), title: None }),
        _ => Some(Place { id, title: Some(fold(value)) }),
    }
}

fn has(value: &str) -> Option<Has> {
    match value.to_ascii_lowercase().as_str() {
        "file" => Some(Has::File),
        "image" => Some(Has::Image),
        "link" => Some(Has::Link),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Author, Filter, Has, MAX_QUERY, Phrase, Place, Question, Timestamp, Words};

    fn read(typed: &str) -> Question {
        Question::read(typed, &[]).expect("a question")
    }

    fn blamed(typed: &str, beside: &[(Filter, &str)]) -> &'static str {
        Question::read(typed, beside).expect_err("a fault").field
    }

    fn phrase(text: &str) -> Phrase {
        Phrase::of(text, false).expect("words")
    }

    #[test]
    fn terms_are_told_from_each_other() {
        let question =
            read("red -green \"the sea\" -\"the sky\" from:Ann -from:me in:7 in:\"Book club\" has:FILE foo:bar blu");
        let last = Phrase::of("blu", true).expect("words");
        assert_eq!(question.wanted, [phrase("red"), phrase("the sea"), phrase("foo:bar"), last]);
        assert_eq!(question.unwanted, [phrase("green"), phrase("the sky")]);
        assert_eq!(question.from, [Author::Named("ann".into())]);
        assert_eq!(question.not_from, [Author::Me]);
        let seven = Place { id: Some(7), title: Some("7".into()) };
        assert_eq!(question.chats, [seven, Place { id: None, title: Some("book club".into()) }]);
        assert_eq!(question.has, [Has::File]);
    }

    #[test]
    fn only_a_plain_last_word_is_a_beginning() {
        for whole in ["wor -wor", "x \"wor\"", "wor from:ann", "-wor"] {
            let question = read(whole);
            let all = question.wanted.iter().chain(&question.unwanted);
            assert!(!all.into_iter().any(|phrase| phrase.is_in(&Words::of("words"))), "{whole}");
        }
        for begun in ["x wor", "wor ", "wor !", "wor from:", "e-wor"] {
            let question = read(begun);
            assert!(question.wanted.last().expect("a word").is_in(&Words::of("e words")), "{begun}");
        }
    }

    #[test]
    fn days_narrow() {
        let question = read("after:2025-01-01 after:2025-01-02 before:2025-02-01 -after:2025-01-20");
        assert_eq!(question.after, Some(Timestamp(1_735_776_000_000)));
        assert_eq!(question.before, Some(Timestamp(1_737_331_200_000)));
    }

    #[test]
    fn what_cannot_be_read_is_blamed_under_its_parameters_name() {
        for blank in ["", "  ", "from:", "in:\"\" has:"] {
            assert_eq!(blamed(blank, &[]), "q", "{blank}");
        }
        for (typed, field) in [("x has:cat", "has"), ("-before:soon x", "before"), ("after:2025-02-30", "after")] {
            assert_eq!(blamed(typed, &[]), field);
        }
        assert_eq!(blamed("x", &[(Filter::Chat, "den")]), "chat");
        assert_eq!(blamed(&"x".repeat(MAX_QUERY + 1), &[]), "q");
        assert_eq!(blamed(&"x ".repeat(17), &[]), "q");
        assert_eq!(read(&"x ".repeat(16)).wanted.len(), 16);
    }

    #[test]
    fn exclusions_and_punctuation_are_no_wish() {
        for nothing in ["!!!", "-x", "\"\"", "-from:ann", "-", "🙂"] {
            assert!(!read(nothing).is_wish, "{nothing}");
        }
        for wish in ["x", "from:ann", "before:2025-01-01", "has:link -x"] {
            assert!(read(wish).is_wish, "{wish}");
        }
    }

    proptest! {
        #[test]
        fn any_question_is_read_or_blamed(typed in any::<String>(), odd in "[-\"a: 東fromin]{0,40}", text in any::<String>()) {
            for typed in [typed, odd] {
                if let Ok(question) = Question::read(&typed, &[]) {
                    let texts = [Words::of(&text)];
                    prop_assert!(question.score(&texts) >= 0);
                    question.is_met_by(&texts);
                }
            }
        }

        #[test]
        fn what_a_text_meets_it_may_meet(text in any::<String>(), more in "[aЁб東ﬁ\u{301}\u{ff9e} .]{0,12}", from in 0..8_usize) {
            let text = text + &more;
            for part in [text.chars().skip(from).take(9).collect(), more] {
                let Ok(question) = Question::read(&format!("\"{part}\""), &[]) else { continue };
                prop_assert!(question.may_be_met_by(&text) || !question.is_met_by(&[Words::of(&text)]));
            }
        }
    }
}
