//! Web Push: devices that are told of messages while no page is open, by a push service that reads what it is sent.

mod browser;
mod history;
mod scene;
pub mod service;
mod subscription;
mod told;
mod trouble;

use serde_json::{Value, json};

/// A device that pushes may go to, where nobody listens. Its key is the one of RFC 8291's example.
pub fn new_device(name: &str) -> Value {
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let keys = json!({"p256dh": p256dh, "auth": "BTBZMqHH6r4Tts7J_aSIgg"});
    json!({"endpoint": format!("https://127.0.0.1:9/{name}"), "keys": keys, "label": name})
}
