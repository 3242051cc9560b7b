//! Whose word is taken for where a request comes from. The tests speak as a proxy would.

use serde_json::{Value, json};

use crate::world::caller::Ask;
use crate::world::person::cookie_line;
use crate::world::{Fireside, Home};

/// All that a proxy says of a client.
const SAID: &[(&str, &str)] =
    &[("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "chat.example.org")];

fn saying(ask: Ask, said: &[(&str, &str)]) -> Ask {
    said.iter().fold(ask, |ask, (name, value)| ask.with(name, value))
}

async fn seen(fireside: &Fireside, said: &[(&str, &str)]) -> Value {
    saying(fireside.anyone().get("/api/server/"), said).await.is(200).json()["seen"].clone()
}

#[tokio::test]
async fn nobody_can_pretend_to_be_another() {
    let fireside = Fireside::start_with_limits(&["--trusted-proxy", "10.0.0.0/8,unix"]).await;
    fireside.registers("alice").await;
    let truth = json!({
        "address": "127.0.0.1", "scheme": "http", "host": fireside.address(), "forwarded": "ignored",
    });
    assert_eq!(seen(&fireside, SAID).await, truth);
    assert_eq!(seen(&fireside, &[("Forwarded", "for=192.0.2.1;proto=https;host=evil")]).await, truth);
    let log = fireside.home.log();
    assert!(log.contains("ip=127.0.0.1") && !log.contains("192.0.2.1"), "{log}");

    // A new address for each guess is no new guess.
    let mut statuses = Vec::new();
    for number in 0..6 {
        let from = format!("192.0.2.{number}");
        let guess = json!({"username": "alice", "password": "a wrong guess"});
        let ask = fireside.anyone().post("/api/auth/login/", &guess).with("X-Forwarded-For", &from);
        statuses.push(ask.await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);

    // Links, cookies and the check of the page's origin go by what the request itself says.
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let sign_in = json!({"username": "alice", "password": alice.password});
    let ask = || saying(fireside.anyone().post("/login/", &sign_in), SAID);
    ask().with("Origin", "https://chat.example.org").await.refused(403, "csrf_failed");
    let answer = ask().with("Origin", &fireside.url).await.is(200);
    assert!(!cookie_line(&answer, "sessionid").contains("Secure"), "{answer}");
}

#[tokio::test]
async fn a_named_proxy_is_believed() {
    let fireside = Fireside::start_with_limits(&["--trusted-proxy", "127.0.0.0/8"]).await;
    let alice = fireside.registers("alice").await;
    let told = json!({
        "address": "192.0.2.1", "scheme": "https", "host": "chat.example.org", "forwarded": "believed",
    });
    assert_eq!(seen(&fireside, SAID).await, told);
    let newer = [("Forwarded", "for=192.0.2.1;proto=https;host=chat.example.org")];
    assert_eq!(seen(&fireside, &newer).await, told);
    let behind_two = [("X-Forwarded-For", "198.51.100.1, 192.0.2.1, 127.0.0.7"), SAID[1], SAID[2]];
    assert_eq!(seen(&fireside, &behind_two).await, told, "only what the last stranger is seen as counts");
    assert_eq!(seen(&fireside, &[]).await["address"], "127.0.0.1");
    assert!(fireside.home.log().contains("ip=192.0.2.1"), "{}", fireside.home.log());

    let sign_in = json!({"username": "alice", "password": alice.password});
    let ask = || saying(fireside.anyone().post("/login/", &sign_in), SAID);
    let answer = ask().with("Origin", "https://chat.example.org").await.is(200);
    for cookie in ["sessionid", "csrftoken"] {
        assert!(cookie_line(&answer, cookie).contains("; Secure"), "{answer}");
    }
    ask().with("Origin", "https://evil.example").await.refused(403, "csrf_failed");

    let den = alice.opens_room("den").await;
    for text in ["one", "two"] {
        alice.posts(text).in_room(&den).await;
    }
    let page = saying(alice.get(&format!("{}?page_size=1", den.messages())), SAID).await.is(200).json();
    assert!(page["next"].as_str().unwrap().starts_with("https://chat.example.org/api/rooms/"), "{page}");
}

#[tokio::test]
async fn each_client_of_a_proxy_has_limits_of_its_own() {
    let fireside = Fireside::start_with_limits(&["--trusted-proxy", "127.0.0.1"]).await;
    fireside.registers("alice").await;
    let guesses = async |from: &str| {
        let guess = json!({"username": "alice", "password": "a wrong guess"});
        fireside.anyone().post("/api/auth/login/", &guess).with("X-Forwarded-For", from).await.status
    };
    for _ in 0..5 {
        assert_eq!(guesses("192.0.2.1").await, 401);
    }
    assert_eq!(guesses("192.0.2.1").await, 429);
    assert_eq!(guesses("198.51.100.9, 192.0.2.1").await, 429, "what a client puts before changes nothing");
    assert_eq!(guesses("192.0.2.2").await, 401);
    let log = fireside.home.log();
    assert!(log.contains("auth.fail user=alice ip=192.0.2.1"), "{log}");
}

#[tokio::test]
async fn what_is_no_address_is_refused_at_the_start() {
    for wrong in ["localhost", "10.0.0.0/33", "*", ""] {
        Home::new().refuses_to_serve(&["--trusted-proxy", wrong]).await.failed_with(2);
    }
}

#[tokio::test]
async fn behind_a_proxy_nobody_gets_tokens_without_proof() {
    let flags = ["--insecure-oauth-login", "--trusted-proxy", "127.0.0.1"];
    Home::new().refuses_to_serve(&flags).await.failed_with(78);
}
