//! `--delay` and `--chaos`: as much trouble as was asked for, and the same again.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::Dev;

async fn socket(dev: &Dev) -> Option<WebSocketStream<TcpStream>> {
    let tcp = TcpStream::connect(dev.url.trim_start_matches("http://")).await.unwrap();
    let url = format!("{}/messages/ws/?token={}", dev.url.replace("http", "ws"), dev.token("alice"));
    Some(tokio_tungstenite::client_async(url, tcp).await.ok()?.0)
}

/// How long a ping takes to come back.
async fn round(dev: &Dev) -> Duration {
    let mut socket = socket(dev).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().to_text().unwrap().contains("hello"));
    let start = Instant::now();
    socket.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().to_text().unwrap(), r#"{"type":"pong"}"#);
    start.elapsed()
}

async fn request(dev: &Dev) -> Duration {
    let start = Instant::now();
    dev.get("/api/auth/me/").await.is(200);
    start.elapsed()
}

#[tokio::test]
async fn requests_and_frames_are_as_late_as_was_asked_for() {
    let late = Dev::start(&["--delay", "700..800"]);
    let (asked, once) = (Duration::from_millis(700), request(&late).await);
    assert!(once >= asked, "{once:?}");
    let both_ways = round(&late).await;
    assert!(both_ways >= 2 * asked, "{both_ways:?}");
    // Frames under way do not wait for each other.
    let mut socket = socket(&late).await.unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        socket.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
    }
    for _ in 0..21 {
        socket.next().await.unwrap().unwrap();
    }
    assert!(start.elapsed() < 8 * asked, "{:?}", start.elapsed());

    let prompt = Dev::start(&[]);
    let (first, both_ways) = (request(&prompt).await, round(&prompt).await);
    assert!(first < asked && both_ways < asked, "{first:?} {both_ways:?}");
}

async fn statuses(dev: &Dev, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        let answer = dev.get("/api/auth/me/").await;
        statuses.push(answer.status);
        if answer.status != 200 {
            assert_eq!(answer.header("retry-after"), "0");
            answer.refused(503, "unavailable");
        }
    }
    statuses
}

#[tokio::test]
async fn a_share_of_requests_is_refused_and_the_same_ones_again() {
    let chaos = |seed: &str| Dev::start(&["--chaos", "40%", "--chaos-seed", seed]);
    let first = statuses(&chaos("5"), 150).await;
    let refused = first.iter().filter(|status| **status == 503).count();
    assert!((35..=85).contains(&refused), "{refused} of 150");
    assert_eq!(first, statuses(&chaos("5"), 150).await);
    assert_ne!(first, statuses(&chaos("6"), 150).await);
    assert_eq!(statuses(&Dev::start(&[]), 150).await, [200; 150]);
}

#[tokio::test]
async fn half_of_what_is_refused_was_done() {
    let dev = Dev::start(&["--chaos", "50"]);
    let mut refused = 0;
    for number in 0..200 {
        let answer = dev.post("/messages/api/chats/1/messages/", &json!({"content": number.to_string()})).await;
        refused += i32::from(answer.status == 503);
        assert!([201, 503].contains(&answer.status), "{answer}");
    }
    let stored = loop {
        let answer = dev.get("/messages/api/chats/1/messages/").await;
        if answer.status == 200 {
            break i32::try_from(answer.json()["count"].as_i64().unwrap()).unwrap();
        }
    };
    let done_all_the_same = stored - (200 - refused);
    assert!((60..=140).contains(&refused), "{refused} refused");
    assert!((25..=75).contains(&done_all_the_same), "{done_all_the_same} of {refused} were done");
}

#[tokio::test]
async fn sockets_are_cut_off_without_a_word() {
    let dev = Dev::start(&["--chaos", "60"]);
    let mut lives = Vec::new();
    while lives.len() < 3 {
        let Some(mut socket) = socket(&dev).await else { continue };
        let start = Instant::now();
        let ended = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Close(frame))) => panic!("it said goodbye: {frame:?}"),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ended).await.expect("it is cut off");
        lives.push(start.elapsed());
    }
    lives.dedup();
    assert_eq!(lives.len(), 3, "at random times: {lives:?}");
}
