//! A writer that is stuck, and a disk that is full: each document says so in its own words.

use std::time::Duration;

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::across::pair::{ALL, Dialect, Pair, WITH_POSTS};
use crate::world::machine::{SmallDisk, say};
use crate::world::{Answer, Fireside, Listener};

/// How long a write waits while another program holds the file.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// A refusal in the words of its document, which all have a place for a sentence.
#[track_caller]
fn is_told(dialect: Dialect, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{dialect:?}: {answer}");
    assert_eq!(answer.header("content-type"), "application/json", "{answer}");
    assert_eq!(answer.has("retry-after"), status == 503, "{answer}");
    if status == 503 {
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{answer}");
    }
    let body = answer.json();
    let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    match dialect {
        Dialect::Messaging | Dialect::Messenger => assert_eq!(keys, ["detail"], "{answer}"),
        Dialect::Inbox | Dialect::Directs | Dialect::Rooms => {
            assert_eq!(keys, ["detail", "error", "message"], "{answer}");
            assert_eq!(body["error"], code, "{answer}");
        }
    }
    assert!(!body["detail"].as_str().unwrap().trim().is_empty(), "{answer}");
}

/// The error frame of a document, once what had queued before has come.
async fn is_told_by_frame(dialect: Dialect, listener: &mut Listener, code: &str) {
    let is_error = |frame: &Value| frame["type"] == "error" || frame.get("error").is_some();
    let frame = loop {
        let frame = listener.frame().await;
        if is_error(&frame) {
            break frame;
        }
    };
    match dialect {
        Dialect::Rooms => assert_eq!(frame["data"]["code"], code, "{frame}"),
        Dialect::Messaging => assert_eq!((&frame["type"], &frame["code"]), (&json!("error"), &json!(code)), "{frame}"),
        Dialect::Directs => {
            assert_eq!(frame, json!({"error": "An error occurred while processing your message"}));
        }
        Dialect::Inbox | Dialect::Messenger => {
            assert_eq!(frame.as_object().unwrap().len(), 1, "{frame}");
            assert!(!frame["error"].as_str().unwrap().is_empty(), "{frame}");
        }
    }
}

/// Everything that is written through the five documents is refused, and nothing of it is there.
async fn all_are_told(pair: &Pair, listeners: &mut [(Dialect, Listener)], status: u16, code: &str, text: &str) {
    let asks = WITH_POSTS.map(|dialect| {
        let (path, body) = dialect.post(pair, &pair.alice, text);
        (dialect, path, body)
    });
    let answers = asks.map(async |(dialect, path, body)| (dialect, pair.alice.post(&path, &body).await));
    for (dialect, answer) in join_all(answers).await {
        is_told(dialect, &answer, status, code);
    }
    for (dialect, listener) in listeners.iter_mut() {
        listener.says(&dialect.say(pair, text)).await;
    }
    if status == 503 {
        tokio::time::sleep(GIVEN_UP).await;
    }
    for (dialect, listener) in listeners.iter_mut() {
        is_told_by_frame(*dialect, listener, code).await;
    }
}

async fn listeners(pair: &Pair) -> Vec<(Dialect, Listener)> {
    let mut listeners = Vec::new();
    for dialect in ALL {
        listeners.push((dialect, pair.opens(&pair.alice, dialect).await));
    }
    listeners
}

#[tokio::test]
async fn a_stuck_writer_is_told_in_every_documents_words() {
    let fireside = Fireside::start().await;
    let pair = Pair::meets(&fireside).await;
    let carol = fireside.registers("carol").await;
    let mut listeners = listeners(&pair).await;
    let other = Connection::open(fireside.home.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    all_are_told(&pair, &mut listeners, 503, "unavailable", "stuck").await;
    // The one document that posts on its socket alone still makes chats.
    let chat = pair.alice.post("/d/directs/api/chats/create/", &json!({"user_id": carol.id})).await;
    is_told(Dialect::Directs, &chat, 503, "unavailable");
    assert!(pair.history(&pair.bob, Dialect::Rooms).await.is_empty(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    let (path, body) = Dialect::Rooms.post(&pair, &pair.alice, "again");
    pair.alice.post(&path, &body).await.is(201);
    let texts: Vec<String> = pair.history(&pair.bob, Dialect::Rooms).await.into_iter().map(|it| it.1).collect();
    assert_eq!(texts, ["again"], "what was refused is not there");
    assert!(!fireside.home.log().contains("panicked"), "{}", fireside.home.log());
}

#[tokio::test]
async fn a_full_disk_is_told_in_every_documents_words() {
    let Some(disk) = SmallDisk::mounted(24) else { return };
    let fireside = Fireside::start_in(disk.home.clone(), &["--min-free", "1048576"]).await;
    let pair = Pair::meets(&fireside).await;
    let mut listeners = listeners(&pair).await;
    let ballast = disk.fills_up(512 * 1024);
    let long = "x".repeat(8_000);
    let mut sent = 0;
    let (path, body) = Dialect::Rooms.post(&pair, &pair.alice, &long);
    while pair.alice.post(&path, &body).await.status == 201 {
        sent += 1;
        assert!(sent < 5_000, "the disk never was full");
    }
    all_are_told(&pair, &mut listeners, 507, "insufficient_storage", &long).await;
    assert_eq!(pair.history(&pair.bob, Dialect::Messenger).await.len(), sent, "what was refused is not there");
    std::fs::remove_file(ballast).unwrap();
    pair.alice.post(&path, &body).await.is(201);
    say(&format!("{sent} messages, then 507 in each of the five documents and on each of their sockets"));
}
