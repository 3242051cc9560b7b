//! A room, and a message on its way into one.

use serde_json::{Map, Value, json};

use super::{Answer, Person, id};

#[derive(Debug, Clone)]
pub struct Room {
    pub id: i64,
}

impl Room {
    pub fn of(object: &Value) -> Self {
        Self { id: id(object) }
    }

    pub fn path(&self) -> String {
        format!("/api/rooms/{}/", self.id)
    }

    pub fn join(&self) -> String {
        format!("/api/rooms/{}/join/", self.id)
    }

    pub fn leave(&self) -> String {
        format!("/api/rooms/{}/leave/", self.id)
    }

    pub fn participants(&self) -> String {
        format!("/api/rooms/{}/participants/", self.id)
    }

    pub fn messages(&self) -> String {
        format!("/api/rooms/{}/messages/", self.id)
    }

    pub fn socket(&self) -> String {
        format!("/ws/room/{}/", self.id)
    }
}

/// `alice.posts("hi").with_file(&cat).known_as("k1").in_room(&den)`.
pub struct Draft<'a> {
    sender: &'a Person,
    body: Map<String, Value>,
}

impl<'a> Draft<'a> {
    pub fn new(sender: &'a Person, text: &str) -> Self {
        let mut body = Map::new();
        body.insert("content".to_owned(), json!(text));
        Self { sender, body }
    }

    pub fn with_file(mut self, file: &Value) -> Self {
        let files = self.body.entry("attachments").or_insert_with(|| json!([]));
        files.as_array_mut().unwrap().push(file["id"].clone());
        self
    }

    /// With a key that makes sending twice safe.
    pub fn known_as(mut self, client_id: &str) -> Self {
        self.body.insert("client_id".to_owned(), json!(client_id));
        self
    }

    /// Sent, and taken: the stored message.
    pub async fn in_room(self, room: &Room) -> Value {
        self.tried_in(room).await.is(201).json()
    }

    /// Sent, whatever comes of it.
    pub async fn tried_in(self, room: &Room) -> Answer {
        self.sender.post(&room.messages(), &Value::Object(self.body)).await
    }
}
