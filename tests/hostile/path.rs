//! Paths, methods, ids and queries that lead nowhere.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Fireside, Person};

/// Whatever was asked, the answer is an answer: never a crash, never empty.
#[track_caller]
fn is_decent(answer: &Answer) {
    assert!(answer.status < 500, "{answer}");
    if answer.status >= 400 {
        let error = answer.json();
        assert!(error["error"].is_string() && error["message"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn unknown_paths_are_told_in_json() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for path in [
        "/api/",
        "/api/nowhere/",
        "/api/rooms/1/nowhere/",
        "/api/rooms/1/messages/1/",
        "/api/rooms//messages/",
        "/d/rooms/api/nowhere/",
        "/d/rooms/",
        "/d/nothing/api/rooms/",
        "/api/files/upload/nowhere/",
    ] {
        alice.get(path).await.refused(404, "not_found");
        alice.post(path, &json!({})).await.refused(404, "not_found");
        fireside.anyone().get(path).await.refused(404, "not_found");
    }
}

/// What `.ci/autobahn` talks to, in a build of its own.
#[tokio::test]
#[cfg_attr(feature = "autobahn", ignore = "the feature that has it")]
async fn the_echo_of_the_test_suite_is_in_no_build_that_did_not_ask_for_it() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.get("/autobahn/").await.refused(404, "not_found");
    alice.handshake("/autobahn/").turned_away_with(404).await;
    // It is not that nobody may knock.
    alice.handshake("/messages/ws/").enters().await.hangs_up().await;
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for (method, path, allowed) in [
        (Method::PUT, "/api/rooms/".to_owned(), vec!["GET", "POST"]),
        (Method::DELETE, "/api/rooms/".to_owned(), vec!["GET", "POST"]),
        (Method::PATCH, den.messages(), vec!["GET", "POST"]),
        (Method::POST, den.path(), vec!["GET", "PATCH", "DELETE"]),
        (Method::GET, den.join(), vec!["POST"]),
        (Method::GET, "/api/auth/login/".to_owned(), vec!["POST"]),
        (Method::POST, "/api/auth/me/".to_owned(), vec!["GET"]),
        (Method::DELETE, "/api/files/upload/".to_owned(), vec!["POST"]),
        (Method::PUT, "/d/rooms/api/rooms/".to_owned(), vec!["GET", "POST"]),
    ] {
        let answer = alice.asks(method.clone(), &path).await;
        let answer = answer.refused(405, "method_not_allowed");
        let allow: Vec<String> = answer.header("allow").split(',').map(|word| word.trim().to_uppercase()).collect();
        for word in allowed {
            assert!(allow.iter().any(|other| other == word), "{method} {path}: {allow:?}");
        }
        assert!(!allow.iter().any(|word| word == method.as_str()), "{allow:?}");
    }
    let odd = Method::from_bytes(b"BREW").unwrap();
    is_decent(&alice.asks(odd, "/api/rooms/").await);
    assert_eq!(alice.get("/api/rooms/").await.json()["count"], 1);
}

#[tokio::test]
async fn head_and_options_are_answered() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for path in ["/api/auth/me/", "/api/rooms/", "/"] {
        let got = alice.get(path).await.is(200);
        let head = alice.asks(Method::HEAD, path).await.is(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-type"), got.header("content-type"));
    }
    assert_eq!(alice.asks(Method::HEAD, "/api/nowhere/").await.status, 404);
    assert_eq!(fireside.anyone().asks(Method::HEAD, "/api/rooms/").await.status, 401);
    let options = alice.asks(Method::OPTIONS, "/api/rooms/").await;
    assert!((200..300).contains(&options.status), "{options}");
    for method in ["GET", "POST"] {
        assert!(options.header("allow").contains(method), "{options}");
    }
}

#[tokio::test]
async fn strange_ids_are_ids_that_never_were() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for number in [
        "0",
        "-1",
        "-0",
        "99999999999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "NaN",
        "1.0",
        "1e0",
        "0x1",
        "null",
        "%00",
        "%ff",
        "%31%20",
        "..",
        "%2e%2e",
        "1;2",
        "' OR 1=1",
        "%F0%9F%94%A5",
    ] {
        let number = number.replace(' ', "%20");
        for path in [
            format!("/api/rooms/{number}/"),
            format!("/api/rooms/{number}/messages/"),
            format!("/api/rooms/{number}/participants/"),
            format!("/api/messages/{number}/"),
            format!("/api/files/{number}/"),
            format!("/api/files/{number}/download/"),
            format!("/api/users/{number}/"),
        ] {
            // A client folds `..` away before it asks.
            if number == ".." || number == "%2e%2e" {
                is_decent(&alice.get(&path).await);
            } else {
                alice.get(&path).await.refused(404, "not_found");
            }
        }
        let join = format!("/api/rooms/{number}/join/");
        is_decent(&alice.does(&join).await);
    }
}

#[tokio::test]
async fn strange_bytes_in_paths_and_queries_are_answered() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for target in [
        "/api/rooms/%",
        "/api/rooms/%zz/",
        "/api/rooms/%c3%28/",
        "/%ff%fe/api/rooms/",
        "/api/rooms/?page=%ff",
        "/api/rooms/?page=%",
        "/api/rooms/?page=1&page=2",
        "/api/rooms/?public=%00",
        "/api/rooms/?public=maybe",
        "/api/rooms/?&&&=&=&page_size",
        "/api/rooms/??page=1",
        "//api/rooms/",
        "/api//rooms/",
        "/api/./rooms/",
        "/api/../api/rooms/",
        "/api/rooms/;x=y",
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/static/..%2f..%2fCargo.toml",
        "http://evil.example/api/rooms/",
    ] {
        let bytes = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\n\
             Connection: close\r\n\r\n",
            fireside.address(),
            alice.token
        );
        let answer = fireside.hears_bytes(bytes.as_bytes()).await;
        let status = answer.status().unwrap_or(400);
        assert!(status < 500, "{target}: {}", answer.text());
        assert!(!answer.text().contains("root:"), "{target}: {}", answer.text());
        assert!(!answer.text().contains("[package]"), "{target}: {}", answer.text());
        if (300..400).contains(&status) {
            let location = answer.header("location").unwrap_or_default();
            assert!(!location.starts_with("//") && !location.contains("evil"), "{location}");
        }
    }
}

#[tokio::test]
async fn a_socket_path_asked_plainly_is_answered() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let answer = alice.get(&den.socket()).await;
    assert!((400..500).contains(&answer.status), "{answer}");
    assert!(!answer.body.is_empty(), "{answer}");
    for (header, value) in [("Sec-WebSocket-Version", "12"), ("Sec-WebSocket-Key", "short"), ("Upgrade", "h2c")] {
        let bytes = format!(
            "GET {}?token={} HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\n{header}: {value}\r\n\r\n",
            den.socket(),
            alice.token
        );
        let answer = fireside.hears_bytes(bytes.as_bytes()).await;
        let status = answer.status().unwrap();
        assert!((400..500).contains(&status), "{}", answer.text());
    }
}

/// Every kind of value where another is expected, at every place that takes a
/// body.
#[tokio::test]
async fn no_value_anywhere_is_an_internal_error() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let places = [
        (Method::POST, "/api/auth/register/".to_owned()),
        (Method::POST, "/api/auth/login/".to_owned()),
        (Method::POST, "/api/auth/password/".to_owned()),
        (Method::PATCH, format!("/api/users/{}/", alice.id)),
        (Method::POST, "/api/rooms/".to_owned()),
        (Method::PATCH, den.path()),
        (Method::POST, den.messages()),
    ];
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!("\u{0}"),
        json!("x".repeat(15_000)),
        json!([]),
        json!([[[]]]),
        json!({"a": {"b": 1}}),
    ];
    let fields = [
        "username",
        "email",
        "password",
        "display_name",
        "bio",
        "avatar",
        "name",
        "description",
        "is_private",
        "max_participants",
        "content",
        "attachments",
        "client_id",
        "current_password",
        "old_password",
        "new_password",
    ];
    for (method, path) in places {
        for value in &values {
            ask_with_each(&alice, &method, &path, &fields, value).await;
        }
    }
}

async fn ask_with_each(alice: &Person, method: &Method, path: &str, fields: &[&str], value: &Value) {
    is_decent(&alice.asks(method.clone(), path).json(value).await);
    let all: serde_json::Map<String, Value> = fields.iter().map(|field| ((*field).to_owned(), value.clone())).collect();
    is_decent(&alice.asks(method.clone(), path).json(&all).await);
}
