//! Hooks that send: at least once, in order, over kills, and whatever their receivers do.

mod hostile;
mod kill;
mod maker;
pub mod receiver;
mod replay;
mod reply;
mod send;

use std::time::Duration;

use serde_json::{Value, json};

use super::words::Chat;
use crate::world::home::PATIENCE;
use crate::world::{Fireside, Home, Person};
use receiver::Receiver;

/// Every event there is.
const ALL: [&str; 5] = ["message_created", "message_updated", "message_deleted", "member_added", "member_removed"];

/// A server whose hooks may send to this machine.
async fn server() -> Fireside {
    server_with(&[]).await
}

async fn server_with(more: &[&str]) -> Fireside {
    Fireside::start_with(&[&["--hook-allow", "127.0.0.1"], more].concat()).await
}

async fn server_in(home: Home) -> Fireside {
    Fireside::start_in(home, &["--hook-allow", "127.0.0.1"]).await
}

/// Waits until it is so. The receiver works on the same thread, so that it is left to it between two looks.
async fn until(is_so: impl AsyncFn() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE * 2, asking).await.expect("it never came true");
}

fn hooks(chat: Chat) -> String {
    format!("{}hooks/", chat.path())
}

fn path(chat: Chat, hook: &Value) -> String {
    format!("{}{}/", hooks(chat), hook["id"])
}

/// A hook that sends some events to a receiver.
async fn sends(admin: &Person, chat: Chat, receiver: &Receiver, events: &[&str]) -> Value {
    made(admin, chat, receiver, json!({"events": events})).await
}

/// The same, with more to say of it.
async fn made(admin: &Person, chat: Chat, receiver: &Receiver, more: Value) -> Value {
    let mut wish = json!({"label": "The Hook", "url": receiver.url()});
    for (key, value) in more.as_object().unwrap() {
        wish[key] = value.clone();
    }
    let hook = admin.post(&hooks(chat), &wish).await.is(201).json();
    receiver.knows(&hook);
    hook
}

/// What the list of a hook's attempts has, newest first, through all its parts.
async fn deliveries(admin: &Person, chat: Chat, hook: &Value) -> Vec<Value> {
    let list = format!("{}deliveries/?limit=40", path(chat, hook));
    let (mut all, mut next) = (Vec::new(), Some(list.clone()));
    while let Some(part) = next {
        let part = admin.get(&part).await.is(200);
        all.extend(part.results());
        next = part.json()["next"].as_str().map(|cursor| format!("{list}&cursor={cursor}"));
    }
    all
}
