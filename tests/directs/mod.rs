//! The dialect of direct chats: every endpoint, frame and error of its document.

mod access;
mod across;
mod browser;
mod chat;
mod client;
mod history;
mod resend;
mod socket;
mod user;

use serde_json::{Value, json};

use crate::world::{Listener, Person, Room, id};

/// Where the dialect stands: among the others, and by itself.
const PLACES: [&str; 2] = ["", "/d/directs"];
const USERS: &str = "/api/users/";
const CHATS: &str = "/api/chats/";
const CREATE: &str = "/api/chats/create/";
const ERROR: &str = "An error occurred while processing your message";

/// The chat that two have with each other; rooms know it by the same number.
async fn chat_of(me: &Person, other: &Person) -> Room {
    Room::of(&me.post(CREATE, &json!({"user_id": other.id})).await.is(201).json())
}

/// My chats as the list shows them.
async fn chats(me: &Person) -> Vec<Value> {
    me.get(CHATS).await.is(200).json().as_array().unwrap().clone()
}

fn socket(chat: &Room) -> String {
    format!("/ws/chat/{}/", chat.id)
}

async fn enters(me: &Person, chat: &Room) -> Listener {
    me.handshake(&socket(chat)).enters().await
}

/// The message of the next frame, which has no key but those of the document.
async fn hears(listener: &mut Listener) -> Value {
    let frame = listener.frame().await;
    let message = frame["message"].clone();
    let expected = json!({"message": {
        "id": id(&message), "sender": message["sender"].as_str().unwrap(), "body": message["body"].as_str().unwrap(),
        "created": message["created"].as_str().unwrap(), "is_read": message["is_read"].as_bool().unwrap(),
    }});
    assert_eq!(frame, expected);
    message
}

/// The next frame is a message with this text, read or not.
async fn hears_body(listener: &mut Listener, body: &str, is_read: bool) -> Value {
    let message = hears(listener).await;
    assert_eq!((&message["body"], &message["is_read"]), (&json!(body), &json!(is_read)), "{message}");
    message
}
