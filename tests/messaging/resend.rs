//! Sending twice is safe here too.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::words::{Line, Refused, dm, group, say, texts};
use crate::world::{Fireside, Room, id, people};

#[tokio::test]
async fn the_same_key_brings_the_first_message_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut bobs = Line::to(&bob).await;
    let body = json!({"content": "hi", "client_id": "k1"});
    let first = alice.post(&chat.messages(), &body).await.is(201).json();
    assert!(first.get("client_id").is_none(), "{first}");
    assert_eq!(alice.post(&chat.messages(), &body).await.is(200).json(), first);
    let by_header = || alice.post(&chat.messages(), &json!({"content": "hi"})).with("Idempotency-Key", "k1");
    assert_eq!(by_header().await.is(200).json(), first);
    let form = alice.sends_form(&chat.messages(), &[("content", "hi"), ("client_id", "k1")]).await.is(200);
    assert_eq!(form.json(), first);
    // The same key through another dialect is the same send.
    let room = Room { id: chat.id };
    let through_rooms = alice.posts("hi").known_as("k1").tried_in(&room).await.is(200).json();
    assert_eq!(id(&through_rooms), id(&first));
    bobs.hears_message("hi").await;
    bobs.hears_nothing().await;

    let other = json!({"content": "other", "client_id": "k1"});
    let conflict = alice.post(&chat.messages(), &other).await.is(409).json();
    assert!(conflict["detail"].is_string() && conflict.as_object().unwrap().len() == 1, "{conflict}");
    let direct = dm(&alice, &bob).await;
    bobs.hears("chat_created").await;
    alice.post(&direct.messages(), &body).await.is(409);
    let reply = json!({"content": "hi", "client_id": "k1", "reply_to": first["id"]});
    alice.post(&chat.messages(), &reply).await.is(409);
    bobs.hears_nothing().await;
    assert_eq!(texts(&bob, chat).await, ["hi"]);
    bob.post(&chat.messages(), &body).await.is(201);
}

#[tokio::test]
async fn a_key_is_one_to_sixty_four_characters() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let with = |key: Value| json!({"content": "hi", "client_id": key});
    for wrong in [json!("k".repeat(65)), json!(""), json!(["k"]), json!(5)] {
        alice.post(&chat.messages(), &with(wrong)).await.blames("client_id");
    }
    let ask = alice.post(&chat.messages(), &json!({"content": "hi"})).with("Idempotency-Key", &"k".repeat(65));
    ask.await.blames("Idempotency-Key");
    alice.post(&chat.messages(), &with(json!("k".repeat(64)))).await.is(201);
    alice.post(&chat.messages(), &with(json!(null))).await.is(201);
    assert_eq!(texts(&alice, chat).await.len(), 2);
}

#[tokio::test]
async fn sixteen_tries_at_once_make_one_message() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let mut line = Line::to(&alice).await;
    let body = json!({"content": "once", "client_id": "k"});
    let answers = join_all((0..16).map(|_| async { alice.post(&chat.messages(), &body).await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 15);
    line.hears_message("once").await;
    line.hears_nothing().await;
}

#[tokio::test]
async fn on_the_socket_only_the_resender_hears_the_first_frame_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut desk = Line::to(&alice).await;
    let mut phone = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let send = |text: &str| json!({"type": "send_message", "chat": chat.id, "content": text, "client_id": "k"});
    desk.says(&send("hi")).await;
    let first = desk.hears_message("hi").await;
    phone.hears_message("hi").await;
    bobs.hears_message("hi").await;
    phone.says(&send("hi")).await;
    assert_eq!(phone.hears_message("hi").await, first);
    phone.says(&send("other")).await;
    phone.hears_error("conflict").await;
    desk.hears_nothing().await;
    bobs.hears_nothing().await;
    let rest = alice.post(&chat.messages(), &json!({"content": "hi", "client_id": "k"})).await.is(200).json();
    assert_eq!(rest, first);
}

#[tokio::test]
async fn keys_are_remembered_across_restarts() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let body = json!({"content": "hi", "client_id": "k"});
    let first = alice.post(&chat.messages(), &body).await.is(201).json();
    let fireside = fireside.dies_and_restarts().await;
    let alice = alice.back_to(&fireside);
    assert_eq!(alice.post(&chat.messages(), &body).await.is(200).json(), first);
    say(&alice, "hi", chat).await;
    assert_eq!(texts(&alice, chat).await.len(), 2);
}
