//! What each of them does, again and again, until told to stop or the server is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::listeners::Socket;
use super::{FILE_REPEATS, PATIENCE, World};
use crate::across::pair::{Dialect, Pair};
use crate::world::bytes::file;
use crate::world::{Listener, Person, id};

impl World {
    /// Bob speaks over a document's socket, and waits for each echo.
    pub(super) async fn speaks(self, dialect: Dialect, stop: Arc<AtomicBool>) {
        let Some(mut socket) = tries_to_open(&self.pair, &self.pair.bob, dialect).await else { return };
        while !stop.load(Ordering::Relaxed) {
            let text = self.text(&format!("said by {dialect:?}"));
            self.ledger.sends(&text);
            let frame = Message::text(dialect.say(&self.pair, &text).to_string());
            if socket.send(frame).await.is_err() {
                return;
            }
            match echo(&mut socket, dialect, &text).await {
                Some(true) => self.ledger.is_told_done(&text),
                Some(false) => self.ledger.is_told_no(&text),
                None => return,
            }
        }
    }

    /// Alice posts through a document.
    pub(super) async fn posts(self, dialect: Dialect, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let text = self.text(&format!("posted by {dialect:?}"));
            let (path, body) = dialect.post(&self.pair, &self.pair.alice, &text);
            self.ledger.sends(&text);
            let answer = self.pair.alice.post(&path, &body).tried().await;
            self.ledger.is_answered(&text, answer.as_ref().map(|answer| answer.status));
            if answer.is_none() {
                return;
            }
        }
    }

    /// Alice posts, edits and deletes; Bob likes what he sees.
    pub(super) async fn changes_its_mind(self, stop: Arc<AtomicBool>) {
        let (alice, bob) = (&self.pair.alice, &self.pair.bob);
        while !stop.load(Ordering::Relaxed) {
            let text = self.text("changed");
            self.ledger.sends(&text);
            let body = json!({"content": text});
            let answer = alice.post(&format!("/api/rooms/{}/messages/", self.pair.chat), &body).tried().await;
            self.ledger.is_answered(&text, answer.as_ref().map(|answer| answer.status));
            let Some(message) = answer else { return };
            if message.status != 201 {
                continue;
            }
            let path = format!("/messages/api/messages/{}/", id(&message.json()));
            let better = text.replace("|0", "|1");
            self.ledger.edits(&better);
            let Some(answer) = alice.patch(&path, &json!({"content": better})).tried().await else { return };
            if answer.status == 200 {
                self.ledger.edit_is_done(&better);
            }
            let liked = bob.post(&format!("{path}reactions/"), &json!({"emoji": "👍"})).tried().await;
            if liked.is_none() {
                return;
            }
            if text.len().is_multiple_of(2) {
                self.ledger.deletes(&text);
                let Some(answer) = alice.delete(&path).tried().await else { return };
                if answer.status == 204 {
                    self.ledger.deletion_is_done(&text);
                }
            }
        }
    }

    /// Alice uploads files and sends them.
    pub(super) async fn attaches(self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let text = self.text("with a file");
            let bytes = text.repeat(FILE_REPEATS).into_bytes();
            let parts = [file("a.txt", "text/plain", &bytes)];
            let Some(uploaded) = self.pair.alice.sends_parts("/api/files/upload/", &parts).tried().await else {
                return;
            };
            if uploaded.status != 201 {
                continue;
            }
            let number = id(&uploaded.json());
            self.files.lock().unwrap().insert(number, bytes);
            self.ledger.sends(&text);
            let body = json!({"content": text, "attachments": [number]});
            let path = format!("/api/rooms/{}/messages/", self.pair.chat);
            let answer = self.pair.alice.post(&path, &body).tried().await;
            self.ledger.is_answered(&text, answer.as_ref().map(|answer| answer.status));
            if answer.is_none() {
                return;
            }
        }
    }

    /// Bob marks the chat as read.
    pub(super) async fn reads(self, stop: Arc<AtomicBool>) {
        let path = format!("/messages/api/chats/{}/mark-as-read/", self.pair.chat);
        while !stop.load(Ordering::Relaxed) {
            if self.pair.bob.does(&path).tried().await.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Carol enters the den and leaves it; Alice talks behind her back.
    pub(super) async fn comes_and_goes(self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let secret = self.text("behind her back");
            let body = json!({"content": secret});
            self.behind_her_back.lock().unwrap().push(secret);
            let steps = [
                self.carol.does(&self.den.join()).tried().await,
                self.pair.alice.post(&self.den.messages(), &json!({"content": "to her face"})).tried().await,
                self.carol.does(&self.den.leave()).tried().await,
            ];
            // Only when it is sure that she has left.
            if steps[2].as_ref().is_none_or(|left| left.status != 204) {
                return;
            }
            if self.pair.alice.post(&self.den.messages(), &body).tried().await.is_none() {
                return;
            }
        }
    }
}

/// The server may be gone before everybody is in.
async fn tries_to_open(pair: &Pair, me: &Person, dialect: Dialect) -> Option<Socket> {
    let handshake = me.handshake(&dialect.socket(pair, me));
    let entering = tokio::spawn(async move { handshake.tried().await.ok().map(Listener::into_socket) });
    entering.await.ok()?
}

/// Waits for what one said oneself. `false`: an error came in its place; nothing: the
/// line was cut.
async fn echo(socket: &mut Socket, dialect: Dialect, text: &str) -> Option<bool> {
    loop {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an echo");
        let Message::Text(frame) = next?.ok()? else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        if dialect.news(&frame).is_some_and(|(_, heard)| heard == text) {
            return Some(true);
        }
        if frame["type"] == "error" || frame.get("error").is_some() {
            return Some(false);
        }
    }
}
