//! A conversation: who says what to whom, and what others make of it.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::{IndexedRandom, SliceRandom};

use super::plan::{Action, Plan};
use super::talk::{Bound, Topic};
use crate::chat::model::time::Timestamp;

/// How many of a group's members join in.
const MAX_SPEAKERS: usize = 5;
/// Messages of a conversation at most.
const MAX_LENGTH: usize = 13;
const EMOJI: &[&str] = &["👍", "❤️", "😂", "🎉", "🔥", "👀", "🙏"];

/// What a conversation must not go past.
pub(super) struct Limits {
    pub until: Timestamp,
    pub messages: usize,
}

/// Plans one in a room, from a message's number and a moment on; how many messages it has.
pub(super) fn plan(
    plan: &mut Plan,
    room: usize,
    (first, begin): (usize, Timestamp),
    limits: &Limits,
    pictures: &mut usize,
    rng: &mut Xoshiro256PlusPlus,
) -> usize {
    let grammar = plan.rooms[room].language.grammar();
    let Some(topic) = grammar.topics.choose(rng) else { return 0 };
    let mut members = plan.rooms[room].members.clone();
    members.shuffle(rng);
    let speakers = members.len().min(MAX_SPEAKERS);
    let friend = plan.people[members[1 % members.len()]].given;
    let bound = Bound::choose(grammar, friend, rng);
    let length = rng.random_range(2..=MAX_LENGTH).min(limits.messages);
    let mut script = Script::new(topic, grammar.fillers, rng);
    let mut at = begin;
    let mut before = speakers;
    for line in 0..length {
        let by = other_than(before, speakers, line, rng);
        before = by;
        at = at.plus(Duration::from_secs(rng.random_range(4..150))).min(limits.until);
        let text = bound.fill(script.line(line, length, rng));
        let reply_to = (line > 1 && rng.random_bool(0.15)).then(|| first + rng.random_range(0..line));
        let picture = (topic.has_pictures && *pictures > 0 && rng.random_bool(0.12)).then(|| rng.random());
        *pictures -= usize::from(picture.is_some());
        say(plan, (room, members[by], first + line), at, text, (reply_to, picture), limits, rng);
        react(plan, &members, by, first + line, at, limits, rng);
    }
    for (place, member) in members.iter().enumerate() {
        if place == before || rng.random_bool(if place < speakers { 0.85 } else { 0.6 }) {
            let later = at.plus(Duration::from_secs(rng.random_range(5..3_000))).min(limits.until);
            plan.step(later, Action::Read { by: *member, room });
        }
    }
    length
}

/// One who did not speak last, if there is one; the first line is the first one's.
fn other_than(before: usize, speakers: usize, line: usize, rng: &mut Xoshiro256PlusPlus) -> usize {
    if line == 0 || speakers < 2 {
        return 0;
    }
    let other = rng.random_range(0..speakers - 1);
    if other >= before { other + 1 } else { other }
}

/// Says it; sometimes with two letters swapped, and puts it right afterwards.
fn say(
    plan: &mut Plan,
    (room, by, message): (usize, usize, usize),
    at: Timestamp,
    text: String,
    (reply_to, picture): (Option<usize>, Option<u64>),
    limits: &Limits,
    rng: &mut Xoshiro256PlusPlus,
) {
    let slip = if rng.random_bool(0.04) { mistyped(&text, rng) } else { None };
    let Some(slip) = slip else {
        return plan.step(at, Action::Say { room, by, text, reply_to, picture });
    };
    plan.step(at, Action::Say { room, by, text: slip, reply_to, picture });
    let noticed = at.plus(Duration::from_secs(rng.random_range(3..90))).min(limits.until);
    plan.step(noticed, Action::Edit { by, message, text });
}

/// Two neighbouring letters change places, somewhere inside.
fn mistyped(text: &str, rng: &mut Xoshiro256PlusPlus) -> Option<String> {
    let mut letters: Vec<char> = text.chars().collect();
    let differs = |place: &usize| {
        let (one, next) = (letters[*place], letters[*place + 1]);
        one.is_lowercase() && next.is_lowercase() && one != next
    };
    let places: Vec<usize> = (1..letters.len().saturating_sub(1)).filter(differs).collect();
    let place = places.choose(rng).copied()?;
    letters.swap(place, place + 1);
    Some(letters.into_iter().collect())
}

fn react(
    plan: &mut Plan,
    members: &[usize],
    by: usize,
    message: usize,
    at: Timestamp,
    limits: &Limits,
    rng: &mut Xoshiro256PlusPlus,
) {
    let emoji = EMOJI.choose(rng).copied().unwrap_or("👍");
    for (place, member) in members.iter().enumerate() {
        if place != by && rng.random_bool(0.3 / (1.0 + f64::from(u8::try_from(members.len()).unwrap_or(u8::MAX)))) {
            let later = at.plus(Duration::from_secs(rng.random_range(2..600))).min(limits.until);
            plan.step(later, Action::React { by: *member, message, emoji });
        }
    }
}

/// The lines of a conversation, none of them twice as long as there are others.
struct Script {
    opens: Vec<&'static str>,
    answers: Vec<&'static str>,
    closes: Vec<&'static str>,
}

impl Script {
    fn new(topic: &Topic, fillers: &[&'static str], rng: &mut Xoshiro256PlusPlus) -> Self {
        let shuffled = |lines: &[&'static str], rng: &mut _| {
            let mut lines = lines.to_vec();
            lines.shuffle(rng);
            lines
        };
        let some = fillers.len() / 3;
        let answers = [topic.answers, &shuffled(fillers, rng)[..some]].concat();
        Self {
            opens: shuffled(topic.opens, rng),
            answers: shuffled(&answers, rng),
            closes: shuffled(topic.closes, rng),
        }
    }

    fn line(&mut self, number: usize, length: usize, rng: &mut Xoshiro256PlusPlus) -> &'static str {
        let lines = match number {
            0 => &mut self.opens,
            _ if number + 1 == length && length > 3 && rng.random_bool(0.8) => &mut self.closes,
            _ => &mut self.answers,
        };
        let line = lines.first().copied().unwrap_or_default();
        if !lines.is_empty() {
            lines.rotate_left(1);
        }
        line
    }
}
