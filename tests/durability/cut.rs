//! Lines that are cut again and again while everything goes on: whoever catches up by
//! `since` ends with what is stored, edits, deletions and reactions too.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::storm::World;
use crate::across::pair::Dialect;
use crate::world::machine::{number, say};
use crate::world::{Fireside, Person, id};

/// A client's own copy of a chat: what it built from frames and answers alone.
#[derive(Default)]
struct Copy {
    messages: BTreeMap<i64, Value>,
    since: i64,
    replayed: usize,
}

impl Copy {
    fn takes(&mut self, message: &Value) {
        self.messages.insert(id(message), message.clone());
        self.is_at(message["seq"].as_i64().unwrap());
    }

    fn is_at(&mut self, seq: i64) {
        self.since = self.since.max(seq);
    }

    fn hears(&mut self, frame: &Value, chat: i64) {
        if frame["chat"] != chat {
            return;
        }
        match frame["type"].as_str().unwrap() {
            "new_message" | "message_updated" => self.takes(&frame["message"]),
            "message_deleted" => {
                self.messages.remove(&frame["message_id"].as_i64().unwrap());
                self.is_at(frame["seq"].as_i64().unwrap());
            }
            "reaction_updated" => {
                if let Some(message) = self.messages.get_mut(&frame["message_id"].as_i64().unwrap()) {
                    message["reactions"] = frame["reactions"].clone();
                }
                self.is_at(frame["seq"].as_i64().unwrap());
            }
            _ => {}
        }
    }

    /// What a reader sees of it.
    fn seen(&self) -> Vec<(i64, Value, Value)> {
        let all = self.messages.values();
        all.map(|message| (id(message), message["content"].clone(), message["reactions"].clone())).collect()
    }
}

/// Listens from where the copy stands; the line is cut after so many frames, within a moment.
async fn listens_and_is_cut(copy: &mut Copy, who: &Person, chat: i64, frames: usize) {
    let handshake = who.handshake("/messages/ws/").with_query(&format!("since={}", copy.since));
    let mut socket = handshake.enters().await.into_socket();
    for _ in 0..frames {
        let Ok(Some(Ok(Message::Text(frame)))) = tokio::time::timeout(Duration::from_millis(200), socket.next()).await
        else {
            break;
        };
        copy.replayed += 1;
        copy.hears(&serde_json::from_str(&frame).unwrap(), chat);
    }
    socket.get_ref().set_zero_linger().unwrap();
}

/// The last line is left whole until this message, which is the newest change.
async fn listens_until(copy: &mut Copy, who: &Person, chat: i64, last: i64) {
    let handshake = who.handshake("/messages/ws/").with_query(&format!("since={}", copy.since));
    let mut listener = handshake.enters().await;
    while !copy.messages.contains_key(&last) {
        let frame = listener.frame().await;
        copy.replayed += 1;
        copy.hears(&frame, chat);
    }
}

async fn asks_and_is_told(copy: &mut Copy, who: &Person, chat: i64) {
    loop {
        let answer = who.get(&format!("/messages/api/sync/?since={}", copy.since)).await.is(200).json();
        for message in answer["messages"].as_array().unwrap().iter().filter(|message| message["chat"] == chat) {
            copy.takes(message);
        }
        for gone in answer["deleted"].as_array().unwrap() {
            copy.messages.remove(&id(gone));
        }
        copy.is_at(answer["seq"].as_i64().unwrap());
        if answer["more"] == json!(false) {
            return;
        }
    }
}

#[tokio::test]
async fn whoever_catches_up_ends_with_what_is_stored() {
    let cuts = number("FIRESIDE_CUTS", 50);
    let fireside = Fireside::start().await;
    let world = World::begins(&fireside).await;
    let (bob, chat) = (world.pair.bob.clone(), world.pair.chat);
    let storm = world.rages().await;
    let (mut by_socket, mut by_request) = (Copy::default(), Copy::default());
    for cut in 0..cuts {
        listens_and_is_cut(&mut by_socket, &bob, chat, cut % 23).await;
        asks_and_is_told(&mut by_request, &bob, chat).await;
    }
    storm.calms().await;
    let marker = world.text("the last");
    world.ledger.sends(&marker);
    let body = json!({"content": marker});
    let last = world.pair.alice.post(&format!("/api/rooms/{chat}/messages/"), &body).await.is(201).json();
    world.ledger.is_told_done(&marker);
    listens_until(&mut by_socket, &bob, chat, id(&last)).await;
    asks_and_is_told(&mut by_request, &bob, chat).await;
    let truth = world.pair.history(&bob, Dialect::Messaging).await;
    let stored = bob.reads_all(&format!("/messages/api/chats/{chat}/messages/")).await;
    let seen = |message: &Value| (id(message), message["content"].clone(), message["reactions"].clone());
    let stored: Vec<_> = stored.iter().map(seen).collect();
    assert_eq!(stored.len(), truth.len());
    assert!(stored.iter().any(|(_, content, _)| content.as_str().unwrap().ends_with("|1")), "something was edited");
    assert!(by_socket.seen() == stored, "the copy by socket differs");
    assert!(by_request.seen() == stored, "the copy by request differs");
    let replayed = by_socket.replayed;
    let figures = world.ends(fireside).await;
    say(&format!("{cuts} cuts, {replayed} frames: both copies equal the {} messages; {figures}", stored.len()));
}
