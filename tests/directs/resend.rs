//! Sending twice is safe here too.

use serde_json::json;

use super::{ERROR, chat_of, chats, enters, hears, hears_body};
use crate::world::{Fireside, Room, id, people};

#[tokio::test]
async fn only_the_resender_hears_the_first_frame_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut desk = enters(&alice, &chat).await;
    let mut phone = enters(&alice, &chat).await;
    let mut bobs = enters(&bob, &chat).await;
    let key = "k".repeat(64);
    let frame = json!({"body": "hi", "client_id": key});
    desk.says(&frame).await;
    let first = hears_body(&mut desk, "hi", false).await;
    assert_eq!(hears(&mut phone).await, first);
    assert_eq!(hears(&mut bobs).await, first);
    phone.says(&frame).await;
    assert_eq!(hears(&mut phone).await, first);
    phone.says(&json!({"body": "other", "client_id": key})).await;
    assert_eq!(phone.frame().await, json!({"error": ERROR}));
    desk.stays_silent().await;
    bobs.stays_silent().await;
    assert_eq!(bob.reads(&chat).await, ["hi"]);
}

#[tokio::test]
async fn a_key_is_one_for_every_dialect() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut listener = enters(&alice, &chat).await;
    listener.says(&json!({"body": "hi", "client_id": "k"})).await;
    let said = hears_body(&mut listener, "hi", false).await;
    let in_rooms = alice.posts("hi").known_as("k").tried_in(&chat).await.is(200).json();
    let in_inbox = json!({"receiver": "bob", "content": "hi", "client_id": "k"});
    let in_inbox = alice.post("/api/messages/", &in_inbox).await.is(200).json();
    assert_eq!((id(&in_rooms), id(&in_inbox)), (id(&said), id(&said)));
    listener.stays_silent().await;
}

#[tokio::test]
async fn after_a_restart_the_key_is_still_known() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut listener = enters(&alice, &chat).await;
    listener.says(&json!({"body": "hi", "client_id": "k"})).await;
    let said = hears_body(&mut listener, "hi", false).await;
    let fireside = fireside.dies_and_restarts().await;
    let alice = alice.back_to(&fireside);
    let mut listener = enters(&alice, &chat).await;
    assert_eq!(hears(&mut listener).await, said, "what was echoed is stored");
    listener.says(&json!({"body": "hi", "client_id": "k"})).await;
    assert_eq!(hears(&mut listener).await, said);
    assert_eq!(alice.reads(&chat).await, ["hi"]);
}

#[tokio::test]
async fn a_note_to_self_is_told_again_as_it_was() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.post("/api/messages/", &json!({"receiver": alice.id, "content": "milk"})).await.is(201);
    let notes = Room::of(&chats(&alice).await[0]);
    let mut listener = enters(&alice, &notes).await;
    hears_body(&mut listener, "milk", true).await;
    let frame = json!({"body": "eggs", "client_id": "k"});
    listener.says(&frame).await;
    let first = hears_body(&mut listener, "eggs", true).await;
    listener.says(&frame).await;
    assert_eq!(hears(&mut listener).await, first);
}
