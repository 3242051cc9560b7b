//! Sending twice is safe: the same key brings the first result and tells
//! nobody again.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{Answer, Fireside, Person, Room, id};

async fn sends_with_header(person: &Person, room: &Room, text: &str, key: &str) -> Answer {
    person.post(&room.messages(), &json!({"content": text})).with("Idempotency-Key", key).await
}

fn frame(text: &str, key: &str) -> Value {
    json!({"type": "chat_message", "data": {"content": text, "client_id": key}})
}

#[tokio::test]
async fn the_same_key_brings_the_first_message_again() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;

    let first = alice.posts("hi").known_as("k1").tried_in(&den).await.is(201);
    let again = alice.posts("hi").known_as("k1").tried_in(&den).await.is(200);
    assert_eq!(again.json(), first.json());
    // The header is another way to say the same.
    let header = sends_with_header(&alice, &den, "hi", "k1").await.is(200);
    assert_eq!(header.json(), first.json());
    let form = [("content", "hi"), ("client_id", "k1")];
    let form = alice.sends_form(&den.messages(), &form).await.is(200);
    assert_eq!(form.json(), first.json());

    let second = sends_with_header(&alice, &den, "ho", "k2").await.is(201);
    let again = sends_with_header(&alice, &den, "ho", "k2").await.is(200);
    assert_eq!(again.json(), second.json());
    listener.hears_message("hi").await;
    listener.hears_message("ho").await;
    listener.hears_nothing().await;
    assert_eq!(bob.reads(&den).await, ["ho", "hi"]);
}

#[tokio::test]
async fn a_key_may_stand_at_the_top_of_a_frame() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    let top = |text: &str, key: Value| json!({"type": "chat_message", "client_id": key, "data": {"content": text}});
    alices.says(&top("hi", json!("k1"))).await;
    let first = alices.hears_message("hi").await;
    bobs.hears_message("hi").await;
    // Whichever way it is said again.
    for again in [top("hi", json!("k1")), frame("hi", "k1")] {
        alices.says(&again).await;
        assert_eq!(alices.hears_message("hi").await, first);
    }
    alices.says(&top("other", json!("k1"))).await;
    alices.hears_error("conflict").await;
    // What stands with the content is nearer to it.
    let both = json!({"type": "chat_message", "client_id": "k1", "data": {"content": "ho", "client_id": "k2"}});
    alices.says(&both).await;
    let second = alices.hears_message("ho").await;
    bobs.hears_message("ho").await;
    alices.says(&frame("ho", "k2")).await;
    assert_eq!(alices.hears_message("ho").await, second);
    for wrong in [json!(["k"]), json!("k".repeat(65))] {
        alices.says(&top("hi", wrong)).await;
        alices.hears_error("validation_error").await;
    }
    bobs.hears_nothing().await;
    assert_eq!(bob.reads(&den).await, ["ho", "hi"]);
}

#[tokio::test]
async fn without_a_key_the_same_text_is_another_message() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let first = alice.posts("hi").in_room(&den).await;
    let second = alice.posts("hi").in_room(&den).await;
    assert_ne!(id(&first), id(&second));
    let unset = json!({"content": "hi", "client_id": null});
    alice.post(&den.messages(), &unset).await.is(201);
    alice.post(&den.messages(), &unset).await.is(201);
    assert_eq!(alice.reads(&den).await.len(), 4);
}

#[tokio::test]
async fn the_same_key_with_other_content_is_a_conflict() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let hall = alice.opens_room("hall").await;
    let file = alice.uploads("a.txt", b"a").await;
    alice.posts("hi").known_as("k").in_room(&den).await;
    let mut listener = alice.listens_in(&den).await;
    let other = alice.posts("other").known_as("k").tried_in(&den).await;
    other.refused(409, "conflict");
    let with_file = alice.posts("hi").with_file(&file).known_as("k").tried_in(&den).await;
    with_file.refused(409, "conflict");
    alice.posts("hi").known_as("k").tried_in(&hall).await.refused(409, "conflict");
    sends_with_header(&alice, &den, "other", "k").await.refused(409, "conflict");
    assert_eq!(alice.reads(&den).await, ["hi"]);
    assert!(alice.reads(&hall).await.is_empty());
    listener.hears_nothing().await;
}

#[tokio::test]
async fn a_key_is_its_users_own() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let hers = alice.posts("hi").known_as("k").in_room(&den).await;
    let his = bob.posts("hi").known_as("k").in_room(&den).await;
    assert_ne!(id(&hers), id(&his));
    // Any device of hers knows it.
    let phone = alice.signs_in_again().await;
    let again = phone.posts("hi").known_as("k").tried_in(&den).await.is(200);
    assert_eq!(again.json(), hers);
}

#[tokio::test]
async fn a_refused_send_does_not_use_up_its_key() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts(" ").known_as("k").tried_in(&den).await.names("content");
    alice.posts("better").known_as("k").in_room(&den).await;
}

#[tokio::test]
async fn a_key_has_at_most_sixty_four_characters() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let fits = "k".repeat(64);
    alice.posts("hi").known_as(&fits).in_room(&den).await;
    alice.posts("hi").known_as(&fits).tried_in(&den).await.is(200);
    let over = "k".repeat(65);
    alice.posts("hi").known_as(&over).tried_in(&den).await.names("client_id");
    let header = sends_with_header(&alice, &den, "hi", &over).await;
    header.refused(400, "validation_error");
    for wrong in [json!(["k"]), json!({}), json!(true)] {
        let body = json!({"content": "hi", "client_id": wrong});
        alice.post(&den.messages(), &body).await.names("client_id");
    }
    assert_eq!(alice.reads(&den).await.len(), 1);
}

#[tokio::test]
async fn thirty_two_tries_at_once_make_one_message() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    let tries = (0..32).map(|_| alice.posts("once").known_as("k").tried_in(&den));
    let answers = join_all(tries).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let repeated = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, repeated), (1, 31));
    let first = answers[0].json();
    assert!(answers.iter().all(|answer| answer.json() == first));
    assert_eq!(alice.reads(&den).await, ["once"]);
    listener.hears_message("once").await;
    listener.hears_nothing().await;
}

#[tokio::test]
async fn on_a_socket_only_the_resender_hears_the_first_frame_again() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut desk = alice.listens_in(&den).await;
    let mut phone = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;

    desk.says(&frame("hi", "k")).await;
    let first = desk.hears_message("hi").await;
    phone.hears_message("hi").await;
    bobs.hears_message("hi").await;
    phone.says(&frame("hi", "k")).await;
    let again = phone.hears_message("hi").await;
    assert_eq!(again, first);
    desk.hears_nothing().await;
    bobs.hears_nothing().await;

    phone.says(&frame("other", "k")).await;
    phone.hears_error("conflict").await;
    desk.hears_nothing().await;
    bobs.hears_nothing().await;
    assert_eq!(bob.reads(&den).await, ["hi"]);
}

#[tokio::test]
async fn a_key_is_one_for_sockets_and_requests() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    listener.says(&frame("from the socket", "s")).await;
    let spoken = listener.hears_message("from the socket").await;
    let again = alice.posts("from the socket").known_as("s").tried_in(&den).await.is(200);
    assert_eq!(id(&again.json()), id(&spoken));
    let written = alice.posts("from a request").known_as("r").in_room(&den).await;
    listener.hears_message("from a request").await;
    listener.says(&frame("from a request", "r")).await;
    let again = listener.hears_message("from a request").await;
    assert_eq!(id(&again), id(&written));
    assert_eq!(alice.reads(&den).await.len(), 2);
}

#[tokio::test]
async fn keys_are_remembered_across_restarts() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let first = alice.posts("hi").known_as("k").in_room(&den).await;
    let fireside = fireside.dies_and_restarts().await;
    let alice = alice.back_to(&fireside);
    let again = alice.posts("hi").known_as("k").tried_in(&den).await.is(200);
    assert_eq!(again.json(), first);
    alice.posts("other").known_as("k").tried_in(&den).await.refused(409, "conflict");
    assert_eq!(alice.reads(&den).await, ["hi"]);
}

#[tokio::test]
async fn a_resend_with_attachments_does_not_trip_over_them() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("a.txt", b"a").await;
    let send = || alice.posts("look").with_file(&file).known_as("k").tried_in(&den);
    let first = send().await.is(201);
    let again = send().await.is(200);
    assert_eq!(again.json(), first.json());
}
