//! The socket's frames as server-sent events: what `curl` and `EventSource` hear.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::words::{Chat, Line, Refused, group, path, say};
use crate::client::browser::{in_path, say as skipped};
use crate::world::caller::Credential;
use crate::world::machine::scale;
use crate::world::{Caller, Fireside, Person, id, people};

const EVENTS: &str = "/messages/api/events/";
const WAIT: Duration = Duration::from_secs(30);

/// An open stream.
struct Stream {
    response: Response,
    unread: Vec<u8>,
}

#[derive(Debug)]
struct Event {
    id: Option<i64>,
    data: Value,
}

impl Stream {
    async fn of(who: &Caller, query: &str, last: Option<i64>) -> Self {
        let mut request = who.client.get(format!("{}{EVENTS}{query}", who.url));
        if let Credential::Token(token) = &who.credential {
            request = request.header("authorization", format!("Token {token}"));
        }
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, unread: Vec::new() }
    }

    /// Lines until an empty one; `None`: the stream is over.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let rest = self.unread.split_off(end + 2);
                let block = String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
                return Some(block.trim_end().to_owned());
            }
            let piece = timeout(WAIT, self.response.chunk()).await.expect("a piece in time").ok().flatten()?;
            self.unread.extend_from_slice(&piece);
        }
    }

    async fn event(&mut self) -> Option<Event> {
        let block = self.block().await?;
        let (id, data) = match block.strip_prefix("id: ") {
            Some(rest) => {
                let (id, data) = rest.split_once('\n').expect("a line behind the id");
                (Some(id.parse().expect("a number")), data.to_owned())
            }
            None => (None, block),
        };
        let data = data.strip_prefix("data: ").unwrap_or_else(|| panic!("no data in {data:?}"));
        Some(Event { id, data: serde_json::from_str(data).expect("JSON") })
    }

    /// The next event but those of who comes and goes.
    async fn hears(&mut self, kind: &str) -> Event {
        loop {
            let event = self.event().await.expect("an event");
            if event.data["type"] != "presence" {
                assert_eq!(event.data["type"], kind, "{event:?}");
                return event;
            }
        }
    }
}

#[tokio::test]
async fn a_stream_says_what_the_socket_says() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let before = say(&alice, "before", chat).await;
    let (mut line, mut stream) = (Line::to(&bob).await, Stream::of(&bob, "", None).await);
    let hello = stream.hears("hello").await;
    assert_eq!((hello.data, hello.id), (line.hello.clone(), before["seq"].as_i64()));
    alice.post(&chat.typing(), &json!({"is_typing": true})).await.is(200);
    let typing = stream.hears("typing").await;
    assert_eq!((typing.data, typing.id), (line.hears("typing").await, None));
    let sent = say(&alice, "two\nlines\u{2028}and more", chat).await;
    let told = stream.hears("new_message").await;
    assert_eq!((&told.data["message"], told.id), (&sent, sent["seq"].as_i64()));
    assert_eq!(told.data, line.hears("new_message").await);
    alice.patch(&path(&sent), &json!({"content": "better"})).await.is(200);
    assert_eq!(stream.hears("message_updated").await.data, line.hears("message_updated").await);
    // A chat as its viewer sees it is made for each: with what bob has not read.
    alice.patch(&chat.path(), &json!({"title": "Crew"})).await.is(200);
    let told = stream.hears("chat_updated").await;
    assert_eq!((&told.data["data"]["title"], told.id), (&json!("Crew"), None));
    assert_eq!(told.data, line.hears("chat_updated").await);
}

#[tokio::test]
async fn who_was_cut_off_goes_on_behind_the_last_id() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut stream = Stream::of(&bob, "", None).await;
    stream.hears("hello").await;
    say(&alice, "one", chat).await;
    let one = stream.hears("new_message").await;
    drop(stream);
    say(&alice, "two", chat).await;
    // The header comes before the query, as a browser asks again for the same address.
    let mut stream = Stream::of(&bob, "?since=0", one.id).await;
    // What was missed is still to come: who is cut off here has to ask from `one` on again.
    assert_eq!(stream.hears("hello").await.id, None);
    assert_eq!(stream.hears("new_message").await.data["message"]["content"], "two");
    say(&alice, "three", chat).await;
    assert_eq!(stream.hears("new_message").await.data["message"]["content"], "three");
    let mut stream = Stream::of(&bob, "?since=0", None).await;
    stream.hears("hello").await;
    for text in ["one", "two", "three"] {
        assert_eq!(stream.hears("new_message").await.data["message"]["content"], text);
    }
}

#[tokio::test]
async fn a_stream_is_for_whoever_a_socket_is_for() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let anyone = fireside.anyone();
    anyone.get(EVENTS).await.denied(401, super::words::NOT_SIGNED_IN);
    bob.get(&format!("{EVENTS}?since=x")).await.blames("since");
    bob.get(&format!("{EVENTS}?since=x")).with("Last-Event-ID", "1").await.blames("since");
    for bad in ["x", "-1", "1.5"] {
        bob.get(EVENTS).with("Last-Event-ID", bad).await.blames("last-event-id");
    }
    // A page of another site has the cookie sent along, and must not read.
    let session = bob.signs_in_by_page().await;
    let browser = bob.showing(Credential::Session(session));
    browser.get(EVENTS).with("Origin", "https://elsewhere.example").await.is(403);
    Stream::of(&anyone, &format!("?token={}", bob.token), None).await.hears("hello").await;

    let phone = bob.signs_in_again().await;
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut stream = Stream::of(&phone, "", None).await;
    let mut other = Stream::of(&bob, "", None).await;
    stream.hears("hello").await;
    other.hears("hello").await;
    phone.does("/api/auth/logout/").await.is(204);
    say(&alice, "not for the phone", chat).await;
    while let Some(event) = stream.event().await {
        assert_ne!(event.data["type"], "new_message", "told to who has signed out");
    }
    other.hears("new_message").await;
    phone.get(EVENTS).await.is(401);
}

#[tokio::test]
async fn a_quiet_stream_is_kept_alive_by_comments() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut stream = Stream::of(&alice, "", None).await;
    stream.hears("hello").await;
    assert_eq!(stream.block().await.as_deref(), Some(":"));
}

/// Somebody who writes and edits until told to stop.
async fn writes_on(who: Person, chat: Chat, stop: Arc<AtomicBool>) -> i64 {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let message = say(&who, &format!("message {number}"), chat).await;
        if number % 3 == 0 {
            who.patch(&path(&message), &json!({"content": format!("edit {number}")})).await.is(200);
        }
    }
    number
}

/// What somebody has heard of a stream: each number once, and in its order.
#[derive(Default)]
struct Heard {
    last: i64,
    contents: BTreeMap<i64, Value>,
}

impl Heard {
    fn hear(&mut self, event: &Event) {
        let Some(number) = event.id else { return };
        assert!(number > self.last || event.data["type"] == "hello", "{event:?} after {}", self.last);
        self.last = number;
        if event.data["type"] != "hello" {
            let message = &event.data["message"];
            self.contents.insert(id(message), message["content"].clone());
        }
    }

    /// That it is what there is.
    async fn is_all(&self, who: &Caller, chat: Chat, written: i64) {
        let all = who.reads_all(&chat.messages()).await;
        let there: BTreeMap<i64, Value> =
            all.into_iter().map(|message| (id(&message), message["content"].clone())).collect();
        assert_eq!(there.len() as i64, written + 1, "and the end");
        assert_eq!(self.contents, there);
    }
}

/// Cuts in the middle of what is told: whoever comes back with the last id has in the end what there is,
/// in its order, and nothing twice.
#[tokio::test]
async fn no_cut_loses_or_doubles_anything() {
    const CUTS: usize = 1_000;
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(writes_on(alice.clone(), chat, Arc::clone(&stop)));
    let mut heard = Heard::default();
    for cut in 0..CUTS {
        let mut stream = Stream::of(&bob, "?since=0", Some(heard.last)).await;
        for _ in 0..=cut % 3 {
            heard.hear(&stream.event().await.expect("an event"));
        }
    }
    stop.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    let end = say(&alice, "the end", chat).await;
    let mut stream = Stream::of(&bob, "?since=0", Some(heard.last)).await;
    while heard.last < end["seq"].as_i64().unwrap() {
        heard.hear(&stream.event().await.expect("an event"));
    }
    heard.is_all(&bob, chat, written).await;
}

/// The same by `curl`, which is killed behind some line and run again with the last `id` that it printed.
#[tokio::test(flavor = "multi_thread")]
async fn curl_goes_on_behind_the_last_id_after_every_cut() {
    if in_path("curl").is_none() {
        return skipped("skipped: no curl");
    }
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(writes_on(alice.clone(), chat, Arc::clone(&stop)));
    let mut heard = Heard::default();
    for cut in 0..scale(100, 1_000) {
        let mut curl = Curl::of(&bob, heard.last);
        for _ in 0..=cut % 5 {
            heard.hear(&curl.event().expect("an event"));
        }
    }
    stop.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    let end = say(&alice, "the end", chat).await;
    let mut curl = Curl::of(&bob, heard.last);
    while heard.last < end["seq"].as_i64().unwrap() {
        heard.hear(&curl.event().expect("an event"));
    }
    heard.is_all(&bob, chat, written).await;
}

/// A `curl` that reads the stream.
struct Curl {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Curl {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Curl {
    fn of(who: &Person, last: i64) -> Self {
        let mut command = Command::new("curl");
        command.args(["--silent", "--no-buffer", "--noproxy", "*", "--max-time", "60", "--header"]);
        command.arg(format!("Authorization: Token {}", who.token));
        command.args(["--header", &format!("Last-Event-ID: {last}")]);
        command.arg(format!("{}{EVENTS}", who.url));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next event; `None`: the stream is over.
    fn event(&mut self) -> Option<Event> {
        let mut id = None;
        loop {
            let line = self.lines.next()?.expect("text");
            if let Some(number) = line.strip_prefix("id: ") {
                id = Some(number.parse().expect("a number"));
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some(Event { id, data: serde_json::from_str(data).expect("JSON") });
            }
        }
    }
}
