//! What people say: grammars, a language each.
//!
//! A conversation is about one topic and binds each slot once, so that the day that is
//! proposed is the day that is agreed on.

mod en;
mod ru;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom;

/// A language that people speak here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Russian,
}

impl Language {
    pub fn grammar(self) -> &'static Grammar {
        match self {
            Self::English => &en::GRAMMAR,
            Self::Russian => &ru::GRAMMAR,
        }
    }
}

/// All that can be said in a language.
pub(super) struct Grammar {
    pub slots: &'static [Slot],
    pub topics: &'static [Topic],
    /// What fits anywhere.
    pub fillers: &'static [&'static str],
    /// Titles and texts of posts.
    pub posts: &'static [(&'static str, &'static str)],
    /// Titles and descriptions of groups.
    pub rooms: &'static [(&'static str, &'static str)],
    pub bios: &'static [&'static str],
}

/// A hole and what may stand in it: of each choice the forms that sentences need.
pub(super) struct Slot(pub &'static str, pub &'static [&'static [&'static str]]);

/// Something to talk about.
pub(super) struct Topic {
    pub has_pictures: bool,
    pub opens: &'static [&'static str],
    pub answers: &'static [&'static str],
    pub closes: &'static [&'static str],
}

/// What the holes hold for as long as a conversation lasts.
pub(super) struct Bound {
    forms: Vec<(&'static str, &'static [&'static str])>,
    friend: String,
}

impl Bound {
    /// Chooses; `friend` is who is spoken to.
    pub fn choose(grammar: &Grammar, friend: &str, rng: &mut Xoshiro256PlusPlus) -> Self {
        let choose =
            |Slot(name, choices): &Slot, rng: &mut _| (*name, choices.choose(rng).copied().unwrap_or_default());
        let forms = grammar.slots.iter().map(|slot| choose(slot, rng)).collect();
        Self { forms, friend: friend.to_owned() }
    }

    /// A sentence with its holes filled, and with a capital at its beginning.
    pub fn fill(&self, template: &str) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, hole)) = rest.split_once('{') {
            let (name, after) = hole.split_once('}').unwrap_or((hole, ""));
            text.push_str(before);
            text.push_str(self.word(name));
            rest = after;
        }
        text.push_str(rest);
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    fn word(&self, name: &str) -> &str {
        if name == "friend" {
            return &self.friend;
        }
        let (name, form) = name.split_once('.').unwrap_or((name, "0"));
        let forms = self.forms.iter().find(|(slot, _)| *slot == name).map(|(_, forms)| *forms);
        forms.unwrap_or_default().get(form.parse().unwrap_or(0)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::{Bound, Grammar, Language};

    fn templates(grammar: &Grammar) -> Vec<&'static str> {
        let topics = grammar.topics.iter().flat_map(|topic| [topic.opens, topic.answers, topic.closes].concat());
        let pairs = grammar.posts.iter().chain(grammar.rooms).flat_map(|(title, text)| [*title, *text]);
        topics.chain(pairs).chain(grammar.fillers.iter().copied()).chain(grammar.bios.iter().copied()).collect()
    }

    #[test]
    fn every_hole_has_a_word_whatever_is_chosen() {
        for language in [Language::English, Language::Russian] {
            let grammar = language.grammar();
            for seed in 0..50 {
                let bound = Bound::choose(grammar, "Ann", &mut Xoshiro256PlusPlus::seed_from_u64(seed));
                for template in templates(grammar) {
                    for hole in template.split('{').skip(1) {
                        let name = hole.split('}').next().expect("a name");
                        assert!(!bound.word(name).is_empty(), "{{{name}}} in {template}");
                    }
                    assert!(!bound.fill(template).contains(['{', '}']), "{template}");
                }
            }
        }
    }

    #[test]
    fn a_conversation_keeps_to_its_words() {
        let grammar = Language::English.grammar();
        let bound = Bound::choose(grammar, "Ann", &mut Xoshiro256PlusPlus::seed_from_u64(1));
        assert_eq!(bound.fill("{day}?"), bound.fill("{day}?"));
        assert_eq!(bound.fill("{friend}, hello"), "Ann, hello");
    }
}
