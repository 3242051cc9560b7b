//! Text as people of three languages might write it: words by Zipf's law.

/// Words of a language.
const VOCABULARY: usize = 50_000;
const ENGLISH: &[&str] = &[
    "ba", "co", "den", "fi", "gor", "hal", "in", "jo", "ka", "lem", "mi", "nor", "op", "pa", "qui", "ra", "sten", "tu",
    "ver", "wi",
];
const RUSSIAN: &[&str] = &[
    "ба", "во", "ден", "жи", "гор", "зал", "ин", "ко", "ла", "мем", "ни", "нор", "оп", "по", "ре", "са", "стен", "ту",
    "ви", "ча",
];
const PARTICLES: &[&str] = &["は", "が", "を", "に", "の", "です。", "ました"];

/// A source of choices that is the same every time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("64 bits") % end
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Russian,
    Japanese,
}

/// Words, and how often each is said.
pub struct Zipf {
    upto: Vec<f64>,
}

impl Zipf {
    pub fn new() -> Self {
        let mut sum = 0.0;
        let weight = |rank: usize| 1.0 / (rank as f64 + 2.7).powf(1.07);
        let upto = (0..VOCABULARY).map(|rank| {
            sum += weight(rank);
            sum
        });
        Self { upto: upto.collect() }
    }

    /// The rank of a word that somebody says; 0 is the most frequent.
    pub fn rank(&self, dice: &mut Dice) -> usize {
        let part = dice.below(1 << 40) as f64 / (1_u64 << 40) as f64 * self.upto[VOCABULARY - 1];
        self.upto.partition_point(|upto| *upto < part).min(VOCABULARY - 1)
    }

    /// What somebody says: four to sixteen words.
    pub fn message(&self, dice: &mut Dice) -> String {
        let language = match dice.below(10) {
            0..6 => Language::English,
            6..9 => Language::Russian,
            _ => Language::Japanese,
        };
        let mut text = String::new();
        for at in 0..4 + dice.below(13) {
            if language == Language::Japanese {
                text.push_str(&word(language, self.rank(dice)));
                text.push_str(PARTICLES[dice.below(PARTICLES.len())]);
            } else {
                if at > 0 {
                    text.push_str(if dice.below(9) == 0 { ", " } else { " " });
                }
                text.push_str(&word(language, self.rank(dice)));
            }
        }
        if dice.below(50) == 0 {
            text.push_str(" https://example.org/");
        }
        text
    }
}

/// The word of a rank: the more frequent, the shorter.
pub fn word(language: Language, rank: usize) -> String {
    if language == Language::Japanese {
        let kanji = |at: usize| char::from_u32(0x4e00 + u32::try_from(at).expect("few")).expect("a character");
        return [kanji(rank % 1_200), kanji(1_200 + rank / 1_200 * 7)].iter().collect();
    }
    let syllables = if language == Language::English { ENGLISH } else { RUSSIAN };
    let (mut word, mut rest) = (String::new(), rank);
    loop {
        word.push_str(syllables[rest % syllables.len()]);
        if rest < syllables.len() {
            return word;
        }
        rest = rest / syllables.len() - 1;
    }
}
