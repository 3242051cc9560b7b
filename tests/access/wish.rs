//! How each operation is asked for: its path and its body.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{Actor, Cast, Visitor};
use super::matrix::{Role, Row};
use super::scene::Scene;
use crate::push::new_device;
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
    let path = row.path.split(' ').next().unwrap();
    let mut path = path.strip_suffix("?token=").unwrap_or(path).to_owned();
    let about = [
        ("/messages/{message}/", scene.message),
        ("/sessions/{id}/", scene.session),
        ("/invites/{id}/", scene.invite),
        ("/bots/{id}/", scene.bot),
        ("/push/{id}/", scene.device),
        ("/hooks/{hook}/", scene.hook),
        ("/hooks/{sender}/", scene.sender),
        ("/chat/{id}/", scene.chat),
        ("/call/{id}/", scene.chat),
        ("/rooms/{id}/", scene.chat),
        ("/room/{id}/", scene.chat),
        ("/chats/{id}/", scene.chat),
        ("/messages/{id}/", scene.message),
        ("/files/{id}/preview/", scene.picture),
        ("/files/{id}/", scene.file),
        ("/users/{id}/", if row.dialect() == "server" { cast.frank.person.id } else { cast.bob.person.id }),
        ("/members/{uid}/", cast.bob.person.id),
        ("/chat/{chat_id}/", scene.chat),
    ];
    for (pattern, id) in about {
        let (before, rest) = pattern.split_once('{').unwrap();
        let (_, after) = rest.split_once('}').unwrap();
        path = path.replace(pattern, &format!("{before}{id}{after}"));
    }
    path = path.replace("{room}", &scene.name).replace("{username}", "alice").replace("{code}", &scene.code);
    let queries = [("?user=", "bob"), ("?q=", "erin"), ("?username=", "alice"), ("?since=", "0"), ("?size=", "64")];
    for (query, value) in queries {
        if path.ends_with(query) {
            path.push_str(value);
        }
    }
    assert!(!path.contains('{'), "{}: {path}", row.op);
    path
}

/// What a role asks for in a row.
pub fn wish(row: &Row, cast: &Cast, scene: &Scene, role: Role, asker: &Actor) -> Wish {
    Wish {
        method: row.method.parse().unwrap(),
        path: path(row, cast, scene),
        body: body(row, cast, scene, role, asker),
    }
}

fn body(row: &Row, cast: &Cast, scene: &Scene, role: Role, asker: &Actor) -> Body {
    let friend = if role == Role::Author { &asker.person } else { &cast.frank.person };
    if row.reads() || row.method == "DELETE" {
        return Body::Nothing;
    }
    Body::Json(match row.op.as_str() {
        "inbox-11" | "rooms-3" | "rooms-13" | "rooms-14" | "rooms-30" | "messaging-26" | "messaging-28"
        | "messaging-38" | "messaging-44" | "rooms-client-7" | "rooms-client-8" | "directs-client-3" | "server-2"
        | "server-22" | "server-31" | "server-38" => {
            return Body::Nothing;
        }
        "rooms-20" => return Body::File,
        "inbox-4" => json!({"receiver": cast.frank.person.id, "content": "new", "sender": cast.alice.person.id}),
        "inbox-5" | "messaging-8" | "messaging-10" | "messaging-11" | "rooms-17" | "messenger-14"
        | "rooms-client-2" => json!({"content": "new"}),
        "messaging-2" => json!({"chat_type": "group", "title": "new"}),
        "messaging-4" | "messaging-5" => json!({"title": "new"}),
        "messaging-13" => json!({"emoji": "👍"}),
        "messaging-14" | "messaging-24" | "rooms-client-6" | "server-25" | "server-48" => json!({}),
        "messaging-22" => json!({"message_id": scene.message}),
        "messaging-15" => json!({"user_ids": [friend.id]}),
        "messaging-80" => json!({"role": "member"}),
        "messaging-18" => json!({"is_typing": true}),
        "messaging-31" => json!({"level": "nothing"}),
        "messaging-36" => json!({"label": "new"}),
        "messaging-43" => json!({"since": 0}),
        "messaging-34" => json!({"preview": false}),
        "directs-3" | "directs-client-8" | "rooms-client-5" => json!({"user_id": friend.id}),
        "rooms-client-3" => json!({"id": friend.id}),
        "rooms-client-4" => json!({"email": cast.bob.person.email}),
        "rooms-7" | "rooms-client-9" => json!({"bio": "new"}),
        "server-20" => json!({"username": cast.new_name(), "password": "a long secret"}),
        "server-41" | "server-43" => json!({"password": asker.person.password}),
        "server-42" => json!({"otp": "000000"}),
        "server-33" => json!({"username": cast.new_name()}),
        "server-36" => new_device(&cast.new_name()),
        "server-21" => json!({"is_disabled": false}),
        "server-23" => json!({"name": "new"}),
        "server-30" => json!({"retain_days": 30}),
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
    [
        "rooms-3",
        "rooms-30",
        "rooms-31",
        "rooms-client-5",
        "inbox-11",
        "directs-3",
        "directs-client-3",
        "directs-client-8",
        "messenger-9",
        "messenger-10",
        "messenger-12",
        "server-2",
    ]
    .contains(&row.op.as_str())
}

/// Whoever asks for it is in the chat when it is answered.
pub fn lets_in(row: &Row) -> bool {
    ["messaging-26", "rooms-client-7"].contains(&row.op.as_str())
}
