//! What many hear at once: one small frame for all, and no more of them than anybody can use.

use std::time::Instant;

use serde_json::json;

use super::words::{CHATS, Chat, Line, dm, group, seen};
use crate::world::{Fireside, Person};

/// Names that a group gets, one right after the other.
const RENAMES: usize = 8;

async fn renamed(admin: &Person, chat: Chat) {
    for number in 1..=RENAMES {
        admin.patch(&chat.path(), &json!({ "title": format!("name {number}") })).await.is(200);
    }
}

#[tokio::test]
async fn a_large_group_that_is_renamed_is_told_in_few_small_frames() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(101).await;
    let mut lines = Vec::new();
    for guest in &crowd[..3] {
        lines.push(Line::to(guest).await);
    }
    let all: Vec<&Person> = crowd.iter().collect();
    let chat = group(&alice, "name 0", &all).await;
    alice.post(&chat.messages(), &json!({"content": "welcome"})).await.is(201);
    for line in &mut lines {
        let made = line.hears("chat_created").await;
        assert_eq!((&made["data"]["member_count"], &made["data"]["members"]), (&json!(102), &json!([])));
        assert!(made.to_string().len() < 2_048, "{} bytes", made.to_string().len());
        line.hears("new_message").await;
    }
    let begun = Instant::now();
    renamed(&alice, chat).await;
    for (line, guest) in lines.iter_mut().zip(&crowd) {
        let mut heard = 0;
        loop {
            let told = line.hears("chat_updated").await;
            heard += 1;
            assert!(told.to_string().len() < 2_048, "{} bytes", told.to_string().len());
            if told["data"]["title"] == format!("name {RENAMES}") {
                // All but the list is what its viewer would read.
                let mut view = seen(guest, chat).await;
                assert_eq!(view["members"].as_array().unwrap().len(), 102);
                assert_eq!(told["data"]["unread_count"], 1, "each viewer's own");
                (view["members"], view["admins"]) = (json!([]), json!([]));
                assert_eq!(told["data"], view);
                break;
            }
        }
        let most = 2 + begun.elapsed().as_secs();
        assert!(heard <= most, "{heard} frames in {:?}", begun.elapsed());
        line.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_small_group_is_told_whole_and_to_each_with_their_own() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let (bob, carol) = (fireside.registers("bob").await, fireside.registers("carol").await);
    let (chat, pair) = (group(&alice, "name 0", &[&bob, &carol]).await, dm(&alice, &bob).await);
    alice.post(&chat.messages(), &json!({"content": "welcome"})).await.is(201);
    bob.post(&chat.read(), &json!({})).await.is(200);
    let mut lines = [Line::to(&bob).await, Line::to(&carol).await];
    alice.patch(&chat.path(), &json!({"title": "name 1"})).await.is(200);
    for ((line, who), unread) in lines.iter_mut().zip([&bob, &carol]).zip([0, 1]) {
        let told = line.hears("chat_updated").await;
        assert_eq!(told["data"], seen(who, chat).await);
        assert_eq!(told["data"]["unread_count"], unread);
    }
    // Of two, each has a view that is theirs alone.
    alice.patch(&format!("/api/users/{}/", alice.id), &json!({"display_name": "Alice"})).await.is(200);
    let mut told = [lines[0].hears("chat_updated").await, lines[0].hears("chat_updated").await];
    told.sort_by_key(|frame| frame["chat"].as_i64());
    assert_eq!(told[1]["data"], seen(&bob, pair).await);
    assert_eq!(told[1]["data"]["title"], "Alice");
}

#[tokio::test]
async fn one_limit_holds_for_what_is_sent_through_all() {
    let flags = ["--limit-api", "off", "--limit-ws", "off", "--limit-send", "8/h"];
    let fireside = Fireside::start_with_limits(&flags).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (chat, pair) = (group(&alice, "den", &[&bob]).await, dm(&alice, &bob).await);
    let mut line = Line::to(&alice).await;
    let word = json!({"content": "a word"});
    let said = alice.post(&chat.messages(), &word).await.is(201).json();
    alice.post(&format!("/api/rooms/{}/messages/", chat.id), &word).await.is(201);
    alice.post("/api/messages/", &json!({"receiver": "bob", "content": "a word"})).await.is(201);
    alice.post("/messenger/api/chatrooms/alice_bob/messages/", &word).await.is(201);
    alice.post("/profiles/api/posts/", &json!({"title": "a", "content": "word"})).await.is(201);
    alice.patch(&format!("/messages/api/messages/{}/", said["id"]), &json!({"content": "another"})).await.is(200);
    alice.patch(&chat.path(), &json!({"title": "hut"})).await.is(200);
    line.says(&json!({"type": "send_message", "chat": pair.id, "content": "the eighth"})).await;
    while line.frame().await["message"]["content"] != "the eighth" {}
    line.says(&json!({"type": "send_message", "chat": pair.id, "content": "the ninth"})).await;
    while line.frame().await["code"] != "rate_limited" {}
    for (path, body, says) in [
        (chat.messages(), word.clone(), "detail"),
        (format!("/api/rooms/{}/messages/", chat.id), word.clone(), "message"),
        ("/api/messages/".to_owned(), json!({"receiver": "bob", "content": "a word"}), "message"),
        ("/messenger/api/chatrooms/alice_bob/messages/".to_owned(), word.clone(), "detail"),
    ] {
        let refused = alice.post(&path, &body).await.is(429);
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 60, "{refused}");
        assert!(refused.json()[says].as_str().unwrap().contains("throttled"), "{refused}");
    }
    alice.patch(&chat.path(), &json!({"title": "shed"})).await.is(429);
    // To read is free, and others are.
    assert_eq!(seen(&alice, chat).await["title"], "hut");
    alice.get(CHATS).await.is(200);
    for _ in 0..8 {
        bob.post(&chat.messages(), &word).await.is(201);
    }
}
