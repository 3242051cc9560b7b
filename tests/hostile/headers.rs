//! What every answer carries: the headers that keep browsers from harm, and
//! the request's number.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, Fireside};

#[track_caller]
fn is_guarded(answer: &Answer) {
    for (header, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(header), value, "{answer}");
    }
    let policy = answer.header("permissions-policy");
    for device in ["camera", "microphone", "display-capture"] {
        assert!(policy.contains(&format!("{device}=(self)")), "{answer}");
    }
    // Over plain HTTP this would lock people out.
    assert!(!answer.has("strict-transport-security"), "{answer}");
    assert!(!answer.header("x-request-id").is_empty(), "{answer}");
    assert!(!answer.has("x-powered-by"), "{answer}");
}

#[tokio::test]
async fn every_kind_of_answer_is_guarded() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let anyone = fireside.anyone();
    let den = alice.opens_room("den").await;
    let file = alice.uploads("a.txt", b"text").await;
    let wrong = json!({"username": "alice", "password": "wrong password"});
    let form = [("username", "alice"), ("password", alice.password.as_str())];
    let text = alice.does(&den.messages()).with("Content-Type", "text/plain").body("x");
    let answers = [
        (200, anyone.get("/").await),
        (200, anyone.get("/login/").await),
        (200, anyone.get("/healthz").await),
        (200, anyone.get("/media/user_images/default.jpg").await),
        (404, anyone.get("/media/user_images/nothing.jpg").await),
        (302, anyone.sends_form("/login/", &form).with("Accept", "text/html").await),
        (200, alice.get("/api/auth/me/").await),
        (200, alice.get(file["url"].as_str().unwrap()).await),
        (201, alice.posts("hi").tried_in(&den).await),
        (400, alice.posts("").tried_in(&den).await),
        (401, anyone.get("/api/auth/me/").await),
        (401, anyone.post("/api/auth/login/", &wrong).await),
        (404, alice.get("/api/rooms/999999/").await),
        (404, alice.get("/api/nowhere/").await),
        (405, alice.asks(Method::PUT, "/api/rooms/").await),
        (415, text.await),
        (204, alice.delete(&den.path()).await),
    ];
    let mut numbers = HashSet::new();
    for (status, answer) in answers {
        let answer = answer.is(status);
        is_guarded(&answer);
        let number = answer.header("x-request-id").to_owned();
        assert!(numbers.insert(number), "each request has its own number: {answer}");
    }
}

#[tokio::test]
async fn pages_run_no_code_but_their_own() {
    let fireside = Fireside::start().await;
    for path in ["/", "/login/"] {
        let page = fireside.anyone().get(path).await.is(200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src"), "{policy}");
        assert!(!policy.contains("unsafe-"), "{policy}");
        assert!(!policy.contains('*'), "{policy}");
    }
}

#[tokio::test]
async fn what_is_someones_own_is_kept_by_no_cache() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for path in ["/api/auth/me/", "/api/rooms/", &den.path(), &den.messages()] {
        let answer = alice.get(path).await.is(200);
        assert!(answer.header("cache-control").contains("no-store"), "{answer}");
    }
    let login = json!({"username": "alice", "password": alice.password});
    let answer = fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    assert!(answer.header("cache-control").contains("no-store"), "{answer}");
}

#[tokio::test]
async fn a_header_from_outside_is_not_believed() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.opens_room("one").await;
    alice.opens_room("two").await;
    let ask = alice.get("/api/rooms/?page_size=1");
    let ask = ask.with("X-Forwarded-Host", "evil.example");
    let ask = ask.with("X-Forwarded-Proto", "https");
    let page = ask.with("Forwarded", "host=evil.example;proto=https").await.is(200);
    let next = page.json()["next"].as_str().unwrap().to_owned();
    assert!(next.starts_with(&fireside.url), "{next}");
    is_guarded(&page);
}
