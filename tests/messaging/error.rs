//! Errors in the shapes of the document, wherever they arise; and no limit that it
//! does not name.

use reqwest::Method;
use serde_json::{Value, json};

use super::words::{CHATS, NOT_FOUND, NOT_SIGNED_IN, Refused, group};
use crate::world::caller::Credential;
use crate::world::{Answer, Fireside, people};

#[track_caller]
fn says_detail(answer: Answer, status: u16) -> Answer {
    let answer = answer.is(status);
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{answer}");
    assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{answer}");
    answer
}

#[tokio::test]
async fn nobody_is_let_in_without_a_credential() {
    let fireside = Fireside::start().await;
    for place in ["", "/d/messaging"] {
        let anyone = fireside.anyone().through(place);
        anyone.get(CHATS).await.denied(401, NOT_SIGNED_IN);
        let bad = anyone.showing(Credential::Token("0".repeat(40)));
        bad.get(CHATS).await.denied(401, NOT_SIGNED_IN);
        anyone.get(CHATS).with("Authorization", "Bearer a.b.c").await.denied(401, NOT_SIGNED_IN);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_the_documents_shape() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let raw = |kind: &str, body: &str| {
        alice.asks(Method::POST, &chat.messages()).with("Content-Type", kind).body(body.to_owned())
    };
    for wrong in ["{", "[]", "\"x\"", &format!("{}{}", "[".repeat(100), "]".repeat(100))] {
        raw("application/json", wrong).await.blames("non_field_errors");
    }
    says_detail(raw("text/plain", "content=x").await, 415);
    let large = json!({"content": "x", "ignored": "x".repeat(256 * 1024)}).to_string();
    says_detail(raw("application/json", &large).await, 413);
    let (start, end) = (r#"{"content":"fits","ignored":""#, r#""}"#);
    let fits = format!("{start}{}{end}", "x".repeat(256 * 1024 - start.len() - end.len()));
    raw("application/json", &fits).await.is(201);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_documents_shape() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for path in ["/messages/", "/messages/api/", "/messages/api/nothing/", "/d/messaging/messages/api/x/y/"] {
        alice.get(path).await.denied(404, NOT_FOUND);
    }
    for id in ["0", "-1", "x", "1.0", "99999999999999999999"] {
        alice.get(&format!("{CHATS}{id}/")).await.denied(404, NOT_FOUND);
        alice.get(&format!("/messages/api/messages/{id}/")).await.denied(404, NOT_FOUND);
    }
    for (method, path, allowed) in [
        (Method::DELETE, CHATS, "GET, HEAD, POST"),
        (Method::POST, "/messages/api/users/search/", "GET, HEAD"),
        (Method::GET, "/messages/api/chats/1/mark-as-read/", "POST"),
        (Method::POST, "/messages/api/messages/1/", "GET, HEAD, PUT, PATCH, DELETE"),
    ] {
        let answer = says_detail(alice.asks(method, path).await, 405);
        assert_eq!(answer.header("allow"), allowed, "{answer}");
    }
}

#[tokio::test]
async fn a_chat_more_than_one_may_make_is_an_invalid_request() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for _ in 0..500 {
        alice.post(CHATS, &json!({"chat_type": "group", "title": "x"})).await.is(201);
    }
    alice.post(CHATS, &json!({"chat_type": "group", "title": "x"})).await.blames("non_field_errors");
    alice.post(CHATS, &json!({"chat_type": "dm", "member_ids": [alice.id]})).await.blames("non_field_errors");
    assert_eq!(alice.get(CHATS).await.json()["count"], 500);
}

#[tokio::test]
async fn what_one_left_to_somebody_counts_for_oneself() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut left = Vec::new();
    for _ in 0..500 {
        let chat = group(&alice, "x", &[&bob]).await;
        alice.delete(&chat.remove(&alice)).await.is(204);
        left.push(chat);
    }
    assert_eq!(alice.get(CHATS).await.json()["count"], 0);
    let owner = &bob.get(&format!("/api/rooms/{}/", left[0].id)).await.is(200).json()["owner"]["id"];
    assert_eq!(owner, bob.id);
    let wishes = [json!({"chat_type": "group", "title": "y"}), json!({"chat_type": "dm", "member_ids": [alice.id]})];
    for wish in &wishes {
        alice.post(CHATS, wish).await.blames("non_field_errors");
    }
    // Bob made nothing so far, and owns as much as one may make.
    let notes = json!({"chat_type": "dm", "member_ids": [bob.id]});
    for wish in [&wishes[0], &wishes[1], &notes] {
        bob.post(CHATS, wish).await.is(201);
    }
    bob.opens_room("den").await;
    // What is there no more does not count.
    bob.delete(&left[0].path()).await.is(204);
    alice.post(CHATS, &wishes[0]).await.is(201);
    alice.post(CHATS, &wishes[0]).await.blames("non_field_errors");
}

#[tokio::test]
async fn there_is_no_general_limit() {
    let fireside = Fireside::start_with_limits(&[]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    for _ in 0..70 {
        alice.get(&chat.path()).await.is(200);
        alice.post(&chat.messages(), &json!({"content": "x"})).await.is(201);
    }
    let spent: Vec<Value> = alice.get(&chat.messages()).await.is(200).results();
    assert_eq!(spent.len(), 50);
}
