//! `kill -9` while hooks send: nothing is lost, nothing reordered, and what comes twice says so.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::receiver::{Event, Mood, Receiver};
use super::{ALL, sends, server_in, until};
use crate::messaging::words::{self, Chat, group};
use crate::world::home::PATIENCE;
use crate::world::machine::{number, say as tell};
use crate::world::{Fireside, Home, Person, id, people};

/// Kills of one world, since in the end all of its past is looked at.
const KILLS_OF_A_WORLD: usize = 20;

#[tokio::test]
async fn no_kill_loses_or_reorders_an_event_and_none_has_two_ids() {
    let kills = number("FIRESIDE_KILLS", 3);
    let (mut events, mut doubles) = (0, 0);
    for first in (0..kills).step_by(KILLS_OF_A_WORLD) {
        let seen = dies(KILLS_OF_A_WORLD.min(kills - first)).await;
        events += seen.0;
        doubles += seen.1;
    }
    tell(&format!("{kills} kills: {events} events, {doubles} of them came again under their ids"));
}

/// A world that dies so often: how many events came, and how many again.
async fn dies(kills: usize) -> (usize, usize) {
    let mut fireside = server_in(Home::new()).await;
    people!(fireside: alice, bob, carol);
    let (mut alice, mut bob) = (alice, bob);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Echoes);
    sends(&alice, chat, &receiver, &ALL).await;
    let mut done = Vec::new();
    for round in 0..kills {
        let (talking, joining) = (talk(&bob, chat, round), come_and_go(&alice, chat, &carol));
        let dying = async {
            // Where exactly it dies is chance.
            tokio::time::sleep(Duration::from_millis(150 + 41 * u64::try_from(round % 9).unwrap())).await;
            fireside.dies();
        };
        let (said, ()) = tokio::join!(async { tokio::join!(talking, joining).0 }, dying);
        done.extend(said);
        fireside = fireside.dies_and_restarts().await;
        (alice, bob) = (alice.back_to(&fireside), bob.back_to(&fireside));
    }
    words::say(&bob, "the end", chat).await;
    comes_to_the_end(&receiver).await;
    is_right(&alice, chat, &receiver, &done).await
}

/// Says, edits and deletes until the server is gone; what was acknowledged.
async fn talk(who: &Person, chat: Chat, round: usize) -> Vec<Acknowledged> {
    let mut done = Vec::new();
    for number in 0.. {
        let text = json!({"content": format!("{round}: {number}")});
        let Some(said) = who.post(&chat.messages(), &text).tried().await.filter(|answer| answer.status == 201) else {
            break;
        };
        let said = said.json();
        done.push(Acknowledged::Said(id(&said)));
        let path = words::path(&said);
        if number % 3 == 1 {
            let edited = who.patch(&path, &json!({"content": format!("{round}: {number} again")})).tried().await;
            if edited.is_none_or(|answer| answer.status != 200) {
                break;
            }
            done.push(Acknowledged::Edited(id(&said)));
        }
        if number % 5 == 2 {
            if who.delete(&path).tried().await.is_none_or(|answer| answer.status != 204) {
                break;
            }
            done.push(Acknowledged::Deleted(id(&said)));
        }
    }
    done
}

async fn come_and_go(admin: &Person, chat: Chat, guest: &Person) {
    let wish = json!({"user_ids": [guest.id]});
    while admin.post(&chat.add(), &wish).tried().await.is_some()
        && admin.delete(&chat.remove(guest)).tried().await.is_some()
    {}
}

#[derive(Clone, Copy, Debug)]
enum Acknowledged {
    Said(i64),
    Edited(i64),
    Deleted(i64),
}

/// Returns when the last word has come and nothing comes any more. What a slow machine has left behind may take its
/// time, as long as something comes.
async fn comes_to_the_end(receiver: &Receiver) {
    let (mut before, mut since) = (0, Instant::now());
    loop {
        let (count, last) = receiver.last();
        if count > before {
            (before, since) = (count, Instant::now());
        } else if last == "message_created the end" && since.elapsed() > Duration::from_millis(300) {
            return;
        }
        assert!(since.elapsed() < PATIENCE * 2, "{count} events came, and then nothing after {last}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn is_right(alice: &Person, chat: Chat, receiver: &Receiver, done: &[Acknowledged]) -> (usize, usize) {
    let (heard, told) = (receiver.heard(), receiver.told());
    assert!(done.len() > 3, "something was going on: {done:?}");
    // Doubles are the last event again, and never anything before it.
    let mut known = HashSet::new();
    for (number, event) in heard.iter().enumerate() {
        let is_double = !known.insert(event.id.as_str());
        assert!(!is_double || heard[number - 1].id == event.id, "{} came late: {:?}", event.id, ids(&heard));
    }
    let numbers: Vec<i64> = told.iter().map(number_of).collect();
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
    let subjects: HashSet<(&str, i64)> =
        told.iter().filter_map(|event| Some((event.kind.as_str(), subject(event)?))).collect();
    let about = |kind: &str, message: i64| subjects.contains(&(kind, message));
    for act in done {
        let (came, is_gone) = match act {
            Acknowledged::Said(message) => (about("message_created", *message), about("message_deleted", *message)),
            Acknowledged::Edited(message) => (about("message_updated", *message), about("message_deleted", *message)),
            Acknowledged::Deleted(message) => (about("message_deleted", *message), false),
        };
        assert!(came || is_gone, "{act:?} was lost");
    }
    comings_and_goings_alternate(&told);
    every_answer_was_said_once(alice, chat, &told).await;
    (told.len(), heard.len() - told.len())
}

/// The message that an event is about.
fn subject(event: &Event) -> Option<i64> {
    event.data["message_id"].as_i64().or_else(|| event.data["message"]["id"].as_i64())
}

/// Behind the hook's number stands that of the event.
fn number_of(event: &Event) -> i64 {
    event.id.rsplit('_').next().unwrap().parse().unwrap()
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

/// Whoever came left before coming again: none of it is missing in between.
fn comings_and_goings_alternate(told: &[Event]) {
    let turns: Vec<&str> =
        told.iter().map(|event| event.kind.as_str()).filter(|kind| kind.starts_with("member_")).collect();
    assert!(!turns.is_empty());
    for (number, turn) in turns.iter().enumerate() {
        assert_eq!(*turn, ["member_added", "member_removed"][number % 2], "{turns:?}");
    }
}

/// The receiver answers each message in words. The bot says those of an event once, however often it came.
async fn every_answer_was_said_once(alice: &Person, chat: Chat, told: &[Event]) {
    let asked = told.iter().filter(|event| event.data["message"].is_object()).count();
    let history: Vec<Value> = all_of(alice, chat).await;
    let answers = history.iter().filter(|message| message["sender"]["is_bot"] == true).count();
    assert_eq!(answers, asked, "one answer for each");
}

async fn all_of(who: &Person, chat: Chat) -> Vec<Value> {
    let (mut all, mut before) = (Vec::new(), i64::MAX);
    loop {
        let page = who.get(&format!("{}?before={before}&page_size=100", chat.messages())).await.is(200).results();
        let Some(last) = page.last() else { return all };
        before = id(last);
        all.extend(page);
    }
}

#[tokio::test]
async fn what_waited_for_a_receiver_waits_for_it_over_kills() {
    let mut fireside: Fireside = server_in(Home::new()).await;
    people!(fireside: alice);
    let mut alice = alice;
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Answers(500, String::new()));
    sends(&alice, chat, &receiver, &ALL[..1]).await;
    for text in ["one", "two", "three"] {
        words::say(&alice, text, chat).await;
        until(async || !receiver.heard().is_empty()).await;
        fireside = fireside.dies_and_restarts().await;
        alice = alice.back_to(&fireside);
    }
    assert!(receiver.story().iter().all(|line| line == "message_created one"), "{:?}", receiver.story());
    receiver.is(Mood::Answers(200, String::new()));
    receiver.hears(3).await;
    assert_eq!(receiver.story(), ["one", "two", "three"].map(|text| format!("message_created {text}")));
}
