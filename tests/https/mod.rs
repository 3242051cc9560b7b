//! HTTPS without a proxy: everything that plain HTTP has, the deadline of a handshake, and certificates that change
//! while people talk.

mod acme;
mod client;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::{Certificates, Visitor};
use futures_util::{SinkExt, StreamExt};
use rustix::process::Signal;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::world::home::program;
use crate::world::server::metrics_of;
use crate::world::{Fireside, Home};

/// For what must come, on a busy machine.
const WAIT: Duration = Duration::from_secs(20);
/// The time of a request's head, which a handshake has too.
const HEAD: Duration = Duration::from_secs(10);

/// Alice, and a room of hers: the path of its socket.
async fn alice_in_a_room(visitor: &Visitor) -> (String, String) {
    let token = visitor.registers("alice").await;
    let room = visitor.does(&token, "POST /api/rooms/", &json!({"name": "Office"})).await;
    let path = format!("/ws/room/{}/", room["id"]);
    (token, path)
}

async fn says<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, text: &str) {
    let frame = json!({"type": "chat_message", "data": {"content": text}});
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// Reads frames until one holds this text.
async fn hears<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, text: &str) {
    let heard = async {
        while let Some(frame) = socket.next().await {
            if frame.expect("an open socket").to_text().is_ok_and(|frame| frame.contains(text)) {
                return;
            }
        }
        panic!("the socket ended before `{text}`");
    };
    timeout(WAIT, heard).await.expect(text);
}

/// Waits until the log has said so.
async fn logs(fireside: &Fireside, sentence: &str) {
    let begun = Instant::now();
    while !fireside.home.log().contains(sentence) {
        assert!(begun.elapsed() < WAIT, "no `{sentence}` in {}", fireside.home.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn requests_sockets_and_events_go_through_tls() {
    let (certificates, trusted) = Certificates::new();
    let fireside = certificates.serve(&[]).await;
    assert!(fireside.url.starts_with("https://127.0.0.1:"), "{}", fireside.url);
    assert!(fireside.facts.iter().any(|fact| fact.starts_with("setup: https://127.0.0.1:")), "{:?}", fireside.facts);
    let visitor = Visitor::of(&fireside, &trusted);
    let (token, path) = alice_in_a_room(&visitor).await;

    let (mut one, mut other) = (visitor.opens(&path, &token).await, visitor.opens(&path, &token).await);
    for number in 0..200 {
        says(&mut one, &format!("word {number}.")).await;
    }
    for number in 0..200 {
        hears(&mut other, &format!("word {number}.")).await;
    }
    // More than a record of TLS holds.
    let long = "я".repeat(4_000);
    says(&mut one, &long).await;
    hears(&mut other, &long).await;
    one.close(None).await.unwrap();
    let goodbye = async { while one.next().await.is_some_and(|frame| !frame.expect("a frame").is_close()) {} };
    timeout(WAIT, goodbye).await.expect("a close frame");

    let mut events = visitor.connects().await;
    let request = format!("GET /messages/api/events/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {token}\r\n\r\n");
    events.write_all(request.as_bytes()).await.unwrap();
    let mut told = Vec::new();
    let listens = async {
        while !String::from_utf8_lossy(&told).contains("data:") {
            assert!(events.read_buf(&mut told).await.unwrap() > 0, "the stream ended");
        }
    };
    timeout(WAIT, listens).await.expect("an event");

    let port = fireside.address().rsplit(':').next().unwrap();
    let url = format!("https://localhost:{port}");
    let health = |trusted| program().env("SSL_CERT_FILE", trusted).args(["health", "--url", &url]).output().unwrap();
    let asked = health(certificates.path("cert.pem"));
    assert!(asked.status.success(), "{asked:?}");
    let (other_certificates, _) = Certificates::new();
    assert_eq!(health(other_certificates.path("cert.pem")).status.code(), Some(1), "a certificate that nobody trusts");

    let page = visitor.asks("GET /openapi.json HTTP/1.1", "").await;
    assert!(page.body().len() > 200_000, "many records: {}", page.body().len());
    page.json();
}

#[tokio::test]
async fn the_server_knows_that_it_is_reached_by_https() {
    let (certificates, trusted) = Certificates::new();
    let fireside = certificates.serve(&[]).await;
    let visitor = Visitor::of(&fireside, &trusted);
    visitor.registers("alice").await;
    let account = json!({"username": "alice", "password": "correct horse alice"}).to_string();
    let from = |origin: &str| format!("POST /login/ HTTP/1.1\r\nOrigin: {origin}");
    let answer = visitor.asks(&from("https://localhost"), &account).await;
    assert_eq!(answer.status(), Some(200), "{}", answer.text());
    let cookies: Vec<_> = answer.text().lines().filter(|line| line.contains("Max-Age")).map(str::to_owned).collect();
    assert!(!cookies.is_empty() && cookies.iter().all(|cookie| cookie.contains("; Secure")), "{cookies:?}");
    let answer = visitor.asks(&from("http://localhost"), &account).await;
    assert_eq!(answer.status(), Some(403), "the same host without TLS is another's page");
    let server = visitor.asks("GET /api/server/ HTTP/1.1", "").await;
    assert!(server.text().contains(r#""url":"https://localhost""#), "{}", server.text());
    assert_eq!(server.header("strict-transport-security"), None, "nobody said which name is for good");

    let fireside = certificates.serve(&["--public-url", "https://localhost"]).await;
    let server = Visitor::of(&fireside, &trusted).asks("GET /api/server/ HTTP/1.1", "").await;
    assert_eq!(server.header("strict-transport-security").as_deref(), Some("max-age=31536000"));
}

#[tokio::test]
async fn a_handshake_that_dawdles_is_over_and_delays_nobody() {
    let (certificates, trusted) = Certificates::new();
    let fireside = certificates.serve(&[]).await;
    let begun = Instant::now();
    let mut silent = TcpStream::connect(fireside.address()).await.unwrap();
    let mut half = TcpStream::connect(fireside.address()).await.unwrap();
    half.write_all(&[0x16, 3, 1, 2, 0, 1, 0]).await.unwrap();
    // It has shaken hands, and asks for nothing.
    let visitor = Visitor::of(&fireside, &trusted);
    let mut idle = visitor.connects().await;
    visitor.registers("alice").await;
    assert!(begun.elapsed() < HEAD, "nobody waited for them");
    for stream in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        // A reset is an end as well.
        timeout(WAIT, stream.read_to_end(&mut rest)).await.expect("an end").ok();
        assert!(begun.elapsed() > HEAD - Duration::from_secs(1) && rest.len() < 100, "{rest:?}");
    }
    let mut rest = Vec::new();
    timeout(WAIT, idle.read_to_end(&mut rest)).await.expect("an end").ok();
    visitor.registers("bob").await;
}

#[tokio::test]
async fn who_speaks_something_else_is_told_or_hung_up_on() {
    let (certificates, trusted) = Certificates::new();
    let fireside = certificates.serve(&[]).await;
    let plain = fireside.hears_bytes(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(plain.status(), Some(400));
    assert!(plain.body().ends_with("use https://"), "{}", plain.text());
    assert!(fireside.hears_bytes(b"\0\x01garbage").await.bytes.is_empty());

    let visitor = Visitor::of(&fireside, &trusted);
    let spoken = visitor.clone().offering(&["h2", "http/1.1"]).connects().await;
    assert_eq!(spoken.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    visitor.clone().offering(&["h2"]).tries().await.expect_err("nothing but HTTP/1.1 is spoken");
}

#[tokio::test]
async fn a_new_certificate_is_taken_while_people_talk_and_a_wrong_one_is_not() {
    let (certificates, first) = Certificates::new();
    let fireside = certificates.serve(&[]).await;
    let visitor = Visitor::of(&fireside, &first);
    let (token, path) = alice_in_a_room(&visitor).await;
    let mut open = visitor.opens(&path, &token).await;

    let key = std::fs::read(certificates.path("key.pem")).unwrap();
    let second = certificates.renews();
    let new_key = std::fs::read(certificates.path("key.pem")).unwrap();
    std::fs::write(certificates.path("key.pem"), key).unwrap();
    fireside.is_sent(Signal::HUP);
    logs(&fireside, "does not belong to the certificate").await;
    Visitor::of(&fireside, &first).connects().await;

    std::fs::write(certificates.path("key.pem"), new_key).unwrap();
    // Without a signal: it looks by itself.
    logs(&fireside, "a new certificate for HTTPS is taken").await;
    let renewed = Visitor::of(&fireside, &second);
    renewed.connects().await;
    Visitor::of(&fireside, &first).tries().await.expect_err("the first one is not shown any more");

    let mut beside = renewed.opens(&path, &token).await;
    says(&mut beside, "still there?").await;
    hears(&mut open, "still there?").await;
    says(&mut open, "all the time").await;
    hears(&mut beside, "all the time").await;
    assert!(!fireside.home.log().contains("PRIVATE KEY"));

    // One that has yet to begin waits while this one is good.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    certificates.makes_between(now + Duration::from_hours(24 * 200), now + Duration::from_hours(24 * 300));
    fireside.is_sent(Signal::HUP);
    logs(&fireside, "it has yet to begin").await;
    renewed.connects().await;
}

#[tokio::test]
async fn a_start_with_files_that_do_not_fit_says_which() {
    let (certificates, _) = Certificates::new();
    let home = Home::new();
    let flags = certificates.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let key = std::fs::read(certificates.path("key.pem")).unwrap();
    let refused = async |why: &str| {
        let outcome = home.refuses_to_serve(&flags).await;
        outcome.failed_with(78);
        assert!(outcome.stderr.contains(why) && outcome.stderr.contains("--tls-cert"), "{}", outcome.stderr);
    };
    certificates.renews();
    std::fs::write(certificates.path("key.pem"), &key).unwrap();
    refused("does not belong to the certificate").await;
    std::fs::write(certificates.path("cert.pem"), &key).unwrap();
    refused("holds no certificate").await;
    certificates.makes(Duration::from_hours(24 * 365 * 31));
    refused("has expired").await;
    certificates.renews();
    std::fs::write(certificates.path("key.pem"), "nothing").unwrap();
    refused("holds no private key").await;
    std::fs::remove_file(certificates.path("key.pem")).unwrap();
    refused("key.pem cannot be read").await;
    home.refuses_to_serve(&flags[..2]).await.failed_with(2);
    certificates.renews();
    let plain = [flags.as_slice(), &["--public-url", "http://chat.example.org"]].concat();
    let outcome = home.refuses_to_serve(&plain).await;
    outcome.failed_with(78);
    assert!(outcome.stderr.contains("--public-url"), "{}", outcome.stderr);
}

#[tokio::test]
async fn an_end_that_is_near_is_told_until_a_new_certificate_comes() {
    let (certificates, _) = Certificates::new();
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_hours(6 * 24);
    let trusted = certificates.makes(end);
    let fireside = certificates.serve(&["--metrics-listen", "127.0.0.1:0"]).await;
    let metrics = metrics_of(&fireside.facts);
    let told = async || reqwest::get(metrics).await.unwrap().text().await.unwrap();
    let ready = async |trusted| Visitor::of(&fireside, trusted).asks("GET /readyz HTTP/1.1", "").await.json();

    logs(&fireside, "the certificate for HTTPS ends soon").await;
    let line = format!("fireside_certificate_end_timestamp_seconds {}", end.as_secs());
    assert!(told().await.lines().any(|told| told == line), "{}", told().await);
    assert_eq!(ready(&trusted).await, json!({"status": "ready", "certificate": "ending"}));

    let renewed = certificates.renews();
    fireside.is_sent(Signal::HUP);
    logs(&fireside, "a new certificate for HTTPS is taken").await;
    assert!(!told().await.contains(&line));
    assert_eq!(ready(&renewed).await, json!({"status": "ready"}));
}
