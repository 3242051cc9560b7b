//! Who listens meanwhile, and what they note.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::across::pair::{Dialect, Pair};
use crate::world::Person;
use crate::world::checker::Watch;

pub type Socket = WebSocketStream<TcpStream>;

pub async fn opens(pair: &Pair, me: &Person, dialect: Dialect) -> Socket {
    me.handshake(&dialect.socket(pair, me)).enters().await.into_socket()
}

pub async fn listens(mut socket: Socket, dialect: Dialect, chat: i64, watch: Arc<Watch>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(frame) = message else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        let is_elsewhere = dialect == Dialect::Messaging && frame["chat"] != chat;
        if is_elsewhere {
            continue;
        }
        let is_change = dialect == Dialect::Inbox && frame.get("message_id").is_some();
        if let Some((id, text)) = dialect.news(&frame).filter(|_| !is_change) {
            watch.hears(id, &text);
        }
        if let Some(id) = deletion(dialect, &frame) {
            watch.hears_deletion(id);
        }
    }
}

fn deletion(dialect: Dialect, frame: &Value) -> Option<i64> {
    match dialect {
        Dialect::Inbox => frame["deleted_message_id"].as_i64(),
        Dialect::Messaging if frame["type"] == "message_deleted" => frame["message_id"].as_i64(),
        Dialect::Rooms if frame["type"] == "message_deleted" => frame["data"]["id"].as_i64(),
        Dialect::Messaging | Dialect::Rooms | Dialect::Directs | Dialect::Messenger => None,
    }
}

pub async fn overhears(mut socket: Socket, overheard: Arc<Mutex<Vec<String>>>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(frame) = message else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        // Whoever comes back may see what was said meanwhile, in the chat's own object; nobody tells it as news.
        if frame["type"] == "new_message" {
            overheard.lock().unwrap().push(frame.to_string());
        }
    }
}
