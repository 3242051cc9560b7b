//! Edits and deletions reach every document that has a word for them, and no other.

use serde_json::{Value, json};

use super::pair::{ALL, Dialect, Pair, hears_news};
use crate::world::{Fireside, Listener};

/// Bob listens through all five.
async fn listening(pair: &Pair) -> Vec<(Dialect, Listener)> {
    let mut listeners = Vec::new();
    for dialect in ALL {
        listeners.push((dialect, pair.opens(&pair.bob, dialect).await));
    }
    listeners
}

/// Alice says something through rooms, and everybody has heard it.
async fn said(pair: &Pair, listeners: &mut [(Dialect, Listener)], text: &str) -> i64 {
    let (path, body) = Dialect::Rooms.post(pair, &pair.alice, text);
    let id = pair.alice.post(&path, &body).await.is(201).json()["id"].as_i64().unwrap();
    for (dialect, listener) in listeners {
        assert_eq!(hears_news(listener, *dialect).await.0, id, "{dialect:?}");
    }
    id
}

/// The next frame of a kind on the messaging socket, past presence and receipts.
async fn messaging_hears(listener: &mut Listener, kind: &str) -> Value {
    loop {
        let frame = listener.frame().await;
        if frame["type"] == kind {
            return frame;
        }
        assert!(["presence", "read", "typing"].contains(&frame["type"].as_str().unwrap()), "{frame}");
    }
}

#[tokio::test]
async fn an_edit_is_told_where_there_is_a_word_for_it() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let mut listeners = listening(&pair).await;
    let id = said(&pair, &mut listeners, "frist").await;
    let ways = [
        ("inbox", format!("/api/messages/{id}/update_message/"), "POST"),
        ("messaging", format!("/messages/api/messages/{id}/"), "PUT"),
        ("messaging", format!("/messages/api/messages/{id}/"), "PATCH"),
    ];
    for (number, (dialect, path, method)) in ways.into_iter().enumerate() {
        let text = format!("first, {number} times corrected through {dialect}");
        let method = method.parse().unwrap();
        pair.alice.asks(method, &path).json(&json!({"content": text})).await.is(200);
        for (dialect, listener) in &mut listeners {
            match dialect {
                Dialect::Inbox => {
                    let frame = listener.frame().await;
                    let expected = json!({"sender": "alice", "receiver": "bob", "message": text, "message_id": id});
                    assert_eq!(frame, expected);
                }
                Dialect::Rooms => {
                    let message = listener.hears("message_updated").await;
                    assert_eq!((&message["id"], &message["content"]), (&json!(id), &json!(text)));
                    assert_eq!(message["is_edited"], true);
                }
                Dialect::Messaging => {
                    let frame = messaging_hears(listener, "message_updated").await;
                    assert_eq!(frame["message"]["content"], text);
                    assert_eq!(frame["message"]["is_edited"], true);
                }
                // These documents have no word for it: the next frame is the next message, below.
                Dialect::Directs | Dialect::Messenger => {}
            }
        }
    }
    said(&pair, &mut listeners, "second").await;
}

#[tokio::test]
async fn a_deletion_is_told_where_there_is_a_word_for_it() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let mut listeners = listening(&pair).await;
    for way in ["/api/messages/{id}/delete_message/", "/messages/api/messages/{id}/", "/d/rooms/api/messages/{id}/"] {
        let id = said(&pair, &mut listeners, "soon gone").await;
        let path = way.replace("{id}", &id.to_string());
        pair.alice.delete(&path).await.is(204);
        pair.alice.delete(&path).await.is(404);
        for (dialect, listener) in &mut listeners {
            match dialect {
                Dialect::Inbox => {
                    let expected = json!({"sender": "alice", "receiver": "bob", "deleted_message_id": id});
                    assert_eq!(listener.frame().await, expected);
                }
                Dialect::Rooms => assert_eq!(listener.hears("message_deleted").await["id"], id),
                Dialect::Messaging => {
                    assert_eq!(messaging_hears(listener, "message_deleted").await["message_id"], id);
                }
                Dialect::Directs | Dialect::Messenger => {}
            }
        }
        for dialect in ALL {
            assert!(pair.history(&pair.bob, dialect).await.is_empty(), "{dialect:?} still has it");
        }
    }
    said(&pair, &mut listeners, "this stays").await;
}

#[tokio::test]
async fn others_words_are_not_changed_through_any_document() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let mallory = fireside.registers("mallory").await;
    let (path, body) = Dialect::Messaging.post(&pair, &pair.alice, "mine");
    let id = pair.alice.post(&path, &body).await.is(201).json()["id"].as_i64().unwrap();
    let edits =
        [("POST", format!("/api/messages/{id}/update_message/")), ("PUT", format!("/messages/api/messages/{id}/"))];
    let deletions = [
        format!("/api/messages/{id}/delete_message/"),
        format!("/messages/api/messages/{id}/"),
        format!("/d/rooms/api/messages/{id}/"),
    ];
    for (who, status) in [(&pair.bob, 403), (&mallory, 404)] {
        for (method, path) in &edits {
            let method = method.parse().unwrap();
            who.asks(method, path).json(&json!({"content": "yours"})).await.is(status);
        }
        for path in &deletions {
            who.delete(path).await.is(status);
        }
    }
    assert_eq!(pair.history(&pair.bob, Dialect::Inbox).await, [(id, "mine".to_owned())]);
}
