//! A named person with an account, on one device.

use std::ops::Deref;

use serde_json::{Value, json};

use super::bytes::file;
use super::caller::{Caller, Credential, Session};
use super::room::Draft;
use super::socket::Handshake;
use super::{Answer, Fireside, Listener, Room, id};

#[derive(Debug, Clone)]
pub struct Person {
    caller: Caller,
    pub id: i64,
    pub username: String,
    pub email: String,
    pub password: String,
    /// The token of this device.
    pub token: String,
}

/// A person asks as a caller does.
impl Deref for Person {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Person {
    /// From the answer of a registration or login.
    pub fn of(caller: Caller, answer: &Value, password: String) -> Self {
        let token = answer["token"].as_str().unwrap().to_owned();
        let user = &answer["user"];
        Self {
            caller: caller.showing(Credential::Token(token.clone())),
            id: id(user),
            username: user["username"].as_str().unwrap().to_owned(),
            email: user["email"].as_str().unwrap().to_owned(),
            password,
            token,
        }
    }

    /// The same person after the server came up at another address.
    pub fn back_to(&self, fireside: &Fireside) -> Self {
        Self { caller: fireside.anyone().showing(self.caller.credential.clone()), ..self.clone() }
    }

    /// The same person on another device.
    pub async fn signs_in_again(&self) -> Self {
        let answer = self
            .showing(Credential::Nothing)
            .post("/api/auth/login/", &json!({"username": self.username, "password": self.password}))
            .await
            .is(200);
        Self::of(self.caller.clone(), &answer.json(), self.password.clone())
    }

    /// The same person in a browser, by cookie.
    pub async fn signs_in_by_page(&self) -> Session {
        let answer = self
            .showing(Credential::Nothing)
            .post("/login/", &json!({"username": self.username, "password": self.password}))
            .await
            .is(200);
        Session { id: cookie(&answer, "sessionid"), csrf: cookie(&answer, "csrftoken") }
    }

    pub async fn opens_room(&self, name: &str) -> Room {
        self.opens(&json!({"name": name})).await
    }

    pub async fn opens(&self, wish: &Value) -> Room {
        Room::of(&self.post("/api/rooms/", wish).await.is(201).json())
    }

    /// The only way into a private room here is to be in it before it is one.
    pub async fn makes_private(&self, room: &Room) {
        self.patch(&room.path(), &json!({"is_private": true})).await.is(200);
    }

    pub async fn joins(&self, room: &Room) {
        self.does(&room.join()).await.is(200);
    }

    pub async fn leaves(&self, room: &Room) {
        self.does(&room.leave()).await.is(204);
    }

    pub fn posts(&self, text: &str) -> Draft<'_> {
        Draft::new(self, text)
    }

    pub async fn deletes(&self, message: &Value) {
        self.delete(&format!("/api/messages/{}/", id(message))).await.is(204);
    }

    /// Texts of the newest messages, newest first.
    pub async fn reads(&self, room: &Room) -> Vec<String> {
        let path = format!("{}?page_size=100", room.messages());
        super::contents(&self.get(&path).await.is(200).results())
    }

    /// Every message of a room, oldest first, through all its pages.
    pub async fn reads_history(&self, room: &Room) -> Vec<Value> {
        self.reads_all(&room.messages()).await
    }

    pub async fn uploads(&self, name: &str, bytes: &[u8]) -> Value {
        self.tries_to_upload(name, "application/octet-stream", bytes).await.is(201).json()
    }

    pub async fn tries_to_upload(&self, name: &str, content_type: &str, bytes: &[u8]) -> Answer {
        self.sends_parts("/api/files/upload/", &[file(name, content_type, bytes)]).await
    }

    pub async fn listens_in(&self, room: &Room) -> Listener {
        self.handshake_in(room).enters().await
    }

    pub fn handshake_in(&self, room: &Room) -> Handshake {
        self.handshake(&room.socket())
    }
}

/// The value of a cookie that an answer sets.
#[track_caller]
pub fn cookie(answer: &Answer, name: &str) -> String {
    let line = cookie_line(answer, name);
    let (_, value) = line.split_once('=').unwrap();
    value.split(';').next().unwrap().to_owned()
}

/// The whole `Set-Cookie` line of a cookie.
#[track_caller]
pub fn cookie_line(answer: &Answer, name: &str) -> String {
    answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().to_owned())
        .find(|line| line.split('=').next() == Some(name))
        .unwrap_or_else(|| panic!("no cookie {name} in {answer}"))
}
