//! The frames: what the documents let a client send is taken, and nothing else.

use serde_json::{Value, json};

use crate::world::document::is_a_clients;
use crate::world::{Fireside, Listener, id, people};

/// Whether a frame was answered with an error, by the next thing that is heard.
fn is_refusal(frame: &Value) -> bool {
    frame["type"] == "error" || frame.get("error").is_some()
}

/// What a client may send is answered with anything but an error; what it may not, with one.
async fn agrees(listener: &mut Listener, path: &str, frame: Value, is_taken: bool) -> Value {
    assert_eq!(is_a_clients(path, &frame), is_taken, "by the document: {frame}");
    listener.says(&frame).await;
    let heard = listener.frame().await;
    assert_eq!(is_refusal(&heard), !is_taken, "by the server: {frame} was answered {heard}");
    heard
}

#[tokio::test]
async fn inbox_takes_what_its_document_says() {
    let fireside = Fireside::start().await;
    let (alice, _bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let path = "/ws/chat/bob/";
    let mut listener = alice.handshake(path).enters().await;
    let said = agrees(&mut listener, path, json!({"message": "hi", "client_id": "k"}), true).await;
    agrees(&mut listener, path, json!({"message_id": id(&said), "message": "ho"}), true).await;
    agrees(&mut listener, path, json!({"delete_message_id": id(&said).to_string()}), true).await;
    for wrong in [json!({}), json!({"message": " "}), json!({"message": 7}), json!({"message_id": 1})] {
        agrees(&mut listener, path, wrong, false).await;
    }
}

#[tokio::test]
async fn directs_takes_what_its_document_says() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json();
    let path = format!("/ws/chat/{}/", id(&chat));
    let mut listener = alice.handshake(&path).enters().await;
    agrees(&mut listener, &path, json!({"body": "hi"}), true).await;
    agrees(&mut listener, &path, json!({"message": "hi"}), false).await;
    agrees(&mut listener, &path, json!({"body": ""}), false).await;
}

#[tokio::test]
async fn messenger_takes_what_its_document_says() {
    let fireside = Fireside::start().await;
    let (alice, _bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    alice.post("/messenger/api/chatrooms/", &json!({"recipient": "bob"})).await.is(201);
    let path = "/messenger/ws/ws/chat/alice_bob/";
    let mut listener = alice.handshake(path).enters().await;
    agrees(&mut listener, path, json!({"message": "hi"}), true).await;
    agrees(&mut listener, path, json!({"content": "hi"}), false).await;
}

#[tokio::test]
async fn rooms_takes_what_its_document_says() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let path = den.socket();
    let mut callee = bob.listens_in(&den).await;
    callee.says(&json!({"type": "join_call"})).await;
    callee.hears("call_state").await;
    let mut listener = alice.listens_in(&den).await;
    agrees(&mut listener, &path, json!({"type": "join_call", "data": {}}), true).await;
    let data = json!({"content": "hi", "attachments": []});
    agrees(&mut listener, &path, json!({"type": "chat_message", "data": data}), true).await;
    agrees(&mut listener, &path, json!({"type": "ping"}), true).await;
    for (kind, body) in [("offer", "sdp"), ("answer", "sdp"), ("ice_candidate", "candidate")] {
        let frame = json!({"type": kind, "data": {"target_user_id": bob.id, body: "v=0"}});
        assert!(is_a_clients(&path, &frame), "{frame}");
        listener.says(&frame).await;
    }
    callee.hears_all(&["user_joined", "call_state", "chat_message", "offer", "answer", "ice_candidate"]).await;
    for wrong in [json!({"type": "shout"}), json!({"type": "offer", "data": {}}), json!({"data": {}})] {
        agrees(&mut listener, &path, wrong, false).await;
    }
    listener.says(&json!({"type": "leave_call"})).await;
    assert_eq!(callee.hears("user_left").await["user_id"], alice.id);
}

#[tokio::test]
async fn messaging_takes_what_its_document_says() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let wish = json!({"chat_type": "group", "title": "den"});
    let chat = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
    let path = "/messages/ws/";
    let mut listener = alice.handshake(path).enters().await;
    assert_eq!(listener.frame().await["type"], "hello");
    let said = agrees(&mut listener, path, json!({"type": "send_message", "chat": chat, "content": "hi"}), true).await;
    let message = id(&said["message"]);
    let edit = json!({"type": "edit_message", "message_id": message, "content": "ho"});
    agrees(&mut listener, path, edit, true).await;
    agrees(&mut listener, path, json!({"type": "react", "message_id": message, "emoji": "👍"}), true).await;
    agrees(&mut listener, path, json!({"type": "delete_message", "message_id": message}), true).await;
    for silent in
        [json!({"type": "mark_read", "chat": chat}), json!({"type": "typing", "chat": chat, "is_typing": true})]
    {
        assert!(is_a_clients(path, &silent), "{silent}");
        listener.says(&silent).await;
    }
    assert_eq!(agrees(&mut listener, path, json!({"type": "ping"}), true).await["type"], "pong");
    for wrong in [json!({"type": "shout"}), json!({"type": "send_message"}), json!({"type": "typing", "chat": chat})] {
        agrees(&mut listener, path, wrong, false).await;
    }
}
