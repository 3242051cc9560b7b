//! Frames with something wrong in them, on the socket of every document.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::dice::Dice;
use super::grammar::FRAMES;
use super::mutation;
use super::scene::{People, Scene};
use super::shape::is_decent_frame;

/// Longer ones close the socket, which has a test of its own.
const LONGEST: usize = 120 * 1024;
const DEADLINE: Duration = Duration::from_secs(20);

/// Says so many frames on each socket. Each is answered or taken, the socket stays open,
/// and what is said properly at the end is heard.
pub async fn speak(people: &People, scene: &Scene, dice: &mut Dice, count: usize) {
    for (dialect, path, frames) in FRAMES {
        let said: Vec<Message> = (0..count).map(|_| frame(dice, scene, frames)).collect();
        let mut socket = people.alice.handshake(&scene.fill(path, dice)).enters().await.into_socket();
        let word = format!("all is well {:x}", dice.next());
        let last = Message::text(last_frame(dialect, &scene.fill("{room}", dice), &word).to_string());
        let told = said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let (mut to, mut from) = socket.split();
        let speaking = tokio::spawn(async move {
            for message in said.into_iter().chain([last]) {
                to.send(message).await.ok();
            }
            to
        });
        loop {
            let heard = tokio::time::timeout(DEADLINE, from.next()).await;
            let heard = heard.unwrap_or_else(|_| panic!("{dialect} hangs after\n{told}"));
            match heard {
                Some(Ok(Message::Text(text))) => {
                    is_decent_frame(dialect, &text);
                    if text.contains(&word) {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{dialect} ended with {other:?} after\n{told}"),
            }
        }
        socket = from.reunite(speaking.await.unwrap()).unwrap();
        socket.close(None).await.ok();
    }
}

fn frame(dice: &mut Dice, scene: &Scene, frames: &[&str]) -> Message {
    let valid = scene.fill(dice.one_of(frames), dice);
    if dice.once_in(20) {
        return Message::text(valid);
    }
    let bytes = match serde_json::from_str::<Value>(&valid) {
        // Half of what is wrong is wrong inside.
        Ok(Value::Object(frame)) if frame.contains_key("data") && dice.once_in(2) => {
            let inside = mutation::body(dice, scene, frame["data"].to_string().as_bytes());
            [format!(r#"{{"type":{},"data":"#, frame["type"]).as_bytes(), &inside, b"}"].concat()
        }
        _ => mutation::body(dice, scene, valid.as_bytes()),
    };
    if bytes.len() > LONGEST {
        return Message::text(valid);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Message::text(text),
        Err(bytes) => Message::binary(bytes.into_bytes()),
    }
}

fn last_frame(dialect: &str, room: &str, word: &str) -> Value {
    match dialect {
        "messaging" => json!({"type": "send_message", "chat": room, "content": word}),
        "rooms" => json!({"type": "chat_message", "data": {"content": word}}),
        "directs" => json!({"body": word}),
        _ => json!({"message": word}),
    }
}
