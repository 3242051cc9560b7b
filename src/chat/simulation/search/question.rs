//! What people ask for: made up from what was said, written as they would type it, and answered
//! by looking at each message.

use unicode_normalization::UnicodeNormalization;

use super::scan::{Plain, has_link, score};
use crate::chat::model::id::MessageId;
use crate::chat::model::search::{Filter, MAX_QUERY, MAX_TERMS, Order};
use crate::chat::model::time::Timestamp;
use crate::chat::simulation::dice::Dice;

pub(super) const DAY: i64 = 24 * 3_600 * 1_000;

/// Words that are written in more than one way, or stand in the way of others.
const WORDS: &[&str] = &[
    "ёлка",
    "Елка",
    "йод",
    "иод",
    "їжак",
    "іжак",
    "Straße",
    "STRASSE",
    "café",
    "cafe\u{301}",
    "ＡＢＣ",
    "abc",
    "abcd",
    "don't",
    "don’t",
    "e-mail",
    "ann@example.org",
    "1,000.5",
    "snake_case",
    "a/b:c",
    "東京都庁",
    "東京",
    "京都",
    "都",
    "東京tower",
    "한국어를",
    "국어",
    "ภาษาไทย",
    "ไทย",
    "שָׁלוֹם",
    "שלום",
    "كِتَاب",
    "كتاب",
    "ｶﾞｽ",
    "ガス",
    "ﬁne",
    "fine",
    "finer",
    "ısı",
    "isi",
    "øl",
    "ol",
    "co\u{ad}op",
    "coop",
    "Ὀδυσσεύς",
    "ΟΔΥΣΣΕΥΣ",
    "the",
    "The",
    "a",
    "tea",
    "team",
    "teapot",
    "tear",
    "teak",
    "to",
    "work",
    "works",
    "network",
    "ÀÉ",
    "ae",
    "🙂",
    "…",
    "!!!",
    "x²",
    "x2",
    "Ⅷ",
    "viii",
    "abcdefghijklmnopqrstuvwxyzabcdefghij",
    "abcdefghijklmnopqrstuvwxyzabcdefghik",
    "abcdefghijklmnopqrstuvwxyzabcdef",
    "https://example.org/a",
    "http:",
    "xhttps://b",
    "HTTP://[::1]/",
    "search",
    "AND",
    "NEAR",
    "NOT",
    "*",
    "tea*",
];
const SPACES: &[&str] = &[" ", " ", " ", " ", ", ", "-", "/", "\n", " — ", "", "_"];

/// A world's words: few, so that what one says is what others ask for.
pub(super) struct Vocabulary(Vec<&'static str>);

impl Vocabulary {
    pub fn some(dice: &mut Dice) -> Self {
        let few = 6 + dice.below(14);
        Self((0..few).map(|_| *dice.pick(WORDS).expect("some")).collect())
    }

    /// Sometimes one that nobody knows here.
    fn word(&self, dice: &mut Dice) -> &'static str {
        let words = if dice.chance(90) { &self.0 } else { WORDS };
        dice.pick(words).expect("some")
    }

    /// Something that somebody says.
    pub fn text(&self, dice: &mut Dice) -> String {
        let mut text = String::new();
        for at in 0..1 + dice.below(7) {
            if at > 0 {
                text.push_str(dice.pick(SPACES).expect("some"));
            }
            text.push_str(self.word(dice));
        }
        text
    }
}

/// A message as somebody reads it.
pub(super) struct Seen {
    pub id: MessageId,
    pub chat: i64,
    pub title: String,
    pub sender: String,
    pub text: String,
    /// Names of what is attached, and whether each is a picture.
    pub files: Vec<(String, bool)>,
    pub at: i64,
    pub edited_at: Option<i64>,
}

pub(super) enum Term {
    Words { text: String, is_quoted: bool },
    From(String),
    In(String),
    Chat(String),
    Has(&'static str),
    After(String, i64),
    Before(String, i64),
}

/// A message that is to be found: its score, and when it was edited.
pub(super) type Due = (i64, MessageId, Option<i64>);

pub(super) struct Asked {
    /// And whether each is excluded.
    typed: Vec<(Term, bool)>,
    /// Given as parameters.
    beside: Vec<Term>,
    pub order: Order,
}

impl Asked {
    /// Something to ask whoever sees these, of people with these names.
    pub fn any(dice: &mut Dice, words: &Vocabulary, seen: &[Seen], names: &[&str]) -> Self {
        let (mut typed, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..1 + dice.below(3) {
            let is_excluded = dice.chance(15);
            typed.push((term(dice, words, seen, names), is_excluded));
        }
        if dice.chance(20) {
            let filter = filter(dice, seen, names);
            // Beside the words a chat is told by its number alone.
            match filter {
                Term::In(_) => beside.extend(dice.pick(seen).map(|message| Term::Chat(message.chat.to_string()))),
                other => beside.push(other),
            }
        }
        let order = if dice.chance(25) { Order::Relevance } else { Order::Newest };
        let mut asked = Self { typed, beside, order };
        while asked.q().chars().count() > MAX_QUERY || asked.typed.len() > MAX_TERMS {
            asked.typed.pop();
        }
        asked
    }

    pub fn q(&self) -> String {
        let written = self.typed.iter().map(|(term, is_excluded)| {
            let written = match term {
                Term::Words { text, is_quoted: true } => format!("\"{text}\""),
                Term::Words { text, .. } => text.clone(),
                Term::From(name) => format!("from:{name}"),
                Term::In(place) if place.contains(' ') => format!("in:\"{place}\""),
                Term::In(place) | Term::Chat(place) => format!("in:{place}"),
                Term::Has(what) => format!("has:{what}"),
                Term::After(at, _) => format!("after:{at}"),
                Term::Before(at, _) => format!("before:{at}"),
            };
            format!("{}{written}", if *is_excluded { "-" } else { "" })
        });
        written.collect::<Vec<_>>().join(" ")
    }

    pub fn beside(&self) -> Vec<(Filter, &str)> {
        let told = self.beside.iter().filter_map(|term| match term {
            Term::Words { .. } | Term::In(_) => None,
            Term::From(name) => Some((Filter::From, name.as_str())),
            Term::Chat(place) => Some((Filter::Chat, place.as_str())),
            Term::Has(what) => Some((Filter::Has, *what)),
            Term::After(at, _) => Some((Filter::After, at.as_str())),
            Term::Before(at, _) => Some((Filter::Before, at.as_str())),
        });
        told.collect()
    }

    /// Whether words are asked for, so that something is lit.
    pub fn has_words(&self) -> bool {
        self.phrases().iter().any(|(_, _, is_excluded)| !is_excluded)
    }

    /// Words and phrases, which of them is a beginning, and which are excluded.
    fn phrases(&self) -> Vec<(Plain, bool, bool)> {
        let mut phrases = Vec::new();
        for (term, is_excluded) in &self.typed {
            if let Term::Words { text, is_quoted } = term {
                let plain = Plain::of(text);
                if !plain.is_empty() {
                    phrases.push((plain, !is_quoted && !is_excluded, *is_excluded));
                }
            } else {
                // What stands before a filter was typed to its end.
                phrases.iter_mut().for_each(|(_, is_prefix, _)| *is_prefix = false);
            }
        }
        phrases.iter_mut().rev().skip(1).for_each(|(_, is_prefix, _)| *is_prefix = false);
        phrases
    }

    /// What of it all is found by whoever is called `me`, with its score: in the order that is asked for.
    pub fn answer(&self, seen: &[Seen], me: &str) -> Vec<Due> {
        let phrases = self.phrases();
        let is_wish = !self.beside.is_empty()
            || phrases.iter().any(|(_, _, is_excluded)| !is_excluded)
            || self.typed.iter().any(|(term, is_excluded)| !is_excluded && !matches!(term, Term::Words { .. }));
        if !is_wish {
            return Vec::new();
        }
        let found = seen.iter().filter(|message| self.filters_let(message, me)).filter_map(|message| {
            let texts: Vec<_> = std::iter::once(&message.text)
                .chain(message.files.iter().map(|(name, _)| name))
                .map(|text| Plain::of(text))
                .collect();
            let mut sum = 0;
            for (phrase, is_prefix, is_excluded) in &phrases {
                let times: i64 = texts.iter().map(|text| phrase.times_in(text, *is_prefix)).sum();
                if (times > 0) == *is_excluded {
                    return None;
                }
                sum += if *is_excluded { 0 } else { score(times, &texts) };
            }
            let rank = if self.order == Order::Relevance { sum } else { 0 };
            Some((rank, message.id, message.edited_at))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(score, id, _)| std::cmp::Reverse((*score, *id)));
        found
    }

    fn filters_let(&self, message: &Seen, me: &str) -> bool {
        let all =
            || self.typed.iter().map(|(term, not)| (term, *not)).chain(self.beside.iter().map(|term| (term, false)));
        let (mut wanted_from, mut wanted_in) = (None, None);
        for (term, not) in all() {
            let holds = holds(term, message, me);
            match term {
                Term::Words { .. } => {}
                // Several of a kind mean either.
                Term::From(_) if !not => wanted_from = Some(wanted_from.unwrap_or(false) | holds),
                Term::In(_) | Term::Chat(_) if !not => wanted_in = Some(wanted_in.unwrap_or(false) | holds),
                _ if holds == not => return false,
                _ => {}
            }
        }
        wanted_from.unwrap_or(true) && wanted_in.unwrap_or(true)
    }
}

/// Whether a filter holds; of words that is not said here.
fn holds(term: &Term, message: &Seen, me: &str) -> bool {
    match term {
        Term::Words { .. } => true,
        Term::From(name) => {
            let name = name.to_lowercase();
            message.sender == if name == "me" { me } else { &name }
        }
        Term::Chat(place) => place.parse() == Ok(message.chat),
        Term::In(place) => place.parse() == Ok(message.chat) || place.to_lowercase() == message.title.to_lowercase(),
        Term::Has("file") => !message.files.is_empty(),
        Term::Has("image") => message.files.iter().any(|(_, is_image)| *is_image),
        Term::Has(_) => has_link(&message.text),
        Term::After(_, at) => message.at >= *at,
        Term::Before(_, at) => message.at < *at,
    }
}

fn term(dice: &mut Dice, vocabulary: &Vocabulary, seen: &[Seen], names: &[&str]) -> Term {
    match dice.below(10) {
        0..3 => filter(dice, seen, names),
        // A part of what somebody said, perhaps written otherwise.
        3..6 => {
            let Some(message) = dice.pick(seen).filter(|message| !message.text.contains('"')) else {
                return Term::Words { text: "tea".into(), is_quoted: true };
            };
            let words: Vec<&str> = message.text.split([' ', '\n']).filter(|word| !word.is_empty()).collect();
            let from = dice.below(words.len());
            let to = words.len().min(from + 1 + dice.below(3));
            Term::Words { text: respelled(dice, &words[from..to].join(" ")), is_quoted: true }
        }
        6 | 7 => {
            let word: Vec<char> = vocabulary.word(dice).chars().collect();
            let text = word[..1 + dice.below(word.len())].iter().collect();
            plain(text)
        }
        _ => {
            let word = vocabulary.word(dice);
            plain(respelled(dice, word))
        }
    }
}

/// What is no filter by chance.
fn plain(text: String) -> Term {
    Term::Words { is_quoted: text.starts_with('-'), text }
}

fn respelled(dice: &mut Dice, text: &str) -> String {
    match dice.below(3) {
        0 => text.nfd().collect(),
        1 => text.nfkc().collect(),
        _ => cased(dice, text),
    }
}

fn cased(dice: &mut Dice, text: &str) -> String {
    match dice.below(3) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        _ => text.to_owned(),
    }
}

fn filter(dice: &mut Dice, seen: &[Seen], names: &[&str]) -> Term {
    let some = dice.pick(seen);
    match (dice.below(6), some) {
        (0, _) => Term::From("me".into()),
        (1, _) => {
            let name = *dice.pick(names).expect("some");
            Term::From(cased(dice, name))
        }
        (2, Some(message)) if dice.chance(50) => Term::In(message.chat.to_string()),
        (2, Some(message)) => Term::In(cased(dice, &message.title)),
        (3, _) => Term::Has(dice.pick(&["file", "image", "link"]).expect("some")),
        (what, Some(message)) => {
            let (text, at) = moment(dice, message.at);
            if what == 4 { Term::After(text, at) } else { Term::Before(text, at) }
        }
        (_, None) => Term::From("nobody".into()),
    }
}

/// A moment near another, or the day of it: as it is written, and what it is.
fn moment(dice: &mut Dice, at: i64) -> (String, i64) {
    let at = at + i64::try_from(dice.below(3)).expect("few") - 1;
    let written = Timestamp(at).to_string();
    if dice.chance(50) { (written, at) } else { (written[..10].to_owned(), at - at % DAY) }
}
