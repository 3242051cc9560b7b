//! `/_dev/events/`: what a throwaway server does, to whoever watches.

use futures_util::SinkExt;
use reqwest::Response;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::Dev;
use super::scene::answer;
use crate::world::Fireside;
use crate::world::home::PATIENCE;

const EVENTS: &str = "/_dev/events/";
const MESSAGES: &str = "/messages/api/chats/1/messages/";

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Somebody who watches.
struct Watcher {
    response: Response,
    unread: String,
}

impl Watcher {
    async fn of(dev: &Dev) -> Self {
        let response = client().get(format!("{}{EVENTS}", dev.url)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: String::new() }
    }

    /// The next event; `None`: it is over.
    async fn event(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let event = event.strip_prefix("data: ").map(|data| serde_json::from_str(data).expect("JSON"));
                self.unread = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let piece = timeout(PATIENCE, self.response.chunk()).await.expect("a piece in time").ok().flatten()?;
            self.unread.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// Everything up to the first that is as it should be.
    async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        while !all.last().is_some_and(&is_it) {
            all.push(self.event().await.expect("it goes on"));
        }
        all
    }
}

#[tokio::test]
async fn a_watcher_sees_requests_and_frames_and_no_token() {
    let dev = Dev::start(&[]);
    let mut watcher = Watcher::of(&dev).await;
    let url = format!("{}/messages/ws/?token={}", dev.url.replacen("http", "ws", 1), dev.token("bob"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let handshake = watcher.until(|event| event["path"] == "/messages/ws/").await;
    socket.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
    let pinged = watcher.until(|event| event["text"].as_str().is_some_and(|text| text.contains("pong"))).await;
    let asked = pinged.iter().find(|event| event["way"] == "in").expect("his ping");
    assert_eq!(
        (&asked["type"], &asked["api"], &asked["text"]),
        (&json!("frame"), &json!("messaging"), &json!(r#"{"type":"ping"}"#))
    );
    dev.post(MESSAGES, &json!({"content": "Hello"})).await.is(201);
    let told = watcher.until(|event| event["type"] == "request" && event["path"] == MESSAGES).await;
    let request = told.last().unwrap();
    assert_eq!((&request["method"], &request["status"], &request["user"]), (&json!("POST"), &json!(201), &json!(1)));
    let mut all = [handshake, pinged, told].concat();
    let is_his = |event: &Value| {
        event["way"] == "out" && event["user"] == 2 && event["text"].as_str().is_some_and(|text| text.contains("Hello"))
    };
    // The frame goes out before the answer, or right behind it.
    if !all.iter().any(is_his) {
        all.extend(watcher.until(is_his).await);
    }
    // A long frame is shown from its beginning.
    dev.post(MESSAGES, &json!({"content": "long ".repeat(2_000)})).await.is(201);
    let is_long = |event: &Value| event["text"].as_str().is_some_and(|text| text.contains("long long"));
    let long = watcher.until(is_long).await.pop().unwrap();
    let text = long["text"].as_str().unwrap();
    assert!(text.ends_with('…') && text.len() < 5_000, "{}", text.len());
    // A secret that stands in a path, and what the page itself asks for, are not shown.
    let hook = dev.post("/messages/api/chats/1/hooks/", &json!({"label": "ci"})).await.is(201).json();
    let secret = hook["url"].as_str().unwrap().trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    dev.post(&format!("/hooks/{secret}/"), &json!({"text": "Built"})).await.is(200);
    dev.get("/docs/docs.js").await.is(200);
    all.extend(watcher.until(|event| event["path"] == "/hooks/…/").await);
    let all = Value::Array(all).to_string();
    for name in ["alice", "bob", "carol"] {
        assert!(!all.contains(&dev.token(name)), "a token is shown");
    }
    assert!(!all.contains(&secret) && !all.contains("docs.js"), "{all}");
}

#[tokio::test]
async fn a_watcher_sees_what_hooks_deliver_and_what_they_do_not() {
    let dev = Dev::start(&["--hook-allow", "127.0.0.1"]);
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/in?of=nobody", receiver.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut line, _) = receiver.accept().await.unwrap();
        assert_ne!(line.read(&mut [0; 4096]).await.unwrap(), 0);
        line.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await.unwrap();
        // Whoever comes next finds nobody.
    });
    let mut watcher = Watcher::of(&dev).await;
    let wish = json!({"label": "ci", "url": url, "events": ["message_created"]});
    let hook = dev.post("/messages/api/chats/1/hooks/", &wish).await.is(201).json();
    let is_delivery = |event: &Value| event["type"] == "delivery";
    let mut seen = Vec::new();
    for text in ["taken", "lost"] {
        dev.post(MESSAGES, &json!({"content": text})).await.is(201);
        seen.extend(watcher.until(is_delivery).await);
    }
    let deliveries: Vec<_> = seen.iter().filter(|event| is_delivery(event)).collect();
    for delivery in &deliveries {
        assert_eq!((&delivery["hook"], &delivery["event"]), (&hook["id"], &json!("message_created")), "{delivery}");
    }
    assert_eq!((&deliveries[0]["status"], &deliveries[0]["error"]), (&json!(204), &json!(null)));
    assert_eq!(deliveries[1]["status"], json!(null));
    assert!(deliveries[1]["error"].as_str().is_some_and(|error| !error.is_empty()), "{}", deliveries[1]);
    let all = Value::Array(seen).to_string();
    assert!(!all.contains(hook["secret"].as_str().unwrap()) && !all.contains("of=nobody"), "{all}");
}

#[tokio::test]
async fn a_reset_ends_no_watcher_and_a_stop_ends_all() {
    let mut dev = Dev::start(&[]);
    let mut watcher = Watcher::of(&dev).await;
    answer("reset", client().post(format!("{}/_dev/reset/", dev.url))).await.is(204);
    dev.post(MESSAGES, &json!({"content": "after"})).await.is(201);
    watcher.until(|event| event["path"] == MESSAGES).await;
    assert_eq!(dev.gets(Signal::TERM).await, Some(0));
    while watcher.event().await.is_some() {}
}

#[tokio::test]
async fn watchers_are_few_and_of_this_machine() {
    let dev = Dev::start(&[]);
    let ask = || client().get(format!("{}{EVENTS}", dev.url));
    answer("another host", ask().header("Host", "evil.example")).await.is(421);
    answer("another page", ask().header("Origin", "https://evil.example")).await.is(403);
    answer("a write", client().post(format!("{}{EVENTS}", dev.url))).await.is(405);
    let near = ask().header("Origin", "http://localhost:5173").send().await.unwrap();
    assert_eq!(near.status(), 200);
    let mut watchers = vec![near];
    for _ in 1..16 {
        watchers.push(ask().send().await.unwrap());
    }
    assert!(watchers.iter().all(|watcher| watcher.status() == 200));
    answer("one too many", ask()).await.is(503);
    drop(watchers);
    let begun = std::time::Instant::now();
    while ask().send().await.unwrap().status() != 200 {
        assert!(begun.elapsed() < PATIENCE, "whoever goes leaves a place");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let fireside = Fireside::start().await;
    fireside.anyone().get(EVENTS).await.is(404);
    assert_eq!(fireside.anyone().get("/api/server/").await.json()["dev"], false);
    assert_eq!(dev.get("/api/server/").await.json()["dev"], true);
}
