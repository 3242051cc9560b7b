//! A receiver of what hooks send, which verifies what it hears by itself, and behaves as badly as it is told.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::world::home::PATIENCE;

/// What it does with an event.
#[derive(Clone, Debug)]
pub enum Mood {
    /// Answers with a status and a body.
    Answers(u16, String),
    /// Takes it, in its own time.
    Takes(Duration),
    /// Takes it, and says this about each new message, with its text.
    Echoes,
    /// Never answers.
    Hangs,
    /// Answers a byte at a time, for ever.
    Drips,
    /// Takes it, and sends gigabytes.
    Floods,
    /// Says that it is at work, for ever.
    Informs,
    /// Sends elsewhere.
    Redirects(String),
    /// Says what is no HTTP.
    Babbles,
    /// Hangs up without a word.
    HangsUp,
    /// Refuses each so many times before it is taken.
    Stumbles(usize),
}

/// An event as it came.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub data: Value,
    pub body: Value,
    pub at: Instant,
    pub was_taken: bool,
}

#[derive(Default)]
struct State {
    secrets: Vec<Vec<u8>>,
    heard: Vec<Event>,
    /// What it complains about.
    faults: Vec<String>,
    mood: Option<Mood>,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub async fn opens() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let at_work = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let receiver = at_work.clone();
                tokio::spawn(async move { receiver.serves(stream).await });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hear?from=fireside", self.address)
    }

    /// Takes what is signed with one of these.
    pub fn knows(&self, hook: &Value) {
        let secret = hook["secret"].as_str().unwrap().strip_prefix("whsec_").expect("a secret's prefix");
        let secret = STANDARD.decode(secret).expect("base64");
        assert_eq!(secret.len(), 32, "256 bits");
        self.state.lock().unwrap().secrets.push(secret);
    }

    pub fn is(&self, mood: Mood) {
        self.state.lock().unwrap().mood = Some(mood);
    }

    /// All that came so far, in the order of their coming.
    #[track_caller]
    pub fn heard(&self) -> Vec<Event> {
        let state = self.state.lock().unwrap();
        assert!(state.faults.is_empty(), "{:?}", state.faults);
        state.heard.clone()
    }

    /// The same, each once: doubles are known by their id.
    #[track_caller]
    pub fn told(&self) -> Vec<Event> {
        let mut told = self.heard();
        let mut ids = HashSet::new();
        told.retain(|event| ids.insert(event.id.clone()));
        told
    }

    /// How many came so far, and the last of them in words. Cheap, however many that are.
    pub fn last(&self) -> (usize, String) {
        let state = self.state.lock().unwrap();
        (state.heard.len(), state.heard.last().map(Event::in_words).unwrap_or_default())
    }

    /// The kinds and what they are about: the text of a message, or a number.
    #[track_caller]
    pub fn story(&self) -> Vec<String> {
        self.told().iter().map(Event::in_words).collect()
    }

    /// Waits until so many different events came.
    pub async fn hears(&self, count: usize) -> Vec<Event> {
        let waiting = async {
            while self.told().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE * 2, waiting).await;
        assert!(came.is_ok(), "{count} events were to come, and these did: {:?}", self.story());
        self.told()
    }

    async fn serves(&self, mut stream: TcpStream) {
        let (reader, mut writer) = stream.split();
        let mut reader = BufReader::new(reader);
        let (mut line, mut head) = (String::new(), Vec::new());
        while reader.read_line(&mut line).await.is_ok_and(|bytes| bytes > 0) && line.trim() != "" {
            head.push(std::mem::take(&mut line));
        }
        let header = |name: &str| {
            let value = head.iter().skip(1).find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            });
            value.unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        if head.is_empty() || reader.read_exact(&mut body).await.is_err() {
            return;
        }
        let body = String::from_utf8(body).unwrap();
        // A port may have been another's before, whose clients come back to it.
        if !head[0].starts_with("POST /hear?from=fireside ") {
            return;
        }
        let mood = self.takes_note(&header, &body);
        behaves(&mut writer, mood, &body).await;
    }

    /// Verifies an event, and decides what to do with it.
    fn takes_note(&self, header: &dyn Fn(&str) -> String, body: &str) -> Mood {
        let mut state = self.state.lock().unwrap();
        let mut wrong = Vec::new();
        if header("content-type") != "application/json" {
            wrong.push(format!("it is no JSON: {}", header("content-type")));
        }
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        if time.parse::<u64>().is_ok_and(|time| time.abs_diff(now) > 30) {
            wrong.push(format!("it is not of now: {time}"));
        }
        let signatures: Vec<String> = state.secrets.iter().map(|secret| sign(secret, &id, &time, body)).collect();
        if !signatures.contains(&header("webhook-signature")) {
            wrong.push(format!("it is not signed: {id} {}", header("webhook-signature")));
        }
        let parsed: Value = serde_json::from_str(body).unwrap_or_default();
        if parsed["type"].as_str().is_none() || parsed["timestamp"].as_str().is_none() || !parsed["data"].is_object() {
            wrong.push(format!("it is not of the shape: {body}"));
        }
        state.faults.append(&mut wrong);
        let mood = state.mood.clone().unwrap_or(Mood::Answers(204, String::new()));
        let came = state.heard.iter().filter(|event| event.id == id).count();
        let mood = match mood {
            Mood::Stumbles(times) if came < times => Mood::Answers(503, "busy".to_owned()),
            Mood::Stumbles(_) => Mood::Answers(200, "fine".to_owned()),
            mood => mood,
        };
        let was_taken = matches!(mood, Mood::Answers(200..=299, _) | Mood::Takes(_) | Mood::Echoes | Mood::Floods);
        let (kind, data) = (parsed["type"].as_str().unwrap_or_default().to_owned(), parsed["data"].clone());
        state.heard.push(Event { id, kind, data, body: parsed, at: Instant::now(), was_taken });
        mood
    }
}

impl Event {
    pub fn in_words(&self) -> String {
        let about = match self.kind.as_str() {
            "message_created" | "message_updated" => self.data["message"]["content"].as_str().unwrap().to_owned(),
            "message_deleted" => self.data["message_id"].to_string(),
            "test" => String::new(),
            _ => self.data["user_id"].to_string(),
        };
        format!("{} {about}", self.kind)
    }
}

fn sign(secret: &[u8], id: &str, time: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn behaves(writer: &mut (impl AsyncWriteExt + Unpin), mood: Mood, body: &str) {
    let says = |status: u16, more: &str, text: &str| {
        format!("HTTP/1.1 {status} So\r\nContent-Length: {}\r\n{more}\r\n{text}", text.len())
    };
    let answer = match mood {
        Mood::Answers(status, text) => says(status, "", &text),
        Mood::Takes(time) => {
            tokio::time::sleep(time).await;
            says(200, "", "fine")
        }
        Mood::Echoes => {
            let event: Value = serde_json::from_str(body).unwrap();
            match event["data"]["message"]["content"].as_str() {
                Some(text) => says(200, "", &serde_json::json!({"text": format!("you said {text}")}).to_string()),
                None => says(200, "", "{}"),
            }
        }
        Mood::Redirects(to) => says(307, &format!("Location: {to}\r\n"), ""),
        Mood::Babbles => "what a lovely day\r\n\r\n".to_owned(),
        Mood::HangsUp | Mood::Stumbles(_) => return,
        Mood::Hangs => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            return;
        }
        Mood::Drips => {
            // It may be cut off at any time.
            while writer.write_all(b"H").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return;
        }
        Mood::Informs => {
            while writer.write_all(&b"HTTP/1.1 102 Processing\r\n\r\n".repeat(1_000)).await.is_ok() {}
            return;
        }
        Mood::Floods => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n").await.ok();
            while writer.write_all(&[b'x'; 65_536]).await.is_ok() {}
            return;
        }
    };
    writer.write_all(answer.as_bytes()).await.ok();
}
