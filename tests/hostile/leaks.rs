//! What answers, frames, headers and logs give away: everybody reads everything they can
//! reach, and nothing of it is a secret, or an address of somebody else where no document
//! prints it.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use crate::world::bytes::{PNG, file};
use crate::world::caller::Credential;
use crate::world::machine::say;
use crate::world::{Caller, Fireside, Heard, Listener, Person, Room, id};

/// Where documents print the addresses of others, to whoever is signed in.
const WITH_ADDRESSES: [&str; 3] = ["/accounts/api/users/", "/messages/api/users/search/", "/profiles/api/search-user/"];
const MATRIX: &str = include_str!("../access/access.csv");

/// Alice and bob talk in every kind of chat, erin is in some, dave in none; root administers.
struct World {
    fireside: Fireside,
    people: Vec<Person>,
    /// With a session, too: what signs alice in in every way.
    alices: Vec<Caller>,
    chats: Vec<i64>,
    messages: Vec<i64>,
    files: Vec<i64>,
    secrets: BTreeSet<String>,
}

async fn world(flags: &[&str]) -> World {
    let fireside = Fireside::start_with(flags).await;
    let mut secrets = BTreeSet::new();
    let setup = fireside.facts.iter().find_map(|fact| fact.split_once("/setup#")).expect("a setup link").1.to_owned();
    let wish =
        json!({"code": setup, "username": "root", "password": "correct horse root", "email": "root@example.com"});
    let answer = fireside.anyone().post("/api/server/setup/", &wish).await.is(201).json();
    let root = Person::of(fireside.anyone(), &answer, "correct horse root".into());
    let mut people = vec![root];
    for name in ["alice", "bob", "erin", "dave"] {
        people.push(fireside.registers(name).await);
    }
    let [root, alice, bob, erin, _] = &people[..] else { panic!("five people") };
    let (chats, messages, files) = talks(alice, bob, erin).await;
    let alices = every_way_in(alice, &mut secrets).await;
    let invite = root.post("/api/server/invites/", &json!({"label": "for friends"})).await.is(201).json();
    let reset = root.does(&format!("/api/server/users/{}/reset/", erin.id)).await.is(201).json();
    for link in [&invite, &reset] {
        secrets.insert(link["code"].as_str().unwrap().to_owned());
    }
    secrets.insert(setup);
    for person in &people {
        secrets.extend([person.token.clone(), person.password.clone()]);
    }
    secrets.extend(kept_secrets(&fireside));
    World { fireside, people, alices, chats, messages, files, secrets }
}

async fn talks(alice: &Person, bob: &Person, erin: &Person) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
    let open = alice.opens_room("open den").await;
    let closed = alice.opens_room("closed den").await;
    for room in [&open, &closed] {
        bob.joins(room).await;
        erin.joins(room).await;
    }
    alice.makes_private(&closed).await;
    let direct = Room::of(&bob.post("/api/chats/create/", &json!({"user_id": alice.id})).await.is(201).json());
    let (mut messages, mut files) = (Vec::new(), Vec::new());
    for room in [&open, &closed, &direct] {
        let paper = bob.uploads("paper.txt", b"words on paper").await;
        let message = bob.posts("words").with_file(&paper).in_room(room).await;
        let reaction = json!({"emoji": "👍"});
        alice.post(&format!("/messages/api/messages/{}/reactions/", id(&message)), &reaction).await.is(200);
        files.push(id(&paper));
        messages.push(id(&message));
    }
    let picture = file("me.png", "image/png", PNG);
    let picture = crate::world::bytes::Part { field: "avatar", ..picture };
    bob.asks(reqwest::Method::PATCH, &format!("/api/users/{}/", bob.id)).parts(&[picture]).await.is(200);
    bob.post("/profiles/api/posts/", &json!({"title": "a post", "content": "of bob's"})).await.is(201);
    bob.post("/profiles/api/add-friend/", &json!({"username": "erin"})).await.is(200);
    (vec![open.id, closed.id, direct.id], messages, files)
}

/// A device, a session, the account token and a pair of JWTs.
async fn every_way_in(alice: &Person, secrets: &mut BTreeSet<String>) -> Vec<Caller> {
    let login = json!({"username": alice.username, "password": alice.password});
    let session = alice.signs_in_by_page().await;
    let pair = alice.showing(Credential::Nothing).post("/accounts/api/token/", &login).await.is(200).json();
    let account = alice.get("/api/token/").await.is(200).json();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let (access, refresh, account) = (word(&pair["access"]), word(&pair["refresh"]), word(&account["token"]));
    secrets.extend([session.id.clone(), session.csrf.clone(), access.clone(), refresh, account.clone()]);
    let (session, access) = (Credential::Session(session), Credential::Bearer(access));
    let mut ways: Vec<Caller> = [session, access, Credential::Token(account)].map(|way| alice.showing(way)).into();
    ways.push((**alice).clone());
    ways
}

/// What lies on the disk and leaves it never: hashes, nonces, keys, the names of files.
fn kept_secrets(fireside: &Fireside) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let spells = |bytes: &[u8], found: &mut BTreeSet<String>| {
        use base64::Engine;
        found.insert(hex::encode(bytes));
        found.insert(base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes));
        found.insert(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes));
    };
    let db = Connection::open(fireside.home.database()).unwrap();
    for query in [
        "SELECT password_hash FROM users",
        "SELECT token_nonce FROM users",
        "SELECT secret_hash FROM credentials",
        "SELECT code_hash FROM invites",
        "SELECT code_hash FROM resets",
    ] {
        let mut statement = db.prepare(query).unwrap();
        let cells = statement.query_map([], |row| row.get::<_, Cell>(0)).unwrap();
        for cell in cells.map(Result::unwrap) {
            match cell {
                Cell::Text(text) => drop(found.insert(text)),
                Cell::Blob(bytes) => spells(&bytes, &mut found),
                other => panic!("{query}: {other:?}"),
            }
        }
    }
    for path in fireside.home.files() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "secret.key" {
            spells(&std::fs::read(&path).unwrap(), &mut found);
        } else if !name.starts_with("fireside.") && name.len() > 12 {
            found.insert(name);
        }
    }
    // Whoever has the link of a picture may have the picture.
    let picture: String =
        db.query_row("SELECT avatar_name FROM users WHERE avatar_name IS NOT NULL", [], |row| row.get(0)).unwrap();
    found.retain(|secret| !picture.contains(secret.as_str()) && !secret.contains(&picture));
    assert!(found.len() > 20, "{found:?}");
    found
}

impl World {
    /// Every path that can be read, with everything in it that there is.
    fn paths(&self) -> BTreeSet<String> {
        let mut paths: BTreeSet<String> = [
            "/api/messages/?user=bob",
            "/api/rooms/?public=true",
            "/api/users/?page=1",
            "/d/rooms/api/users/",
            "/messages/api/chats/?search=bob",
            "/messages/api/sync/?since=0",
            "/messages/api/users/search/?q=bob",
            "/messages/api/users/search/?q=bob@example.com",
            "/profiles/api/search-user/?username=bob",
            "/api/server/users/",
            "/api/server/invites/",
            "/api/server/status/",
            "/api/server/audit/",
            "/api/server/sessions/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/nowhere/",
            "/api/nowhere/",
            "/messages/api/nowhere/",
            "/messenger/api/nowhere/",
            "/login/",
        ]
        .map(ToOwned::to_owned)
        .into();
        for line in MATRIX.lines().filter(|line| line.split(',').nth(1) == Some("GET")) {
            let path = line.split(',').nth(2).unwrap().trim_matches('"').split([' ', '?']).next().unwrap();
            let place = if line.starts_with("rooms-client-") { "/c/rooms" } else { "" };
            paths.extend(self.filled(&format!("{place}{path}")));
        }
        paths
    }

    /// A path with each thing it may mean, one that was never there, and one that is none.
    fn filled(&self, path: &str) -> Vec<String> {
        let mut things: Vec<String> = vec!["999999".into(), "nonsense".into(), "%00".into(), "-1".into()];
        let ids = if ["/rooms/{id}", "/chats/{id}", "/chat/{id}"].iter().any(|chat| path.contains(chat)) {
            self.chats.clone()
        } else if path.contains("/messages/{id}") {
            self.messages.clone()
        } else if path.contains("/files/{id}") {
            self.files.clone()
        } else {
            self.people.iter().map(|person| person.id).collect()
        };
        things.extend(ids.iter().map(i64::to_string));
        things.extend(self.chats.iter().map(|chat| format!("room-{chat}")));
        things.extend(["alice_bob".to_owned(), "bob_erin".to_owned(), "default.jpg".to_owned(), "rooms".to_owned()]);
        match path.find('{') {
            None => vec![path.to_owned()],
            Some(start) => {
                let end = path.find('}').unwrap();
                things.iter().map(|thing| format!("{}{thing}{}", &path[..start], &path[end + 1..])).collect()
            }
        }
    }

    /// Who reads: each with every credential, and somebody with none.
    fn readers(&self) -> Vec<(&str, Caller)> {
        let mut readers = vec![("", self.fireside.anyone())];
        readers.extend(self.people.iter().map(|person| (person.username.as_str(), (**person).clone())));
        readers.extend(self.alices.iter().map(|caller| ("alice", caller.clone())));
        readers
    }

    /// Fails if a text gives away what `reader` must not see at `place`.
    #[track_caller]
    fn is_harmless(&self, text: &str, reader: &str, place: &str, may_show_addresses: bool) {
        let is_own_token = ["/api/token/", "/api/token", "/api/csrf-token/"].iter().any(|own| place.ends_with(own));
        for secret in &self.secrets {
            if text.contains(secret) {
                assert!(is_own_token && reader == "alice", "{place} tells {reader:?} {secret}: {text}");
            }
        }
        let folder = self.fireside.home.data();
        for odd in
            [folder.to_str().unwrap(), env!("CARGO_MANIFEST_DIR"), "$argon2", "/src/", ".rs:", "SELECT ", "sqlite"]
        {
            assert!(!text.contains(odd), "{place} tells {reader:?} {odd}: {text}");
        }
        for person in self.people.iter().filter(|person| person.username != reader) {
            let shown = text.to_lowercase().contains(&person.email);
            assert!(may_show_addresses || !shown, "{place} tells {reader:?} {}: {text}", person.email);
        }
    }

    async fn reads_all(&self, hides_addresses: bool) -> (usize, usize) {
        let (mut read, mut shown) = (0, 0);
        for (reader, caller) in self.readers() {
            for path in self.paths() {
                let answer = caller.get(&path).await;
                assert!(answer.status < 500, "{answer}");
                let headers: String =
                    answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
                let prints = WITH_ADDRESSES.iter().any(|place| path.starts_with(place)) && !hides_addresses;
                let administers = reader == "root" && path.starts_with("/api/server/");
                // The folder of a page of the web client may have any words in it.
                let text = if path == "/" || path == "/login/" { String::new() } else { answer.text() };
                self.is_harmless(&headers, reader, &path, false);
                let may = (prints && !reader.is_empty()) || administers;
                // Whoever searches for an address has it.
                let text = text.replace("?q=bob@example.com", "");
                self.is_harmless(&text, reader, &path, may);
                shown += usize::from(prints && answer.status == 200 && text.contains("bob@example.com"));
                read += usize::from(answer.status == 200);
            }
        }
        (read, shown)
    }

    async fn listens(&self) -> Vec<(String, String, Listener)> {
        let mut listeners = Vec::new();
        for reader in &self.people {
            let other = if reader.username == "bob" { "alice" } else { "bob" };
            let mut doors =
                vec![format!("/ws/chat/{other}/"), "/messages/ws/".to_owned(), "/messages/ws/?since=0".to_owned()];
            doors.extend(self.chats.iter().map(|chat| format!("/ws/chat/{chat}/")));
            doors.extend(self.chats.iter().map(|chat| format!("/ws/room/{chat}/")));
            doors.extend(self.chats.iter().map(|chat| format!("/messenger/ws/ws/chat/room-{chat}/")));
            for chat in &self.chats {
                doors.extend(["chat", "call"].map(|kind| format!("/c/rooms/ws/{kind}/{chat}/")));
                doors.push(format!("/c/messenger/ws/chat/room-{chat}/"));
            }
            doors.push("/c/rooms/ws/notifications/".to_owned());
            doors.push("/messenger/ws/ws/chat/alice_bob/".to_owned());
            for door in doors {
                let (path, query) = door.split_once('?').unwrap_or((&door, ""));
                let mut handshake = reader.handshake(path);
                if !query.is_empty() {
                    handshake = handshake.with_query(query);
                }
                match handshake.tried().await {
                    Ok(listener) => listeners.push((reader.username.clone(), door, listener)),
                    Err(refusal) => self.is_harmless(&format!("{refusal:?}"), &reader.username, &door, false),
                }
            }
        }
        listeners
    }

    /// Everything happens that sockets tell of.
    async fn goes_on(&self) {
        let [_, alice, bob, ..] = &self.people[..] else { panic!("five people") };
        for chat in &self.chats {
            let room = Room { id: *chat };
            let said = bob.posts("one more word").in_room(&room).await;
            let path = format!("/messages/api/messages/{}/", id(&said));
            bob.patch(&path, &json!({"content": "another word"})).await.is(200);
            alice.post(&format!("{path}reactions/"), &json!({"emoji": "🔥"})).await.is(200);
            alice.does(&format!("/messages/api/chats/{chat}/mark-as-read/")).await.is(200);
            let typing = json!({"is_typing": true});
            bob.post(&format!("/messages/api/chats/{chat}/typing/"), &typing).await.is(200);
            bob.delete(&path).await.is(204);
        }
        let change = json!({"display_name": "Bobby", "bio": "new"});
        bob.patch(&format!("/api/users/{}/", bob.id), &change).await.is(200);
    }
}

#[tokio::test]
async fn answers_frames_and_logs_give_nothing_away() {
    for hides in [false, true] {
        let flags: &[&str] = if hides {
            &["--log-level", "debug", "--hide-emails"]
        } else {
            &["--log-level", "debug", "--log-format", "json"]
        };
        let world = world(flags).await;
        let mut listeners = world.listens().await;
        world.goes_on().await;
        let (read, shown) = world.reads_all(hides).await;
        assert!(read > 300, "most of what there is was read: {read}");
        assert_eq!(shown > 0, !hides, "addresses are where the documents print them, unless they are hidden");
        let mut frames = 0;
        for (reader, door, listener) in &mut listeners {
            listener.says(&json!({"type": "nonsense", "message_id": "nonsense"})).await;
            while let Ok(Heard::Frame(frame)) =
                tokio::time::timeout(std::time::Duration::from_millis(150), listener.next()).await
            {
                world.is_harmless(&frame.to_string(), reader, door, false);
                frames += 1;
            }
        }
        assert!(frames > 100, "much was told: {frames}");
        log_is_harmless(&world, read, frames);
    }
}

fn log_is_harmless(world: &World, read: usize, frames: usize) {
    let log = world.fireside.home.log();
    for secret in &world.secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    for person in &world.people {
        assert!(!log.contains(&person.email), "{} is in the log", person.email);
    }
    for odd in ["$argon2", "panicked", "one more word", "another word"] {
        assert!(!log.contains(odd), "{odd} is in the log");
    }
    say(&format!(
        "{read} answers, {frames} frames and {} lines of the log hold none of {} secrets",
        log.lines().count(),
        world.secrets.len()
    ));
}
