//! Bytes that are hardly HTTP, and clients that take their time.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::world::Fireside;
use crate::world::home::PATIENCE;

#[tokio::test]
async fn what_is_not_http_is_refused_and_harms_nobody() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    for bytes in [
        b"\r\n\r\n\r\n".as_slice(),
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        b"GET mailto:x HTTP/1.0\r\nHost: x\r\n\r\n",
        b"GET 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: strange\r\n\r\n",
        long_line.as_bytes(),
    ] {
        let mut stream = fireside.connects().await;
        stream.write_all(bytes).await.ok();
        // Nothing more will come: whoever waits for it would wait for ever.
        stream.shutdown().await.ok();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let read = tokio::time::timeout(Duration::from_secs(15), read).await;
        assert!(read.is_ok(), "left open: {:?}", String::from_utf8_lossy(bytes));
        let shown = String::from_utf8_lossy(&answer);
        let status = shown.get(9..12).and_then(|status| status.parse::<u16>().ok());
        if let Some(status) = status {
            assert!((400..500).contains(&status) || status == 505, "{shown}");
        }
        alice.get("/api/auth/me/").await.is(200);
    }
    assert!(!fireside.home.log().contains("panic"), "{}", fireside.home.log());
}

#[tokio::test]
async fn headers_have_a_size_and_a_number() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let ask = |extra: String| {
        format!(
            "GET /api/auth/me/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Token {}\r\n{extra}\r\n",
            alice.token
        )
    };
    let many = |count: usize| -> String { (0..count).map(|number| format!("X-{number}: y\r\n")).collect() };
    let fits = ask(format!("X-Long: {}\r\n", "y".repeat(12 * 1024)));
    assert_eq!(fireside.hears_bytes(fits.as_bytes()).await.status(), Some(200));
    assert_eq!(fireside.hears_bytes(ask(many(60)).as_bytes()).await.status(), Some(200));
    for over in [
        ask(format!("X-Long: {}\r\n", "y".repeat(17 * 1024))),
        ask(format!("X-Long: {}\r\n", "y".repeat(1024 * 1024))),
        ask(many(65)),
        ask(many(1000)),
    ] {
        let answer = fireside.hears_bytes(over.as_bytes()).await;
        // 431 or a bare 400; the connection may also just be cut.
        let status = answer.status().unwrap_or(400);
        assert!([400, 413, 414, 431].contains(&status), "{}", answer.text());
    }
    alice.get("/api/auth/me/").await.is(200);
}

#[tokio::test]
async fn who_never_finishes_the_headers_is_cut_off() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let (mut from, mut to) = fireside.connects().await.into_split();
    let start = Instant::now();
    let dripping = tokio::spawn(async move {
        to.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.ok();
        while to.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let mut rest = Vec::new();
    // Closed and reset are both an end.
    from.read_to_end(&mut rest).await.ok();
    assert!(start.elapsed() > Duration::from_secs(2), "the patient are not cut off");
    assert!(start.elapsed() < Duration::from_secs(16), "{:?}", start.elapsed());
    dripping.abort();
    alice.get("/api/auth/me/").await.is(200);
}

#[tokio::test]
async fn two_requests_on_one_line_are_answered_in_turn() {
    let fireside = Fireside::start().await;
    let both = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\
                GET /api/nowhere/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let text = fireside.hears_bytes(both.as_bytes()).await.text();
    let statuses: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "404"], "{text}");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let fireside = Fireside::start().await;
    for (path, keys) in
        [("/api/auth/me/", ["detail", "error", "message"].as_slice()), ("/messages/api/chats/", &["details", "error"])]
    {
        let head = |hosts: &str| format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        for wrong in [
            "Host: x\r\nHost: y\r\n",
            "Host: x\r\nHost: x\r\n",
            "host: x\r\nAccept: */*\r\nHOST: y\r\n",
            "",
            "Accept: */*\r\n",
        ] {
            let answer = fireside.hears_bytes(head(wrong).as_bytes()).await;
            assert_eq!(answer.status(), Some(400), "{wrong}: {}", answer.text());
            let body = answer.json();
            let mut found: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, keys, "{body}");
        }
        assert_eq!(fireside.hears_bytes(head("Host: x\r\n").as_bytes()).await.status(), Some(401));
        // HTTP/1.0 has no such header, and where it is sent all the same, two are too many.
        let older = head("").replace("HTTP/1.1", "HTTP/1.0");
        assert_eq!(fireside.hears_bytes(older.as_bytes()).await.status(), Some(401));
        let older = head("Host: x\r\nHost: y\r\n").replace("HTTP/1.1", "HTTP/1.0");
        assert_eq!(fireside.hears_bytes(older.as_bytes()).await.status(), Some(400));
    }
    for wrong in ["Host: x\r\nHost: y\r\n", ""] {
        let head = format!("GET / HTTP/1.1\r\n{wrong}Connection: close\r\n\r\n");
        let page = fireside.hears_bytes(head.as_bytes()).await;
        assert_eq!(page.status(), Some(400), "{}", page.text());
    }
}

#[tokio::test]
async fn a_request_names_a_path() {
    let fireside = Fireside::start().await;
    for line in ["OPTIONS *", "CONNECT example.org:443"] {
        let head = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = fireside.hears_bytes(head.as_bytes()).await;
        assert_eq!(answer.status(), Some(400), "{line}: {}", answer.text());
        assert_eq!(answer.json()["message"], "A request names a path.", "{line}");
    }
}

#[tokio::test]
async fn who_ends_their_side_after_asking_is_answered_to_the_end() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for number in 0..40 {
        alice.posts(&format!("{number} {}", "x".repeat(9_000))).in_room(&den).await;
    }
    let login = json!({"username": "alice", "password": alice.password}).to_string();
    let to = format!("Host: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{login}", login.len());
    let token = format!("Host: x\r\nAuthorization: Token {}\r\n\r\n", alice.token);
    let whole = alice.get("/messages/api/sync/?since=0").await.is(200).text();
    for (request, least) in [
        (format!("GET /api/auth/me/ HTTP/1.1\r\n{token}"), 50),
        // It waits for a thread that hashes.
        (format!("POST /api/auth/login/ HTTP/1.1\r\n{to}"), 50),
        // It is sent in pieces.
        (format!("GET /messages/api/sync/?since=0 HTTP/1.1\r\n{token}"), whole.len()),
    ] {
        let (mut from, mut into) = fireside.connects().await.into_split();
        into.write_all(request.as_bytes()).await.unwrap();
        into.shutdown().await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, from.read_to_end(&mut answer)).await.expect("it closes then").unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.len() > least, "{request}: {} bytes", answer.len());
        assert!(answer.ends_with('}') || answer.ends_with("}\r\n0\r\n\r\n"), "{request}: {} bytes", answer.len());
    }
    // A request that is not whole is nothing to answer.
    let (mut from, mut into) = fireside.connects().await.into_split();
    into.write_all(b"POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").await.unwrap();
    into.shutdown().await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, from.read_to_end(&mut answer)).await.expect("it closes then").ok();
}
