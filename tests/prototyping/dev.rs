//! `serve --dev`: people with tokens, every origin, and nothing left behind.

use std::process::{Command, Output};
use std::sync::Arc;

use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use super::Dev;
use super::scene::answer;
use crate::client::browser::{in_path, say};
use crate::world::home::run;
use crate::world::{Fireside, Home};

/// Runs a printed line, as whoever copies it would.
fn shell(line: &str) -> Output {
    Command::new("bash").args(["-euo", "pipefail", "-c", line]).output().unwrap()
}

#[tokio::test]
async fn the_printed_lines_work_as_printed() {
    let dev = Dev::start(&[]);
    let lines: Vec<&String> = dev.facts.iter().filter(|line| line.starts_with("  curl ")).collect();
    assert_eq!(lines.len(), 3, "{:?}", dev.facts);
    if in_path("curl").is_none() {
        return say("skipped: no curl");
    }
    for (line, name) in lines.iter().zip(["alice", "bob", "carol"]) {
        let output = shell(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        let message: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(message["sender"]["username"], name);
        assert_eq!(message["content"], format!("Hello from {name}"));
    }
    if !Command::new("python3").args(["-c", "import websockets"]).output().is_ok_and(|found| found.status.success()) {
        return say("skipped: no python3-websockets");
    }
    let listen = dev.facts.iter().find(|line| line.starts_with("  python3 ")).unwrap();
    let output = shell(&format!("(sleep 2; echo '{{\"type\": \"ping\"}}'; sleep 2) | {listen}"));
    let heard = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(heard.contains(r#""type":"hello""#) && heard.contains(r#""type":"pong""#), "{heard}");
}

#[tokio::test]
async fn the_people_and_their_secrets_are_always_the_same() {
    let (one, other) = (Dev::start(&[]), Dev::start(&[]));
    for name in ["alice", "bob", "carol"] {
        assert_eq!(one.token(name), other.token(name));
        assert_eq!(one.token(name).len(), 40);
        let login = json!({"username": name, "password": "fireside"});
        one.post("/api/auth/login/", &login).await.is(200);
    }
    assert_ne!(one.token("alice"), one.token("bob"));
    assert_eq!(one.get("/api/auth/me/").await.is(200).json()["username"], "alice");
    // No other server knows these tokens.
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    assert_ne!(alice.token, one.token("alice"));
    let stranger =
        fireside.anyone().get("/api/auth/me/").with("Authorization", &format!("Token {}", one.token("alice")));
    stranger.await.refused(401, "authentication_required");
}

#[tokio::test]
async fn nothing_is_left_behind() {
    for end in [Signal::TERM, Signal::INT] {
        let mut dev = Dev::start(&[]);
        assert_eq!(dev.folders().len(), 1);
        assert_eq!(dev.gets(end).await, Some(0));
        assert_eq!(dev.folders(), Vec::<std::path::PathBuf>::new(), "{end:?}");
    }
    let running = Dev::start(&[]);
    let mut killed = Dev::start_in(Arc::clone(&running.place), &[]);
    assert_eq!(killed.gets(Signal::KILL).await, None);
    assert_eq!(killed.folders().len(), 2, "it could not tidy up");
    std::fs::create_dir(running.place.path().join("fireside-dev-not-ours")).unwrap();
    std::fs::create_dir(running.place.path().join("something else")).unwrap();
    let next = Dev::start_in(Arc::clone(&running.place), &[]);
    assert_eq!(next.folders().len(), 4, "the killed one's is gone, and nothing else: {:?}", next.folders());
    running.get("/api/auth/me/").await.is(200);
    running.post("/messages/api/chats/1/messages/", &json!({"content": "still here"})).await.is(201);
}

#[tokio::test]
async fn pages_of_every_origin_may_use_it() {
    let dev = Dev::start(&[]);
    let preflight = |url: &str| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(Method::OPTIONS, format!("{url}/messages/api/chats/1/messages/"));
        request
            .header("Origin", "https://elsewhere.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization, content-type")
    };
    let allowed = answer("preflight", preflight(&dev.url)).await;
    assert!(allowed.status < 300, "{allowed}");
    assert_eq!(allowed.header("access-control-allow-origin"), "https://elsewhere.example");
    assert!(allowed.header("access-control-allow-methods").contains("POST"));
    assert_eq!(allowed.header("access-control-allow-headers"), "authorization, content-type");
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    let module = dev.as_alice(|client, url| client.get(format!("{url}/fireside.js")).header("Origin", "null"));
    let module = answer("the module", module).await.is(200);
    assert_eq!(module.header("access-control-allow-origin"), "null");
    assert_eq!(module.header("cross-origin-resource-policy"), "cross-origin");
    assert!(module.header("content-type").starts_with("text/javascript"));
    let varies: Vec<_> = module.headers.get_all("vary").iter().collect();
    assert!(varies.iter().any(|by| *by == "Origin") && varies.iter().any(|by| *by == "Accept-Encoding"), "{module}");

    let elsewhere = |path: &str, body: serde_json::Value| {
        let request = dev.as_alice(|client, url| client.post(format!("{url}{path}")).json(&body));
        answer("from elsewhere", request.header("Origin", "https://elsewhere.example"))
    };
    elsewhere("/api/auth/login/", json!({"username": "bob", "password": "fireside"})).await.is(200);
    let dora = json!({"username": "dora", "email": "dora@example.org", "password": "password123"});
    elsewhere("/api/auth/register/", dora).await.is(201);

    let fireside = Fireside::start().await;
    let refused = answer("preflight", preflight(&fireside.url)).await;
    assert!(!refused.has("access-control-allow-origin"), "{refused}");
}

/// A stranger's name may lead here, and his page then is of the host that it asks: to a browser, not to the server.
#[tokio::test]
async fn a_cookie_is_for_names_of_this_machine_alone() {
    let dev = Dev::start(&[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let login = client.post(format!("{}/login/", dev.url)).json(&json!({"username": "bob", "password": "fireside"}));
    let cookies = answer("the sign-in", login).await.is(200);
    let cookies =
        cookies.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().split(';').next().unwrap());
    let cookies: Vec<&str> = cookies.collect();
    let csrf = cookies.iter().find_map(|cookie| cookie.strip_prefix("csrftoken=")).unwrap();
    for (host, status) in
        [("evil.example:8000", 421), ("localhost.evil.example", 421), ("localhost:8000", 201), ("127.0.0.1:8000", 201)]
    {
        let says = client.post(format!("{}/messages/api/chats/1/messages/", dev.url)).json(&json!({"content": "hi"}));
        let says = says.header("Host", host).header("Origin", format!("http://{host}"));
        let says = says.header("Cookie", cookies.join("; ")).header("X-CSRFToken", csrf);
        answer(host, says).await.is(status);
    }
}

/// A page of a stranger's name that leads here is of this very host to a browser: neither it nor its sockets get
/// anything, whatever token they show.
#[tokio::test]
async fn it_is_asked_by_names_of_this_machine_alone() {
    let dev = Dev::start(&[]);
    let foreign = [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "192.0.2.1",
        "[2001:db8::1]:8000",
        "local host",
        "0.0.0.0",
    ];
    let own = ["localhost", "LOCALHOST:1", "app.localhost:8000", "127.0.0.1", "127.8.9.1:65535", "[::1]", "[::1]:8000"];
    let paths = [
        ("/messages/api/chats/", "detail"),
        ("/d/rooms/api/rooms/", "error"),
        ("/api/auth/me/", "error"),
        ("/messenger/api/chatrooms/", "detail"),
        ("/nowhere", "error"),
        ("/healthz", "error"),
        ("/fireside.js", "error"),
    ];
    let ask = |path: &'static str, host: &'static str| {
        answer(host, dev.as_alice(|client, url| client.get(format!("{url}{path}")).header("Host", host)))
    };
    for (path, field) in paths {
        for host in foreign {
            let refused = ask(path, host).await.is(421);
            assert!(refused.json()[field].as_str().is_some_and(|says| !says.is_empty()), "{path}: {refused}");
        }
    }
    for host in own {
        ask("/messages/api/chats/", host).await.is(200);
    }
    // What a page can say of itself changes nothing.
    let forwarded = dev.as_alice(|client, url| client.get(format!("{url}/messages/api/chats/")));
    let forwarded = forwarded.header("Host", "evil.example").header("X-Forwarded-Host", "localhost");
    answer("forwarded", forwarded).await.is(421);
    let handshake = |host: &'static str| {
        let request = dev.as_alice(|client, url| client.get(format!("{url}/messages/ws/")).header("Host", host));
        let request = request.header("Connection", "Upgrade").header("Upgrade", "websocket");
        let request =
            request.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
        answer(host, request)
    };
    handshake("evil.example").await.is(421);
    handshake("localhost:8000").await.is(101);
    // A server for everybody has names that it does not know of.
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.get("/messages/api/chats/").with("Host", "chat.example").await.is(200);
}

#[tokio::test]
async fn there_are_no_limits() {
    let dev = Dev::start(&[]);
    for _ in 0..130 {
        dev.get("/api/auth/me/").await.is(200);
    }
}

#[tokio::test]
async fn it_is_for_this_machine_alone() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let outcome = run(&["serve", "--dev", "--listen", address], "").await;
        assert!(outcome.failed_with(78).stderr.contains("loopback"), "{outcome:?}");
    }
    let words = ["serve", "--dev", "--listen", "127.0.0.1:0", "--public-url", "https://chat.example"];
    let outcome = run(&words, "").await;
    assert!(outcome.failed_with(78).stderr.contains("not https://chat.example"), "{outcome:?}");
    let home = Home::new();
    assert_eq!(home.refuses_to_serve(&["--dev"]).await.failed_with(2).code, Some(2), "--data would be thrown away");
    for flags in [&["--delay", "100"][..], &["--chaos", "30%"]] {
        assert!(home.refuses_to_serve(flags).await.failed_with(78).stderr.contains("--dev"));
    }
    assert!(!home.data().exists());
}
