//! Two people in one direct chat, and how each of the five documents speaks of it.

use serde_json::{Value, json};

use crate::world::{Fireside, Listener, Person, id, people};

/// The five documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    Inbox,
    Messaging,
    Directs,
    Rooms,
    Messenger,
}

pub const ALL: [Dialect; 5] =
    [Dialect::Inbox, Dialect::Messaging, Dialect::Directs, Dialect::Rooms, Dialect::Messenger];

/// Those whose document can send without a socket.
pub const WITH_POSTS: [Dialect; 4] = [Dialect::Inbox, Dialect::Messaging, Dialect::Rooms, Dialect::Messenger];

/// Alice and Bob, and the one direct chat between them.
#[derive(Clone)]
pub struct Pair {
    pub alice: Person,
    pub bob: Person,
    pub chat: i64,
    pub name: String,
}

impl Pair {
    pub async fn meets(fireside: &Fireside) -> Self {
        people!(fireside: alice, bob);
        let made = alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201);
        Self { alice, bob, chat: id(&made.json()), name: "alice_bob".to_owned() }
    }

    /// The other one.
    pub fn other(&self, me: &Person) -> &Person {
        if me.id == self.alice.id { &self.bob } else { &self.alice }
    }

    /// One of the two opens the chat's socket in a dialect, past whatever it says first.
    pub async fn opens(&self, me: &Person, dialect: Dialect) -> Listener {
        let mut listener = me.handshake(&dialect.socket(self, me)).enters().await;
        if dialect == Dialect::Messaging {
            assert_eq!(listener.frame().await["type"], "hello");
        }
        listener
    }

    /// The texts of the chat, oldest first, as one of the two reads them in a dialect.
    pub async fn history(&self, me: &Person, dialect: Dialect) -> Vec<(i64, String)> {
        let chat = self.chat;
        let messages = match dialect {
            Dialect::Inbox => me.reads_all(&format!("/api/messages/?user={}", self.other(me).username)).await,
            Dialect::Messaging => me.reads_all(&format!("/messages/api/chats/{chat}/messages/")).await,
            Dialect::Rooms => me.reads_all(&format!("/api/rooms/{chat}/messages/")).await,
            Dialect::Messenger => {
                let path = format!("/messenger/api/chatrooms/{}/messages/", self.name);
                me.get(&path).await.is(200).json().as_array().unwrap().clone()
            }
            // This document reads on its socket alone; the newest message says where the past ends.
            Dialect::Directs => {
                let expected = Box::pin(self.history(me, Dialect::Rooms)).await.len();
                let mut listener = self.opens(me, Dialect::Directs).await;
                let mut messages = Vec::new();
                for _ in 0..expected {
                    messages.push(listener.frame().await["message"].clone());
                }
                messages
            }
        };
        messages.iter().map(|message| (id(message), dialect.text(message))).collect()
    }
}

impl Dialect {
    pub fn socket(self, pair: &Pair, me: &Person) -> String {
        match self {
            Self::Inbox => format!("/ws/chat/{}/", pair.other(me).username),
            Self::Messaging => "/messages/ws/".to_owned(),
            Self::Directs => format!("/ws/chat/{}/", pair.chat),
            Self::Rooms => format!("/ws/room/{}/", pair.chat),
            Self::Messenger => format!("/messenger/ws/ws/chat/{}/", pair.name),
        }
    }

    /// A frame that says `text`.
    pub fn say(self, pair: &Pair, text: &str) -> Value {
        match self {
            Self::Inbox | Self::Messenger => json!({"message": text}),
            Self::Messaging => json!({"type": "send_message", "chat": pair.chat, "content": text}),
            Self::Directs => json!({"body": text}),
            Self::Rooms => json!({"type": "chat_message", "data": {"content": text}}),
        }
    }

    /// The path and body that post `text` to the other.
    pub fn post(self, pair: &Pair, me: &Person, text: &str) -> (String, Value) {
        let chat = pair.chat;
        match self {
            Self::Inbox => ("/api/messages/".to_owned(), json!({"receiver": pair.other(me).id, "content": text})),
            Self::Messaging => (format!("/messages/api/chats/{chat}/messages/"), json!({"content": text})),
            Self::Rooms => (format!("/api/rooms/{chat}/messages/"), json!({"content": text})),
            Self::Messenger => (format!("/messenger/api/chatrooms/{}/messages/", pair.name), json!({"content": text})),
            Self::Directs => panic!("directs posts on its socket alone"),
        }
    }

    /// The text of a message object or frame.
    pub fn text(self, message: &Value) -> String {
        let field = if self == Self::Directs { "body" } else { "content" };
        message[field].as_str().unwrap_or_else(|| panic!("no {field} in {message}")).to_owned()
    }

    /// The id and text of a frame that brings a new message; `None` if it is about something else.
    pub fn news(self, frame: &Value) -> Option<(i64, String)> {
        match self {
            Self::Inbox => {
                let text = frame["message"].as_str()?;
                Some((frame["id"].as_i64()?, text.to_owned()))
            }
            Self::Messaging if frame["type"] == "new_message" => {
                Some((id(&frame["message"]), self.text(&frame["message"])))
            }
            Self::Directs => frame.get("message").map(|message| (id(message), self.text(message))),
            Self::Rooms if frame["type"] == "chat_message" => Some((id(&frame["data"]), self.text(&frame["data"]))),
            Self::Messenger => Some((frame["id"].as_i64()?, self.text(frame))),
            Self::Messaging | Self::Rooms => None,
        }
    }
}

/// Hears frames until one brings a message. The messaging socket tells of presence and
/// receipts between.
pub async fn hears_news(listener: &mut Listener, dialect: Dialect) -> (i64, String) {
    loop {
        let frame = listener.frame().await;
        if let Some(news) = dialect.news(&frame) {
            return news;
        }
        assert_eq!(dialect, Dialect::Messaging, "no news: {frame}");
    }
}
