//! One direct chat for each pair, and names that never mean two chats.

use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{Fireside, Person, id, people};

/// Somebody asks for the direct chat with another through one of three documents: its id.
async fn asks_for_chat(me: &Person, other: &Person, way: usize) -> Option<i64> {
    match way % 3 {
        0 => Some(id(&me.post("/api/chats/create/", &json!({"user_id": other.id})).await.is(201).json())),
        1 => {
            let body = json!({"chat_type": "dm", "member_ids": [other.id]});
            let answer = me.post("/messages/api/chats/", &body).await;
            assert!([200, 201].contains(&answer.status), "{answer}");
            Some(id(&answer.json()))
        }
        // This document refuses where there is one already, and does not say which.
        _ => {
            let answer = me.post("/messenger/api/chatrooms/", &json!({"recipient": other.username})).await;
            match answer.status {
                201 => Some(id(&answer.json())),
                400 => None,
                _ => panic!("{answer}"),
            }
        }
    }
}

#[tokio::test]
async fn thirty_two_who_ask_at_once_get_one_chat() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut asking = JoinSet::new();
    for number in 0..32 {
        let (me, other) = if number % 2 == 0 { (alice.clone(), bob.clone()) } else { (bob.clone(), alice.clone()) };
        asking.spawn(async move { asks_for_chat(&me, &other, number).await });
    }
    let mut ids: Vec<i64> = asking.join_all().await.into_iter().flatten().collect();
    assert!(ids.len() >= 21, "two of three documents always answer with the chat");
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    for me in [&alice, &bob] {
        assert_eq!(me.get("/api/chats/").await.json().as_array().unwrap().len(), 1);
        assert_eq!(me.get("/messages/api/chats/").await.results().len(), 1);
    }
}

#[tokio::test]
async fn names_that_look_alike_mean_different_chats() {
    let fireside = Fireside::start().await;
    let mut people = Vec::new();
    for name in ["a_b", "c", "a", "b_c"] {
        people.push(fireside.registers(name).await);
    }
    let mut names = Vec::new();
    for (me, other) in [(0, 1), (2, 3)] {
        let body = json!({"recipient": people[other].username});
        let room = people[me].post("/messenger/api/chatrooms/", &body).await.is(201).json();
        names.push(room["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], "a_b_c");
    assert_eq!(names[1], "a_b_c-2");
    let path = |name: &str| format!("/messenger/api/chatrooms/{name}/messages/");
    people[0].post(&path(&names[0]), &json!({"content": "for c"})).await.is(201);
    assert_eq!(people[1].get(&path(&names[0])).await.is(200).json().as_array().unwrap().len(), 1);
    for stranger in &people[2..] {
        stranger.get(&path(&names[0])).await.is(404);
        assert!(stranger.get(&path(&names[1])).await.is(200).json().as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn notes_to_self_are_one_chat_too() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let body = json!({"chat_type": "dm", "member_ids": [alice.id]});
    let chat = id(&alice.post("/messages/api/chats/", &body).await.is(201).json());
    assert_eq!(id(&alice.post("/messages/api/chats/", &body).await.is(200).json()), chat);
    let error = alice.post("/api/chats/create/", &json!({"user_id": alice.id})).await.names("user_id").json();
    assert_eq!(error["details"]["user_id"], json!(["Cannot create a chat with yourself"]));
    alice.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "milk"})).await.is(201);
    let listed = alice.get("/api/chats/").await.is(200).json();
    assert_eq!(listed[0]["other_user"]["username"], "alice");
    assert_eq!(listed[0]["unread_count"], 0);
    assert_eq!(alice.get("/messenger/api/user/chatrooms/").await.json()[0]["display_name"], "alice");
    assert_eq!(alice.get("/api/rooms/").await.results()[0]["name"], "alice");
}
