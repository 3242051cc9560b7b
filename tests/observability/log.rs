//! The line of each request, its id, and what no line ever holds.

use serde_json::{Value, json};

use crate::world::caller::Credential;
use crate::world::{Answer, Fireside, Person, people};

/// The line of the request with this id.
fn line_of(fireside: &Fireside, answer: &Answer) -> String {
    let id = answer.header("x-request-id");
    let log = fireside.home.log();
    let mut lines = log.lines().filter(|line| line.contains(id) && line.contains("path"));
    let line = lines.next().unwrap_or_else(|| panic!("no line for {answer} in\n{log}")).to_owned();
    assert_eq!(lines.next(), None, "one line for each request");
    line
}

#[tokio::test]
async fn each_request_has_a_line_that_says_who_did_what() {
    let fireside = Fireside::start_with(&["--log-format", "json"]).await;
    let alice = fireside.registers("alice").await;
    let asked = [
        (alice.get("/api/auth/me/?page=secret").await.is(200), "GET", "/api/auth/me/", Some(alice.id)),
        (alice.get("/api/rooms/999999/").await.is(404), "GET", "/api/rooms/999999/", Some(alice.id)),
        (alice.get("/metrics").await.is(403), "GET", "/metrics", Some(alice.id)),
        (fireside.anyone().get("/nowhere/at%20all").await.is(404), "GET", "/nowhere/at%20all", None),
        (fireside.anyone().does("/api/auth/logout/").await.is(401), "POST", "/api/auth/logout/", None),
        (fireside.anyone().get("/").await.is(200), "GET", "/", None),
    ];
    for (answer, method, path, user) in asked {
        let line: Value = serde_json::from_str(&line_of(&fireside, &answer)).unwrap();
        assert_eq!(line["method"], method, "{line}");
        assert_eq!(line["path"], path, "{line}");
        assert_eq!(line["status"], answer.status, "{line}");
        assert_eq!(line["user"].as_i64(), user, "{line}");
        assert_eq!(line["ip"], "127.0.0.1", "{line}");
        assert!(line["ms"].is_number(), "{line}");
    }
    let start = fireside.home.log();
    let start = start.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let start = start.into_iter().find(|line| line["target"] == "start").expect("the facts of the start");
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"), "{start}");
    assert_eq!(start["listen"], fireside.url, "{start}");
}

#[tokio::test]
async fn a_limit_that_was_hit_is_logged_with_its_user() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "2/min", "--log-format", "json"]).await;
    let alice = fireside.registers("alice").await;
    let mut last = alice.get("/api/rooms/").await;
    while last.status == 200 {
        last = alice.get("/api/rooms/").await;
    }
    let last = last.is(429);
    let line: Value = serde_json::from_str(&line_of(&fireside, &last)).unwrap();
    assert_eq!(line["user"], alice.id, "{line}");
}

#[tokio::test]
async fn nobody_chooses_the_id_of_a_request() {
    let fireside = Fireside::start().await;
    let answer = fireside.anyone().get("/healthz").with("X-Request-Id", "chosen-by-a-stranger").await.is(200);
    let id = answer.header("x-request-id");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let again = fireside.anyone().get("/healthz").await;
    assert_ne!(again.header("x-request-id"), id);
    assert!(!fireside.home.log().contains("chosen-by-a-stranger"));
    assert!(line_of(&fireside, &answer).contains("/healthz"));
}

/// Gives the server every kind of secret in every dialect; the secrets.
async fn tells_everything(fireside: &Fireside) -> Vec<String> {
    people!(fireside: alice, bob);
    let session = alice.signs_in_by_page().await;
    let tokens = alice.post("/accounts/api/token/", &json!({"username": "alice", "password": alice.password}));
    let tokens = tokens.await.is(200).json();
    let (access, refresh) = (text(&tokens["access"]), text(&tokens["refresh"]));
    alice.post("/accounts/api/token/refresh/", &json!({"refresh": refresh})).await.is(200);
    let account = text(&alice.get("/api/token/").await.is(200).json()["token"]);
    listens_everywhere(&alice, &bob, &session.id, &access).await;
    let by_cookie = alice.showing(Credential::Session(session.clone()));
    by_cookie.post("/api/rooms/", &json!({"name": "a room by cookie"})).await.is(201);
    alice.get(&format!("/api/auth/me/?token={account}&password=typed-into-a-link")).await.is(200);
    alice.post("/api/auth/login/", &json!({"password": "lonely password"})).await.is(400);
    alice.asks(reqwest::Method::POST, "/api/rooms/").body("{\"name\": \"broken body").await;
    alice.uploads("named in a form.txt", b"bytes of a file").await;
    let basic = alice.showing(Credential::Nothing);
    basic.get("/api/auth/me/").with("Authorization", "Basic YWxpY2U6Y29ycmVjdA==").await.is(401);
    let change = json!({"old_password": alice.password, "new_password": "her next password"});
    by_cookie.post("/api/auth/password/", &change).await.is(204);
    let mut secrets = vec![alice.token, bob.token, session.id, session.csrf, access, refresh, account, alice.password];
    let said = [
        "her next password",
        "typed-into-a-link",
        "lonely password",
        "broken body",
        "said in a room",
        "said between two",
        "said by socket",
        "bytes of a file",
        "named in a form",
        "YWxpY2U6Y29ycmVjdA",
        "a room by cookie",
    ];
    secrets.extend(said.map(ToOwned::to_owned));
    secrets
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn listens_everywhere(alice: &Person, bob: &Person, session: &str, access: &str) {
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    alice.posts("said in a room").in_room(&den).await;
    let mut listener = alice.listens_in(&den).await;
    listener.says_message("said by socket").await;
    listener.hears_message("said by socket").await;
    drop(alice.showing(Credential::Bearer(access.to_owned())).handshake(&den.socket()).enters().await);
    let anyone = alice.showing(Credential::Nothing);
    let protocol = format!("token, {}", alice.token);
    drop(anyone.handshake("/ws/chat/bob/").with("Sec-WebSocket-Protocol", &protocol).enters().await);
    anyone.handshake("/ws/chat/bob/").with_query(&format!("token={session}")).turned_away_with(401).await;
    drop(alice.handshake("/messages/ws/").enters().await);
    alice.post("/api/messages/", &json!({"receiver": "bob", "content": "said between two"})).await.is(201);
}

#[tokio::test]
async fn no_line_holds_what_was_told_in_confidence() {
    for format in ["text", "json"] {
        let mut fireside = Fireside::start_with(&["--log-format", format, "--log-level", "trace"]).await;
        let secrets = tells_everything(&fireside).await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        let log = fireside.home.log();
        assert!(log.lines().count() > 15, "there is a log to look into:\n{log}");
        for secret in secrets {
            assert!(secret.len() >= 8 && !log.contains(&secret), "{secret} in the {format} log:\n{log}");
        }
        assert!(!log.contains("panicked"), "{log}");
    }
}
