//! What is read in one document is read in all, and unread counts agree.

use serde_json::{Value, json};

use super::pair::{Dialect, Pair};
use crate::world::{Fireside, Person, id};

/// The unread count of the chat, as each document that has one says it.
async fn unread(me: &Person, chat: i64) -> [i64; 3] {
    let of = |list: Vec<Value>| {
        let found = list.into_iter().find(|object| id(object) == chat).expect("the chat is listed");
        found["unread_count"].as_i64().unwrap()
    };
    let directs = me.get("/api/chats/").await.is(200).json().as_array().unwrap().clone();
    [
        of(me.get("/messages/api/chats/").await.is(200).results()),
        of(directs),
        of(me.get("/api/rooms/").await.is(200).results()),
    ]
}

async fn says(pair: &Pair, me: &Person, times: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for _ in 0..times {
        let (path, body) = Dialect::Rooms.post(pair, me, "news");
        ids.push(me.post(&path, &body).await.is(201).json()["id"].as_i64().unwrap());
    }
    ids
}

#[tokio::test]
async fn unread_counts_agree_and_end_together() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let ids = says(&pair, &pair.alice, 5).await;
    assert_eq!(unread(&pair.bob, pair.chat).await, [5, 5, 5]);
    assert_eq!(unread(&pair.alice, pair.chat).await, [0, 0, 0], "one's own are no news");

    let mark = format!("/messages/api/chats/{}/mark-as-read/", pair.chat);
    let marked = pair.bob.post(&mark, &json!({"message_id": ids[1]})).await.is(200).json();
    assert_eq!(marked["marked_count"], 2);
    assert_eq!(unread(&pair.bob, pair.chat).await, [3, 3, 3]);

    pair.alice.delete(&format!("/d/rooms/api/messages/{}/", ids[0])).await.is(204);
    assert_eq!(unread(&pair.bob, pair.chat).await, [3, 3, 3], "that one was read");
    pair.alice.delete(&format!("/d/rooms/api/messages/{}/", ids[4])).await.is(204);
    assert_eq!(unread(&pair.bob, pair.chat).await, [2, 2, 2], "that one was not");

    says(&pair, &pair.bob, 1).await;
    assert_eq!(unread(&pair.bob, pair.chat).await, [2, 2, 2]);
    assert_eq!(unread(&pair.alice, pair.chat).await, [1, 1, 1]);

    // Connecting is reading, where the document says so.
    let mut listener = pair.opens(&pair.bob, Dialect::Directs).await;
    for _ in 0..4 {
        listener.frame().await;
    }
    listener.says(&json!({"body": "after all of it"})).await;
    assert_eq!(listener.frame().await["message"]["body"], "after all of it");
    assert_eq!(unread(&pair.bob, pair.chat).await, [0, 0, 0]);
}

#[tokio::test]
async fn the_sender_sees_that_it_was_read() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let ids = says(&pair, &pair.alice, 2).await;
    let mut before = pair.opens(&pair.alice, Dialect::Directs).await;
    assert_eq!(before.frame().await["message"]["is_read"], false);
    let mark = format!("/messages/api/chats/{}/mark-as-read/", pair.chat);
    pair.bob.post(&mark, &json!({"message_id": ids[0]})).await.is(200);
    let mut after = pair.opens(&pair.alice, Dialect::Directs).await;
    assert_eq!(after.frame().await["message"]["is_read"], true);
    assert_eq!(after.frame().await["message"]["is_read"], false, "not up to here");
    let read_by = |message: Value| message["read_by"].clone();
    let first = pair.alice.get(&format!("/messages/api/messages/{}/", ids[0])).await.is(200).json();
    assert_eq!(read_by(first), json!([pair.alice.id, pair.bob.id]));
    let second = pair.alice.get(&format!("/messages/api/messages/{}/", ids[1])).await.is(200).json();
    assert_eq!(read_by(second), json!([pair.alice.id]));
}

#[tokio::test]
async fn a_chat_put_away_is_in_no_list_until_somebody_writes() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    says(&pair, &pair.alice, 3).await;
    pair.bob.delete(&format!("/messages/api/chats/{}/", pair.chat)).await.is(204);
    let listed = async |me: &Person| {
        [
            me.get("/messages/api/chats/").await.results().len(),
            me.get("/api/chats/").await.json().as_array().unwrap().len(),
            me.get("/api/rooms/").await.results().len(),
            me.get("/messenger/api/user/chatrooms/").await.json().as_array().unwrap().len(),
            me.get("/api/messages/").await.results().len(),
        ]
    };
    assert_eq!(listed(&pair.bob).await, [0, 0, 0, 0, 0]);
    assert_eq!(listed(&pair.alice).await, [1, 1, 1, 1, 3], "the other's copy stays");
    assert!(pair.history(&pair.bob, Dialect::Rooms).await.is_empty(), "by its id it is there, and empty");

    says(&pair, &pair.alice, 1).await;
    assert_eq!(listed(&pair.bob).await, [1, 1, 1, 1, 1]);
    assert_eq!(unread(&pair.bob, pair.chat).await, [1, 1, 1]);
    assert_eq!(pair.history(&pair.alice, Dialect::Messenger).await.len(), 4);
}
