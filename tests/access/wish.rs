//! How each operation is asked for: its path and its body.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{Actor, Cast, Visitor};
use super::matrix::{Role, Row};
use super::scene::Scene;
use crate::world::Answer;
use crate::world::bytes::file;

/// A request without a credential.
pub struct Wish {
    pub method: Method,
    pub path: String,
    pub body: Body,
}

pub enum Body {
    Nothing,
    Json(Value),
    File,
}

impl Wish {
    pub async fn asked_by(&self, visitor: &Visitor, place: &str) -> Answer {
        let ask = visitor.asks(self.method.clone(), &format!("{place}{}", self.path));
        match &self.body {
            Body::Nothing => ask.await,
            Body::Json(body) => ask.json(body).await,
            Body::File => ask.parts(&[file("new.txt", "text/plain", b"new")]).await,
        }
    }
}

/// The path of a row, about what is in a scene.
pub fn path(row: &Row, cast: &Cast, scene: &Scene) -> String {
    if row.op == "messaging-19" {
        return "/messages/ws/".to_owned();
    }
    let path = row.path.split(' ').next().unwrap();
    let mut path = path.strip_suffix("?token=").unwrap_or(path).to_owned();
    let about = [
        ("/rooms/{id}/", scene.chat),
        ("/room/{id}/", scene.chat),
        ("/chats/{id}/", scene.chat),
        ("/messages/{id}/", scene.message),
        ("/files/{id}/", scene.file),
        ("/users/{id}/", cast.bob.person.id),
        ("/members/{uid}/", cast.bob.person.id),
        ("/chat/{chat_id}/", scene.chat),
    ];
    for (pattern, id) in about {
        let (before, rest) = pattern.split_once('{').unwrap();
        let (_, after) = rest.split_once('}').unwrap();
        path = path.replace(pattern, &format!("{before}{id}{after}"));
    }
    path = path.replace("{room}", &scene.name).replace("{username}", "alice");
    for (query, value) in [("?user=", "bob"), ("?q=", "erin"), ("?username=", "alice"), ("?since=", "0")] {
        if path.ends_with(query) {
            path.push_str(value);
        }
    }
    assert!(!path.contains('{'), "{}: {path}", row.op);
    path
}

/// What a role asks for in a row.
pub fn wish(row: &Row, cast: &Cast, scene: &Scene, role: Role, asker: &Actor) -> Wish {
    Wish { method: row.method.parse().unwrap(), path: path(row, cast, scene), body: body(row, cast, role, asker) }
}

fn body(row: &Row, cast: &Cast, role: Role, asker: &Actor) -> Body {
    let friend = if role == Role::Author { &asker.person } else { &cast.frank.person };
    if row.reads() || row.method == "DELETE" {
        return Body::Nothing;
    }
    Body::Json(match row.op.as_str() {
        "inbox-11" | "rooms-3" | "rooms-13" | "rooms-14" | "rooms-30" => return Body::Nothing,
        "rooms-20" => return Body::File,
        "inbox-4" => json!({"receiver": cast.frank.person.id, "content": "new", "sender": cast.alice.person.id}),
        "inbox-5" | "messaging-8" | "messaging-10" | "messaging-11" | "rooms-17" | "messenger-14" => {
            json!({"content": "new"})
        }
        "messaging-2" => json!({"chat_type": "group", "title": "new"}),
        "messaging-4" | "messaging-5" => json!({"title": "new"}),
        "messaging-13" => json!({"emoji": "👍"}),
        "messaging-14" => json!({}),
        "messaging-15" => json!({"user_ids": [friend.id]}),
        "messaging-18" => json!({"is_typing": true}),
        "directs-3" => json!({"user_id": friend.id}),
        "rooms-7" => json!({"bio": "new"}),
        "rooms-9" | "rooms-11" => json!({"name": "new"}),
        "rooms-31" => json!({"old_password": asker.person.password, "new_password": "another password"}),
        "messenger-7" => json!({"title": "new", "content": "new"}),
        "messenger-9" | "messenger-10" => json!({"username": friend.username}),
        "messenger-12" => json!({"recipient": friend.username}),
        other => panic!("nobody has said how {other} is asked for"),
    })
}

/// It takes the actor's credentials or their friends, and so it takes a new actor.
pub fn uses_up_its_asker(row: &Row) -> bool {
    ["rooms-3", "rooms-30", "rooms-31", "inbox-11", "directs-3", "messenger-9", "messenger-10", "messenger-12"]
        .contains(&row.op.as_str())
}
