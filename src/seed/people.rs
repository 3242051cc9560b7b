//! Who lives in a seeded world.

use std::collections::HashSet;

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::{IndexedRandom, SliceRandom};

use super::talk::{Bound, Language};

/// Somebody, before they have an account.
#[derive(Clone, Debug)]
pub(super) struct Newcomer {
    pub username: String,
    pub display_name: String,
    pub given: &'static str,
    pub language: Language,
    pub bio: String,
}

const ENGLISH: &[(&str, &str)] = &[
    ("emma", "Emma"),
    ("oliver", "Oliver"),
    ("maya", "Maya"),
    ("jack", "Jack"),
    ("grace", "Grace"),
    ("noah", "Noah"),
    ("ruth", "Ruth"),
    ("liam", "Liam"),
    ("zoe", "Zoe"),
    ("henry", "Henry"),
    ("priya", "Priya"),
    ("tom", "Tom"),
    ("ines", "Ines"),
    ("samir", "Samir"),
    ("nora", "Nora"),
    ("leo", "Leo"),
    ("kate", "Kate"),
    ("daniel", "Daniel"),
];
const ENGLISH_FAMILIES: &[(&str, &str)] = &[
    ("clarke", "Clarke"),
    ("okafor", "Okafor"),
    ("hughes", "Hughes"),
    ("rossi", "Rossi"),
    ("novak", "Novak"),
    ("patel", "Patel"),
    ("murphy", "Murphy"),
    ("larsen", "Larsen"),
    ("wood", "Wood"),
    ("santos", "Santos"),
];
const RUSSIAN: &[(&str, &str, bool)] = &[
    ("anna", "Анна", true),
    ("ivan", "Иван", false),
    ("olga", "Ольга", true),
    ("pavel", "Павел", false),
    ("daria", "Дарья", true),
    ("misha", "Миша", false),
    ("elena", "Елена", true),
    ("timur", "Тимур", false),
    ("sveta", "Света", true),
    ("artyom", "Артём", false),
    ("vera", "Вера", true),
    ("boris", "Борис", false),
    ("polina", "Полина", true),
    ("gleb", "Глеб", false),
    ("ksenia", "Ксения", true),
    ("yuri", "Юрий", false),
];
/// Ending in a consonant: a woman's has an «а» behind it.
const RUSSIAN_FAMILIES: &[(&str, &str)] = &[
    ("orlov", "Орлов"),
    ("sokolov", "Соколов"),
    ("kuznetsov", "Кузнецов"),
    ("belov", "Белов"),
    ("titov", "Титов"),
    ("gusev", "Гусев"),
    ("lebedev", "Лебедев"),
    ("zaitsev", "Зайцев"),
    ("morozov", "Морозов"),
    ("volkov", "Волков"),
];

/// So many people, no two of one name.
pub(super) fn people(count: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<Newcomer> {
    let english = ENGLISH.iter().map(|(login, name)| (*login, *name, false, Language::English));
    let russian = RUSSIAN.iter().map(|(login, name, woman)| (*login, *name, *woman, Language::Russian));
    let mut given: Vec<_> = english.chain(russian).collect();
    given.shuffle(rng);
    let mut taken = HashSet::new();
    let mut people = Vec::with_capacity(count);
    for (login, name, is_woman, language) in given.into_iter().cycle().take(count) {
        let (family, display) = family(language, is_woman, rng);
        let grammar = language.grammar();
        let bio = Bound::choose(grammar, name, rng).fill(grammar.bios.choose(rng).copied().unwrap_or_default());
        people.push(Newcomer {
            username: free(login, &family, &mut taken, rng),
            display_name: format!("{name} {display}"),
            given: name,
            language,
            bio,
        });
    }
    people
}

fn family(language: Language, is_woman: bool, rng: &mut Xoshiro256PlusPlus) -> (String, String) {
    let families = if language == Language::English { ENGLISH_FAMILIES } else { RUSSIAN_FAMILIES };
    let (login, name) = families.choose(rng).copied().unwrap_or_default();
    let (login_end, name_end) = if is_woman { ("a", "а") } else { ("", "") };
    (format!("{login}{login_end}"), format!("{name}{name_end}"))
}

/// `anna`, else `anna.orlova`, else with a number behind.
fn free(login: &str, family: &str, taken: &mut HashSet<String>, rng: &mut Xoshiro256PlusPlus) -> String {
    let mut name = login.to_owned();
    let mut tries = 0;
    while !taken.insert(name.clone()) {
        name = if tries == 0 {
            format!("{login}.{family}")
        } else {
            format!("{login}.{family}{}", rng.random_range(1..10_000))
        };
        tries += 1;
    }
    name
}
