//! Random histories: levels, mutes, quiet hours, reads, people who look and who do not, devices that come and go.
//! After each round every device was told exactly of what a naive predicate says, at most once, and of nothing after it
//! was read.
//!
//! `FIRESIDE_PUSH_SEED` names another history; `FIRESIDE_SCALE=full` plays 10,000 messages.

mod acts;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use serde_json::json;

use super::scene::{metric, waits_until};
use super::service::{Device, PushService, Reply};
use crate::hostile::fuzz::dice::Dice;
use crate::world::machine::{number, say, scale};
use crate::world::{Fireside, Listener, Person, id};

/// The group with more members than are told of everything unless they say so.
const CROWD: usize = 21;
/// Those of whom the history is.
const PEOPLE: [&str; 5] = ["ann", "bob", "cid", "dot", "eve"];

/// Of what somebody wants to be told in a chat.
#[derive(Clone, Copy, Default)]
struct Wish {
    level: Option<&'static str>,
    is_muted: bool,
}

struct Somebody {
    person: Person,
    devices: Vec<Device>,
    /// Those of the devices that are told, by their place, and the id there.
    subscribed: BTreeMap<usize, i64>,
    wishes: HashMap<i64, Wish>,
    is_quiet: bool,
    socket: Option<Listener>,
    looks: bool,
}

/// A chat, and who of the people is in it.
struct Chat {
    id: i64,
    is_group: bool,
    members: BTreeSet<usize>,
    /// Those who are in it beside the people.
    others: usize,
    /// What was said: which, and by whom.
    said: Vec<(i64, usize)>,
}

/// What was said in a round: where, by whom, and whom it means.
struct Said {
    id: i64,
    chat: usize,
    sender: usize,
    text: String,
    answers: Option<usize>,
}

struct World {
    service: PushService,
    fireside: Fireside,
    admin: Person,
    dice: Dice,
    people: Vec<Somebody>,
    chats: Vec<Chat>,
    /// How often each device was told up to the round before.
    told: HashMap<(usize, usize), usize>,
    /// Pushes that were as they should be.
    checked: usize,
    /// Those that a predicate of every message for every device would have had beside them.
    held_back: usize,
}

impl World {
    async fn new(seed: u64) -> Self {
        let service = PushService::start().await;
        let fireside = service.serves(&["--durability", "normal"]).await;
        let admin = fireside.registers("admin").await;
        fireside.home.runs(&["user", "admin", "admin"], "").await.succeeded();
        let mut people = Vec::new();
        for name in PEOPLE {
            let person = fireside.registers(name).await;
            let devices = vec![service.device(&format!("{name}-phone")), service.device(&format!("{name}-laptop"))];
            let mut subscribed = BTreeMap::new();
            for (place, device) in devices.iter().enumerate() {
                subscribed.insert(place, device.subscribes(&person).await);
            }
            let (wishes, is_quiet, socket, looks) = (HashMap::new(), false, None, false);
            people.push(Somebody { person, devices, subscribed, wishes, is_quiet, socket, looks });
        }
        let mut world = Self {
            service,
            fireside,
            admin,
            dice: Dice::new(seed),
            people,
            chats: Vec::new(),
            told: HashMap::new(),
            checked: 0,
            held_back: 0,
        };
        world.opens_chats().await;
        world
    }

    /// Two groups, one of a crowd, and the direct chats of ann.
    async fn opens_chats(&mut self) {
        let crowd = self.fireside.registers_crowd(CROWD - PEOPLE.len()).await;
        for (title, others) in [("den", [].as_slice()), ("hall", crowd.as_slice())] {
            let room = self.admin.opens_room(title).await;
            for person in self.people.iter().map(|somebody| &somebody.person).chain(others) {
                person.joins(&room).await;
            }
            let members = (0..PEOPLE.len()).collect();
            self.chats.push(Chat { id: room.id, is_group: true, members, others: others.len() + 1, said: Vec::new() });
        }
        for other in 1..PEOPLE.len() {
            let with = json!({"user_id": self.people[other].person.id});
            let made = self.people[0].person.post("/api/chats/create/", &with).await.is(201).json();
            let members = BTreeSet::from([0, other]);
            self.chats.push(Chat { id: id(&made), is_group: false, members, others: 0, said: Vec::new() });
        }
    }

    /// A round: some things change, then some things are said, and then everybody was told.
    async fn plays(&mut self, is_busy: bool) -> usize {
        for _ in 0..self.dice.below(6) {
            self.changes().await;
        }
        for somebody in &mut self.people {
            if let Some(socket) = &mut somebody.socket {
                // A word is good for a minute, and all that is heard has to be read.
                is_heard(socket, somebody.looks).await;
            }
        }
        let mut said = Vec::new();
        let busy = is_busy.then(|| self.makes_busy());
        for _ in 0..=self.dice.below(14) {
            said.extend(self.says().await);
        }
        if self.dice.once_in(3) {
            self.edits().await;
        }
        let read = match busy {
            Some(busy) => self.reads_amid(busy, &said).await,
            None => BTreeMap::new(),
        };
        self.is_over().await;
        self.checks(&said, &read);
        for Said { id, chat, sender, .. } in &said {
            self.chats[*chat].said.push((*id, *sender));
        }
        said.len()
    }

    fn new_of(&self, who: usize, place: usize) -> Vec<super::service::Told> {
        self.people[who].devices[place].told().split_off(self.told.get(&(who, place)).copied().unwrap_or(0))
    }

    /// And nothing waits or is under way any more.
    async fn is_over(&self) {
        self.service.has_looked(&self.people[0].person, &self.admin).await;
        waits_until("all is sent", async || metric(&self.fireside, &self.admin, "fireside_push_waiting").await == 0)
            .await;
    }

    /// Whether somebody is to be told: no code of the server's, and as simple as can be.
    fn is_to_be_told(&self, who: usize, said: &Said) -> bool {
        let (somebody, chat) = (&self.people[who], &self.chats[said.chat]);
        if who == said.sender || !chat.members.contains(&who) || somebody.is_quiet || somebody.looks {
            return false;
        }
        let wish = somebody.wishes.get(&chat.id).copied().unwrap_or_default();
        let is_crowd = chat.members.len() + chat.others > 20;
        let is_named = said.text.starts_with(&format!("@{},", PEOPLE[who]));
        let is_meant = said.text.starts_with("@all") && chat.is_group && !is_crowd;
        let is_answered = said.answers == Some(who);
        let level = wish.level.unwrap_or(if is_crowd { "mentions" } else { "all" });
        !wish.is_muted && (level == "all" || level == "mentions" && (is_named || is_meant || is_answered))
    }

    /// Every device was told of what it was to be told of, once, in order, and of nothing else.
    fn checks(&mut self, said: &[Said], read: &BTreeMap<(usize, usize), (i64, Instant)>) {
        self.service.is_content();
        let is_unsure = |who| read.contains_key(&(who, usize::MAX));
        for (who, name) in PEOPLE.iter().enumerate() {
            for place in 0..2 {
                let new = self.new_of(who, place);
                let taken: Vec<_> = new.iter().filter(|told| told.reply == Reply::Status(201)).collect();
                let told: Vec<i64> = taken.iter().map(|told| told.push["message"].as_i64().unwrap()).collect();
                let once: BTreeSet<i64> = told.iter().copied().collect();
                assert_eq!(once.len(), told.len(), "{} was told twice: {told:?}", name);
                let is_subscribed = self.people[who].subscribed.contains_key(&place);
                let due = said.iter().filter(|said| is_subscribed && self.is_to_be_told(who, said));
                let mut expected: BTreeSet<i64> = due.map(|said| said.id).collect();
                self.held_back += said.len() - expected.len();
                if place == 0 && is_unsure(who) {
                    assert!(once.is_subset(&expected), "{}: {once:?} of {expected:?}", name);
                } else {
                    let is_read = |id: &i64| {
                        let chat = said.iter().find(|said| said.id == *id).map(|said| said.chat);
                        chat.and_then(|chat| read.get(&(who, chat))).is_some_and(|(upto, _)| id <= upto)
                    };
                    // Read before it was tried again: then nothing comes after.
                    if place == 0 {
                        expected.retain(|id| !is_read(id));
                    }
                    assert_eq!(once, expected, "{name}'s device {place}, with {read:?}");
                }
                for told in &taken {
                    let chat = said.iter().find(|said| told.push["message"] == said.id).unwrap();
                    assert_eq!(told.push["chat"], self.chats[chat.chat].id);
                    assert_eq!(told.push["text"], chat.text);
                }
                self.checked += told.len();
                *self.told.entry((who, place)).or_default() += new.len();
            }
        }
    }
}

/// All that a socket had to say is read, and it has said whether somebody looks.
async fn is_heard(socket: &mut Listener, looks: bool) {
    socket.says(&json!({"type": "visible", "visible": looks})).await;
    socket.says(&json!({"type": "ping"})).await;
    while socket.frame().await["type"] != "pong" {}
}

#[tokio::test]
async fn everybody_is_told_of_what_they_are_to_be_told_once_and_of_nothing_after_it_was_read() {
    let seed = number("FIRESIDE_PUSH_SEED", 1) as u64;
    let enough = scale(400, 10_000);
    let began = Instant::now();
    let mut world = World::new(seed).await;
    let (mut messages, mut rounds) = (0, 0);
    while messages < enough {
        messages += world.plays(rounds % 12 == 5).await;
        rounds += 1;
    }
    let (told, held) = (world.checked, world.held_back);
    say(&format!("{messages} messages in {rounds} rounds: {told} pushes, {held} held back, in {:?}", began.elapsed()));
    assert!(
        told > messages / 10 && held > messages / 10,
        "a history in which nobody is told, or everybody, shows little"
    );
}
