//! What happens in a seeded world, and when: decided before anything is written, from
//! the seed alone.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::{IndexedRandom, IteratorRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use super::conversation;
use super::people::{Newcomer, people};
use super::talk::{Bound, Language};
use crate::chat::model::time::Timestamp;

/// How long the people take to make their accounts, from the beginning.
const ARRIVING: Duration = Duration::from_hours(1);
/// How long after the beginning the last chat is opened, as a part of all the time.
const OPENING: u32 = 3;
/// Of five chats so many are direct ones, as long as there are pairs.
const DIRECT_OF_FIVE: usize = 3;
/// Members of a group at most.
const MAX_GROUP: usize = 14;
/// Pictures at most: each is a file that is synced by itself.
const MAX_PICTURES: usize = 200;

/// How much there is to be.
#[derive(Clone, Debug)]
pub struct Size {
    /// The same number makes the same world.
    pub seed: u64,
    pub people: usize,
    /// Direct chats and groups.
    pub chats: usize,
    /// Messages in all of them.
    pub messages: usize,
    /// Weeks from the first account to the last message.
    pub weeks: u32,
    /// When it ends.
    pub until: Timestamp,
}

impl Size {
    /// When it begins.
    pub fn from(&self) -> Timestamp {
        self.until.minus(Duration::from_hours(7 * 24) * self.weeks)
    }
}

/// Everything that happens, in order.
pub struct Plan {
    pub(super) people: Vec<Newcomer>,
    pub(super) rooms: Vec<Room>,
    pub(super) steps: Vec<Step>,
}

/// A chat to be opened by the first of its members.
pub(super) struct Room {
    pub members: Vec<usize>,
    /// A group's title and description, and whether everybody may see it.
    pub group: Option<(String, String, bool)>,
    pub language: Language,
    pub opened: Timestamp,
}

/// Something that somebody does.
pub(super) struct Step {
    pub at: Timestamp,
    pub what: Action,
}

/// People, rooms and messages are named by their places in the plan.
pub(super) enum Action {
    Arrive(usize),
    Befriend(usize, usize),
    Publish { by: usize, title: String, content: String },
    Open(usize),
    Say { room: usize, by: usize, text: String, reply_to: Option<usize>, picture: Option<u64> },
    Edit { by: usize, message: usize, text: String },
    React { by: usize, message: usize, emoji: &'static str },
    Read { by: usize, room: usize },
}

impl Plan {
    /// Decides everything.
    pub fn new(size: &Size) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(size.seed);
        let people = people(size.people, &mut rng);
        let rooms = rooms(size, &people, &mut rng);
        let mut plan = Self { people, rooms, steps: Vec::with_capacity(size.messages * 2) };
        plan.arrive(size, &mut rng);
        for room in 0..plan.rooms.len() {
            plan.step(plan.rooms[room].opened, Action::Open(room));
        }
        plan.converse(size, &mut rng);
        plan.in_order();
        plan
    }

    /// How many steps there are, for whoever shows how far it is.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn step(&mut self, at: Timestamp, what: Action) {
        self.steps.push(Step { at, what });
    }

    fn arrive(&mut self, size: &Size, rng: &mut Xoshiro256PlusPlus) {
        let (from, count) = (size.from(), self.people.len());
        for (person, newcomer) in self.people.clone().iter().enumerate() {
            let share = u32::try_from(count).unwrap_or(u32::MAX);
            self.step(from.plus(ARRIVING / share * u32::try_from(person).unwrap_or(0)), Action::Arrive(person));
            let known = from.plus(ARRIVING);
            let friend = rng.random_range(0..count);
            let is_new = !self
                .steps
                .iter()
                .any(|step| matches!(step.what, Action::Befriend(a, b) if (a, b) == (friend, person)));
            if friend != person && is_new {
                self.step(sometime(known..size.until, rng), Action::Befriend(person, friend));
            }
            if rng.random_bool(0.5) {
                let grammar = newcomer.language.grammar();
                let bound = Bound::choose(grammar, newcomer.given, rng);
                let (title, content) = grammar.posts.choose(rng).copied().unwrap_or_default();
                let what = Action::Publish { by: person, title: bound.fill(title), content: bound.fill(content) };
                self.step(by_day(sometime(known..size.until, rng), size.until, rng), what);
            }
        }
    }

    /// Conversations until there are as many messages as were asked for; the first rooms
    /// are the busiest.
    fn converse(&mut self, size: &Size, rng: &mut Xoshiro256PlusPlus) {
        let mut weights = Vec::with_capacity(self.rooms.len());
        let mut sum = 0.0;
        for (rank, _) in (1_u32..).zip(&self.rooms) {
            sum += f64::from(rank).powf(-0.7);
            weights.push(sum);
        }
        let mut busiest: Vec<usize> = (0..self.rooms.len()).collect();
        busiest.shuffle(rng);
        let mut said = 0;
        let mut pictures = (size.messages / 50).min(MAX_PICTURES);
        while said < size.messages {
            let draw = rng.random::<f64>() * sum;
            let rank = weights.partition_point(|weight| *weight <= draw).min(busiest.len() - 1);
            let room = busiest[rank];
            let begin = by_day(sometime(self.rooms[room].opened..size.until, rng), size.until, rng);
            let begin = begin.max(self.rooms[room].opened.plus(Duration::from_secs(30)));
            let limits = conversation::Limits { until: size.until, messages: size.messages - said };
            said += conversation::plan(self, room, (said, begin), &limits, &mut pictures, rng);
        }
    }

    /// By time; messages are counted anew, since they were planned a conversation at a time.
    fn in_order(&mut self) {
        let numbered = self.steps.iter().filter(|step| matches!(step.what, Action::Say { .. })).count();
        let mut tagged: Vec<(Step, Option<usize>)> = Vec::with_capacity(self.steps.len());
        let mut number = 0;
        for step in self.steps.drain(..) {
            let own = matches!(step.what, Action::Say { .. }).then_some(number);
            number += usize::from(own.is_some());
            tagged.push((step, own));
        }
        tagged.sort_by_key(|(step, _)| step.at);
        let mut place = vec![0; numbered];
        for (new, old) in tagged.iter().filter_map(|(_, own)| *own).enumerate() {
            place[old] = new;
        }
        self.steps.extend(tagged.into_iter().map(|(mut step, _)| {
            match &mut step.what {
                Action::Say { reply_to: Some(message), .. }
                | Action::Edit { message, .. }
                | Action::React { message, .. } => {
                    *message = place[*message];
                }
                _ => {}
            }
            step
        }));
    }
}

fn rooms(size: &Size, people: &[Newcomer], rng: &mut Xoshiro256PlusPlus) -> Vec<Room> {
    let pairs = people.len() * (people.len() - 1) / 2;
    let directs = (size.chats * DIRECT_OF_FIVE / 5).min(pairs.div_ceil(2));
    let first = size.from().plus(ARRIVING);
    let last = first.plus(Duration::from_hours(7 * 24) * size.weeks / OPENING);
    let mut known = HashSet::new();
    let mut rooms = Vec::with_capacity(size.chats);
    for number in 0..size.chats {
        // Everybody opens about as many as everybody else: there is a limit for each.
        let owner = number % people.len();
        let opened = sometime(first..last, rng);
        let room = if number < directs { direct(people, &mut known, rng) } else { group(people, owner, rng) };
        rooms.push(Room { opened, ..room });
    }
    rooms
}

fn direct(people: &[Newcomer], known: &mut HashSet<(usize, usize)>, rng: &mut Xoshiro256PlusPlus) -> Room {
    loop {
        let (one, other) = (rng.random_range(0..people.len()), rng.random_range(0..people.len()));
        if one != other && known.insert((one.min(other), one.max(other))) {
            return Room {
                members: vec![one, other],
                group: None,
                language: common(&people[one], &people[other]),
                opened: Timestamp(0),
            };
        }
    }
}

/// Russian among those who speak it, English with everybody else.
fn common(one: &Newcomer, other: &Newcomer) -> Language {
    if one.language == other.language { one.language } else { Language::English }
}

fn group(people: &[Newcomer], owner: usize, rng: &mut Xoshiro256PlusPlus) -> Room {
    let language = people[owner].language;
    let others = rng.random_range(1..MAX_GROUP).min(people.len() - 1);
    let speaks = |person: &usize| *person != owner && common(&people[owner], &people[*person]) == language;
    let mut members = vec![owner];
    members.extend((0..people.len()).filter(speaks).sample(rng, others));
    let grammar = language.grammar();
    let (title, about) = grammar.rooms.choose(rng).copied().unwrap_or_default();
    let bound = Bound::choose(grammar, people[owner].given, rng);
    let group = Some((bound.fill(title), bound.fill(about), rng.random_bool(0.5)));
    Room { members, group, language, opened: Timestamp(0) }
}

/// A moment of a span.
fn sometime(span: Range<Timestamp>, rng: &mut Xoshiro256PlusPlus) -> Timestamp {
    Timestamp(rng.random_range(span.start.0..span.end.0.max(span.start.0 + 1)))
}

/// Moves a moment out of the night (UTC), unless that is past the end.
fn by_day(at: Timestamp, until: Timestamp, rng: &mut Xoshiro256PlusPlus) -> Timestamp {
    const HOUR: i64 = 3_600_000;
    let hour = at.0.div_euclid(HOUR).rem_euclid(24);
    let awake = 7..23;
    let moved = if awake.contains(&hour) {
        at
    } else {
        Timestamp(at.0 + (rng.random_range(8..20) - hour).rem_euclid(24) * HOUR)
    };
    if moved < until { moved } else { at }
}

#[cfg(test)]
mod tests {
    use super::{Action, Plan, Size};
    use crate::chat::model::time::Timestamp;

    fn size(seed: u64) -> Size {
        let until = Timestamp(1_735_732_800_000);
        Size { seed, people: 9, chats: 14, messages: 700, weeks: 3, until }
    }

    #[test]
    fn everything_happens_in_its_span_and_in_an_order_that_is_possible() {
        let plan = Plan::new(&size(4));
        let (mut arrived, mut opened, mut said) = (0, 0, Vec::<(usize, usize)>::new());
        let mut before = size(4).from();
        for step in &plan.steps {
            assert!(before <= step.at && step.at <= size(4).until);
            before = step.at;
            match &step.what {
                Action::Arrive(_) => arrived += 1,
                Action::Open(_) => opened += 1,
                Action::Say { room, by, reply_to, .. } => {
                    assert!(plan.rooms[*room].members.contains(by) && plan.rooms[*room].opened <= step.at);
                    assert!(reply_to.is_none_or(|message| said[message].0 == *room));
                    said.push((*room, *by));
                }
                Action::Edit { by, message, .. } => assert_eq!(said[*message].1, *by, "one edits one's own"),
                Action::React { by, message, .. } => assert!(plan.rooms[said[*message].0].members.contains(by)),
                Action::Read { by, room } => assert!(plan.rooms[*room].members.contains(by)),
                Action::Befriend(..) | Action::Publish { .. } => assert_eq!(arrived, 9),
            }
        }
        assert_eq!((arrived, opened, said.len()), (9, 14, 700));
    }

    #[test]
    fn the_seed_decides() {
        let texts = |seed| -> Vec<(i64, String)> {
            let told = |step: super::Step| match step.what {
                Action::Say { text, .. } => Some((step.at.0, text)),
                _ => None,
            };
            Plan::new(&size(seed)).steps.into_iter().filter_map(told).collect()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }
}
