//! Everybody types at once: each is passed on once in two seconds, whatever they send.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::ordinary::{Ordinary, PATIENCE, everybody_was_here};
use crate::world::machine::{mebibytes, resident_bytes, say, scale, settles};
use crate::world::{Fireside, Heard, id};

const PASSED_ON_EVERY: u64 = 2;

#[tokio::test]
async fn a_storm_of_typing_is_passed_on_now_and_then() {
    let fireside = Fireside::start_with(&["--log-level", "error"]).await;
    everybody_was_here(&fireside).await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(scale(10, 100)).await;
    let ids: Vec<_> = crowd.iter().map(|person| person.id).collect();
    let wish = json!({"chat_type": "group", "title": "Team", "member_ids": ids});
    let chat = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
    let mut listener = alice.handshake("/messages/ws/").enters().await;
    let ordinary = Ordinary::begins(&fireside, "ordinary").await;
    let frames = scale(1_000, 20_000);
    let before = resident_bytes(&fireside);
    let begun = Instant::now();
    let mut storms = Vec::new();
    for person in &crowd {
        let (mut write, mut read) = person.handshake("/messages/ws/").enters().await.into_socket().split();
        let frame = json!({"type": "typing", "chat": chat, "is_typing": true}).to_string();
        tokio::spawn(async move { while let Some(Ok(_)) = read.next().await {} });
        storms.push(tokio::spawn(async move {
            for _ in 0..frames {
                write.send(Message::text(frame.clone())).await.unwrap();
            }
            // The socket stays open: to leave would end the typing.
            write
        }));
    }
    let mut kept = Vec::new();
    for storm in storms {
        kept.push(storm.await.unwrap());
    }
    let sent = frames * crowd.len();
    let felt = ordinary.ends().await;
    alice.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "marker"})).await.is(201);
    let mut passed_on = 0;
    loop {
        let Heard::Frame(frame) = listener.next().await else { panic!("the listener was closed") };
        match frame["type"].as_str().unwrap() {
            "typing" => passed_on += usize::from(frame["is_typing"] == Value::Bool(true)),
            "new_message" => break,
            _ => {}
        }
    }
    let rounds = usize::try_from(begun.elapsed().as_secs() / PASSED_ON_EVERY + 2).unwrap();
    assert!((1..=crowd.len() * rounds).contains(&passed_on), "{passed_on} of {sent} in {rounds} rounds");
    assert!(passed_on < sent / 10, "{passed_on} of {sent}");
    assert!(felt.p99 < PATIENCE, "{felt}");
    let after = settles(&fireside, before).await;
    say(&format!(
        "{sent} typing frames by {}: {passed_on} were passed on; memory {} MiB before, {} MiB after; ordinary users: \
         {felt}",
        crowd.len(),
        mebibytes(before),
        mebibytes(after),
    ));
}
