//! The dialect of direct messages by username: every endpoint, frame and error
//! of its document.

mod access;
mod across;
mod auth;
mod message;
mod paging;
mod resend;
mod socket;

use serde_json::{Value, json};

use crate::world::{Listener, Person, id};

/// Where the dialect stands: among the others, and by itself.
const PLACES: [&str; 2] = ["", "/d/inbox"];
const MESSAGES: &str = "/api/messages/";

async fn writes(from: &Person, to: &Person, text: &str) -> Value {
    from.post(MESSAGES, &json!({"receiver": to.id, "content": text})).await.is(201).json()
}

/// The newest messages of somebody, newest first.
async fn inbox(person: &Person) -> Vec<Value> {
    person.get("/api/messages/?page_size=100").await.is(200).results()
}

async fn talks_with(person: &Person, other: &str) -> Listener {
    person.handshake(&format!("/ws/chat/{other}/")).enters().await
}

fn update(message: &Value) -> String {
    format!("/api/messages/{}/update_message/", id(message))
}

fn delete(message: &Value) -> String {
    format!("/api/messages/{}/delete_message/", id(message))
}
