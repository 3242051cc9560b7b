//! The words of this dialect: chats by their paths, its refusals, and a line to
//! its socket.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::world::home::PATIENCE;
use crate::world::socket::Handshake;
use crate::world::{Answer, Caller, Heard, Listener, Person, contents, id};

pub const SOCKET: &str = "/messages/ws/";
pub const CHATS: &str = "/messages/api/chats/";
pub const NOT_FOUND: &str = "Not found.";
pub const FORBIDDEN: &str = "You do not have permission to perform this action.";
pub const NOT_SIGNED_IN: &str = "Authentication credentials were not provided.";

#[derive(Debug, Clone, Copy)]
pub struct Chat {
    pub id: i64,
}

impl Chat {
    pub fn path(&self) -> String {
        format!("{CHATS}{}/", self.id)
    }

    pub fn messages(&self) -> String {
        format!("{}messages/", self.path())
    }

    pub fn read(&self) -> String {
        format!("{}mark-as-read/", self.path())
    }

    pub fn typing(&self) -> String {
        format!("{}typing/", self.path())
    }

    pub fn add(&self) -> String {
        format!("{}members/add/", self.path())
    }

    pub fn member(&self, person: &Person) -> String {
        format!("{}members/{}/", self.path(), person.id)
    }

    pub fn remove(&self, person: &Person) -> String {
        format!("{}members/{}/remove/", self.path(), person.id)
    }
}

/// The path of a message.
pub fn path(message: &Value) -> String {
    format!("/messages/api/messages/{}/", id(message))
}

/// The path of its reactions.
pub fn reactions(message: &Value) -> String {
    format!("{}reactions/", path(message))
}

pub fn ids(people: &[&Person]) -> Vec<i64> {
    people.iter().map(|person| person.id).collect()
}

/// A group of `admin` with others.
pub async fn group(admin: &Person, title: &str, others: &[&Person]) -> Chat {
    let wish = json!({"chat_type": "group", "title": title, "member_ids": ids(others)});
    Chat { id: id(&admin.post(CHATS, &wish).await.is(201).json()) }
}

/// The direct chat of two, which may be there already.
pub async fn dm(one: &Person, other: &Person) -> Chat {
    let answer = one.post(CHATS, &json!({"chat_type": "dm", "member_ids": [other.id]})).await;
    assert!([200, 201].contains(&answer.status), "{answer}");
    Chat { id: id(&answer.json()) }
}

/// Sent, and taken: the stored message.
pub async fn say(who: &Person, text: &str, chat: Chat) -> Value {
    who.post(&chat.messages(), &json!({"content": text})).await.is(201).json()
}

/// What a person reads in a chat, newest first.
pub async fn texts(who: &Person, chat: Chat) -> Vec<String> {
    contents(&who.get(&chat.messages()).await.is(200).results())
}

/// Waits until it is so.
pub async fn comes_true(is_so: impl AsyncFn() -> bool) {
    let asking = async { while !is_so().await {} };
    tokio::time::timeout(PATIENCE, asking).await.expect("it never came true");
}

/// A chat as a person sees it.
pub async fn seen(who: &Person, chat: Chat) -> Value {
    who.get(&chat.path()).await.is(200).json()
}

pub async fn put(who: &Caller, path: &str, body: &Value) -> Answer {
    who.asks(Method::PUT, path).json(body).await
}

/// Refusals in the shapes of the document.
pub trait Refused {
    /// `{"detail"}`, with these words.
    fn denied(self, status: u16, detail: &str) -> Answer;
    /// `{"error":"Invalid request","details"}`, which names this field.
    fn blames(self, field: &str) -> Answer;
}

impl Refused for Answer {
    #[track_caller]
    fn denied(self, status: u16, detail: &str) -> Answer {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        assert_eq!(self.json(), json!({"detail": detail}), "{self}");
        if status == 401 {
            assert_eq!(self.header("www-authenticate"), "Token");
        }
        self
    }

    #[track_caller]
    fn blames(self, field: &str) -> Answer {
        assert_eq!(self.status, 400, "{self}");
        let body = self.json();
        assert_eq!(body["error"], "Invalid request", "{self}");
        assert_eq!(body.as_object().unwrap().len(), 2, "{self}");
        let sentences = body["details"][field].as_array().unwrap_or_else(|| panic!("{field} is not named in {self}"));
        assert!(!sentences.is_empty() && sentences.iter().all(Value::is_string), "{self}");
        self
    }
}

/// An open socket of this dialect, past its greeting. Who comes and goes is left
/// out, unless it is asked for: others open sockets when they like.
pub struct Line {
    listener: Listener,
    pub hello: Value,
}

impl Line {
    pub async fn to(person: &Person) -> Self {
        Self::through(person.handshake(SOCKET)).await
    }

    pub async fn since(person: &Person, seq: &Value) -> Self {
        Self::through(person.handshake(SOCKET).with_query(&format!("since={seq}"))).await
    }

    pub async fn through(handshake: Handshake) -> Self {
        let mut listener = handshake.enters().await;
        let hello = listener.frame().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        Self { listener, hello }
    }

    pub async fn says(&mut self, frame: &Value) {
        self.listener.says(frame).await;
    }

    pub async fn sends(&mut self, message: Message) {
        self.listener.sends(message).await;
    }

    /// The next frame, whatever it is.
    pub async fn any_frame(&mut self) -> Value {
        self.listener.frame().await
    }

    /// The next frame that is no presence, or the end.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.listener.next().await {
                Heard::Frame(frame) if frame["type"] == "presence" => {}
                heard => return heard,
            }
        }
    }

    /// The next frame that is no presence.
    pub async fn frame(&mut self) -> Value {
        match self.next().await {
            Heard::Frame(frame) => frame,
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// The next frame, which is of this type.
    pub async fn hears(&mut self, kind: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// The next frame is a new message with this text: the message.
    pub async fn hears_message(&mut self, text: &str) -> Value {
        let frame = self.hears("new_message").await;
        let message = &frame["message"];
        assert_eq!(message["content"], text, "{frame}");
        assert_eq!((&frame["chat"], &frame["seq"]), (&message["chat"], &message["seq"]), "{frame}");
        let own = usize::from(frame.get("client_id").is_some());
        assert_eq!(frame.as_object().unwrap().len(), 4 + own, "{frame}");
        message.clone()
    }

    /// The next frame is an error with this code and words for a human.
    pub async fn hears_error(&mut self, code: &str) -> Value {
        let frame = self.hears("error").await;
        assert_eq!(frame["code"], code, "{frame}");
        assert!(!frame["message"].as_str().unwrap().trim().is_empty(), "{frame}");
        frame
    }

    /// The next presence of this person.
    pub async fn hears_presence(&mut self, of: &Person) -> Value {
        let frame = self.listener.frame().await;
        assert_eq!((&frame["type"], &frame["user_id"]), (&json!("presence"), &json!(of.id)), "{frame}");
        frame
    }

    /// Nothing but presences is on its way.
    pub async fn hears_nothing(&mut self) {
        for _ in 0..2 {
            self.says(&json!({"type": "ping"})).await;
            let frame = self.frame().await;
            assert_eq!(frame, json!({"type": "pong"}), "unexpected");
        }
    }

    /// What comes within a time that is longer than a listener waits.
    pub async fn hears_within(&mut self, kind: &str, time: Duration) -> Value {
        let start = Instant::now();
        while start.elapsed() < time {
            self.says(&json!({"type": "ping"})).await;
            let frame = self.frame().await;
            if frame["type"] == kind {
                return frame;
            }
            assert_eq!(frame["type"], "pong", "{frame}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no {kind} within {time:?}");
    }

    pub async fn is_closed_with(&mut self, code: u16) {
        self.listener.is_closed_with(code).await;
    }

    pub async fn hangs_up(self) {
        self.listener.hangs_up().await;
    }
}
