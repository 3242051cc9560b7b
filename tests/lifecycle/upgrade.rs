//! A data folder that an older version left: it opens, and nothing in it is lost.

use std::io::Read;

use serde_json::json;

use crate::world::caller::Credential;
use crate::world::{Fireside, Home, contents};

const DATABASE: &[u8] = include_bytes!("../fixtures/version-1/fireside.db.gz");
const SECRET: &[u8] = include_bytes!("../fixtures/version-1/secret.key");
/// Handed to alice by the version that made the folder.
const ALICES_TOKEN: &str = "8470af49aa31eb0cc6bf4e3fa8a6c4bf7adeb589";

fn version_1() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.data()).unwrap();
    let mut database = Vec::new();
    flate2::read::GzDecoder::new(DATABASE).read_to_end(&mut database).unwrap();
    std::fs::write(home.data().join("fireside.db"), database).unwrap();
    std::fs::write(home.data().join("secret.key"), SECRET).unwrap();
    home
}

#[tokio::test]
async fn the_first_versions_people_find_everything_again() {
    let home = version_1();
    let fireside = Fireside::start_in(home.clone(), &[]).await;
    assert!(fireside.facts.iter().any(|fact| fact.contains("database version 17")), "{:?}", fireside.facts);
    assert!(home.data().join("fireside.before-version-2.db").exists(), "a copy of the old one is kept");

    let alice = fireside.anyone().showing(Credential::Token(ALICES_TOKEN.into()));
    assert_eq!(alice.get("/api/auth/me/").await.is(200).json()["username"], "alice");
    let history = alice.get("/api/rooms/1/messages/").await.is(200).results();
    assert_eq!(contents(&history), ["hello back", "hello from version 1"]);
    for name in ["root", "alice", "bob"] {
        let body = json!({"username": name, "password": format!("correct horse {name}")});
        fireside.anyone().post("/api/auth/login/", &body).await.is(200);
    }
    let said = alice.post("/api/rooms/1/messages/", &json!({"content": "hello from version 4"})).await.is(201);
    assert!(said.json()["id"].as_i64().unwrap() > 2, "numbers go on");

    let sessions = alice.get("/api/server/sessions/").await.is(200).results();
    let labels: Vec<_> = sessions.iter().map(|session| session["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&""), "what was made before there were labels has none: {labels:?}");
    assert!(!fireside.facts.iter().any(|fact| fact.starts_with("setup:")), "root is an admin already");
}
