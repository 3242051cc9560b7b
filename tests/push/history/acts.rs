//! What people do in a history, and what they say.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::service::Reply;
use super::{PEOPLE, Said, World, is_heard};
use crate::world::{Room, id};

impl World {
    pub(super) async fn changes(&mut self) {
        let who = self.dice.below(PEOPLE.len());
        let chat = self.dice.below(self.chats.len());
        match self.dice.below(12) {
            0..=2 => self.wants_level(who, chat).await,
            3 | 4 => self.mutes(who, chat).await,
            5 => self.is_quiet_or_not(who).await,
            6 | 7 => self.looks_or_not(who).await,
            8 => self.reads(who, chat, None).await,
            9 => self.comes_or_goes(who, chat).await,
            10 => self.has_a_device_or_not(who).await,
            _ => self.takes_back(who, chat).await,
        }
    }

    async fn wants_level(&mut self, who: usize, chat: usize) {
        let level = self.dice.one_of(&[Some("all"), Some("mentions"), Some("nothing"), None]);
        if self.notifies(who, chat, json!({"level": level})).await {
            self.people[who].wishes.entry(self.chats[chat].id).or_default().level = level;
        }
    }

    async fn mutes(&mut self, who: usize, chat: usize) {
        // What holds pushes back ends sooner than it begins, or in a long history nobody is told of anything.
        let times = [(Some("forever"), true), (Some("2999-01-01T00:00:00Z"), true)];
        let (until, is_muted) = if self.dice.once_in(3) { self.dice.one_of(&times) } else { (None, false) };
        if self.notifies(who, chat, json!({"muted_until": until})).await {
            self.people[who].wishes.entry(self.chats[chat].id).or_default().is_muted = is_muted;
        }
    }

    async fn notifies(&self, who: usize, chat: usize, change: Value) -> bool {
        let chat = &self.chats[chat];
        let is_in = chat.members.contains(&who);
        let path = format!("/messages/api/chats/{}/notify/", chat.id);
        self.people[who].person.patch(&path, &change).await.is(if is_in { 200 } else { 404 });
        is_in
    }

    /// All day but for a minute that is long over, or none of it.
    async fn is_quiet_or_not(&mut self, who: usize) {
        let somebody = &mut self.people[who];
        somebody.is_quiet = !somebody.is_quiet && self.dice.once_in(3);
        let midnight = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let minute = (midnight.as_secs() / 60 + 720) % 1_440;
        let clock = |minute: u64| format!("{:02}:{:02}", minute % 1_440 / 60, minute % 60);
        let hours = json!({"from": clock(minute + 1), "to": clock(minute), "zone": "UTC"});
        let quiet = if somebody.is_quiet { hours } else { Value::Null };
        somebody.person.patch("/messages/api/notify/", &json!({"quiet": quiet})).await.is(200);
    }

    async fn looks_or_not(&mut self, who: usize) {
        let turn = self.dice.below(3);
        let somebody = &mut self.people[who];
        match (turn, somebody.socket.take()) {
            (_, None) => {
                let mut socket = somebody.person.handshake("/messages/ws/").enters().await;
                somebody.looks = turn > 0;
                is_heard(&mut socket, somebody.looks).await;
                somebody.socket = Some(socket);
            }
            (0, Some(socket)) => {
                socket.leaves().await;
                somebody.looks = false;
            }
            (_, Some(mut socket)) => {
                somebody.looks = !somebody.looks;
                is_heard(&mut socket, somebody.looks).await;
                somebody.socket = Some(socket);
            }
        }
    }

    async fn reads(&self, who: usize, chat: usize, upto: Option<i64>) {
        let chat = &self.chats[chat];
        let body = upto.map_or(json!({}), |upto| json!({"message_id": upto}));
        let answer = self.people[who].person.post(&format!("/messages/api/chats/{}/mark-as-read/", chat.id), &body);
        answer.await.is(if chat.members.contains(&who) { 200 } else { 404 });
    }

    async fn comes_or_goes(&mut self, who: usize, chat: usize) {
        let (somebody, chat) = (&mut self.people[who], &mut self.chats[chat]);
        if !chat.is_group {
            return;
        }
        let room = Room { id: chat.id };
        if chat.members.insert(who) {
            somebody.person.joins(&room).await;
        } else if self.dice.once_in(3) {
            somebody.person.leaves(&room).await;
            somebody.wishes.remove(&chat.id);
            chat.members.remove(&who);
        }
    }

    async fn has_a_device_or_not(&mut self, who: usize) {
        let place = self.dice.below(2);
        let somebody = &mut self.people[who];
        match somebody.subscribed.get(&place) {
            Some(id) if self.dice.once_in(3) => {
                somebody.person.delete(&format!("/api/server/push/{id}/")).await.is(204);
                somebody.subscribed.remove(&place);
            }
            Some(_) => {}
            None => {
                let id = somebody.devices[place].subscribes(&somebody.person).await;
                somebody.subscribed.insert(place, id);
            }
        }
    }

    /// Deletes what one said last.
    async fn takes_back(&mut self, who: usize, chat: usize) {
        let chat = &mut self.chats[chat];
        let Some(place) = chat.said.iter().rposition(|(_, sender)| *sender == who) else { return };
        if chat.members.contains(&who) {
            let (message, _) = chat.said.remove(place);
            self.people[who].person.delete(&format!("/messages/api/messages/{message}/")).await.is(204);
        }
    }

    /// Somebody says something in a chat that they are in.
    pub(super) async fn says(&mut self) -> Option<Said> {
        let chat = self.dice.below(self.chats.len());
        let sender = self.dice.below(PEOPLE.len());
        if !self.chats[chat].members.contains(&sender) {
            return None;
        }
        let whom = self.dice.one_of(&PEOPLE);
        let text = match self.dice.below(5) {
            0 => format!("@{whom}, look"),
            1 => "@all come".to_owned(),
            2 => format!("write to {whom}@example.org"),
            _ => "words".to_owned(),
        };
        let earlier = self.chats[chat].said.last().copied().filter(|_| self.dice.once_in(4));
        let mut body = json!({"content": text});
        if let Some((message, _)) = earlier {
            body["reply_to"] = json!(message);
        }
        let path = format!("/messages/api/chats/{}/messages/", self.chats[chat].id);
        let answer = self.people[sender].person.post(&path, &body).await;
        // What one cleared or never saw cannot be answered.
        if answer.status == 400 && earlier.is_some() {
            return None;
        }
        let id = id(&answer.is(201).json());
        Some(Said { id, chat, sender, text, answers: earlier.map(|(_, whose)| whose) })
    }

    /// Edits of what was said in earlier rounds are no news, whomever they name.
    pub(super) async fn edits(&mut self) {
        let chat = self.dice.below(self.chats.len());
        let Some((message, sender)) = self.chats[chat].said.last().copied() else { return };
        if self.chats[chat].members.contains(&sender) {
            let path = format!("/messages/api/messages/{message}/");
            let text = json!({"content": "@ann @bob @cid @dot @eve edited"});
            self.people[sender].person.patch(&path, &text).await.is(200);
        }
    }

    /// The push service of somebody's first device is busy once for each of the next pushes.
    pub(super) fn makes_busy(&mut self) -> usize {
        let who = self.dice.below(PEOPLE.len());
        self.people[who].devices[0].always(Reply::After(429, "4"));
        who
    }

    /// Somebody reads a chat while pushes of it wait to be tried again: up to what by when.
    pub(super) async fn reads_amid(&mut self, busy: usize, said: &[Said]) -> BTreeMap<(usize, usize), (i64, Instant)> {
        // All were tried: what is read before that is not told, and what is under way then is.
        for (place, device) in self.people[busy].devices.iter().enumerate() {
            let is_subscribed = self.people[busy].subscribed.contains_key(&place);
            let due = said.iter().filter(|said| is_subscribed && self.is_to_be_told(busy, said)).count();
            device.is_told(self.told.get(&(busy, place)).copied().unwrap_or(0) + due).await;
        }
        let first = self.new_of(busy, 0).iter().map(|told| told.at).min();
        let chat = said.last().map_or(0, |last| last.chat);
        let upto = said.iter().rev().find(|said| said.chat == chat).map(|said| said.id);
        let mut read = BTreeMap::new();
        if self.chats[chat].members.contains(&busy) {
            self.reads(busy, chat, upto).await;
            read.insert((busy, chat), (upto.unwrap_or(0), Instant::now()));
        }
        self.people[busy].devices[0].always(Reply::Status(201));
        // What is tried again comes no sooner than this; on a machine that is too slow for that, nothing is said of it.
        let is_in_time = first.is_none_or(|first| first.elapsed() < Duration::from_secs(4));
        if is_in_time { read } else { BTreeMap::from([((busy, usize::MAX), (0, Instant::now()))]) }
    }
}
