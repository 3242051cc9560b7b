//! The folders of all released versions: this program opens each, and shows what was shown before.
//!
//! `FIRESIDE_FIXTURE=1 cargo test lifecycle::versions::makes -- --nocapture` makes the one of
//! this version in `tests/fixtures/`, and the answers of those that have none yet.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::world::caller::Credential;
use crate::world::checker::books_balance;
use crate::world::home::snapshot;
use crate::world::machine::say;
use crate::world::{Caller, Fireside, Home, people};

/// What is asked in alice's name. What comes of it must not hang on the day.
const ASKED: &[&str] = &[
    "/api/auth/me/",
    "/api/rooms/",
    "/api/rooms/1/",
    "/api/rooms/1/participants/",
    "/api/rooms/1/messages/",
    "/api/messages/",
    "/api/chats/",
    "/api/files/1/",
    "/api/files/1/download/",
    "/messages/api/chats/",
    "/messages/api/chats/1/",
    "/messages/api/chats/1/messages/",
    "/messages/api/chats/2/messages/",
    "/messages/api/sync/?since=0",
    "/accounts/api/users/",
    "/profiles/api/profile/",
    "/profiles/api/posts/",
    "/messenger/api/chatrooms/",
    "/messenger/api/user/chatrooms/",
];
/// Fields that tell of the moment.
const MOMENTARY: &[&str] = &["is_online", "last_seen", "online"];

/// A version's folder as it is kept.
struct Fixture {
    version: u32,
    folder: PathBuf,
}

impl Fixture {
    /// All of them, the oldest first.
    fn all() -> Vec<Self> {
        let entries = std::fs::read_dir("tests/fixtures").unwrap();
        let mut all: Vec<_> = entries
            .filter_map(|entry| {
                let folder = entry.unwrap().path();
                let version = folder.file_name()?.to_str()?.strip_prefix("version-")?.parse().ok()?;
                Some(Self { version, folder })
            })
            .collect();
        all.sort_by_key(|fixture: &Self| fixture.version);
        assert!(!all.is_empty(), "there are fixtures to test");
        all
    }

    /// Put where a server looks for its data.
    fn laid_out(&self, home: &Home) -> PathBuf {
        let data = home.data();
        std::fs::create_dir_all(data.join("files")).unwrap();
        let mut database = Vec::new();
        let packed = std::fs::File::open(self.folder.join("fireside.db.gz")).unwrap();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut database).unwrap();
        std::fs::write(data.join("fireside.db"), database).unwrap();
        self.lays_out_the_rest(&data);
        data.join("fireside.db")
    }

    /// The secret, and the files.
    fn lays_out_the_rest(&self, data: &Path) {
        std::fs::copy(self.folder.join("secret.key"), data.join("secret.key")).unwrap();
        for file in std::fs::read_dir(self.folder.join("files")).into_iter().flatten() {
            let file = file.unwrap();
            std::fs::create_dir_all(data.join("files")).unwrap();
            std::fs::copy(file.path(), data.join("files").join(file.file_name())).unwrap();
        }
    }

    fn alice(&self, fireside: &Fireside) -> Caller {
        let token = std::fs::read_to_string(self.folder.join("token")).unwrap();
        fireside.anyone().showing(Credential::Token(token.trim().to_owned()))
    }

    /// This server shows what was shown before.
    async fn is_shown_by(&self, fireside: &Fireside) {
        let recorded = std::fs::read(self.folder.join("answers.json")).unwrap();
        let recorded: Value = serde_json::from_slice(&recorded).unwrap();
        let now = answers(&self.alice(fireside)).await;
        holds(&recorded, &now, &format!("version {}", self.version));
    }
}

/// All that alice is answered.
async fn answers(alice: &Caller) -> Value {
    let mut all = Map::new();
    for path in ASKED {
        let answer = alice.get(path).await;
        let body = if path.contains("download") { json!(answer.text()) } else { answer.json() };
        all.insert((*path).to_owned(), json!({"status": answer.status, "body": lasting(body, &alice.url)}));
    }
    Value::Object(all)
}

/// Without what hangs on the moment, and on the address.
fn lasting(value: Value, url: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| !MOMENTARY.contains(&name.as_str()));
            fields.map(|(name, value)| (name, lasting(value, url))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(|item| lasting(item, url)).collect::<Vec<_>>().into(),
        Value::String(text) => text.replace(url, "").into(),
        other => other,
    }
}

/// Everything that was there is there. A newer program may say more.
#[track_caller]
fn holds(before: &Value, now: &Value, at: &str) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (name, value) in before {
                let found = now.get(name).unwrap_or_else(|| panic!("{at}: there is no {name} any more"));
                holds(value, found, &format!("{at} {name}"));
            }
        }
        (Value::Array(before), Value::Array(now)) => {
            assert_eq!(before.len(), now.len(), "{at}");
            for (number, (before, now)) in before.iter().zip(now).enumerate() {
                holds(before, now, &format!("{at} {number}"));
            }
        }
        (before, now) => assert_eq!(before, now, "{at}"),
    }
}

/// The version that a server said it has.
fn version_of(fireside: &Fireside) -> u32 {
    let said = fireside.facts.iter().find_map(|fact| fact.split_once("database version ")).unwrap().1;
    said.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

fn user_version(database: &Path) -> u32 {
    let db = Connection::open(database).unwrap();
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn every_versions_folder_shows_what_it_showed_before() {
    for fixture in Fixture::all() {
        let home = Home::new();
        fixture.laid_out(&home);
        let mut fireside = Fireside::start_in(home.clone(), &[]).await;
        fixture.is_shown_by(&fireside).await;
        for name in ["root", "alice", "bob"] {
            let body = json!({"username": name, "password": format!("correct horse {name}")});
            fireside.anyone().post("/api/auth/login/", &body).await.is(200);
        }
        let alice = fixture.alice(&fireside);
        alice.post("/api/rooms/1/messages/", &json!({"content": "it goes on"})).await.is(201);
        let now = version_of(&fireside);
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        books_balance(&home.data());
        assert_eq!(user_version(&home.data().join("fireside.db")), now);

        let copy = home.data().join(format!("fireside.before-version-{}.db", fixture.version + 1));
        assert_eq!(copy.exists(), fixture.version < now, "a copy is kept of what was changed");
        if fixture.version == now {
            continue;
        }
        assert_eq!(user_version(&copy), fixture.version);
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o077, 0, "it is its owner's alone");
        let again = Home::new();
        std::fs::create_dir(again.data()).unwrap();
        std::fs::copy(&copy, again.data().join("fireside.db")).unwrap();
        fixture.lays_out_the_rest(&again.data());
        let fireside = Fireside::start_in(again, &[]).await;
        fixture.is_shown_by(&fireside).await;
        say(&format!("version {} opens as version {now}, and so does its copy", fixture.version));
    }
}

#[tokio::test]
async fn a_newer_folder_is_refused_with_what_to_do() {
    let (fixture, home) = (Fixture::all().pop().unwrap(), Home::new());
    let database = fixture.laid_out(&home);
    let mut fireside = Fireside::start_in(home.clone(), &[]).await;
    let now = version_of(&fireside);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let db = Connection::open(&database).unwrap();
    db.pragma_update(None, "user_version", now + 1).unwrap();
    db.close().unwrap();
    let before = snapshot(&database);
    let outcome = home.refuses_to_serve(&[]).await;
    let said = &outcome.failed_with(78).stderr;
    for word in [format!("version {}", now + 1), format!("knows {now}"), "start that version".to_owned()] {
        assert!(said.contains(&word), "{word}: {outcome:?}");
    }
    assert!(snapshot(&database) == before, "the file was changed");
}

#[tokio::test]
async fn a_folder_from_before_the_first_release_is_refused_with_what_to_do() {
    let (fixture, home) = (Fixture::all().remove(0), Home::new());
    let database = fixture.laid_out(&home);
    let db = Connection::open(&database).unwrap();
    db.pragma_update(None, "user_version", fixture.version - 1).unwrap();
    db.close().unwrap();
    let before = snapshot(&database);
    let outcome = home.refuses_to_serve(&[]).await;
    let said = &outcome.failed_with(78).stderr;
    for word in ["unreleased", &format!("version {}", fixture.version - 1), "export it"] {
        assert!(said.contains(word), "{word}: {outcome:?}");
    }
    assert!(snapshot(&database) == before, "the file was changed");
}

/// Puts something of everything into a server of this version.
async fn lives_in(fireside: &Fireside) -> String {
    let version = version_of(fireside);
    fireside.home.runs(&["user", "create", "root", "--admin"], "correct horse root\n").await.succeeded();
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let file = alice.uploads("notes.txt", format!("words of version {version}").as_bytes()).await;
    let first = alice.posts(&format!("hello from version {version}")).with_file(&file).in_room(&den).await;
    let second = bob.posts("hello back").in_room(&den).await;
    bob.deletes(&bob.posts("gone").in_room(&den).await).await;
    let path = format!("/messages/api/messages/{}/", second["id"]);
    bob.patch(&path, &json!({"content": "hello back, edited"})).await.is(200);
    let path = format!("/messages/api/messages/{}/reactions/", first["id"]);
    bob.post(&path, &json!({"emoji": "🔥"})).await.is(200);
    alice.post("/api/messages/", &json!({"receiver": "bob", "content": "between two"})).await.is(201);
    alice.post("/profiles/api/posts/", &json!({"title": "Garden", "content": "It rains."})).await.is(201);
    alice.post("/profiles/api/add-friend/", &json!({"username": "bob"})).await.is(200);
    fireside.home.runs(&["invite", "create", "--label", "team"], "").await.succeeded();
    alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn makes_a_fixture_where_that_is_asked_for() {
    if std::env::var("FIRESIDE_FIXTURE").is_err() {
        return;
    }
    let mut fireside = Fireside::start().await;
    let token = lives_in(&fireside).await;
    let version = version_of(&fireside);
    let folder = PathBuf::from(format!("tests/fixtures/version-{version}"));
    std::fs::create_dir_all(folder.join("files")).unwrap();
    std::fs::write(folder.join("token"), token + "\n").unwrap();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let data = fireside.home.data();
    std::fs::copy(data.join("secret.key"), folder.join("secret.key")).unwrap();
    let packed = std::fs::File::create(folder.join("fireside.db.gz")).unwrap();
    let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::best());
    packer.write_all(&snapshot(&data.join("fireside.db"))).unwrap();
    packer.finish().unwrap();
    for file in std::fs::read_dir(data.join("files")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join("files").join(file.file_name())).unwrap();
    }
    for fixture in Fixture::all().iter().filter(|fixture| !fixture.folder.join("answers.json").exists()) {
        let home = Home::new();
        fixture.laid_out(&home);
        let fireside = Fireside::start_in(home, &[]).await;
        let answers = answers(&fixture.alice(&fireside)).await;
        let text = serde_json::to_string_pretty(&answers).unwrap();
        std::fs::write(fixture.folder.join("answers.json"), text + "\n").unwrap();
        say(&format!("the answers of version {}: {}", fixture.version, fixture.folder.display()));
    }
}
