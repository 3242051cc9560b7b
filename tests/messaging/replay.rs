//! Catching up on the socket: the greeting, what was missed, then live, without a
//! gap and nothing twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::words::{Chat, Line, dm, group, path, reactions, say};
use crate::world::{Fireside, Heard, Person, id, people};

#[tokio::test]
async fn the_greeting_says_who_one_is_and_where_things_stand() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let message = say(&alice, "hi", chat).await;
    let mut line = Line::to(&alice).await;
    assert_eq!(line.hello, json!({"type": "hello", "seq": message["seq"], "user": alice.id}));
    line.hears_nothing().await;
    let next_door = alice.through("/d/messaging").handshake("/messages/ws").with_query("since=0");
    let mut next_door = Line::through(next_door).await;
    assert_eq!(next_door.hears_message("hi").await, message);
    let mut newest = message["seq"].clone();
    for seen in [newest.clone(), json!(999_999)] {
        let mut line = Line::since(&alice, &seen).await;
        assert_eq!(line.hello["seq"], newest, "the real one, whatever the client claims");
        line.hears_nothing().await;
        let sent = say(&alice, "live", chat).await;
        assert_eq!(line.hears_message("live").await, sent);
        newest = sent["seq"].clone();
    }
}

#[tokio::test]
async fn what_was_missed_comes_first_in_its_order() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let team = group(&alice, "Team", &[&bob]).await;
    let direct = dm(&alice, &bob).await;
    let edited = say(&alice, "edited", team).await;
    let liked = say(&alice, "liked", direct).await;
    let gone = say(&alice, "gone", team).await;
    let before = Line::to(&bob).await;
    let since = before.hello["seq"].clone();
    before.hangs_up().await;

    alice.patch(&path(&edited), &json!({"content": "better"})).await.is(200);
    alice.post(&reactions(&liked), &json!({"emoji": "👍"})).await.is(200);
    alice.delete(&path(&gone)).await.is(204);
    let new = say(&alice, "new", direct).await;
    alice.patch(&path(&new), &json!({"content": "newest"})).await.is(200);
    let mut line = Line::since(&bob, &since).await;
    let told = line.hears("message_updated").await;
    assert_eq!(told["message"], bob.get(&path(&edited)).await.json());
    assert_eq!((&told["chat"], &told["seq"]), (&json!(team.id), &told["message"]["seq"]));
    assert_eq!(line.hears("message_updated").await["message"]["reactions"][0]["users"], json!([alice.id]));
    let told = line.hears("message_deleted").await;
    assert_eq!((&told["message_id"], &told["chat"]), (&gone["id"], &json!(team.id)));
    assert!(told["seq"].is_i64(), "{told}");
    assert_eq!(line.hears_message("newest").await["is_edited"], true);
    line.hears_nothing().await;
    say(&alice, "live", team).await;
    line.hears_message("live").await;
}

#[tokio::test]
async fn a_long_absence_is_replayed_whole() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    for number in 0..405 {
        say(&alice, &number.to_string(), chat).await;
    }
    let mut line = Line::since(&alice, &json!(0)).await;
    for number in 0..405 {
        line.hears_message(&number.to_string()).await;
    }
    line.hears_nothing().await;
}

/// Somebody who writes, edits, likes and deletes until told to stop.
fn writes_on(who: &Person, chat: Chat, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let (who, stop) = (who.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let message = say(&who, &format!("message {number}"), chat).await;
            match number % 4 {
                0 => drop(who.patch(&path(&message), &json!({"content": format!("edit {number}")})).await.is(200)),
                1 => drop(who.post(&reactions(&message), &json!({"emoji": "👍"})).await.is(200)),
                2 => drop(who.delete(&path(&message)).await.is(204)),
                _ => {}
            }
        }
    })
}

/// While others go on writing, bob comes and goes; what he has heard in the end is what
/// there is.
#[tokio::test]
async fn coming_and_going_under_load_misses_nothing_and_hears_nothing_twice() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing: Vec<_> = (0..4).map(|_| writes_on(&alice, chat, &stop)).collect();
    let mut held = Held::default();
    for _ in 0..60 {
        held.listens(&bob, 30).await;
        // Further back there is more to replay, and so more time for it to change meanwhile.
        Held::since((held.seq - 150).max(0)).listens(&bob, 200).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writing {
        writer.await.unwrap();
    }
    let last = say(&alice, "the last", chat).await;
    let mut line = Line::since(&bob, &json!(held.seq)).await;
    while held.seq < id(&last) {
        held.hears(&line.frame().await);
    }
    line.hears_nothing().await;
    let mut after = 0;
    let mut there = BTreeMap::new();
    loop {
        let page = bob.get(&format!("{}?after={after}&page_size=100", chat.messages())).await.is(200).results();
        let Some(last) = page.last() else { break };
        after = id(last);
        there.extend(page.into_iter().map(|message| (id(&message), message)));
    }
    assert_eq!(held.messages.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (id, message) in &there {
        for field in ["content", "reactions", "seq", "is_edited"] {
            assert_eq!(held.messages[id][field], message[field], "{field} of {message}");
        }
    }
}

/// What a client holds that believes every frame.
#[derive(Default)]
struct Held {
    /// What it had seen when it began.
    start: i64,
    seq: i64,
    messages: BTreeMap<i64, Value>,
}

impl Held {
    fn since(seq: i64) -> Self {
        Self { start: seq, seq, ..Self::default() }
    }

    async fn listens(&mut self, who: &Person, frames: usize) {
        let mut line = Line::since(who, &json!(self.seq)).await;
        for _ in 0..frames {
            match line.next().await {
                Heard::Frame(frame) => self.hears(&frame),
                // On a slow machine a reader may fall behind; as any other, it goes on from what it has.
                Heard::Closed(code) => return assert_eq!(code, 1013),
            }
        }
        line.hangs_up().await;
    }

    fn hears(&mut self, frame: &Value) {
        let seq = frame["seq"].as_i64().unwrap_or_else(|| panic!("no seq in {frame}"));
        assert!(seq > self.seq, "{frame} after {}", self.seq);
        self.seq = seq;
        let message = &frame["message"];
        match frame["type"].as_str().unwrap() {
            // Whoever was cut off amid a replay may have an update of what was never told as
            // new: it is the whole message, so it makes no difference.
            "new_message" | "message_updated" => drop(self.messages.insert(id(message), message.clone())),
            "message_deleted" => drop(self.messages.remove(&frame["message_id"].as_i64().unwrap())),
            "reaction_updated" => {
                let of = frame["message_id"].as_i64().unwrap();
                match self.messages.get_mut(&of) {
                    Some(known) => {
                        known["reactions"] = frame["reactions"].clone();
                        known["seq"] = frame["seq"].clone();
                    }
                    None => assert!(of <= self.start, "{frame} of a message never told"),
                }
            }
            other => panic!("an unexpected {other}: {frame}"),
        }
    }
}
