//! `/ws/room/{id}/`: chat frames, and how the socket answers nonsense.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::world::{Fireside, id};

#[tokio::test]
async fn a_message_said_is_heard_as_documented_by_all() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.through("/d/rooms").handshake(&den.socket()).enters().await;
    alices
        .says(&json!({
            "type": "chat_message",
            "data": {"content": " Hello, world! ", "attachments": []},
        }))
        .await;
    let echo = alices.hears_message("Hello, world!").await;
    let heard = bobs.hears_message("Hello, world!").await;
    assert_eq!(heard, echo);
    assert!(id(&heard) > 0);
    assert_eq!(heard["author"]["id"], alice.id);
    assert_eq!(heard["author"]["username"], "alice");
    assert_eq!(heard["attachments"], json!([]));
    assert!(heard["created_at"].as_str().unwrap().ends_with('Z'));
    assert!(!heard.to_string().contains("@example.com"), "{heard}");
    let stored = bob.get(&format!("/api/messages/{}/", id(&heard))).await.is(200).json();
    assert_eq!(stored["content"], "Hello, world!");
    assert_eq!(stored["author"]["id"], alice.id);
    assert_eq!(stored["created_at"], heard["created_at"]);
}

#[tokio::test]
async fn what_is_posted_is_heard_in_its_room_alone() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let hall = alice.opens_room("hall").await;
    let mut in_den = alice.listens_in(&den).await;
    let mut in_hall = alice.listens_in(&hall).await;
    let posted = alice.posts("hi, den").in_room(&den).await;
    let heard = in_den.hears_message("hi, den").await;
    assert_eq!(id(&heard), id(&posted));
    in_hall.hears_nothing().await;
}

#[tokio::test]
async fn a_forged_author_is_ignored() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    listener
        .says(&json!({
            "type": "chat_message",
            "data": {
                "content": "hi", "id": 4711, "author": {"id": alice.id}, "author_id": alice.id,
                "room": 4711, "from_user_id": alice.id,
            },
        }))
        .await;
    let heard = listener.hears_message("hi").await;
    assert_eq!(heard["author"]["id"], bob.id);
    assert_ne!(heard["id"], 4711);
}

#[tokio::test]
async fn a_ping_is_answered() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    alices.says(&json!({"type": "ping"})).await;
    assert_eq!(alices.frame().await["type"], "pong");
    alices.says(&json!({"type": "ping", "data": {}})).await;
    assert_eq!(alices.frame().await["type"], "pong");
    bobs.hears_nothing().await;
}

#[tokio::test]
async fn nonsense_is_answered_to_its_sender_and_the_socket_stays() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    let chat = |data: Value| Message::text(json!({"type": "chat_message", "data": data}).to_string());
    for nonsense in [
        Message::text("{"),
        Message::text(""),
        Message::text("[]"),
        Message::text("null"),
        Message::text("\"chat_message\""),
        Message::text("{}"),
        Message::text(r#"{"type":5,"data":{}}"#),
        Message::text(r#"{"type":"sing","data":{}}"#),
        Message::text(r#"{"type":"user_left","data":{"user_id":1}}"#),
        Message::text(r#"{"type":"chat_message"}"#),
        Message::text(r#"{"type":"chat_message","data":"hi"}"#),
        chat(json!({})),
        chat(json!({"content": ""})),
        chat(json!({"content": "  "})),
        chat(json!({"content": 5})),
        chat(json!({"content": null})),
        chat(json!({"content": "hi", "attachments": "x"})),
        chat(json!({"content": "hi", "attachments": [999_999]})),
        chat(json!({"content": "x".repeat(10_001)})),
        Message::binary(b"\x00\x01\x02".to_vec()),
        Message::binary(br#"{"type":"chat_message","data":{"content":"hi"}}"#.to_vec()),
        Message::text(format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
    ] {
        alices.sends(nonsense).await;
        alices.hears_error("validation_error").await;
    }
    alices.says_message("still here").await;
    alices.hears_message("still here").await;
    bobs.hears_message("still here").await;
    assert_eq!(bob.reads(&den).await, ["still here"]);
}

#[tokio::test]
async fn ten_thousand_characters_fit_into_a_frame() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    let fits = "🔥".repeat(10_000);
    listener.says_message(&fits).await;
    listener.hears_message(&fits).await;
}

#[tokio::test]
async fn a_frame_ends_at_128_kib() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    let padded = |size: usize| {
        let start = r#"{"type":"chat_message","data":{"content":"fits","ignored":""#;
        let end = r#""}}"#;
        let pad = "x".repeat(size - start.len() - end.len());
        format!("{start}{pad}{end}")
    };
    listener.sends(Message::text(padded(128 * 1024))).await;
    listener.hears_message("fits").await;
    listener.sends(Message::text(padded(128 * 1024 + 1))).await;
    listener.is_closed_with(4413).await;
    assert_eq!(alice.reads(&den).await, ["fits"]);
}

#[tokio::test]
async fn a_deletion_is_heard() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let message = bob.posts("oops").in_room(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    bob.deletes(&message).await;
    for listener in [&mut alices, &mut bobs] {
        assert_eq!(listener.hears("message_deleted").await["id"], message["id"]);
        listener.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_socket_is_silent_about_what_was_before() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("before").in_room(&den).await;
    let mut listener = alice.listens_in(&den).await;
    alice.posts("after").in_room(&den).await;
    listener.hears_message("after").await;
}
