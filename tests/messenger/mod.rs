//! The dialect of messenger: every endpoint, frame and error of its document.

mod access;
mod account;
mod chatroom;
mod client;
mod forgery;
mod friend;
mod history;
mod message;
mod post;
mod profile;
mod revocation;
mod socket;
mod token;

use serde_json::{Value, json};

use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Listener, Person, Room, id};

/// A document's paths hold at the root and in the dialect's own place.
const PLACES: [&str; 2] = ["", "/d/messenger"];

const USERS: &str = "/accounts/api/users/";
const TOKEN: &str = "/accounts/api/token/";
const REFRESH: &str = "/accounts/api/token/refresh/";
const PROFILE: &str = "/profiles/api/profile/";
const POSTS: &str = "/profiles/api/posts/";
const SEARCH: &str = "/profiles/api/search-user/";
const ADD_FRIEND: &str = "/profiles/api/add-friend/";
const REMOVE_FRIEND: &str = "/profiles/api/remove-friend/";
const CHATROOMS: &str = "/messenger/api/chatrooms/";
const MY_CHATROOMS: &str = "/messenger/api/user/chatrooms/";

/// A pair of JWTs.
#[derive(Debug, Clone)]
struct Jwts {
    access: String,
    refresh: String,
}

/// A chatroom, by the name that the server gave it.
#[derive(Debug, Clone)]
struct Chatroom {
    id: i64,
    name: String,
}

impl Chatroom {
    fn of(object: &Value) -> Self {
        Self { id: id(object), name: object["name"].as_str().unwrap().to_owned() }
    }

    /// A group made in rooms has a name of its number.
    fn of_group(room: &Room) -> Self {
        Self { id: room.id, name: format!("room-{}", room.id) }
    }

    fn named(name: &str) -> Self {
        Self { id: 0, name: name.to_owned() }
    }

    fn messages(&self) -> String {
        format!("/messenger/api/chatrooms/{}/messages/", self.name)
    }

    fn socket(&self) -> String {
        format!("/messenger/ws/ws/chat/{}/", self.name)
    }
}

async fn refreshes(fireside: &Fireside, refresh: &str) -> Answer {
    fireside.anyone().post(REFRESH, &json!({"refresh": refresh})).await
}

impl Person {
    async fn takes_jwts(&self) -> Jwts {
        let body = json!({"username": self.username, "password": self.password});
        let pair = self.showing(Credential::Nothing).post(TOKEN, &body).await.is(200).json();
        let word = |name: &str| pair[name].as_str().unwrap().to_owned();
        Jwts { access: word("access"), refresh: word("refresh") }
    }

    /// A new chatroom with somebody.
    async fn chatroom_with(&self, recipient: &str) -> Chatroom {
        let room = self.post(CHATROOMS, &json!({"recipient": recipient})).await.is(201);
        Chatroom::of(&room.json())
    }

    async fn says_in(&self, room: &Chatroom, text: &str) -> Value {
        self.post(&room.messages(), &json!({"content": text})).await.is(201).json()
    }

    /// The texts of a chatroom, oldest first.
    async fn reads_chatroom(&self, room: &Chatroom) -> Vec<String> {
        let history = self.get(&room.messages()).await.is(200).json();
        crate::world::contents(history.as_array().unwrap())
    }

    async fn listens_at(&self, room: &Chatroom) -> Listener {
        self.handshake(&room.socket()).enters().await
    }
}

impl Caller {
    /// The same caller with a JWT.
    fn bearing(&self, jwt: &str) -> Self {
        self.showing(Credential::Bearer(jwt.to_owned()))
    }
}

impl Answer {
    /// Exactly this status and body.
    #[track_caller]
    fn says(self, status: u16, body: &Value) -> Self {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        assert_eq!(&self.json(), body, "{self}");
        self
    }

    /// A refusal that is one sentence: `{"detail"}`.
    #[track_caller]
    fn refused_with_detail(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        let body = self.json();
        assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{self}");
        let others: Vec<&String> = body.as_object().unwrap().keys().filter(|key| *key != "detail").collect();
        assert!(others.is_empty() || others == ["code"], "{self}");
        match status {
            401 => assert_eq!(self.header("www-authenticate"), "Bearer", "{self}"),
            405 => assert!(!self.header("allow").is_empty(), "{self}"),
            429 => assert!(self.header("retry-after").parse::<u64>().unwrap() >= 1),
            _ => {}
        }
        self
    }

    /// A credential that opens nothing, in the words of its document.
    #[track_caller]
    fn refused_as_invalid_token(self) -> Self {
        assert_eq!(self.header("www-authenticate"), "Bearer", "{self}");
        self.says(401, &json!({"detail": "Token is invalid", "code": "token_not_valid"}))
    }

    /// `{"field":["…"]}`, and only this field.
    #[track_caller]
    fn blames(self, field: &str) -> Self {
        assert_eq!(self.status, 400, "{self}");
        let body = self.json();
        let reasons = body[field].as_array().unwrap_or_else(|| panic!("{field} is not named in {self}"));
        assert!(!reasons.is_empty() && reasons.iter().all(Value::is_string), "{self}");
        assert_eq!(body.as_object().unwrap().len(), 1, "{self}");
        self
    }
}

impl Listener {
    /// The next frame is a message with this text, and nothing but what is documented.
    async fn hears_said(&mut self, text: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["content"], text, "{frame}");
        assert_eq!(keys(&frame), ["content", "id", "timestamp", "user"], "{frame}");
        frame
    }

    /// The next frame says what is wrong, and nothing else.
    async fn hears_complaint(&mut self) -> String {
        let frame = self.frame().await;
        assert_eq!(keys(&frame), ["error"], "{frame}");
        let complaint = frame["error"].as_str().unwrap().to_owned();
        assert!(!complaint.trim().is_empty(), "{frame}");
        complaint
    }

    /// Nothing is on its way: two round trips, as nonsense is answered at once.
    async fn hears_no_more(&mut self) {
        for _ in 0..2 {
            self.says(&json!({})).await;
            self.hears_complaint().await;
        }
    }
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[track_caller]
fn is_a_moment(time: &Value) {
    let text = time.as_str().unwrap();
    assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
}
