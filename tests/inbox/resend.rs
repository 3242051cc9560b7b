//! Sending twice is safe here too.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{MESSAGES, inbox, talks_with};
use crate::world::{Fireside, Person, contents, id, people};

fn known_as(key: &str, to: &Person, text: &str) -> Value {
    json!({"receiver": to.id, "content": text, "client_id": key})
}

#[tokio::test]
async fn the_same_key_brings_the_first_message_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let mut listener = talks_with(&bob, "alice").await;
    let first = alice.post(MESSAGES, &known_as("k", &bob, "hi")).await.is(201).json();
    let again = alice.post(MESSAGES, &known_as("k", &bob, "hi")).await.is(200).json();
    assert_eq!(again, first);
    let plain = json!({"receiver": "bob", "content": "hi"});
    let again = alice.post(MESSAGES, &plain).with("Idempotency-Key", "k").await.is(200).json();
    assert_eq!(again, first, "the header says the same, and so does the name");
    alice.post(MESSAGES, &known_as("k", &bob, "other")).await.refused(409, "conflict");
    alice.post(MESSAGES, &known_as("k", &carol, "hi")).await.refused(409, "conflict");
    assert_eq!(listener.frame().await["message"], "hi");
    listener.stays_silent().await;
    assert_eq!(contents(&inbox(&alice).await), ["hi"]);
    assert!(inbox(&carol).await.is_empty());
}

#[tokio::test]
async fn a_key_has_at_most_sixty_four_characters() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    alice.post(MESSAGES, &known_as(&"k".repeat(64), &bob, "hi")).await.is(201);
    alice.post(MESSAGES, &known_as(&"k".repeat(65), &bob, "hi")).await.names("client_id");
    let body = json!({"receiver": bob.id, "content": "hi"});
    let over = alice.post(MESSAGES, &body).with("Idempotency-Key", &"k".repeat(65)).await;
    over.refused(400, "validation_error");
    assert_eq!(inbox(&alice).await.len(), 1);
}

#[tokio::test]
async fn thirty_two_tries_at_once_make_one_message() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let body = known_as("k", &bob, "once");
    let answers = join_all((0..32).map(|_| alice.post(MESSAGES, &body).into_future())).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let repeated = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, repeated), (1, 31));
    assert!(answers.iter().all(|answer| answer.json() == answers[0].json()));
    assert_eq!(contents(&inbox(&bob).await), ["once"]);
}

#[tokio::test]
async fn on_a_socket_only_the_resender_hears_the_first_frame_again() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut desk = talks_with(&alice, "bob").await;
    let mut phone = talks_with(&alice, "bob").await;
    let mut bobs = talks_with(&bob, "alice").await;
    let frame = json!({"message": "hi", "client_id": "k"});
    desk.says(&frame).await;
    let first = desk.frame().await;
    assert_eq!(phone.frame().await, first);
    assert_eq!(bobs.frame().await, first);
    phone.says(&frame).await;
    assert_eq!(phone.frame().await, first);
    phone.says(&json!({"message": "other", "client_id": "k"})).await;
    assert_eq!(phone.frame().await, json!({"error": "This key was already used for another message."}));
    desk.stays_silent().await;
    bobs.stays_silent().await;
    let again = alice.post(MESSAGES, &known_as("k", &bob, "hi")).await.is(200).json();
    assert_eq!(id(&again), id(&first), "a key is one for sockets and requests");
    assert_eq!(contents(&inbox(&bob).await), ["hi"]);
}
