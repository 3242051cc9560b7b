//! The socket of a direct chat: who gets in, and what it says.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::world::{Fireside, id};

#[tokio::test]
async fn only_the_two_get_in() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let chat = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    let path = format!("/ws/chat/{chat}/");
    let unknown = carol.knocks_at("/ws/chat/99999/").turned_away().await;
    assert_eq!(unknown.status, 404);
    assert_eq!(carol.knocks_at(&path).turned_away().await.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    fireside.anyone().knocks_at(&path).turned_away_with(401).await;
    carol.knocks_at(&path).with("Origin", &fireside.url).enters().await.is_closed_with(4404).await;
    let den = alice.opens_room("den").await;
    alice.knocks_at(&format!("/ws/chat/{}/", den.id)).turned_away_with(404).await;
    for place in [path.clone(), format!("/d/directs{path}"), path.trim_end_matches('/').to_owned()] {
        bob.knocks_at(&place).enters().await;
    }
    let session = alice.signs_in_by_page().await;
    let by_cookie = alice.showing(crate::world::caller::Credential::BareCookie(session)).knocks_at(&path);
    by_cookie.clone().with("Origin", "https://evil.example").turned_away_with(403).await;
    by_cookie.with("Origin", &fireside.url).enters().await;
}

#[tokio::test]
async fn errors_have_one_sentence_and_go_to_their_sender() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    let path = format!("/ws/chat/{chat}/");
    let (mut hers, mut his) = (alice.knocks_at(&path).enters().await, bob.knocks_at(&path).enters().await);
    let expected = json!({"error": "An error occurred while processing your message"});
    let long = json!({"body": "x".repeat(10_001)}).to_string();
    for frame in ["{", "[]", "{}", r#"{"body":7}"#, r#"{"body":" "}"#, r#"{"message":"x"}"#, long.as_str()] {
        hers.sends(Message::text(frame)).await;
        assert_eq!(hers.frame().await, expected, "{frame}");
    }
    hers.sends(Message::binary(vec![1])).await;
    assert_eq!(hers.frame().await, expected);
    hers.says(&json!({"body": "x".repeat(10_000)})).await;
    for ear in [&mut hers, &mut his] {
        assert_eq!(ear.frame().await["message"]["sender"], "alice", "and nothing before it");
    }
}

#[tokio::test]
async fn a_resend_is_told_to_its_sender_alone() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    let path = format!("/ws/chat/{chat}/");
    let (mut hers, mut his) = (alice.knocks_at(&path).enters().await, bob.knocks_at(&path).enters().await);
    let once = json!({"body": "once", "client_id": "k"});
    hers.says(&once).await;
    let first = hers.frame().await;
    hers.says(&once).await;
    assert_eq!(hers.frame().await, first);
    hers.says(&json!({"body": "twice", "client_id": "k"})).await;
    assert!(hers.frame().await["error"].is_string());
    hers.says(&json!({"body": "next"})).await;
    assert_eq!(his.frame().await, first);
    assert_eq!(his.frame().await["message"]["body"], "next");
}
