//! Pages of other origins that the operator listed, and of those he did not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::caller::{Ask, Credential};
use crate::world::{Answer, Caller, Fireside, Person, people};

const LISTED: [&str; 2] = ["https://app.example", "http://localhost:3000"];

async fn preflight(fireside: &Fireside, path: &str, origin: &str) -> Answer {
    let ask = fireside.anyone().asks(Method::OPTIONS, path).with("Origin", origin);
    ask.with("Access-Control-Request-Method", "PATCH")
        .with("Access-Control-Request-Headers", "authorization,content-type,x-own")
        .await
}

#[tokio::test]
async fn every_listed_origin_may_ask_and_no_other() {
    // Spelled otherwise than browsers do, twice in one flag and once more in another.
    let flags = ["--cors-origin", "https://App.example:443/,http://localhost:3000"];
    let fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    for path in ["/api/rooms/1/", "/messages/api/chats/1/", "/d/rooms/api/rooms/1/"] {
        for origin in LISTED {
            let answer = preflight(&fireside, path, origin).await.is(204);
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert!(answer.header("access-control-allow-methods").contains("PATCH"));
            assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type,x-own");
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            assert!(answer.header("access-control-max-age").parse::<u32>().unwrap() >= 60, "{answer}");
            assert_eq!(answer.header("vary"), "Origin");
        }
        for origin in ["https://evil.example", "https://app.example.evil", "http://app.example", "null"] {
            let answer = preflight(&fireside, path, origin).await;
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
            assert_eq!(answer.header("vary"), "Origin", "a cache must not mix them up");
        }
    }
    let answer = alice.get("/api/rooms/").with("Origin", LISTED[1]).await.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED[1]);
    assert!(answer.header("access-control-expose-headers").contains("Retry-After"));
    let refused = fireside.anyone().get("/api/rooms/").with("Origin", LISTED[0]).await.is(401);
    assert_eq!(refused.header("access-control-allow-origin"), LISTED[0], "a page can read why it was refused");
    let page = fireside.anyone().get("/").await.is(200);
    let vary: Vec<_> = page.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
}

#[tokio::test]
async fn below_a_path_the_same_holds() {
    let flags = ["--cors-origin", LISTED[0], "--base-path", "/chat"];
    let fireside = Fireside::start_with(&flags).await;
    let answer = preflight(&fireside, "/api/rooms/1/", LISTED[0]).await.is(204);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED[0]);
    fireside.registers("alice").await;
    let wish = json!({"username": "alice", "password": "correct horse alice"});
    let answer = fireside.anyone().post("/api/auth/login/", &wish).with("Origin", LISTED[0]).await.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED[0]);
}

#[tokio::test]
async fn without_a_list_nobody_may() {
    let fireside = Fireside::start().await;
    let answer = preflight(&fireside, "/api/rooms/1/", LISTED[0]).await;
    assert!(!answer.has("access-control-allow-origin") && !answer.has("vary"), "{answer}");
    for wrong in ["*", "null", "app.example", "https://app.example/path"] {
        crate::world::Home::new().refuses_to_serve(&["--cors-origin", wrong]).await.failed_with(2);
    }
}

/// Where a page comes from; `None`: no page asks.
const ORIGINS: [Option<&str>; 6] = [
    None,
    Some("its own"),
    Some(LISTED[0]),
    Some("https://evil.example"),
    Some("https://app.example.evil.example"),
    Some("null"),
];

/// Who asks from which page.
struct Visit {
    caller: Caller,
    credential: &'static str,
    origin: Option<String>,
    is_listed: bool,
    /// Of the server's own or a listed page, or of none.
    is_friend: bool,
}

impl Visit {
    fn of(caller: &Caller, credential: (&'static str, Credential), origin: Option<&str>) -> Self {
        let (credential, shown) = credential;
        let caller = caller.showing(shown);
        let is_listed = origin == Some(LISTED[0]);
        let is_friend = is_listed || matches!(origin, None | Some("its own"));
        let origin = origin.map(|origin| if origin == "its own" { caller.url.clone() } else { origin.to_owned() });
        Self { caller, credential, origin, is_listed, is_friend }
    }

    fn from(&self, ask: Ask) -> Ask {
        match &self.origin {
            Some(origin) => ask.with("Origin", origin),
            None => ask,
        }
    }

    /// What a request comes to that is answered with `good` where it may be made.
    fn expects(&self, good: u16, writes: bool) -> u16 {
        match self.credential {
            "none" => 401,
            "cookie" if writes && !self.is_friend => 403,
            _ => good,
        }
    }

    async fn asks(&self, method: Method, path: &str, good: u16) -> Answer {
        self.asks_with(method, path, &json!({"content": "hi"}), good).await
    }

    async fn asks_with(&self, method: Method, path: &str, body: &Value, good: u16) -> Answer {
        let ask = self.caller.asks(method.clone(), path).json(body);
        let writes = !matches!(method, Method::GET | Method::HEAD);
        let answer = self.from(ask).await;
        let told = format!("{method} {path} from {:?} with {}: {answer}", self.origin, self.credential);
        assert_eq!(answer.status, self.expects(good, writes), "{told}");
        assert_eq!(answer.has("access-control-allow-origin"), self.is_listed, "{told}");
        assert_eq!(answer.has("access-control-allow-credentials"), self.is_listed, "{told}");
        if self.is_listed {
            assert_eq!(answer.header("access-control-allow-origin"), LISTED[0]);
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
        }
        assert!(!answer.has("access-control-allow-methods") && !answer.has("access-control-allow-headers"), "{told}");
        assert!(answer.headers.get_all("vary").iter().any(|by| by == "Origin"), "{told}");
        answer
    }

    async fn opens_sockets(&self) {
        for path in ["/messages/ws/", "/d/messaging/messages/ws/"] {
            self.opens(path).await;
        }
    }

    async fn opens(&self, path: &str) {
        let knock = self.caller.handshake(path);
        let knock = match &self.origin {
            Some(origin) => knock.with("Origin", origin),
            None => knock,
        };
        match (self.credential, &self.origin) {
            ("cookie", _) if !self.is_friend => knock.turned_away_with(403).await,
            ("none", None) => knock.turned_away_with(401).await,
            ("none", Some(_)) => knock.enters().await.is_closed_with(4401).await,
            _ => knock.enters().await.hangs_up().await,
        }
    }
}

/// Nothing, or what signs somebody in: their token, or the cookie of a session of its own.
async fn credentials_of(person: &Person) -> [(&'static str, Credential); 3] {
    let session = person.signs_in_by_page().await;
    [
        ("none", Credential::Nothing),
        ("token", Credential::Token(person.token.clone())),
        ("cookie", Credential::Session(session)),
    ]
}

/// A page of a listed origin may do with cookies what a page of the server's own may, a stranger's nothing; a token
/// is its bearer's wherever he comes from, but a stranger's page cannot read the answer.
#[tokio::test]
async fn who_may_ask_from_where_with_what() {
    let fireside = Fireside::start_with(&["--cors-origin", LISTED[0]]).await;
    let alice = fireside.registers("alice").await;
    let chat = alice.post("/messages/api/chats/", &json!({"chat_type": "dm", "member_ids": [alice.id]})).await.json();
    let chat = format!("/messages/api/chats/{}/messages/", chat["id"]);
    for origin in ORIGINS {
        for credential in credentials_of(&alice).await {
            let said = alice.post(&chat, &json!({"content": "hi"})).await.is(201).json();
            let message = format!("/messages/api/messages/{}/", said["id"]);
            let visit = Visit::of(&fireside.anyone(), credential, origin);
            visit.asks(Method::GET, "/api/auth/me/", 200).await;
            visit.asks(Method::HEAD, "/api/auth/me/", 200).await;
            visit.asks(Method::POST, &chat, 201).await;
            visit.asks(Method::PUT, &message, 200).await;
            visit.asks(Method::PATCH, &message, 200).await;
            visit.asks(Method::DELETE, &message, 204).await;
            visit.opens_sockets().await;
        }
        let visit = Visit::of(&fireside.anyone(), ("none", Credential::Nothing), origin);
        let login = json!({"username": "alice", "password": alice.password});
        for path in ["/login/", "/api/login/", "/api/auth/login/", "/d/inbox/api/auth/login/", "/accounts/api/token/"] {
            let status = if visit.is_friend { 200 } else { 403 };
            let answer = visit.from(fireside.anyone().post(path, &login)).await.is(status);
            assert_eq!(answer.has("access-control-allow-credentials"), visit.is_listed, "{answer}");
        }
    }
}

/// An API, what it is asked and how it answers, and its socket.
type Questions = (&'static str, Vec<(Method, String, u16)>, String);

/// What each API is asked at all of its places: at the root, whole, and as its own client calls it.
fn questions(den: i64, bob: i64) -> [Questions; 5] {
    let (get, head, post) = (Method::GET, Method::HEAD, Method::POST);
    let room = format!("/api/rooms/{den}/");
    let chat = format!("/messages/api/chats/{den}/");
    let named = format!("/messenger/api/chatrooms/room-{den}/messages/");
    [
        (
            "rooms",
            vec![
                (get.clone(), room.clone(), 200),
                (head.clone(), room.clone(), 200),
                (post.clone(), format!("{room}messages/"), 201),
                (Method::PATCH, room, 200),
            ],
            format!("/ws/room/{den}/"),
        ),
        (
            "inbox",
            vec![
                (get.clone(), "/api/messages/?user=bob".into(), 200),
                (head.clone(), "/api/messages/?user=bob".into(), 200),
                (post.clone(), "/api/messages/".into(), 201),
            ],
            "/ws/chat/bob/".into(),
        ),
        (
            "messaging",
            vec![
                (get.clone(), chat.clone(), 200),
                (head.clone(), chat.clone(), 200),
                (post.clone(), format!("{chat}messages/"), 201),
                (Method::PUT, chat.clone(), 200),
                (Method::PATCH, chat, 200),
                // It was never there.
                (Method::DELETE, format!("/messages/api/messages/{bob}999999/"), 404),
            ],
            "/messages/ws/".into(),
        ),
        (
            "directs",
            vec![
                (get.clone(), "/api/chats/".into(), 200),
                (head.clone(), "/api/chats/".into(), 200),
                (post.clone(), "/api/chats/create/".into(), 201),
            ],
            String::new(),
        ),
        (
            "messenger",
            vec![
                (get, "/profiles/api/profile/".into(), 200),
                (head, "/profiles/api/profile/".into(), 200),
                (post, named, 201),
            ],
            format!("/messenger/ws/ws/chat/room-{den}/"),
        ),
    ]
}

/// The same answer at every place of an API, whoever asks from which page with what.
#[tokio::test]
async fn it_is_the_same_at_every_place_of_every_api() {
    let fireside = Fireside::start_with(&["--cors-origin", LISTED[0]]).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201);
    let body = json!({"content": "hi", "title": "den", "name": "den", "receiver": bob.id, "user_id": bob.id});
    for origin in ORIGINS {
        for credential in credentials_of(&alice).await {
            let visit = Visit::of(&fireside.anyone(), credential, origin);
            for (name, asked, socket) in questions(den.id, bob.id) {
                for place in [String::new(), format!("/d/{name}"), format!("/c/{name}")] {
                    for (method, path, good) in &asked {
                        visit.asks_with(method.clone(), &format!("{place}{path}"), &body, *good).await;
                    }
                    if !socket.is_empty() {
                        visit.opens(&format!("{place}{socket}")).await;
                    }
                }
            }
        }
    }
    for (name, asked, _) in questions(den.id, bob.id) {
        for place in [String::new(), format!("/d/{name}"), format!("/c/{name}")] {
            for (_, path, _) in &asked {
                let path = format!("{place}{path}");
                let answer = preflight(&fireside, &path, LISTED[0]).await.is(204);
                assert_eq!(answer.header("access-control-allow-origin"), LISTED[0], "{answer}");
                assert_eq!(answer.header("access-control-allow-credentials"), "true", "{answer}");
                let answer = preflight(&fireside, &path, "https://evil.example").await;
                assert!(!answer.has("access-control-allow-origin"), "{answer}");
                assert!(!answer.has("access-control-allow-credentials"), "{answer}");
            }
        }
    }
}

/// A browser sends no cookie along with a preflight, and takes its answer for all that follow.
#[tokio::test]
async fn a_question_without_the_words_of_a_preflight_is_none() {
    let fireside = Fireside::start_with(&["--cors-origin", LISTED[0]]).await;
    let options = || fireside.anyone().asks(Method::OPTIONS, "/api/rooms/");
    let plain = options().with("Origin", LISTED[0]).await.is(204);
    assert_eq!(plain.header("access-control-allow-origin"), LISTED[0]);
    assert!(!plain.has("access-control-allow-methods") && !plain.has("access-control-max-age"), "{plain}");
    let simple = options().with("Origin", LISTED[0]).with("Access-Control-Request-Method", "GET").await.is(204);
    assert!(simple.has("access-control-allow-methods") && !simple.has("access-control-allow-headers"), "{simple}");
}
