//! What began while a credential was good and goes on when it is over: bodies that
//! dawdle, answers that are read slowly. None of it does anything after the end.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::cast::{Actor, KINDS, Kind};
use crate::world::caller::Credential;
use crate::world::{Fireside, Person, Room, people};

/// The lines of a head that show a credential.
fn shown(actor: &Actor, kind: Kind) -> String {
    match kind {
        Kind::Device => format!("Authorization: Token {}", actor.person.token),
        Kind::Account => format!("Authorization: Token {}", actor.account),
        Kind::Jwt => format!("Authorization: Bearer {}", actor.access),
        Kind::Cookie => format!("Cookie: {}\r\nX-CSRFToken: {}", actor.session.cookie(), actor.session.csrf),
    }
}

/// A request that has begun, and whose body is not there yet.
struct Begun {
    line: TcpStream,
    body: String,
    what: String,
}

impl Begun {
    async fn new(fireside: &Fireside, method: &str, path: &str, credential: &str, kind: &str, body: String) -> Self {
        let mut line = fireside.connects().await;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{credential}\r\nContent-Type: {kind}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            fireside.address(),
            body.len()
        );
        line.write_all(head.as_bytes()).await.unwrap();
        line.write_all(&body.as_bytes()[..1]).await.unwrap();
        Self { line, body, what: format!("{method} {path}") }
    }

    async fn ends(mut self) -> (u16, String) {
        self.line.write_all(&self.body.as_bytes()[1..]).await.unwrap();
        let mut answer = String::new();
        self.line.read_to_string(&mut answer).await.unwrap();
        (answer.get(9..12).unwrap_or_default().parse().unwrap_or_else(|_| panic!("{}: {answer}", self.what)), answer)
    }
}

/// Method, path and body of a write in every document, about a room and bob.
fn writes(room: &Room, actor: &Actor, bob: &Person) -> Vec<(&'static str, String, String)> {
    let words = || json!({"content": "from beyond"}).to_string();
    vec![
        ("POST", room.messages(), words()),
        ("PATCH", room.path(), json!({"description": "from beyond"}).to_string()),
        ("POST", "/api/rooms/".to_owned(), json!({"name": "from beyond"}).to_string()),
        ("PATCH", format!("/api/users/{}/", actor.person.id), json!({"bio": "from beyond"}).to_string()),
        ("POST", format!("/messages/api/chats/{}/messages/", room.id), words()),
        ("POST", format!("/messages/api/chats/{}/typing/", room.id), json!({"is_typing": true}).to_string()),
        ("POST", "/api/messages/".to_owned(), json!({"receiver": bob.id, "content": "from beyond"}).to_string()),
        ("POST", "/api/chats/create/".to_owned(), json!({"user_id": bob.id}).to_string()),
        ("POST", format!("/messenger/api/chatrooms/room-{}/messages/", room.id), words()),
        ("POST", "/profiles/api/posts/".to_owned(), json!({"title": "t", "content": "from beyond"}).to_string()),
        (
            "POST",
            "/api/auth/password/".to_owned(),
            json!({"old_password": actor.person.password, "new_password": "from beyond"}).to_string(),
        ),
    ]
}

#[tokio::test]
async fn a_body_that_comes_after_the_credential_has_ended_does_nothing() {
    let fireside = Fireside::start().await;
    let bob = fireside.registers("bob").await;
    let mut listening = bob.handshake("/messages/ws/").enters().await;
    listening.frame().await;
    for (number, kind) in KINDS.into_iter().enumerate() {
        let actor = Actor::of(fireside.registers(&format!("guest{number}")).await).await;
        let den = actor.person.opens_room("den").await;
        bob.joins(&den).await;
        let mut begun = Vec::new();
        for (method, path, body) in writes(&den, &actor, &bob) {
            begun.push(Begun::new(&fireside, method, &path, &shown(&actor, kind), "application/json", body).await);
        }
        let form =
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n".to_owned();
        let multipart = "multipart/form-data; boundary=b";
        let credential = shown(&actor, kind);
        begun.push(Begun::new(&fireside, "POST", "/api/files/upload/", &credential, multipart, form).await);
        // Their heads have long been read when a whole request is answered after them.
        tokio::time::sleep(Duration::from_millis(100)).await;
        actor.person.does("/api/auth/logout-all/").await.is(204);
        for request in begun {
            let what = request.what.clone();
            let (status, answer) = request.ends().await;
            assert_eq!(status, 401, "{kind:?} {what}: {answer}");
        }
        let again = actor.person.signs_in_again().await;
        let me = again.get("/api/auth/me/").await.is(200);
        assert!(!me.text().contains("from beyond"), "{me}");
        assert_eq!(again.get("/api/rooms/").await.json()["count"], 1);
        assert!(again.reads(&den).await.is_empty());
        bob.posts("marker").in_room(&den).await;
        loop {
            let frame = listening.frame().await.to_string();
            assert!(!frame.contains("from beyond") && !frame.contains("typing"), "{frame}");
            if frame.contains("marker") {
                break;
            }
        }
    }
}

/// The bound that the test above would not notice the lack of: while it lasts, a slow body is done.
#[tokio::test]
async fn a_body_that_comes_late_while_the_credential_lasts_is_done() {
    let fireside = Fireside::start().await;
    let actor = Actor::of(fireside.registers("alice").await).await;
    let den = actor.person.opens_room("den").await;
    let other = actor.person.signs_in_again().await;
    let body = json!({"content": "late"}).to_string();
    let credential = shown(&actor, Kind::Device);
    let begun = Begun::new(&fireside, "POST", &den.messages(), &credential, "application/json", body).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    other.does("/api/auth/logout/").await.is(204);
    assert_eq!(begun.ends().await.0, 201);
    assert_eq!(actor.person.reads(&den).await, ["late"]);
}

#[tokio::test]
async fn a_download_ends_with_the_right_to_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    // More than the buffers between the two ends hold.
    let bytes = vec![7; 9 * 1024 * 1024];
    let file = alice.uploads("big.bin", &bytes).await;
    alice.posts("big").with_file(&file).in_room(&den).await;
    let path = format!("/api/files/{}/download/", file["id"]);
    for end in ["none", "signs out", "leaves"] {
        let device = bob.signs_in_again().await;
        let mut line = fireside.connects().await;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nConnection: close\r\n\r\n",
            device.token
        );
        line.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1000];
        line.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        match end {
            "signs out" => drop(device.does("/api/auth/logout/").await.is(204)),
            "leaves" => bob.leaves(&den).await,
            _ => {}
        }
        line.read_to_end(&mut answer).await.ok();
        let is_whole = answer.len() > bytes.len();
        assert_eq!(is_whole, end == "none", "{end}: {} of {}", answer.len(), bytes.len());
    }
}

/// One that lost its right is signed in nowhere by what it was given before.
#[tokio::test]
async fn a_refresh_token_renews_nothing_after_any_of_the_ends() {
    let fireside = Fireside::start().await;
    for (number, end) in ["/api/auth/logout-all/", "/api/auth/password/"].into_iter().enumerate() {
        let actor = Actor::of(fireside.registers(&format!("guest{number}")).await).await;
        let anyone = actor.person.showing(Credential::Nothing);
        let refresh = json!({"refresh": actor.refresh});
        anyone.post("/accounts/api/token/refresh/", &refresh).await.is(200);
        let body = json!({"old_password": actor.person.password, "new_password": "another password"});
        actor.person.asks(Method::POST, end).json(&body).await.is(204);
        anyone.post("/accounts/api/token/refresh/", &refresh).await.is(401);
        let access = anyone.get("/api/auth/me/").with("Authorization", &format!("Bearer {}", actor.access)).await;
        access.is(401);
    }
}
