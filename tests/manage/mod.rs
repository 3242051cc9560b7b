//! Administering the server, and accounts without a mail server: invitations, links,
//! sessions, admins, and the log of what they did.

mod access;
mod audit;
mod bot;
mod command;
mod disable;
mod invite;
mod newcomer;
mod people;
mod reset;
mod second_factor;
mod secret;
mod session;
mod setup;
mod status;
mod storage;
mod user;

use serde_json::{Value, json};

use crate::world::{Answer, Caller, Fireside, Person};

const ME: &str = "/api/auth/me/";

/// The code that a server prints where nobody administers it yet.
pub fn setup_code(fireside: &Fireside) -> Option<String> {
    let line = fireside.facts.iter().find(|fact| fact.starts_with("setup: "))?;
    Some(line.split_once("/setup#").unwrap().1.to_owned())
}

/// The first admin, by the setup link.
pub async fn root_of(fireside: &Fireside) -> Person {
    let code = setup_code(fireside).expect("a setup link");
    let body = json!({"code": code, "username": "root", "password": "correct horse root"});
    let answer = fireside.anyone().post("/api/server/setup/", &body).await.is(201);
    Person::of(fireside.anyone(), &answer.json(), "correct horse root".into())
}

pub async fn signs_in(fireside: &Fireside, name: &str, password: &str) -> Answer {
    fireside.anyone().post("/api/auth/login/", &json!({"username": name, "password": password})).await
}

async fn invites(admin: &Caller, wish: Value) -> Value {
    admin.post("/api/server/invites/", &wish).await.is(201).json()
}

/// What the log says, the newest first: actor, action, subject.
async fn log(admin: &Caller) -> Vec<(String, String, String)> {
    let entries = admin.get("/api/server/audit/?page_size=100").await.is(200).results();
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    entries.iter().map(|entry| (text(entry, "actor"), text(entry, "action"), text(entry, "subject"))).collect()
}

/// Registers at the door of the rooms document, perhaps with a code.
pub async fn knocks(fireside: &Fireside, name: &str, code: Option<&str>) -> Answer {
    let mut body = json!({"username": name, "email": format!("{name}@example.com"), "password": "correct horse"});
    if let Some(code) = code {
        body["invite"] = json!(code);
    }
    fireside.anyone().post("/api/auth/register/", &body).await
}
