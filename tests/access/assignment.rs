//! Fields that are not for the client to set, in every body that is written: they change
//! nothing, for whoever sends them and for everybody else.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::cast::{Actor, Kind};
use crate::world::{Fireside, Person, id};

/// What other programs call what is the server's to say. Names that a document gives a
/// meaning in some body are left out of that body.
const FOREIGN: [&str; 44] = [
    "id",
    "pk",
    "is_admin",
    "isAdmin",
    "admin",
    "admins",
    "is_staff",
    "is_superuser",
    "is_active",
    "is_disabled",
    "role",
    "roles",
    "permissions",
    "sender",
    "sender_id",
    "author",
    "author_id",
    "owner",
    "owner_id",
    "creator",
    "created_by",
    "from_user_id",
    "from_user",
    "user",
    "uploader",
    "uploader_id",
    "password_hash",
    "token",
    "token_nonce",
    "seq",
    "created_at",
    "updated_at",
    "timestamp",
    "edited_at",
    "is_edited",
    "is_deleted",
    "read_by",
    "reactions",
    "member_count",
    "participants_count",
    "unread_count",
    "storage_name",
    "credential",
    "__proto__",
];

/// A write: by whom it is asked, and its own fields.
struct Write {
    method: Method,
    path: String,
    fields: Value,
}

fn write(method: Method, path: impl Into<String>, fields: Value) -> Write {
    Write { method, path: path.into(), fields }
}

/// Every write of every document that takes a body, but those that end something.
async fn writes(alice: &Person, bob: &Person, twin: &str) -> Vec<Write> {
    let (post, patch) = (Method::POST, Method::PATCH);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let said = id(&alice.posts("said").in_room(&den).await);
    let letter = json!({"receiver": bob.id, "content": "a letter"});
    let letter = id(&alice.post("/api/messages/", &letter).await.is(201).json());
    let chat = format!("/messages/api/chats/{}/", den.id);
    let account =
        json!({"username": format!("{twin}one"), "email": format!("{twin}one@x.org"), "password": "a password"});
    let another =
        json!({"username": format!("{twin}two"), "email": format!("{twin}two@x.org"), "password": "a password"});
    vec![
        write(post.clone(), "/api/auth/register/", account),
        write(post.clone(), "/accounts/api/users/", another),
        write(post.clone(), "/api/messages/", json!({"receiver": "bob", "content": "hi"})),
        write(post.clone(), format!("/api/messages/{letter}/update_message/"), json!({"content": "changed"})),
        write(post.clone(), "/messages/api/chats/", json!({"chat_type": "group", "title": "t"})),
        write(patch.clone(), chat.clone(), json!({"title": "t"})),
        write(post.clone(), format!("{chat}messages/"), json!({"content": "hi"})),
        write(post.clone(), format!("{chat}mark-as-read/"), json!({})),
        write(post.clone(), format!("{chat}typing/"), json!({"is_typing": true})),
        write(post.clone(), format!("{chat}members/add/"), json!({"user_ids": [bob.id]})),
        write(patch.clone(), format!("/messages/api/messages/{said}/"), json!({"content": "changed"})),
        write(post.clone(), format!("/messages/api/messages/{said}/reactions/"), json!({"emoji": "👍"})),
        write(post.clone(), "/api/chats/create/", json!({"user_id": bob.id})),
        write(patch.clone(), format!("/api/users/{}/", alice.id), json!({"bio": "b"})),
        write(post.clone(), "/api/rooms/", json!({"name": "r"})),
        write(patch, den.path(), json!({"name": "r"})),
        write(post.clone(), den.join(), json!({})),
        write(post.clone(), den.messages(), json!({"content": "hi"})),
        write(post.clone(), "/profiles/api/posts/", json!({"title": "t", "content": "c"})),
        write(post.clone(), format!("/messenger/api/chatrooms/room-{}/messages/", den.id), json!({"content": "hi"})),
    ]
}

/// What foreign fields would like to be: somebody else, long ago, and an admin.
fn with_foreign(fields: &Value, bob: &Person) -> Value {
    let mut all = Map::new();
    for name in FOREIGN {
        let value = match name {
            "id" | "pk" | "seq" | "unread_count" | "member_count" | "participants_count" => json!(424_242),
            name if name.starts_with("is") || name == "admin" => json!(true),
            name if name.ends_with("_at") || name == "timestamp" => json!("1999-01-01T00:00:00Z"),
            "admins" | "read_by" => json!([bob.id]),
            "reactions" => json!([{"emoji": "💀", "count": 9, "users": [bob.id]}]),
            "password_hash" | "token" | "token_nonce" | "storage_name" | "__proto__" => json!("foreign"),
            "role" | "roles" | "permissions" => json!("admin"),
            _ => json!(bob.id),
        };
        all.insert(name.to_owned(), value);
    }
    all.extend(fields.as_object().unwrap().clone());
    Value::Object(all)
}

/// The answer without what is new each time: numbers that count up, times, names of accounts.
/// Ids of people stay, wherever somebody is said to be the sender or the owner.
fn settled(value: &Value, within: &str, twin: &str) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                let is_new = ["", "user", "last_message"].contains(&within)
                    && ["id", "seq", "chat", "room", "token", "message_id"].contains(&name.as_str());
                let shown = if is_new && !value.is_object() && value != &json!(424_242) && value != "foreign" {
                    json!("new")
                } else {
                    settled(value, name, twin)
                };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(list) => list.iter().map(|value| settled(value, within, twin)).collect(),
        Value::String(text) if text.starts_with("20") && text.ends_with('Z') => json!("now"),
        Value::String(text) => json!(text.replace(twin, "twin")),
        other => other.clone(),
    }
}

async fn seen_by(person: &Person) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in ["/api/auth/me/", "/api/token/", "/profiles/api/profile/"] {
        seen.push(person.get(path).await.is(200).json());
    }
    seen
}

#[tokio::test]
async fn what_is_not_for_the_client_to_set_is_not_set() {
    let fireside = Fireside::start().await;
    let alice = Actor::of(fireside.registers("alice").await).await;
    let bob = fireside.registers("bob").await;
    let before = seen_by(&bob).await;
    let plain = writes(&alice.person, &bob, "plain").await;
    let foreign = writes(&alice.person, &bob, "other").await;
    for (plain, foreign) in plain.into_iter().zip(foreign) {
        let what = format!("{} {}", foreign.method, foreign.path);
        let asks =
            |write: &Write, body: &Value| alice.with(Kind::Device).asks(write.method.clone(), &write.path).json(body);
        let expected = asks(&plain, &plain.fields).await;
        let answer = asks(&foreign, &with_foreign(&foreign.fields, &bob)).await;
        assert!(expected.status < 300, "{expected}");
        assert_eq!(answer.status, expected.status, "{what}: {answer}");
        assert_eq!(settled(&answer.json(), "", "other"), settled(&expected.json(), "", "plain"), "{what}");
        for word in ["424242", "1999-01-01", "foreign", "💀"] {
            assert!(!answer.text().contains(word), "{what}: {answer}");
        }
    }
    assert_eq!(seen_by(&bob).await, before, "nobody else has changed");
    assert_eq!(alice.person.get("/api/auth/me/").await.json()["id"], alice.person.id);
    for name in ["otherone", "othertwo"] {
        let login = json!({"username": name, "password": "a password"});
        fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    }
    let users = fireside.home.runs(&["user", "list"], "").await;
    for line in users.succeeded().stdout.lines().filter(|line| !line.to_lowercase().starts_with("id")) {
        assert!(!line.to_lowercase().split_whitespace().any(|word| word == "admin"), "{line}");
    }
}
