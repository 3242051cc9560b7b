//! As the system's own client opens its socket: with what was said last in the first frame.

use serde_json::{Value, json};

use super::CHATROOMS;
use crate::world::{Fireside, Listener, Person, id};

const SOCKET: &str = "/ws/chat/alice_bob/";
const MESSAGES: &str = "/messenger/api/chatrooms/alice_bob/messages/";

struct Scene {
    fireside: Fireside,
    alice: Person,
    bob: Person,
}

async fn scene() -> Scene {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    alice.post(CHATROOMS, &json!({"recipient": "bob"})).await.is(201);
    Scene { fireside, alice, bob }
}

/// Signs in as that client does, and opens its socket by the token in the address.
async fn enters(fireside: &Fireside, person: &Person, path: &str) -> Listener {
    let who = json!({"username": person.username, "password": person.password});
    let client = fireside.anyone().through("/c/messenger");
    let access = client.post("/accounts/api/token/", &who).await.is(200).json()["access"].as_str().unwrap().to_owned();
    client.handshake(path).with_query(&format!("token={access}")).enters().await
}

/// The messages of the first frame.
async fn hears_history(listener: &mut Listener) -> Vec<Value> {
    let frame = listener.frame().await;
    assert_eq!(frame["type"], "message_history", "{frame}");
    frame["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_first_frame_is_the_history_also_where_there_is_none() {
    let Scene { fireside, alice, bob } = scene().await;
    let mut hers = enters(&fireside, &alice, SOCKET).await;
    assert!(hears_history(&mut hers).await.is_empty());
    hers.says(&json!({"message": "hi"})).await;
    let said = hers.frame().await;
    assert_eq!((&said["user"], &said["content"]), (&json!("alice"), &json!("hi")));
    let mut his = enters(&fireside, &bob, SOCKET).await;
    assert_eq!(hears_history(&mut his).await, [said], "as it is told live, and read by the document");
    his.says(&json!({"message": "ho"})).await;
    assert_eq!(his.frame().await, hers.frame().await);
    his.says(&json!({"nothing": 1})).await;
    assert!(his.frame().await["error"].is_string());
    // The document's own socket has none, there and elsewhere.
    for place in ["", "/d/messenger", "/c/messenger"] {
        let path = "/messenger/ws/ws/chat/alice_bob/";
        let mut plain = bob.through(place).handshake(path).enters().await;
        plain.stays_silent().await;
    }
    // And this one stands for that client alone: at the root it is another document's.
    alice.handshake(SOCKET).turned_away_with(404).await;
    alice.through("/d/messenger").handshake(SOCKET).turned_away_with(404).await;
}

#[tokio::test]
async fn the_history_is_the_newest_fifty_the_oldest_first() {
    let Scene { fireside, alice, bob } = scene().await;
    for number in 0..53 {
        alice.post(MESSAGES, &json!({"content": format!("number {number}")})).await.is(201);
    }
    let all = bob.get(MESSAGES).await.is(200).json().as_array().unwrap().clone();
    let mut his = enters(&fireside, &bob, SOCKET).await;
    assert_eq!(hears_history(&mut his).await, all[3..]);
    let den = bob.opens_room("den").await;
    bob.posts("in the den").in_room(&den).await;
    let mut group = enters(&fireside, &bob, &format!("/ws/chat/room-{}/", den.id)).await;
    assert_eq!(hears_history(&mut group).await[0]["content"], "in the den");
}

#[tokio::test]
async fn a_long_history_is_one_message_of_short_frames() {
    let Scene { fireside, alice, bob } = scene().await;
    for number in 0..51 {
        // Six bytes of JSON each.
        let content = format!("{number}{}.", "\u{1}".repeat(9_990));
        alice.post(MESSAGES, &json!({"content": content})).await.is(201);
    }
    let all = bob.get(MESSAGES).await.is(200).json().as_array().unwrap().clone();
    let client = bob.through("/c/messenger");
    let mut his = client.handshake(SOCKET).with_frames_up_to(256 * 1024).enters().await;
    assert!(hears_history(&mut his).await == all[1..], "the newest fifty, the oldest first");
    alice.post(MESSAGES, &json!({"content": "and now"})).await.is(201);
    assert_eq!(his.frame().await["content"], "and now");
    drop(fireside);
}

#[tokio::test]
async fn between_history_and_now_nothing_is_missed_or_told_twice() {
    let Scene { fireside, alice, bob } = scene().await;
    let writer = alice.clone();
    let writing = tokio::spawn(async move {
        let mut ids = Vec::new();
        for number in 0..150 {
            let said = writer.post(MESSAGES, &json!({"content": format!("number {number}")})).await.is(201).json();
            ids.push(id(&said));
        }
        ids
    });
    let mut listeners = Vec::new();
    while !writing.is_finished() && listeners.len() < 12 {
        listeners.push(bob.through("/c/messenger").handshake(SOCKET).enters().await);
    }
    assert!(listeners.len() > 1, "while it was written");
    let ids = writing.await.unwrap();
    for mut listener in listeners {
        let mut heard: Vec<i64> = hears_history(&mut listener).await.iter().map(id).collect();
        while heard.last() != ids.last() {
            heard.push(id(&listener.frame().await));
        }
        assert_eq!(heard, ids[ids.len() - heard.len()..], "in order, each once");
    }
    drop(fireside);
}

#[tokio::test]
async fn it_opens_for_whom_the_documents_socket_does() {
    let Scene { fireside, alice, bob } = scene().await;
    let carol = fireside.registers("carol").await;
    let den = alice.opens_room("den").await;
    let room = format!("/ws/chat/room-{}/", den.id);
    let at = |person: &Person| person.through("/c/messenger");
    fireside.anyone().through("/c/messenger").handshake(SOCKET).turned_away_with(401).await;
    at(&carol).handshake(SOCKET).turned_away_with(404).await;
    at(&carol).handshake("/ws/chat/alice_nobody/").turned_away_with(404).await;
    at(&carol).handshake(&room).turned_away_with(403).await;
    let session = alice.showing(crate::world::caller::Credential::Session(alice.signs_in_by_page().await));
    let knock = session.through("/c/messenger").handshake(SOCKET).with("Origin", "https://evil.example");
    knock.turned_away_with(403).await;
    bob.joins(&den).await;
    let mut his = at(&bob).handshake(&room).enters().await;
    assert!(hears_history(&mut his).await.is_empty());
    alice.delete(&format!("/messages/api/chats/{}/members/{}/remove/", den.id, bob.id)).await.is(204);
    his.is_closed_with(4403).await;
}
